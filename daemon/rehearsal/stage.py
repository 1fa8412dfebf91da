"""A daemon in virtual time: image, rules, arbiter, actuators and alarms are the real ones, the field is not there."""

import copy
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from daemon.actuators import actuators
from daemon.agenda import TICK
from daemon.alarms.desk import Desk
from daemon.alarms.shelving import KEY as SET_APART
from daemon.arbiter import Arbiter
from daemon.config.load import Plan
from daemon.engine import Engine
from daemon.lessons import Pupil
from daemon.operator import Operator
from daemon.orders import Orders
from daemon.parts import exclusive
from daemon.recorder import Recorder
from daemon.rehearsal.world import Board, HeldImage, Later, World, at_rest
from gatehouse.driver import Sample
from gatehouse.events import Event
from gatehouse.points import Quality
from gatehouse.rule import Rule

_BEGIN = 100_000.0
"""Monotonic second at which a stage begins: later than any reading may be old."""
_LIVELY = 3.0
"""Seconds after something happened in which turns come as often as in a real daemon."""
_SHARE, _RAREST = 0.25, 600.0
"""Later they come after such a share of the time for which nothing has happened, and after so many seconds at most:
what rules ask for comes to the instant all the same."""
_MOST_STEPS = 5_000
"""Instants within one second at which something is judged; with more, a rule asks for ever to be woken."""


class StageError(Exception):
    """The run cannot go on; the text says why."""


class StageClock:
    """Moves only when told; the wall clock can be set, the monotonic one cannot."""

    def __init__(self, start: datetime) -> None:
        """`start`: what the wall clock shows at second 0."""
        self.now = _BEGIN
        self._wall = start.astimezone(UTC)
        self._since = _BEGIN

    def monotonic(self) -> float:
        """Seconds."""
        return self.now

    def utc(self) -> datetime:
        """The wall clock."""
        return self._wall + timedelta(seconds=self.now - self._since)

    def set_wall(self, wall: datetime) -> None:
        """Somebody sets it."""
        self._wall, self._since = wall.astimezone(UTC), self.now


