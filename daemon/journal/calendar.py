"""Which lines are how old, by their numbers alone: the instants in them come from a clock that may be wrong.

Once a day it notes how far the journal has come: all lines up to there were written on that day or before. A clock that
jumps must stand for a day of guarding before it is believed, so that a year too much deletes nothing and what was
written while it was wrong is kept rather too long. The next day is no jump, once in half a day of guarding: a clock
that runs away, or is pushed on day by day, has jumped.
"""

import msgspec

KEY = "journal/calendar"
"""Under this key it is kept beside the events."""
DOUBT = 86400.0
"""Seconds for which a clock that jumped must stand."""
_HALF_A_DAY = 43200.0
"""Seconds between two midnights at the least; a clock that is corrected at noon, too, has no shorter day."""


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """Lines up to `number` were written on this `day` or before; days since 1970, UTC."""

    day: int
    number: int


class Calendar:
    """The days of a journal, oldest first."""

    def __init__(self, state: bytes | None = None) -> None:
        """Out of what was kept; what cannot be read is begun anew, which only keeps lines longer."""
        try:
            self._entries = msgspec.json.decode(state, type=list[Entry]) if state else []
        except msgspec.MsgspecError:
            self._entries = []
        self._doubted: tuple[float, int] | None = None  # since when, and which day it was then
        self._turned: float | None = None  # when a day was last believed

    @property
    def today(self) -> int | None:
        """The newest day that is believed."""
        return self._entries[-1].day if self._entries else None

    @property
    def doubted(self) -> bool:
        """The clock has jumped and is not believed yet."""
        return self._doubted is not None

    def look(self, day: int, head: int, monotonic: float) -> bool:
        """Take note of the clock's day and the journal's head; True when there is something new to keep."""
        today = self.today
        if day == today:
            self._doubted = None
            return False
        if today is not None and (day != today + 1 or self._is_early(monotonic)):
            if self._doubted is None or not self._stands(day, monotonic):
                self._doubted = monotonic, day
            if monotonic - self._doubted[0] < DOUBT:
                return False
        self._doubted, self._turned = None, None if today is None else monotonic
        self._entries = [entry for entry in self._entries if entry.day < day and entry.number <= head]
        self._entries.append(Entry(day, head))
        return True

    def _is_early(self, monotonic: float) -> bool:
        """Another day has just begun; the first one after a start may be a minute long."""
        return self._turned is not None and monotonic - self._turned < _HALF_A_DAY

    def _stands(self, day: int, monotonic: float) -> bool:
        """Since it jumped it has gone on as clocks do."""
        since, was = self._doubted or (monotonic, day)
        return 0 <= day - was <= (monotonic - since) / DOUBT + 1

    def upto(self, days: int) -> int:
        """The newest line that is older than so many days; 0 when none is known to be."""
        if self.today is None:
            return 0
        limit = self.today - days
        return max((entry.number for entry in self._entries if entry.day < limit), default=0)

    def forget(self, base: int) -> None:
        """Lines up to `base` are gone: of the days before, the last is enough."""
        gone = [entry for entry in self._entries if entry.number <= base]
        self._entries = self._entries[max(0, len(gone) - 1) :]

    def state(self) -> bytes:
        """What is to be kept."""
        return msgspec.json.encode(self._entries)
