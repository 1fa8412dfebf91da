"""What people set apart, always with an end, a name and a reason: one alarm for a while, or a thing under repair.

What is set apart is judged and written down as ever; nobody is called for it. P1 is never set apart by hand.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from daemon.alarms.ends import Ends, as_numbers, remaining
from daemon.clock import Clock
from gatehouse.alarms import Alarm, AlarmState, Condition, Severity

BY_HAND = frozenset({AlarmState.SHELVED, AlarmState.OUT_OF_SERVICE})
"""What a person may do; SUPPRESSED is for drills and the like."""
KEY = "alarms.left"
"""Under which the journal keeps how long each still has."""
GRAVE = "it is P1 now"
OVER = "its time is over"
_ROW = "disabled "
_EVERY = 60.0
"""Seconds after which it is written down anew how long each has left: for clocks that are set back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disabled:
    """Something that is out of service: an alarm's id, or what alarms are about or rest on."""

    target: str  # `b12-leakage.warning`, `io1.input8`, `devices.io1`, `zones.b12`
    by: str
    why: str
    since: datetime
    until: datetime
    occurrence: str = ""  # under what name the journal keeps it

    def covers(self, condition: Condition) -> bool:
        """Whether this alarm, which must not be P1, is about that, or rests on it first of all."""
        if condition.severity is Severity.P1:
            return False
        target = self.target
        if target in (condition.alarm, condition.subject) or condition.alarm.startswith(f"{target}."):
            return True
        point = _first_point(condition)
        return bool(point) and target in (point, f"devices.{point.partition('.')[0]}")


def _first_point(condition: Condition) -> str:
    """What it rests on: its one input where it names it, else the point that was looked at first."""
    its = condition.evidence.get("input")
    if isinstance(its, str):
        return its
    seen = condition.evidence.items()
    return next((name for name, what in seen if isinstance(what, Mapping) and "quality" in what), "")


class Book(Protocol):
    """The book of alarms, as far as it is needed here."""

    standing: dict[str, Alarm]

    def change(self, alarm: Alarm, kind: str, actor: str, *, by: str | None = None, why: str | None = None) -> Alarm:
        """Take an alarm as it is now, and write the event."""

    def call_again(self, alarm: Alarm) -> None:
        """Call people for it unless somebody knows, or it is gone."""


