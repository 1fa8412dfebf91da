"""Recorded readings against two sets of rules, and what they would have done differently."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from daemon.config.load import Plan
from daemon.operator import RefusedError
from daemon.recording.segment import Reading
from daemon.recording.story import Item, Mark
from daemon.rehearsal.stage import Stage
from gatehouse.demands import Demand, Passage, Priority
from gatehouse.driver import Sample
from gatehouse.events import Event
from gatehouse.points import Quality

WARM = timedelta(minutes=10)
"""So much before the span is played too: delays that ran, doors that stood open. Only what it ends in is compared."""
_TURNS = 30.0
_ROUNDED = 0.002
"""Seconds that deeds are done later: readings are recorded to the millisecond, and a card opens after it was read."""
_FAR = 600.0
"""Seconds within which the same thing that happens at another time is the same thing."""
DEEDS = ("alarm.acknowledged", "alarm.reset", "operator.command", "access.granted")
"""Kinds of events that are done again: what people did then. Cards only where their numbers were not recorded."""
FACTS = ("alarm.raised", "alarm.repeated", "alarm.returned", "output.told", "access.granted", "access.denied")
"""Kinds of events that are compared."""

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened: an alarm rose or went, an output was told, a card was judged."""

    at: float
    key: Key
    """alarm, output or access; what; how."""
    event: Event


@dataclass(frozen=True, slots=True)
class Change:
    """What is otherwise: only then, only now, or at another time."""

    key: Key
    then: Fact | None
    now: Fact | None

    @property
    def at(self) -> float:
        """The earlier of the two."""
        return min(fact.at for fact in (self.then, self.now) if fact is not None)


@dataclass(slots=True)
class Course:
    """What came of one set of rules."""

    facts: list[Fact] = field(default_factory=list)
    begun: list[Fact] = field(default_factory=list)
    """How the span began: alarms that stood, and what outputs were told."""
    readings: int = 0
    masked: int = 0
    """Cards and the like of which no number was recorded: rules did not see them."""
    lost: int = 0
    breaks: int = 0
    """Times at which the daemon was not running, or its recording broke off."""
    refused: int = 0
    """Things that people had done and that could not be done now."""
    strange: set[str] = field(default_factory=set)
    """Recorded points that the site does not have."""
    unread: set[str] = field(default_factory=set)
    """Points that rules look at and that nothing was recorded of."""


class Replay:
    """One set of rules before the readings of a span."""

    def __init__(self, plan: Plan, since: datetime, until: datetime, deeds: Iterable[Event] = ()) -> None:
        """Nothing is played."""
        self._plan = plan
        self._since, self._until = since.timestamp(), until.timestamp()
        self._begin((since - WARM).timestamp())
        self._deeds = [event for event in deeds if event.kind in DEEDS]
        self._next_deed = 0
        self._there = True
        every = {point.name: point for point in plan.points}
        looked_at = {point for rule in plan.rules for point in rule.inputs}
        self._course = Course(unread={name for name in looked_at if not every[name].momentary})

    def _begin(self, at: float) -> None:
        self._zero = at
        self._stage = Stage(self._plan, datetime.fromtimestamp(at, UTC))
        self._stage.turns = _TURNS
        self._stage.world.by_hand |= {point for rule in self._plan.rules for point in rule.inputs}

    def play(self, story: Iterable[Item], progress: Callable[[float], object] = float) -> Course:
        """Everything, from the warming up to the end; `progress` hears which share is done."""
        begun, told, whole = False, -1.0, self._until - self._zero
        for item in story:
            if not begun and item.at > self._zero:
                self._begin(item.at)  # of what was before, nothing is known
            begun = True
            self._item(item)
            share = 1 - math.ceil(100 * (self._until - item.at) / whole) / 100
            if share > told:
                told = share
                progress(share)
        self._pass(self._until - self._zero)
        every = list(facts(self._stage.events))
        self._course.begun = standing(every, self._since)
        self._course.facts = [fact for fact in every if self._since <= fact.at < self._until]
        return self._course

    def _item(self, item: Item) -> None:
        second = max(item.at - self._zero, self._stage.second)
        if isinstance(item, Mark) and item.kind == "started":
            self._there = True
            self._stage.skip(second)
            if self._course.readings:  # else the stage has only just begun itself
                self._stage.restart()
            return
        self._pass(second)
        if isinstance(item, Reading):
            self._read(item)
        elif item.kind == "stopped":
            self._there = False
            self._course.breaks += item.at < self._until
            self._stage.world.readings.clear()
        else:
            self._course.breaks += item.kind == "torn"
            self._course.lost += item.count

    def _pass(self, second: float) -> None:
        """Let time pass, and let people do then what they did; without a daemon nothing comes of either."""
        if not self._there:
            self._stage.skip(second)
            return
        while self._next_deed < len(self._deeds):
            deed = self._deeds[self._next_deed]
            at = deed.at.timestamp() - self._zero + _ROUNDED
            if at > second:
                break
            self._next_deed += 1
            if at >= self._stage.second:
                self._stage.advance(at, _nothing)
                self._do(deed)
        self._stage.advance(second, _nothing)

    def _do(self, deed: Event) -> None:
        operator, desk, by = self._stage.operator, self._stage.desk, str(deed.content.get("by", "")) or "-"
        try:
            if deed.kind == "alarm.acknowledged":
                desk.acknowledge(str(deed.content["alarm"]), by)
            elif deed.kind == "alarm.reset":
                desk.reset(str(deed.content["alarm"]), by)
            elif deed.kind == "access.granted":
                self._let_in(deed.subject)
            elif deed.subject.startswith("lanes."):
                passage = Passage(str(deed.content["command"]))
                operator.move_lane(deed.subject.removeprefix("lanes."), passage, "replay", by)
            elif deed.subject.startswith("doors.") and deed.content.get("command") == "open":
                operator.open_door(deed.subject.removeprefix("doors."), "replay", by)
        except (RefusedError, ValueError):
            self._course.refused += 1

    def _let_in(self, output: str) -> None:
        """A card opened: which one it was is not known, but that it did is."""
        site, engine, now = self._plan.site, self._stage.engine, self._stage.clock.now
        section, _, name = output.partition(".")
        seconds = site.lanes[name].stay if section == "lanes" and name in site.lanes else 0.0
        seconds = site.doors[name].unlock if section == "doors" and name in site.doors else seconds
        if not self._course.masked or not seconds:
            return
        demand = Demand(output=output, value=Passage.OPEN, priority=Priority.CREDENTIAL, issuer=f"{output}.access",
                        reason="card", until=now + seconds)  # fmt: skip
        engine.arbiter.place(f"{output}.access (replayed)", [demand])
        engine.judge({}, (), now)

    def _read(self, reading: Reading) -> None:
        stage, course, point = self._stage, self._course, reading.point
        if point not in stage.image.points:
            course.strange.add(point)
            return
        course.readings += 1
        course.unread.discard(point)
        device, _, channel = point.partition(".")
        if channel == "online":
            if reading.value is False:
                stage.silence(device)
            else:
                stage.back(device)
        elif reading.value is None and stage.image.points[point].momentary:
            course.masked += 1
        else:
            stage.set(point, Sample(reading.value, Quality(reading.quality)))


