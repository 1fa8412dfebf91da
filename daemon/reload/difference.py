"""What differs between two plans, by the value of what people wrote. Pure; whatever is the same keeps its object."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from daemon.config.load import Plan
from daemon.config.site import WAYS, Line
from gatehouse.demands import Output
from gatehouse.driver import Device, Listener
from gatehouse.rule import Rule
from rules._cards import CardBook

_ON_THE_WIRE = (*WAYS, "peer", "udp", "baud", "format")
"""Settings of a line that need it opened anew; all others are words for people."""
_OnLines = Mapping[str, Mapping[str, Device | Listener]]


@dataclass(frozen=True, slots=True)
class Turn:
    """The names in one section that came, went, or are another thing by now."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Something differs."""
        return bool(self.added or self.removed or self.changed)

    @property
    def fresh(self) -> tuple[str, ...]:
        """Those that begin anew."""
        return (*self.added, *self.changed)

    @property
    def ended(self) -> tuple[str, ...]:
        """Those of the old plan that are over."""
        return (*self.removed, *self.changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The way from one plan to another."""

    old: Plan
    new: Plan
    """With the objects of the old one wherever they are the same."""
    lines: Turn
    """Changed: opened anew."""
    relined: tuple[str, ...]
    """Lines that stay open and have other devices on them."""
    devices: Turn
    outputs: Turn
    actuators: Turn
    """By output. Changed: other relays."""
    rules: Turn
    subscribers: Turn
    channels: Turn
    people: Turn
    rotas: Turn
    ladders: Turn
    cards: Turn
    """By card number."""
    titles: Turn
    fixed: tuple[str, ...]
    """Settings that differ and can only be applied by a restart."""

    def __bool__(self) -> bool:
        """Something differs: what was written, or what it refers to. Much of a site is looked up in it when it is
        needed, such as the pulse of a boom, and turns nothing here."""
        if self.devices or self.rules or self.cards or self.titles:
            return True
        return self.old.site != self.new.site and self.old.site.model_dump() != self.new.site.model_dump()

    @property
    def anew(self) -> frozenset[str]:
        """Points that begin unread."""
        fresh = set(self.devices.fresh)
        return frozenset(point.name for point in self.new.points if point.name.partition(".")[0] in fresh)


def difference(old: Plan, new: Plan) -> Difference:
    """What has to be touched to make a daemon that runs the old plan run the new one, and nothing else."""
    devices = turn(old.devices, new.devices, lambda name: _same_device(old, new, name))
    before, after = ({rule.name: rule for rule in plan.rules} for plan in (old, new))
    rules = turn(before, after, lambda name: same_rule(before[name], after[name]))
    begin, judge = set(devices.fresh), set(rules.fresh)
    objects = {name: new.devices[name] if name in begin else old.devices[name] for name in new.devices}
    judges = [rule if rule.name in judge else before[rule.name] for rule in new.rules]
    new = dataclasses.replace(new, devices=objects, rules=judges)
    on = by_line(old), by_line(new)
    lines = turn(old.site.lines, new.site.lines, lambda name: _same_line(old, new, name, on))
    return Difference(
        old=old,
        new=new,
        lines=lines,
        relined=tuple(name for name in new.site.lines if name not in lines.fresh and _moves(name, on)),
        devices=devices,
        outputs=turn(_by_name(old.outputs), _by_name(new.outputs)),
        actuators=turn(_wiring(old), _wiring(new)),
        rules=rules,
        subscribers=turn(_subscribers(old), _subscribers(new)),
        channels=turn(_channels(old), _channels(new)),
        people=turn(old.site.people, new.site.people),
        rotas=turn(old.site.rotas, new.site.rotas),
        ladders=turn(old.site.ladders, new.site.ladders),
        cards=turn(old.cards.by_number, new.cards.by_number),
        titles=turn(old.titles, new.titles),
        fixed=tuple(f"site.{key}" for key in ("id", "timezone") if _header(old, key) != _header(new, key)),
    )


def turn(old: Mapping[str, Any], new: Mapping[str, Any], same: Callable[[str], bool] | None = None) -> Turn:
    """What came, went and changed; by value, where nothing else says what is `same`."""
    alike = same or (lambda name: bool(old[name] == new[name]))
    return Turn(
        added=tuple(name for name in new if name not in old),
        removed=tuple(name for name in old if name not in new),
        changed=tuple(name for name in new if name in old and not alike(name)),
    )


def _by_name(outputs: Iterable[Output]) -> dict[str, Output]:
    return {each.name: dataclasses.replace(each, title="") for each in outputs}


def _subscribers(plan: Plan) -> dict[str, Any]:
    return {name: _untitled(its) for name, its in plan.site.subscribers.items()}


def _channels(plan: Plan) -> dict[str, Any]:
    return {name: _untitled(its) for name, its in plan.site.channels.items()}


def _untitled(entry: BaseModel) -> dict[str, Any]:
    return {key: value for key, value in entry.model_dump().items() if key != "title"}


def _header(plan: Plan, key: str) -> object:
    return getattr(plan.site.site, key)


def on_the_wire(line: Line) -> dict[str, object]:
    """What the port or connection of a line depends on."""
    return {key: getattr(line, key) for key in _ON_THE_WIRE}


def by_line(plan: Plan) -> dict[str, dict[str, Device | Listener]]:
    """The devices of each line."""
    lines: dict[str, dict[str, Device | Listener]] = {name: {} for name in plan.site.lines}
    for name, its in plan.site.devices.items():
        lines[its.line][name] = plan.devices[name]
    return lines


def _same_line(old: Plan, new: Plan, name: str, on: Sequence[_OnLines]) -> bool:
    """One that turns from asking to listening, or back, is another."""
    listens = {any(isinstance(each, Listener) for each in lines[name].values()) for lines in on}
    return on_the_wire(old.site.lines[name]) == on_the_wire(new.site.lines[name]) and len(listens) == 1


def _moves(line: str, on: Sequence[_OnLines]) -> bool:
    before, after = (lines[line] for lines in on)
    return before.keys() != after.keys() or any(before[name] is not after[name] for name in after)


def _same_device(old: Plan, new: Plan, name: str) -> bool:
    """The same settings on the same line, the same profile word for word, the same driver with the same rights."""
    return _made_of(old, name) == _made_of(new, name)


def _made_of(plan: Plan, name: str) -> tuple[object, ...]:
    entry, device = plan.site.devices[name], plan.devices[name]
    own = (getattr(device, "profile", None), getattr(device, "digest", None))
    return _untitled(entry), plan.site.lines[entry.line].tcp is not None, plan.site.drivers.get(entry.driver), *own


def settings(rule: Rule) -> dict[str, Any]:
    """All that a rule was made of but the card list, which is changed under it."""
    values = ((field.name, getattr(rule, field.name)) for field in dataclasses.fields(rule) if field.init)  # type: ignore[arg-type] # every rule is a dataclass
    return {name: value for name, value in values if not isinstance(value, CardBook)}


def same_rule(one: Rule, other: Rule) -> bool:
    """Both are of one kind and were made of the same settings."""
    return type(one) is type(other) and settings(one) == settings(other)


def _wiring(plan: Plan) -> dict[str, tuple[str, ...]]:
    """Output -> the relays that make it so."""
    site = plan.site
    doors = {f"doors.{name}": (door.lock, door.energised) for name, door in site.doors.items()}
    lanes = {f"lanes.{name}": (lane.open, lane.close) for name, lane in site.lanes.items()}
    return doors | lanes | {f"outputs.{name}": (output.relay,) for name, output in site.outputs.items()}
