"""A story: readings at their seconds, a clock moved by hand, and a diary of all that a rule said."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import inf
from zoneinfo import ZoneInfo

import pytest

from gatehouse.alarms import Condition
from gatehouse.demands import Demand, Passage
from gatehouse.points import Image, Point, Quality, Value
from gatehouse.rule import Note, Rule, Scene

ZERO = 1000.0
"""The monotonic second that stories call 0."""
MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
"""The local time at second 0."""


@dataclass(frozen=True)
class Uncertain:
    """A reading that may not be trusted."""

    value: Value | None


class Watched(Image):
    """An image that holds a rule to its word: it may look only at what it calls its inputs."""

    allowed: frozenset[str] = frozenset()

    def read(self, name: str, now: float):
        assert name in self.allowed, f"{name} is looked at, but is not among the inputs"
        return super().read(name, now)


@dataclass
class Said:
    """All that a rule said when it was judged once."""

    demands: list[Demand]
    conditions: dict[str, Condition]
    notes: list[Note]

    def __getitem__(self, alarm: str) -> bool | None:
        return self.conditions[alarm].active

    @property
    def opens(self) -> set[str]:
        return {demand.output for demand in self.demands if demand.value is Passage.OPEN and not demand.veto}

    @property
    def forbidden(self) -> set[tuple[str, Value]]:
        return {(demand.output, demand.value) for demand in self.demands if demand.veto}


@dataclass
class Story:
    """One rule in its world. Every judging is done twice: the second must add nothing."""

    rule: Rule
    points: tuple[Point, ...] = ()
    wall: datetime = MONDAY
    alive: set[str] = field(default_factory=set)
    """Points that the device confirms all the time, so that they do not age."""
    told: dict[str, Value | None] = field(default_factory=dict)
    standing: set[str] = field(default_factory=set)
    apart: set[str] = field(default_factory=set)
    """Alarms that a person has disabled."""
    silenced: set[str] = field(default_factory=set)
    """Alarms whose sounders a person has stopped."""
    diary: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    now: float = ZERO
    _wakes: set[float] = field(default_factory=set)
    _active: dict[str, bool | None] = field(default_factory=dict)
    _wanted: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        named = {point.name: point for point in self.points}
        self.image = Watched(named.get(name, Point(name=name)) for name in self.rule.inputs)
        self.image.allowed = frozenset(self.rule.inputs)

    def at(self, second: float, readings: Mapping[str, object] | None = None, **world: object) -> Said:
        """Let time pass until this second, waking the rule when it asked for it, then bring these readings."""
        target = ZERO + second
        while (due := min((*self._wakes, *self._wanted.values(), *self._fading()), default=inf)) < target:
            self.now = max(due, self.now)
            self._let_lapse()
            self._wakes = {at for at in self._wakes if at > due}
            self.judge()
        self._wakes = {at for at in self._wakes if at > target}
        self.now = target
        self.told.update(world.get("told", {}))
        self.standing = set(world.get("standing", self.standing))
        self.silenced = set(world.get("silenced", self.silenced))
        return self.judge(readings or {})

    def _fading(self) -> Iterator[float]:
        """When readings will be surely stale: the engine has the rule judged then, too."""
        for name in self.rule.inputs:
            reading = self.image.read(name, self.now)
            if reading.good and not self.image.points[name].momentary:
                yield reading.at + self.image.points[name].max_age + 0.001

    def judge(self, readings: Mapping[str, object] = {}) -> Said:
        """Judge now, and once more."""
        self.image.renew([name for name in self.alive if self.image.read(name, self.now).at > -inf], self.now)
        for name, value in readings.items():
            good = not isinstance(value, Uncertain)
            quality = (Quality.GOOD if value is not None else Quality.BAD) if good else Quality.UNCERTAIN
            self.image.put(name, value if good else value.value, quality, self.now, "" if good else "after a timeout")
        first, again = self._ask(readings), self._ask(readings)
        assert again.demands == first.demands
        assert again.conditions == first.conditions
        assert again.notes == []
        self._write(first)
        return first

    def _ask(self, readings: Mapping[str, object]) -> Said:
        scene = Scene(
            image=self.image,
            now=self.now,
            wall=self.wall_now(),
            changed=frozenset(readings),
            told=dict(self.told),
            standing=frozenset(self.standing),
            apart=frozenset(self.apart),
            silenced=frozenset(self.silenced),
            wake=self._wake,
        )
        answers = list(self.rule.judge(scene))
        conditions = [answer for answer in answers if isinstance(answer, Condition)]
        said = Said(
            [answer for answer in answers if isinstance(answer, Demand)],
            {condition.alarm: condition for condition in conditions},
            [answer for answer in answers if isinstance(answer, Note)],
        )
        assert len(conditions) == len(said.conditions), "two conditions share an alarm"
        assert not self._active or said.conditions.keys() == self._active.keys(), "a condition was left out"
        for demand in said.demands:
            assert demand.output in self.rule.outputs
            assert demand.issuer == self.rule.name
            assert self._is_wished(demand), f"{_spoken(demand)} is none of its wishes"
            assert demand.veto or demand.value is not Passage.CLOSED, "no rule closes: that is what outputs do at rest"
        return said

    def _is_wished(self, demand: Demand) -> bool:
        """A rule that says what it may ever want wants nothing else."""
        wishes = getattr(self.rule, "wishes", None)
        mine = (demand.output, demand.value, demand.priority, demand.veto)
        return wishes is None or mine in {(wish.output, wish.value, wish.priority, wish.veto) for wish in wishes}

    def wall_now(self) -> datetime:
        """The local time of the site now."""
        return (self.wall.astimezone(ZoneInfo("UTC")) + timedelta(seconds=self.now - ZERO)).astimezone(self.wall.tzinfo)

    def _wake(self, at: float) -> None:
        assert at > self.now, "to be woken at once, for ever, is a busy loop"
        self._wakes.add(at)

    def _let_lapse(self) -> None:
        """A demand whose time is over is void, unless its rule asked to be judged at this very instant."""
        for wish in [wish for wish, until in self._wanted.items() if until <= self.now and self.now not in self._wakes]:
            del self._wanted[wish]
            self.diary.append(f"{round(self.now - ZERO, 2):g} no more {wish}")

    def _write(self, said: Said) -> None:
        second = f"{round(self.now - ZERO, 2):g}"
        for alarm, condition in said.conditions.items():
            before, now = self._active.get(alarm), condition.active
            if now is not before and (now or before):
                self.diary.append(f"{second} {alarm} {'on' if now else 'off' if now is False else 'unsure'}")
            self._active[alarm] = now
        wanted = {_spoken(demand): demand for demand in said.demands if demand.until is None or self.now < demand.until}
        self.diary += [f"{second} {wish}" for wish in wanted if wish not in self._wanted]
        self.diary += [f"{second} no more {wish}" for wish in self._wanted if wish not in wanted]
        self._wanted = {wish: demand.until or inf for wish, demand in wanted.items()}
        self.notes += said.notes
        self.diary += [f"{second} {note.kind} {note.content['reason']}".rstrip() for note in said.notes]


def _spoken(demand: Demand) -> str:
    value = ("off", "on")[demand.value] if isinstance(demand.value, bool) else demand.value
    return f"{demand.output} {'not ' if demand.veto else ''}{value} at {int(demand.priority)}"


@pytest.fixture
def story() -> Callable[..., Story]:
    return Story


@pytest.fixture(scope="session")
def story_class() -> type[Story]:
    """For hypothesis, which wants no fixture that is made anew for each test."""
    return Story


@pytest.fixture(scope="session")
def uncertain() -> type[Uncertain]:
    return Uncertain