class Shelving:
    """All that is set apart, and when it comes back."""

    def __init__(self, book: Book, emit: Callable[..., object], clock: Clock) -> None:
        """Nothing is."""
        self.disabled: dict[str, Disabled] = {}
        self.keep: Callable[[str, bytes | None], None] = _not_kept
        """Where to write down what has to survive; the journal's `keep`."""
        self._book, self._emit, self._clock = book, emit, clock
        self._ends = Ends()
        self._left: dict[str, float] = {}  # as the last run wrote it down
        self._write_at = 0.0
        self._written = False

    # By hand

    def shelve(self, alarm: Alarm, seconds: float, why: str, by: str) -> Alarm:
        """Set one alarm apart. ValueError for P1, and for what is out of service anyway."""
        if alarm.condition.severity is Severity.P1:
            raise ValueError("it is P1: life safety is not set apart")
        if alarm.suspended not in (None, AlarmState.SHELVED):
            raise ValueError("it is set apart already")
        now = self._clock.utc()
        marks = _Marks(AlarmState.SHELVED, now, now + timedelta(seconds=seconds), by, why)
        self._begin(alarm.condition.alarm, seconds)
        return self._book.change(marks.on(alarm), "alarm.shelved", f"person:{by}", by=by, why=why)

    def unshelve(self, alarm: Alarm, by: str, why: str = "") -> Alarm:
        """Take it back. ValueError unless it is shelved."""
        if alarm.suspended is not AlarmState.SHELVED:
            raise ValueError("it is not shelved")
        return self._back(alarm, "alarm.unshelved", f"person:{by}", by, why)

    def disable(self, target: str, seconds: float, why: str, by: str) -> Disabled:
        """Put something out of service, with every alarm that is about it or rests on it alone, but for P1."""
        now = self._clock.utc()
        entry = Disabled(target=target, by=by, why=why, since=now, until=now + timedelta(seconds=seconds),
                         occurrence=_ROW + target)  # fmt: skip
        self.disabled[target] = entry
        self._begin(entry.occurrence, seconds)
        self._tell(entry, "alarm.disabled", by, why, over=False)
        for alarm in list(self._book.standing.values()):
            if alarm.suspended is not AlarmState.SUPPRESSED and entry.covers(alarm.condition):
                self._ends.drop(alarm.condition.alarm)
                self._book.change(_marks(entry).on(alarm), "alarm.disabled", f"person:{by}", by=by, why=why)
        return entry

    def enable(self, target: str, by: str, why: str = "") -> Disabled:
        """Put it back into service. KeyError when it is not out of service."""
        entry = self.disabled.pop(target)
        self._ends.drop(entry.occurrence)
        self._write_soon()
        self._tell(entry, "alarm.enabled", by, why, over=True)
        for alarm in list(self._book.standing.values()):
            if alarm.suspended is AlarmState.OUT_OF_SERVICE and entry.covers(alarm.condition):
                self._serve(alarm, by, why)
        return entry

    def _serve(self, alarm: Alarm, by: str, why: str) -> None:
        """Back into service, unless something else keeps it out."""
        actor = f"person:{by}" if by else "daemon"
        other = self.over(alarm.condition)
        if other is not None:
            self._book.change(_marks(other).on(alarm), "alarm.disabled", actor, by=other.by, why=other.why)
            return
        self._back(alarm, "alarm.enabled", actor, by, why)

    # By rules and by time

    def over(self, condition: Condition) -> Disabled | None:
        """What keeps an alarm out of service."""
        return next((entry for entry in self.disabled.values() if entry.covers(condition)), None)

    def mark(self, alarm: Alarm) -> Alarm:
        """A fresh alarm, out of service where something keeps it so."""
        entry = self.over(alarm.condition)
        return alarm if entry is None else _marks(entry).on(alarm)

    def escape(self, alarm: Alarm) -> Alarm:
        """It has become P1: out of the shelf at once; people are called for it by whoever asks."""
        self._ends.drop(alarm.condition.alarm)
        kind = "alarm.unshelved" if alarm.suspended is AlarmState.SHELVED else "alarm.enabled"
        return self._book.change(_free(alarm), kind, "daemon", why=GRAVE)

    @property
    def next(self) -> float:
        """Monotonic second at which the next thing comes back; infinity when nothing is set apart."""
        return self._ends.next

    def tick(self, now: float) -> None:
        """End what is due, and write down what is left."""
        for key in self._ends.due(now):
            self._ends.drop(key)
            self._write_soon()
            target, alarm = key.removeprefix(_ROW), self._book.standing.get(key)
            if key.startswith(_ROW) and target in self.disabled:
                self.enable(target, "", OVER)
            elif alarm is not None and alarm.suspended is AlarmState.SHELVED:
                self._back(alarm, "alarm.unshelved", "daemon", "", OVER)
        if now >= self._write_at and (self._ends.left(now) or self._written):
            self._write(now)

    def _write(self, now: float) -> None:
        left = self._ends.left(now)
        self._write_at, self._written = now + _EVERY, bool(left)
        self.keep(KEY, msgspec.json.encode(left) if left else None)

    def _begin(self, key: str, seconds: float) -> None:
        """Written down at once, ahead of its event: what was left of an earlier time must not cut this one short."""
        now = self._clock.monotonic()
        self._ends.begin(key, seconds, now)
        self._write(now)

    def _write_soon(self) -> None:
        self._write_at = 0.0

    def _back(self, alarm: Alarm, kind: str, actor: str, by: str, why: str) -> Alarm:
        self._ends.drop(alarm.condition.alarm)
        self._write_soon()
        back = self._book.change(_free(alarm), kind, actor, by=by or None, why=why or None)
        self._book.call_again(back)
        return back

    def _tell(self, entry: Disabled, kind: str, by: str, why: str, *, over: bool) -> None:
        content = {
            "alarm": entry.target,
            "state": AlarmState.NORMAL.value if over else AlarmState.OUT_OF_SERVICE.value,
            "until": entry.until.isoformat(),
            "reason": why,
            "alarm_state": msgspec.to_builtins(entry),
        }
        if by:
            content["by"] = by
        self._emit(kind, entry.target, actor=f"person:{by}" if by else "daemon", content=content)

    # After a restart

    def remember(self, kept: bytes | None) -> None:
        """What the last run wrote down; before `restore`."""
        try:
            self._left = as_numbers(msgspec.json.decode(kept, type=dict[str, object])) if kept else {}
        except msgspec.DecodeError:  # damaged: the calendar alone counts
            self._left = {}

    def restore(self, entries: list[Disabled], alarms: list[Alarm]) -> None:
        """Go on with what was set apart; what ended meanwhile ends with the next tick."""
        for entry in entries:
            if entry.target not in self.disabled:
                self.disabled[entry.target] = entry
                self._resume(entry.occurrence, entry.since, entry.until)
        for alarm in alarms:
            if alarm.suspended is AlarmState.SHELVED:
                self._resume(alarm.condition.alarm, alarm.set_apart_at, alarm.until)
            elif alarm.suspended is AlarmState.OUT_OF_SERVICE and self.over(alarm.condition) is None:
                self._serve(alarm, "", OVER)

    def _resume(self, key: str, since: datetime | None, until: datetime | None) -> None:
        seconds = remaining(since, until, self._clock.utc(), self._left.get(key))
        self._begin(key, seconds)


@dataclass(frozen=True, slots=True)
class _Marks:
    """How an alarm is set apart."""

    state: AlarmState
    since: datetime
    until: datetime
    by: str
    why: str

    def on(self, alarm: Alarm) -> Alarm:
        return replace(alarm, suspended=self.state, set_apart_at=self.since, until=self.until, set_apart_by=self.by,
                       set_apart_why=self.why)  # fmt: skip


def _marks(entry: Disabled) -> _Marks:
    return _Marks(AlarmState.OUT_OF_SERVICE, entry.since, entry.until, entry.by, entry.why)


def _free(alarm: Alarm) -> Alarm:
    return replace(alarm, suspended=None, set_apart_at=None, until=None, set_apart_by="", set_apart_why="")


def _not_kept(key: str, state: bytes | None) -> None:
    """There is nowhere to write."""
