"""Climbs ladders: hears alarms, drives sirens at once, hands messages to outboxes, keeps how far it has come.

What moves is placed at the arbiter while the alarm is being judged, so it goes out with the doors. Messages follow in a
task of their own; nobody waits for them. Every change is kept with the events that it belongs to.
"""

import asyncio
import heapq
import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from daemon.channels.message import Receipt
from daemon.clock import Clock
from daemon.engine import Engine
from daemon.escalation import keeping
from daemon.escalation.climb import Act, Begin, Climb, Ring, Target, begin
from daemon.escalation.directory import Directory
from daemon.escalation.keeping import Now, Saved
from daemon.escalation.ladder import Step, answerers, choose, reached
from daemon.escalation.teller import Call, Teller
from daemon.journal.journal import Journal
from gatehouse.alarms import Alarm, AlarmState, Severity
from gatehouse.demands import Demand, Priority

log = structlog.get_logger()

_AT_ONCE = 32
"""Climbs that are seen to in one go; in between, doors have their turn."""
_LOOK = 1.0
"""Seconds after which it looks round even if nothing is due."""


@dataclass(slots=True, eq=False)
class Run:
    """One occurrence of an alarm that is being climbed."""

    climb: Climb
    alarm: Alarm
    zero: float
    """Monotonic second at which it began."""
    drill: bool = False
    paused: bool = False
    """It went back to normal by itself and is not a matter of life."""
    acts: list[Act] = field(default_factory=list)
    """What is still to be told."""
    told_spent: bool = False
    """It was told that nothing is left to be done."""
    due: float = math.inf
    """When it is next looked at; what else is in the heap of it is of no account."""

    @property
    def rank(self) -> tuple[int, float]:
        """P1 first, then the oldest."""
        return self.climb.severity, self.zero

    @property
    def issuer(self) -> str:
        """Of its demands."""
        return f"ladder:{self.climb.alarm}#{self.alarm.occurrence.rpartition('-')[2]}"


