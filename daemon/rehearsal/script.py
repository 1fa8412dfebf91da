"""What a timetable sets and does, as acts on a stage; names and values are held against the site beforehand."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from daemon.config.document import Document
from daemon.config.faults import ConfigError, Term, Where, listed, nearest
from daemon.config.load import Plan
from daemon.config.references import sort_of
from daemon.config.validation import check, shown
from daemon.feeds.catalogue import EVENTS
from daemon.rehearsal.deeds import VERBS, Deed
from daemon.rehearsal.stage import Stage
from daemon.rehearsal.timetable import Course, Entry, Expect, Length, Timetable, Told, instants, resolved
from gatehouse.driver import Sample
from gatehouse.points import Point, Quality, Value

Act = Callable[[Stage], None]
_SWITCH = {"on": True, "off": False}
_WORDS = ("stale", "unheard", "unread", "follows")
_MOST_READINGS = 100_000


@dataclass(slots=True)
class Cue:
    """One entry of the timetable when its turn comes."""

    at: float
    entry: Entry
    where: Where
    acts: list[Act] = field(default_factory=list)
    deeds: list[Deed] = field(default_factory=list)
    before: float | None = None
    until: float | None = None


@dataclass(slots=True)
class Script:
    """All of it, in order."""

    cues: list[Cue]
    more: list[tuple[float, Act]]
    """Readings of courses: when, and what."""
    set_first: set[str]
    """Points of which the timetable itself says how they read at 0s."""

    @property
    def end(self) -> float:
        """The last second at which anything happens or is looked at."""
        ends = [max(cue.at, cue.before or 0.0, cue.until or 0.0) for cue in self.cues]
        return max([*ends, *(at for at, _ in self.more)])


def write(timetable: Timetable, plan: Plan, text: Document) -> Script:
    """The script; ConfigError with every name and value that the site does not know."""
    maker, script = _Maker(plan, text), Script([], [], set())
    for number, (entry, at) in enumerate(zip(timetable.timetable, instants(timetable), strict=True)):
        where: Where = ("timetable", number)
        cue = Cue(at, entry, where)
        cue.before = None if entry.before is None else resolved(entry.before, at)
        cue.until = None if entry.until is None else resolved(entry.until, at)
        for name, raw in entry.set_.items():
            spot = (*where, "set", name)
            if isinstance(raw, dict) and "every" in raw:
                script.more += maker.course(name, raw, spot, at)
            elif (act := maker.act(name, raw, spot)) is not None:
                cue.acts.append(act)
            if at == 0:
                script.set_first.add(name)
        cue.deeds = list(maker.deeds(entry, where))
        if entry.expect is not None:
            maker.check_expect(entry.expect, (*where, "expect"))
        script.cues.append(cue)
    if text.faults:
        raise ConfigError(text.faults)
    return script


@dataclass(slots=True)
class _Maker:
    plan: Plan
    text: Document
    points: Mapping[str, Point] = field(init=False)
    outputs: frozenset[str] = field(init=False)
    rules: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.points = {point.name: point for point in self.plan.points}
        self.outputs = frozenset(output.name for output in self.plan.outputs)
        self.rules = frozenset(rule.name for rule in self.plan.rules)

    def act(self, name: str, raw: object, spot: Where) -> Act | None:
        """What one line under `set` does; None with a fault."""
        if name in self.plan.devices:
            return self._device(name, raw, spot)
        if not self._known(name, spot):
            return None
        if isinstance(raw, str) and raw in _WORDS:
            return _word(name, raw)
        told = check(Told, raw, spot, self.text) if isinstance(raw, dict) else Told(value=raw)
        if told is None:
            return None
        at = (*spot, "value") if isinstance(raw, dict) else spot
        value, quality = self._value(name, told.value, at), Quality[told.quality.upper()]
        if value is not None or quality is Quality.BAD:
            return _setting(name, Sample(value, quality, told.note))
        self.text.fault(at, "not_a_value", value=shown(told.value), point=name, wanted=self._wanted(name))
        return None

    def _device(self, name: str, raw: object, spot: Where) -> Act | None:
        if raw in ("silent", "back"):
            return (lambda stage: stage.silence(name)) if raw == "silent" else (lambda stage: stage.back(name))
        self.text.fault(spot, "device_word", value=shown(raw))
        return None

    def course(self, name: str, raw: dict[str, Any], spot: Where, at: float) -> Iterator[tuple[float, Act]]:
        """Readings one after another."""
        course = check(Course, raw, spot, self.text) if self._known(name, spot) else None
        if course is None:
            return
        end = resolved(course.until, at)
        steps = math.floor((end - at) / course.every + 1e-9)
        straight = course.from_ is not None and course.to is not None
        if not 0 < steps <= _MOST_READINGS or straight == bool(course.values):
            self.text.fault(spot, "bad_course", most=_MOST_READINGS)
            return
        values = [self._value(name, value, (*spot, "values", n)) for n, value in enumerate(course.values)]
        for step in range(steps + 1):
            if course.from_ is not None and course.to is not None:
                value: Value | None = course.from_ + (course.to - course.from_) * step / steps
            else:
                value = values[step % len(values)]
            if value is not None:
                yield at + step * course.every, _setting(name, Sample(value))

    def _known(self, name: str, spot: Where) -> bool:
        if name in self.points:
            return True
        near = nearest(name, [*self.points, *self.plan.devices])
        self.text.fault(spot, "no_such_point", at_key=True, nearest=near, value=shown(name),
                        known=listed(self.plan.devices))  # fmt: skip
        return False

    def _value(self, name: str, raw: object, spot: Where) -> Value | None:
        """A value as the point has it; None, with a fault, when it can have no such value."""
        point = self.points[name]
        if point.momentary and type(raw) in (int, float):  # a card's number keeps its zeros
            return self.text.numbers.get(spot, str(raw))
        value = _SWITCH.get(raw, raw) if isinstance(raw, str) else raw
        measure = sort_of(point) is not None and not point.momentary
        if value is None:
            return None
        if not isinstance(value, bool | int | float | str) or (measure and isinstance(value, bool)):
            self.text.fault(spot, "not_a_value", value=shown(raw), point=name, wanted=self._wanted(name))
            return None
        return value

    def _wanted(self, name: str) -> Term:
        return sort_of(self.points[name]) or Term("on or off")

    def deeds(self, entry: Entry, where: Where) -> Iterator[Deed]:
        """What is done, one after another."""
        for verb, raw in entry.do.items():
            spot = (*where, "do", verb)
            if verb not in VERBS:
                near = nearest(verb, VERBS)
                self.text.fault(spot, "one_of", at_key=True, nearest=near, value=shown(verb), known=listed(VERBS, 24))
                continue
            for said in raw if isinstance(raw, list) else [raw]:
                deed = self._deed(verb, said, entry.by, spot)
                if deed is not None:
                    yield deed

    def _deed(self, verb: str, said: object, by: str, spot: Where) -> Deed | None:
        """`acknowledge: x`, or with more: `shelve: {alarm: x, for: 1h, why: repair}`."""
        more = dict(said) if isinstance(said, dict) else {}
        target = more.pop("alarm", more.pop("target", "")) if isinstance(said, dict) else said
        if "for" in more:
            length = check(Length, {"for": more["for"]}, spot, self.text)
            more["for"] = length.for_ if length else 0.0
        deed = Deed(verb, str(target), by, more)
        if deed.unsaid:
            self.text.fault(spot, "deed_unsaid", at_key=True, verb=verb, words=deed.unsaid)
        elif verb in ("open", "close") and target not in self.outputs:
            self._unknown(spot, "no_such_output", target, self.outputs)
        else:
            return deed
        return None

    def check_expect(self, expect: Expect, where: Where) -> None:
        """Fault what the site does not have."""
        for name in expect.points:
            self._known(name, (*where, "points", name))
        for section, names in (("outputs", expect.outputs), ("by", expect.by)):
            for name in names:
                if name not in self.outputs:
                    self._unknown((*where, section, name), "no_such_output", name, self.outputs)
        for output, rule in expect.by.items():
            if rule not in self.rules | {"operator", ""}:
                self._unknown((*where, "by", output), "no_such_rule", rule, self.rules)
        for section, wanted in (("events", expect.events), ("absent", expect.absent)):
            for number, event in enumerate(wanted):
                if event.kind not in EVENTS:
                    self._unknown((*where, section, number), "no_such_kind", event.kind, frozenset(EVENTS))

    def _unknown(self, spot: Where, code: str, name: object, known: frozenset[str]) -> None:
        self.text.fault(spot, code, at_key=spot[-1] == name, nearest=nearest(str(name), known), value=shown(name),
                        known=listed(sorted(known), 24))  # fmt: skip


def _setting(name: str, sample: Sample) -> Act:
    def act(stage: Stage) -> None:
        stage.world.by_hand.add(name)
        stage.set(name, sample)

    return act


def _word(name: str, word: str) -> Act:
    def act(stage: Stage) -> None:
        if word == "follows":
            stage.world.by_hand.discard(name)
        elif word == "unread":
            stage.world.readings.pop(name, None)
            stage.world.unheard.add(name)
        else:
            stage.unheard(name, stale=word == "stale")

    return act