def facts(events: Iterable[Event]) -> Iterator[Fact]:
    """Of events, from a stage or a journal, those that are compared."""
    for event in events:
        at, content = event.at.timestamp(), event.content
        if event.kind in ("alarm.raised", "alarm.repeated", "alarm.returned"):
            word = "returned" if event.kind == "alarm.returned" else "raised"
            yield Fact(at, ("alarm", str(content.get("alarm", "")), word), event)
        elif event.kind == "output.told":
            yield Fact(at, ("output", event.subject, _value(content.get("value"))), event)
        elif event.kind.startswith("access."):
            yield Fact(at, ("access", event.subject, event.kind.partition(".")[2]), event)


def standing(every: Iterable[Fact], at: float) -> list[Fact]:
    """What still holds at an instant: alarms that did not return, and what outputs were told last."""
    last: dict[tuple[str, str], Fact] = {}
    for fact in every:
        sort, what, _ = fact.key
        if fact.at < at and sort != "access":
            last[sort, what] = replace(fact, at=at)
    return [fact for fact in last.values() if fact.key[2] != "returned"]


def _value(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {True: "on", False: "off", None: "held"}[value]
    return str(value)


def changes(then: Iterable[Fact], now: Iterable[Fact], tolerance: float) -> list[Change]:
    """What is otherwise, in the order of time; up to `tolerance` seconds apart is the same instant."""
    before, after = _by_key(then), _by_key(now)
    found: list[Change] = []
    for key in {**before, **after}:
        found += _compared(key, before.get(key, []), after.get(key, []), tolerance)
    return sorted(found, key=lambda change: change.at)


def _by_key(every: Iterable[Fact]) -> dict[Key, list[Fact]]:
    by_key: dict[Key, list[Fact]] = {}
    for fact in every:
        by_key.setdefault(fact.key, []).append(fact)
    return by_key


def _compared(key: Key, then: list[Fact], now: list[Fact], tolerance: float) -> Iterator[Change]:
    one, other = 0, 0
    while one < len(then) or other < len(now):
        before = then[one] if one < len(then) else None
        after = now[other] if other < len(now) else None
        if before is not None and after is not None and abs(after.at - before.at) <= max(_FAR, tolerance):
            one, other = one + 1, other + 1
            if abs(after.at - before.at) > tolerance:
                yield Change(key, before, after)
        elif after is None or (before is not None and before.at < after.at):
            one += 1
            yield Change(key, before, None)
        else:
            other += 1
            yield Change(key, None, after)


def document(change: Change, titles: Mapping[str, str]) -> dict[str, Any]:
    """One difference, for programs."""
    sort, what, how = change.key
    fact = change.now or change.then
    assert fact is not None  # noqa: S101 - one of them there is
    return {
        "sort": sort,
        "what": what,
        "how": how,
        "subject": fact.event.subject,
        "place": titles.get(fact.event.subject, fact.event.subject),
        "then": _instant(change.then),
        "now": _instant(change.now),
        "evidence": fact.event.content.get("evidence") or {},
        "reason": str(fact.event.content.get("reason", "")),
    }


def _instant(fact: Fact | None) -> str | None:
    return None if fact is None else datetime.fromtimestamp(fact.at, UTC).isoformat(timespec="milliseconds")


def _nothing() -> None:
    """Nobody looks in between."""