class Escalations:
    """All ladders that are being climbed. It lives in the loop's thread."""

    def __init__(  # noqa: PLR0917 - it stands between alarms, outputs, channels and the journal
        self, directory: Directory, engine: Engine, journal: Journal, teller: Teller, clock: Clock, zone: ZoneInfo
    ) -> None:
        """Nothing climbs yet."""
        self.directory = directory
        self.runs: dict[str, Run] = {}
        """By occurrence."""
        self.drill: Callable[[Alarm], bool] = _staged
        """Whether an alarm is a drill's."""
        self.progress = 0
        self._engine, self._journal, self._teller, self._clock, self._zone = engine, journal, teller, clock, zone
        self._boot = keeping.boot()
        self._ready: dict[str, None] = {}
        self._due: list[tuple[float, str]] = []
        self._moved = False  # outputs, outside of a judgement
        self._stir = asyncio.Event()
        teller.heard = self.receive

    # What happens to alarms

    def hear(self, kind: str, alarm: Alarm) -> None:
        """An alarm has changed; sirens are told before this returns. For `Annunciator.watch`."""
        run = self.runs.get(alarm.occurrence)
        if kind == "alarm.raised" and alarm.calls:
            self._called(run, alarm)
        elif run is not None:
            self._follow(run, alarm)

    def _called(self, run: Run | None, alarm: Alarm) -> None:
        graver = run is not None and alarm.condition.severity < run.climb.severity
        if run is None or run.paused or graver:
            if run is not None:
                self._end(run, "graver" if graver else "raised anew")
            self.start(alarm)
            return
        run.alarm = alarm
        run.acts += run.climb.rise(self._elapsed(run), self._roster)
        self._changed(run)

    def _follow(self, run: Run, alarm: Alarm) -> None:
        run.alarm = alarm
        if alarm.suspended is not None or alarm.followed_by or not alarm.open:
            self._end(run, alarm.state.value if alarm.suspended is not None else "over")
            return
        rested, run.paused = run.paused, _rests(alarm)
        run.climb.hear(reached(alarm), map(self.directory.who_is, answerers(alarm)))
        if rested and not run.paused:  # what was put off meanwhile is not late: it was not wanted
            run.acts += [act._replace(late=0.0) for act in run.climb.advance(self._elapsed(run), self._roster)]
        self._settle(run)

    def _settle(self, run: Run) -> None:
        if run.climb.over:
            self._end(run, run.climb.over)
        else:
            self._changed(run)

    def start(self, alarm: Alarm, elapsed: float = 0.0, at: datetime | None = None) -> None:
        """Begin to climb; nothing, where no ladder is for such an alarm. `at`: when people were called, if not when it
        was last raised."""
        its = alarm.condition
        ladder = choose(self.directory.ladders, int(its.severity), its.subject, its.kind)
        if ladder is None:
            return
        called = int((at or alarm.raised).timestamp() * 1000)
        mark = f"{alarm.occurrence}.{called:x}"  # another each time that people are called
        climb = begin(alarm=its.alarm, mark=mark, severity=int(its.severity), kind=its.kind, subject=its.subject,
                      ladder=ladder)  # fmt: skip
        run = Run(climb, alarm, self._clock.monotonic() - elapsed, self.drill(alarm))
        self.runs[alarm.occurrence] = run
        self._teller.event("ladder.begun", alarm, {"ladder": ladder.title or ladder.name})
        self._changed(run)

    def answer(self, occurrence: str, by: str) -> bool:
        """A named person says "I am coming"; False when nothing climbs there any more."""
        run = self.runs.get(occurrence)
        if run is None:
            return False
        run.climb.hear((), [self.directory.who_is(by)])
        self._teller.event("ladder.answered", run.alarm, {"by": by}, actor=f"person:{by}")
        self._settle(run)
        return True

    def hasten(self, occurrence: str) -> None:
        """Somebody needs help there: the next step begins now."""
        run = self.runs.get(occurrence)
        if run is not None:
            run.acts += run.climb.hasten(self._elapsed(run), self._roster)
            self._changed(run)

    def awaited(self, key: str) -> Call | None:
        """The message of this key, of a ladder that is being climbed; also of one that the last run has sent."""
        for run in self.runs.values():
            if ring := run.climb.ring(key):
                return self._call(run, ring)
        return None

    def receive(self, call: Call, receipt: Receipt) -> None:
        """What became of a message."""
        run = self.runs.get(call.occurrence)
        if run is None or call.key != run.climb.key(call.ring):
            return
        if run.climb.receive(call.ring, receipt.state.value, receipt.why):
            self._changed(run)

    def _changed(self, run: Run) -> None:
        """Do now what is due of it, outputs first; what is to be told is told by the task."""
        self._advance(run)
        self._keep(run)
        self._ready[run.alarm.occurrence] = None
        self._stir.set()

    def _advance(self, run: Run) -> None:
        elapsed = self._elapsed(run)
        if not run.paused:
            run.acts += run.climb.advance(elapsed, self._roster)
            due = run.zero + run.climb.next_due()
            if due not in (run.due, math.inf):
                heapq.heappush(self._due, (due, run.alarm.occurrence))
            run.due = due
        self._sound(run, elapsed)

    def _roster(self, step: Step, answered: Collection[str]) -> Sequence[Target]:
        return self.directory.targets(step, self._clock.utc().astimezone(self._zone), answered)

    def _elapsed(self, run: Run) -> float:
        return self._clock.monotonic() - run.zero

    def _sound(self, run: Run, elapsed: float) -> None:
        arbiter, silent = self._engine.arbiter, run.paused or run.drill or bool(run.alarm.silenced_by)
        demands = [] if silent else [
            Demand(output=output, value=True, priority=Priority.ANNUNCIATION, issuer=run.issuer, reason=run.climb.kind,
                   until=None if end is None else run.zero + end)
            for step, end in run.climb.sounding(elapsed)
            for output in self.directory.outputs(step, run.climb.subject)
            if output in arbiter.outputs
        ]  # fmt: skip
        if demands or arbiter.placed(run.issuer):
            arbiter.place(run.issuer, demands)
            self._moved = True

    def _end(self, run: Run, why: str) -> None:
        run.climb.end(why)
        run.acts.clear()
        self._sound(run, self._elapsed(run))
        if self.runs.get(run.alarm.occurrence) is run:
            del self.runs[run.alarm.occurrence]
        self._journal.keep(_key(run), None)
        answered = [self._teller.name(person) for person in run.climb.answered]
        self._teller.event("ladder.ended", run.alarm, {"why": why, "answered": answered})
        self._stir.set()

    # In its own task

    async def run(self) -> None:
        """For ever."""
        self._ready |= dict.fromkeys(self.runs)
        while True:
            self._stir.clear()
            more = self.step()
            self.progress += 1
            if more:
                await asyncio.sleep(0)
                continue
            wait = min(_LOOK, max(self.next_due() - self._clock.monotonic(), 0.001))
            try:
                async with asyncio.timeout(wait):
                    await self._stir.wait()
            except TimeoutError:
                continue

    def next_due(self) -> float:
        """Monotonic second at which `step` has something to do; inf for never."""
        return self._due[0][0] if self._due else math.inf

    def step(self) -> bool:
        """Do what is due, outputs before messages, P1 before all else; True when there is more at once."""
        now = self._clock.monotonic()
        for _ in range(_AT_ONCE):
            if self.next_due() > now:
                break
            at, occurrence = heapq.heappop(self._due)
            if (run := self.runs.get(occurrence)) is not None and run.due == at:
                run.due = math.inf
                self._changed(run)
        if self._moved:
            self._moved = False
            self._engine.judge({}, (), now)
        ready = sorted((run for name in self._ready if (run := self.runs.get(name))), key=lambda run: run.rank)
        self._ready = {run.alarm.occurrence: None for run in ready[_AT_ONCE:]}
        for run in ready[:_AT_ONCE]:
            self._tell(run)
        return bool(self._ready) or self.next_due() <= now

    def _tell(self, run: Run) -> None:
        while run.acts:
            act = run.acts.pop(0)
            if isinstance(act, Begin):
                self._begin(run, act)
            else:
                self._teller.ring(self._call(run, act))
        if run.climb.spent and not run.told_spent:
            run.told_spent = True
            self._teller.event("ladder.spent", run.alarm, {"ladder": run.climb.ladder.title or run.climb.ladder.name})

    def _begin(self, run: Run, act: Begin) -> None:
        step = run.climb.ladder.steps[act.step]
        content = {"step": act.step + 1, "early": act.early} | ({"late": act.late} if act.late else {})
        self._teller.event("ladder.step", run.alarm, content)
        if step.police:  # of a drill it is a line of the drill, which nobody outside gets
            self._teller.note(run.alarm)

    def _call(self, run: Run, ring: Ring) -> Call:
        return Call(
            key=run.climb.key(ring),
            occurrence=run.alarm.occurrence,
            ring=ring,
            alarm=run.alarm,
            elapsed=self._elapsed(run),
            drill=run.drill,
        )

    def _keep(self, run: Run) -> None:
        now = self._now()
        saved = Saved(
            climb=run.climb, occurrence=run.alarm.occurrence, raised=run.alarm.raised, drill=run.drill,
            elapsed=now.monotonic - run.zero, monotonic=now.monotonic, utc=now.utc, boot=now.boot,
        )  # fmt: skip
        self._journal.keep(_key(run), keeping.encoded(saved))

    def _now(self) -> Now:
        return Now(self._clock.monotonic(), self._clock.utc(), self._boot)

    # After a restart, and after a reload

    def restore(self, kept: Mapping[str, bytes], alarms: Iterable[Alarm]) -> None:
        """Go on where the last run was; what came due meanwhile is done at once, and says that it is late."""
        by_occurrence = {alarm.occurrence: alarm for alarm in alarms}
        saved, lost = keeping.decoded(kept)
        for key in lost:
            self._journal.keep(key, None)
        for each in saved:
            alarm = by_occurrence.get(each.occurrence)
            if each.occurrence in self.runs:  # the alarm was raised before the journal had answered
                self._journal.keep(keeping.PREFIX + each.climb.mark, None)
            else:
                self._take_up(each, alarm)
        now = self._clock.utc()
        for alarm in by_occurrence.values():
            if _calls(alarm) and alarm.occurrence not in self.runs:
                age = (now - alarm.raised).total_seconds()
                self.start(alarm, keeping.believed(age) if age <= _FRESH else 0.0)

    def _take_up(self, saved: Saved, alarm: Alarm | None) -> None:
        now = self._now()
        if alarm is None:
            self._journal.keep(keeping.PREFIX + saved.climb.mark, None)
            return
        run = Run(saved.climb, alarm, now.monotonic - saved.elapsed_by(now), saved.drill, _rests(alarm))
        self.runs[saved.occurrence] = run
        run.told_spent = run.climb.spent
        run.acts += _waiting(run.climb)
        self._follow(run, alarm)

    def change(self, directory: Directory) -> None:
        """Other people and ladders count from now on.

        What climbs goes on by the ladder on which it began, unless that reaches nobody any more.
        """
        self.directory = directory
        for run in list(self.runs.values()):
            if not run.paused and run.alarm.calls and self._deserted(run):
                self._end(run, "deserted")
                self.start(run.alarm, at=self._clock.utc())
            else:
                self._sound(run, self._elapsed(run))
        for alarm in list(self._engine.annunciator.standing.values()):
            if _calls(alarm) and alarm.occurrence not in self.runs:
                self.start(alarm)

    def _deserted(self, run: Run) -> bool:
        """Whether nobody is left whom its ladder would call, though it was made to call somebody."""
        steps = [step for step in run.climb.ladder.steps if step.calls]
        return bool(steps) and not any(self.directory.reaches(step) for step in steps)


_FRESH = 3600.0
"""Seconds of age up to which an alarm without a climb counts as one that the last run had no time to begin."""


def _key(run: Run) -> str:
    return keeping.PREFIX + run.climb.mark


def _calls(alarm: Alarm) -> bool:
    """Whether people have to be called for it, who perhaps never were."""
    return alarm.calls and alarm.state is not AlarmState.NORMAL and not _rests(alarm)


def _rests(alarm: Alarm) -> bool:
    """Nobody need come any more, though somebody must still know: all but life."""
    return not alarm.active and alarm.condition.severity is not Severity.P1 and not alarm.acknowledged_by


def _waiting(climb: Climb) -> list[Act]:
    """Messages that were handed over and perhaps never sent: handed over again, under the same keys."""
    return [
        Ring(number, stage.rings, chain.person, leg.channel, 0.0, "")
        for number, stage in enumerate(climb.stages)
        for chain in stage.chains
        for leg in chain.legs[-1:]
        if leg.state == "queued" and not leg.unread
    ]


def _staged(alarm: Alarm) -> bool:
    return bool(alarm.drill)