class Stage:
    """One site in virtual time."""

    def __init__(self, plan: Plan, start: datetime) -> None:
        """Nothing was read. `start` without a zone is in the site's time."""
        self.plan = plan
        self.zone = ZoneInfo(plan.site.site.timezone)
        self.clock = StageClock(self._local(start))
        self.events: list[Event] = []
        self.later = Later()
        self.world = World(plan, self.clock, self.later)
        self.turns: float | None = None
        """Seconds between two turns, whatever happens; None: as something has just happened, or not for long."""
        self._steps, self._second = 0, 0
        self._pristine = fresh(plan)
        self._stirred = self.clock.now
        self._kept: dict[str, bytes | None] = {}
        self._begin([])

    def _local(self, moment: datetime) -> datetime:
        return moment.replace(tzinfo=self.zone) if moment.tzinfo is None else moment

    def _begin(self, standing: Sequence[bytes]) -> None:
        plan, clock = self.plan, self.clock
        self.recorder = Recorder(self.events.append, clock)
        self.image = HeldImage(list(plan.points), clock)
        orders = Orders(self.recorder)
        orders.routes = dict.fromkeys(plan.devices, Board(self.world))  # type: ignore[arg-type] # of a line it has what orders need
        self.engine = Engine(
            self.image,
            copied(self._pristine, plan),
            Arbiter(plan.outputs, exclusive(plan)),
            actuators(plan, self.image, orders, clock),
            self.recorder,
            clock,
            plan.site.site.timezone,
            plan.inverted,
        )
        self.operator = Operator(self.engine, plan.site, dict(plan.titles), clock)
        self.desk = Desk(self.engine, lambda: plan, clock)
        self.engine.annunciator.shelving.keep = self._kept.__setitem__
        self.engine.annunciator.restore(standing, self._kept.get(SET_APART))
        self.world.land = self._land
        self.engine.judge_all()

    # The world

    @property
    def second(self) -> float:
        """Seconds since the start."""
        return self.clock.now - _BEGIN

    def quiet(self, but: Sequence[str] = ()) -> None:
        """All points are read at rest, but these."""
        for point, sample in at_rest(self.plan).items():
            if point not in but:
                self.world.set(point, sample)

    def set(self, point: str, sample: Sample) -> None:
        """A point reads so from now on, and is read again and again."""
        self.world.unheard.discard(point)
        self.world.set(point, sample)

    def unheard(self, point: str, *, stale: bool) -> None:
        """A point is not read any more, or has not been for so long that it is stale."""
        if point not in self.world.unheard:
            self._release(point, stale=stale)
        self.world.unheard.add(point)

    def silence(self, device: str) -> None:
        """A device answers no more; the daemon has just found out."""
        for point in self.world.of(device):
            if self.world.heard(point):
                self._release(point, stale=False)
        self.world.silent.add(device)
        self.world.readings[f"{device}.online"] = Sample(False)
        self.engine.device(device, False, "silent", self.clock.now)

    def back(self, device: str) -> None:
        """It answers again, and is read."""
        self.world.silent.discard(device)
        self.world.readings[f"{device}.online"] = Sample(True)
        self.engine.device(device, True, "answers", self.clock.now)
        self.image.held.add(f"{device}.online")
        for point in self.world.of(device):
            if point in self.world.readings and self.world.heard(point):
                self._land(point, self.world.readings[point])

    def _release(self, point: str, *, stale: bool) -> None:
        reading = self.image.read(point, self.clock.now)
        if point not in self.image.held:
            return
        self.image.release(point, stale=stale)
        self._engine_land(point, Sample(reading.value, reading.quality, reading.note))

    def _land(self, point: str, sample: Sample) -> None:
        self._engine_land(point, sample)
        if not self.image.points[point].momentary and sample.quality is not Quality.BAD:
            self.image.held.add(point)

    def _engine_land(self, point: str, sample: Sample) -> None:
        device, _, channel = point.partition(".")
        if point in self.plan.inverted and isinstance(sample.value, bool):  # it is turned round again on its way in
            sample = Sample(not sample.value, sample.quality, sample.note)
        self.engine.land(device, {channel: sample}, self.clock.now)
        self.stir()

    def set_wall(self, wall: datetime) -> None:
        """Somebody sets the clock on the wall."""
        self.clock.set_wall(self._local(wall))
        self.stir()

    def restart(self) -> None:
        """The daemon dies and begins anew: rules forget, alarms come back from the journal, points are read again."""
        book, before = self.engine.annunciator, self.engine.rules
        known = [*book.standing.values(), *book.cases.values(), *book.shelving.disabled.values()]
        lessons = {name: rule.remember() for name, rule in before.items() if isinstance(rule, Pupil)}
        self._begin([msgspec.json.encode(each, enc_hook=repr) for each in known])
        for name, learnt in lessons.items():
            rule = self.engine.rules[name]
            if isinstance(rule, Pupil):
                rule.recall(learnt)
        for point, sample in list(self.world.readings.items()):
            if self.world.heard(point) and not self.image.points[point].momentary:
                self._land(point, sample)

    # Time

    def stir(self) -> None:
        """Something has happened: be as attentive as a real daemon for a while."""
        self._stirred = self.clock.now

    def advance(self, second: float, look: Callable[[], None]) -> None:
        """Let time pass up to this second; `look` after each instant at which anything could change."""
        end = second + _BEGIN
        while (at := self._next()) <= end:
            self._count(at)
            self.clock.now = max(self.clock.now, at)
            while self.later.next() <= self.clock.now:
                self.later.pop()()
            events = len(self.events)
            self.engine.agenda.pace = self._turn()
            self.engine.tick(self.clock.now)
            if len(self.events) > events:
                self.stir()
            look()
        self.clock.now = max(self.clock.now, end)

    def skip(self, second: float) -> None:
        """Let time pass in which there was no daemon."""
        self.clock.now = max(self.clock.now, second + _BEGIN)

    def _count(self, at: float) -> None:
        self._steps = self._steps + 1 if int(at) == self._second else 0
        self._second = int(at)
        if self._steps > _MOST_STEPS:
            raise StageError(
                f"{self.second:g}s: {_MOST_STEPS} instants within a second, rules ask to be woken for ever"
            )

    def _turn(self) -> float:
        """Seconds to the next turn."""
        if self.turns is not None:
            return self.turns
        idle = self.clock.now - self._stirred
        return TICK if idle < _LIVELY else min(idle * _SHARE, _RAREST)

    def _next(self) -> float:
        engine, now, turn = self.engine, self.clock.now, self._turn()
        wake = min(engine.next_wake(), engine.annunciator.shelving.next)
        due = engine.next_due() if turn == TICK else min(wake, now + turn)
        return min(max(due, now + 0.001), max(self.later.next(), now))

    def settle(self) -> None:
        """Let happen all that is due at this very instant."""
        if self.engine.next_wake() <= self.clock.now:
            self.engine.tick(self.clock.now)


def fresh(plan: Plan) -> list[Rule]:
    """The plan's rules as nobody has judged them yet."""
    return copied(plan.rules, plan)


def copied(rules: Sequence[Rule], plan: Plan) -> list[Rule]:
    """Rules with memories of their own; the list of cards stays the one."""
    return copy.deepcopy(list(rules), {id(plan.cards): plan.cards})
