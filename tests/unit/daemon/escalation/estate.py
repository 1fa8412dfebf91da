"""The very small site with people, rotas and ladders; its channels are boxes that remember what was put into them."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from daemon import main
from daemon.channels.message import Message, Receipt, ReceiptState, Recipient
from daemon.config import load as config
from daemon.config.load import Plan
from daemon.config.secrets import Secrets
from gatehouse.alarms import Condition, Severity
from tests.unit.daemon.doubles import HandClock
from tests.unit.daemon.small import SITE, House, write

PEOPLE = """
channels:
  group: {kind: wecom, key: !secret key, title: 值班群}
  live:  {kind: webhook, url: "http://127.0.0.1:1/"}
  text:  {kind: ntfy, server: "http://127.0.0.1:1"}
people:
  wang: {name: 王班长, roles: [patrol], addresses: {text: wang-1, live: wang-2}}
  li:   {name: 李经理, roles: [manager], addresses: {live: li-1, text: li-2}}
  chen: {name: 陈网格员, roles: [neighbour], addresses: {live: chen-1}, language: en}
rotas:
  gate: {shifts: {day: {hours: "08:00-20:00", people: [wang]}, night: {hours: "20:00-08:00", people: [li]}}}
"""
OUTPUTS = """
outputs:
  siren: {title: 声光, relay: io1.relay5}
  lamp:  {title: 灯, relay: io1.relay6}
"""
LADDERS = """
ladders:
  life:
    title: 生命
    severity: [P1]
    steps:
      - {outputs: [siren]}
      - {ring: [gate], by: [text, live], unread: 15s}
      - {after: 30s, post: [group]}
      - {after: 60s, ring: [manager], police: true}
      - {after: 180s, ring: [chen], repeat: 2m}
  rest:
    severity: [P2, P3]
    steps: [{ring: [gate], by: [text]}, {after: 5m, ring: [li]}]
"""
WHOLE = SITE + OUTPUTS + PEOPLE + LADDERS


@cache
def plan(text: str = WHOLE) -> Plan:
    """Read once for all tests: it is never changed."""
    with TemporaryDirectory(prefix="gatehouse-") as folder:
        return config.load(write(Path(folder) / "site", text))


def _bare(text: str) -> Plan:
    return dataclasses.replace(plan(text), rules=[])


@dataclass
class Box:
    """An outbox that sends nothing."""

    name: str
    confirmed: bool = False
    put_in: list[tuple[Message, Recipient, Callable[[Receipt], None]]] = field(default_factory=list)

    def put(self, message: Message, recipient: Recipient, report: Callable[[Receipt], None]) -> None:
        self.put_in.append((message, recipient, report))
        report(Receipt(ReceiptState.QUEUED, "", HandClock().utc()))

    def say(self, state: str, number: int = -1, why: str = "") -> None:
        """What became of a message."""
        self.put_in[number][2](Receipt(ReceiptState(state), why, HandClock().utc()))


class JumpingClock(HandClock):
    """Somebody sets the wall clock."""

    wrong = timedelta()

    def utc(self):
        return super().utc() + self.wrong


class Estate(House):
    """All parts of a daemon; time is moved by hand."""

    def __init__(self, folder: Path, text: str = WHOLE, before: "Estate | None" = None, *, rules: bool = False) -> None:
        """`before`: the daemon that was killed; of it only what is durable is known. `rules`: also the site's own."""
        self.clock = before.clock if before else JumpingClock()
        self.daemon = main.build(plan(text) if rules else _bare(text), folder, Secrets([]), self.clock)
        self.engine, self.office = self.daemon.engine, self.daemon.office
        self.boxes = {name: Box(name) for name in self.daemon.channels}
        self.daemon.channels.clear()
        self.daemon.channels.update(self.boxes)
        self.kept: dict[str, bytes] = dict(before.kept) if before else {}
        self.daemon.journal.keep = self._keep
        if before is not None:
            states = [msgspec.json.encode(alarm) for alarm in before.engine.annunciator.standing.values()]
            self.engine.annunciator.restore(states)
            book = self.engine.annunciator
            self.office.escalations.restore(
                {key: state for key, state in self.kept.items() if key.startswith("escalation/")},
                [*book.cases.values(), *book.standing.values()],
            )

    def _keep(self, key: str, state: bytes | None) -> None:
        if state is None:
            self.kept.pop(key, None)
        else:
            self.kept[key] = state

    def alarm(
        self, name: str = "zones.b12.fire", severity: Severity = Severity.P1, *, active: bool = True, **seen: str
    ) -> None:
        """A condition of any kind, as a rule would say it, with what it has seen."""
        subject, _, kind = name.rpartition(".")
        its = Condition(
            alarm=name, active=active, severity=severity, kind=kind, subject=subject, latch=False, evidence=seen
        )
        self.engine.annunciator.judge(its, "test", self.clock.utc())

    def wait(self, seconds: float = 0.0) -> None:
        """Time passes for the ladders, from one due instant to the next."""
        end, ladders = self.clock.now + seconds, self.office.escalations
        while ladders.step():
            pass
        while ladders.next_due() <= end:
            self.clock.now = max(self.clock.now, ladders.next_due())
            while ladders.step():
                pass
        self.clock.now = end
        while ladders.step():
            pass

    def sent(self, channel: str | None = None) -> list[tuple[str, str]]:
        """Whom it was put in for, and by which channel, in order of time."""
        return [(recipient.name, box.name) for box in self.boxes.values() if channel in (None, box.name)
                for _, recipient, _ in box.put_in]  # fmt: skip

    def kinds(self, family: str) -> list[str]:
        """Events of a family so far."""
        return [str(event["kind"]) for event in self.events() if str(event["kind"]).startswith(family)]
