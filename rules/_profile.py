"""What is usual for a value at each hour of the day, over the last two weeks, and whether it creeps upwards."""

import sys
from array import array
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from math import isnan, nan
from statistics import median
from typing import Any

DAYS = 14
"""Days that are remembered."""
HOURS = 24
_LEAST = 0.5
"""Part of an hour that must have been read for it to count."""
_SPREAD = 1.4826
"""Makes of a median deviation what a standard deviation is for ordinary noise."""


@dataclass(frozen=True, slots=True)
class Usual:
    """The middle of an hour over some days, and how far it strays."""

    middle: float
    spread: float


@dataclass(frozen=True, slots=True)
class Slope:
    """How a value grows over some days."""

    days: int
    """Over so many."""
    middle: float
    """By how much in a day, in the middle of all comparisons."""
    sure: float
    """The same where only a few comparisons are lower: above nothing when nearly all agree that it grows."""
    busiest: float
    """What the busiest hour of the day comes to by today."""


@dataclass
class Profile:
    """Averages of whole hours: 336 numbers for one circuit, whatever it is read for.

    The slope is the seasonal Sen slope (Hirsch, Slack, Smith 1982): each hour is compared with the same hour of
    another day of the same sort, working day or weekend, and the middle of all comparisons counts. So neither the
    swing of a day nor that of a week is a trend, and a few wild hours move nothing.
    """

    values: "array[float]" = field(default_factory=lambda: array("f", [nan]) * (DAYS * HOURS))
    dates: "array[int]" = field(default_factory=lambda: array("i", [0]) * DAYS)
    _hour: tuple[int, int] | None = None
    _sum: float = 0.0
    _seconds: float = 0.0
    _value: float | None = None
    _at: float = 0.0

    def take(self, wall: datetime, now: float, value: float | None) -> bool:
        """Note that it is so from now on (None: nobody knows); True when an hour has just ended."""
        hour = (wall.toordinal(), wall.hour)
        ended = self._hour is not None and hour != self._hour
        if self._value is not None:
            self._sum += self._value * (now - self._at)
            self._seconds += now - self._at
        if ended:
            self._close()
        if self._hour is None or ended:
            self._hour, self._sum, self._seconds = hour, 0.0, 0.0
        self._value, self._at = value, now
        return ended

    def _close(self) -> None:
        """Keep the hour that has ended, if enough of it was read."""
        if self._hour is None or self._seconds < _LEAST * 3600:
            return
        date, hour = self._hour
        row = date % DAYS
        if self.dates[row] != date:
            self.dates[row] = date
            self.values[row * HOURS : (row + 1) * HOURS] = array("f", [nan]) * HOURS
        self.values[row * HOURS + hour] = self._sum / self._seconds

    def days(self, today: int) -> list[int]:
        """Dates of which something is known, the oldest first; none of them in the future."""
        return sorted(date for date in self.dates if today - DAYS < date <= today)

    def _row(self, date: int) -> "array[float]":
        row = date % DAYS
        return self.values[row * HOURS : (row + 1) * HOURS]

    def usual(self, wall: datetime) -> Usual | None:
        """The highest that is usual at this hour or one next to it, on working days or weekends; today is left out.

        None while no two days are known of any such hour.
        """
        today = wall.toordinal()
        days = [date for date in self.days(today) if date < today]
        found = []
        for sort in (False, True):
            rows = [self._row(date) for date in days if _weekend(date) is sort]
            for hour in ((wall.hour + step) % HOURS for step in (-1, 0, 1)):
                known = [row[hour] for row in rows if not isnan(row[hour])]
                if len(known) > 1:
                    middle = median(known)
                    found.append(Usual(middle, _SPREAD * median(abs(value - middle) for value in known)))
        if not found:
            return None
        return Usual(max(each.middle for each in found), max(each.spread for each in found))

    def packed(self) -> dict[str, str]:
        """All that is remembered, as text; the hour that runs is left out."""
        return {name: b64encode(_little(numbers)).decode() for name, numbers in self._numbers()}

    def unpack(self, packed: dict[str, str]) -> None:
        """Take back what was packed. ValueError, KeyError or TypeError when it is nothing of the sort."""
        for name, numbers in self._numbers():
            raw = b64decode(packed[name], validate=True)
            if len(raw) != len(numbers) * 4:
                raise ValueError(f"{name}: {len(raw)} bytes instead of {len(numbers) * 4}")
            fresh = array(numbers.typecode, raw)
            if sys.byteorder == "big":
                fresh.byteswap()
            numbers[:] = fresh

    def _numbers(self) -> "Iterator[tuple[str, array[Any]]]":
        yield "dates", self.dates
        yield "values", self.values

    def complete(self, today: int) -> int:
        """How many days before today are known for at least half of their hours."""
        known = (sum(not isnan(value) for value in self._row(date)) for date in self.days(today) if date < today)
        return sum(hours >= HOURS // 2 for hours in known)

    def slope(self, today: int, over: int, few: float) -> Slope | None:
        """How it grew over the last days; None while there is nothing to compare. `few`: the part that may disagree."""
        days = [date for date in self.days(today) if date > today - over]
        slopes = sorted(self._slopes(days))
        if not slopes:
            return None
        middle = slopes[len(slopes) // 2]
        recent = [(self._row(date), middle * (today - date)) for date in days[-3:]]
        hours = [[row[hour] + since for row, since in recent if not isnan(row[hour])] for hour in range(HOURS)]
        busiest = max(median(known) for known in hours if known)
        return Slope(over, middle, slopes[int(len(slopes) * few)], busiest)

    def _slopes(self, days: list[int]) -> Iterator[float]:
        for place, late in enumerate(days):
            for early in days[:place]:
                if _weekend(early) is _weekend(late):
                    apart = late - early
                    for before, after in zip(self._row(early), self._row(late), strict=True):
                        if before == before and after == after:  # noqa: PLR0124 - both are numbers; `isnan` is slower
                            yield (after - before) / apart


def _little(numbers: "array[Any]") -> bytes:
    """Little-endian, whatever this machine is."""
    copy = array(numbers.typecode, numbers)
    if sys.byteorder == "big":
        copy.byteswap()
    return copy.tobytes()


def _weekend(date: int) -> bool:
    return date % 7 in (6, 0)  # of ordinals: 1 is a Monday
