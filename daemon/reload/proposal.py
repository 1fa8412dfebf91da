"""A change that was thought through and waits for a yes: what it does, for how long it blinds, what forbids it now."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from daemon.arbiter import Arbiter
from daemon.config.faults import Fault, listed
from daemon.config.load import Plan
from daemon.feeds.texts import Text
from daemon.reload.difference import Difference, by_line
from daemon.reload.words import Change
from gatehouse.demands import Priority
from gatehouse.driver import Device, Listener

_OPENING = 0.5
"""Seconds that a port or connection takes to close and open."""
_ROUNDS = 2
"""The others of its line are asked meanwhile."""
_FRAME = 7
"""Bytes' times of silence around an exchange."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a reload would do."""

    number: int = 0
    difference: Difference | None = None
    faults: tuple[Fault, ...] = ()
    refusal: Text | None = None
    """Why it may not be applied now."""
    changes: tuple[Change, ...] = ()
    unread: dict[str, float] = field(default_factory=dict)
    """Device -> seconds for which its points will be unread, about."""

    @property
    def empty(self) -> bool:
        """There is nothing to do."""
        return not self.difference and not self.faults


def proposed(number: int, change: Difference, lines: Sequence[Change], arbiter: Arbiter) -> Proposal:
    """The plan of a change; `lines` say it in words."""
    return Proposal(number, change, (), refusal(change, arbiter), tuple(lines), _unread(change))


def refusal(change: Difference, arbiter: Arbiter) -> Text | None:
    """What only a restart can do, and what would lock a door that a release holds free: not now, with a reason."""
    if change.fixed:
        names = listed(change.fixed)
        return Text(
            f"{names} 不能在运行中更改，须重启守护进程（systemctl restart gatehouse）。",
            f"{names} cannot be changed in a running daemon; restart it to apply this (systemctl restart gatehouse).",
        )
    return _unsound(change) or _frees(change, arbiter)


def _unsound(change: Difference) -> Text | None:
    """A rule that cannot even say what it looks at; found here, nothing has been touched yet."""
    known = {point.name for point in change.new.points}
    for rule in change.new.rules:
        try:
            strange = [str(point) for point in rule.inputs if point not in known]
            list(rule.outputs)
        except Exception as error:  # noqa: BLE001 - the edge of a plug-in
            why = repr(error)
        else:
            why = f"no such point: {listed(strange)}" if strange else ""
        if why:
            return Text(f"规则 {rule.name} 不能用：{why}。", f"rule {rule.name} cannot be used: {why}.")
    return None


def _frees(change: Difference, arbiter: Arbiter) -> Text | None:
    after = {rule.name: rule for rule in change.new.rules}
    for output in arbiter.outputs:
        for demand in arbiter.demands(output):
            rule = after.get(demand.issuer)
            if demand.priority <= Priority.LIFE_SAFETY and (rule is None or output not in rule.outputs):
                return Text(
                    f"{demand.issuer} 正在放行 {output}，这次更改会终止放行；请先复位。",
                    f"{demand.issuer} holds {output} free, and this change would end that; reset it first.",
                )
    return None


def _unread(change: Difference) -> dict[str, float]:
    """Devices whose points begin anew, or whose line is opened anew."""
    plan, fresh, opened = change.new, set(change.devices.fresh), set(change.lines.fresh)
    unread: dict[str, float] = {}
    for line, devices in by_line(plan).items():
        going = [name for name in devices if line in opened or name in fresh]
        seconds = sum(_seconds(plan, line, devices[name]) for name in going)
        unread |= {name: round(_ROUNDS * seconds + (_OPENING if line in opened else 0.0), 1) for name in going}
    return unread


def _seconds(plan: Plan, line: str, device: Device | Listener) -> float:
    """What one round of all its scans takes on the wire."""
    if isinstance(device, Listener):
        return 0.0
    its = plan.site.lines[line]
    byte = 0.0 if its.tcp is not None else 11 / its.baud
    questions = [device.ask(scan) for scan in device.scans()]
    return sum((len(each.request) + each.expected + _FRAME) * byte + each.usual for each in questions)
