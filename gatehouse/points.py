"""Points, what was last read of them, and the image that holds it all."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, NamedTuple

Value = bool | int | float | str


class Quality(IntEnum):
    """How far a reading may be trusted. Only GOOD may move a door or a boom."""

    BAD, UNCERTAIN, GOOD = 0, 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One thing that has a value: `device.channel` in a site, the bare channel inside a driver."""

    name: str
    title: str = ""
    unit: str = ""
    writable: bool = False
    momentary: bool = False  # an occurrence, such as a card: no state between two readings, never stale
    max_age: float = math.inf  # seconds after which a reading is no longer trusted; set by the daemon
    low: float = -math.inf  # outside low..high it is the sensor that is wrong, not the world
    high: float = math.inf
    sort: Literal["", "switch", "number", "text"] = ""  # what its value is, where its driver says so


class Reading(NamedTuple):
    """A value with the trust and the age it deserves. All instants are monotonic seconds."""

    value: Value | None
    quality: Quality
    at: float  # when the device last said so; -inf before the first time
    changed: float  # since when the value has been this one
    count: int  # type: ignore[assignment] # how often it has changed, or occurred; in place of tuple's own
    note: str = ""  # why the quality is not GOOD

    @property
    def good(self) -> bool:
        """Fit to act upon."""
        return self.quality is Quality.GOOD


NEVER = Reading(value=None, quality=Quality.BAD, at=-math.inf, changed=-math.inf, count=0, note="never read")


class Image:
    """The latest reading of every point."""

    def __init__(self, points: Iterable[Point]) -> None:
        """Know these points and no others; none has been read."""
        self.points = {point.name: point for point in points}
        self._readings = dict.fromkeys(self.points, NEVER)

    def put(self, name: str, value: Value | None, quality: Quality, now: float, note: str = "") -> bool:
        """Take a reading; True when value or quality moved (always, for a momentary point)."""
        old = self._readings[name]
        moved = self.points[name].momentary or old.value != value or type(old.value) is not type(value)
        changed, count = (now, old.count + 1) if moved else (old.changed, old.count)
        self._readings[name] = Reading(value, quality, now, changed, count, note)
        return moved or old.quality is not quality

    def renew(self, names: Iterable[str], now: float) -> None:
        """The device said the very same again: only the ages start anew."""
        self._readings |= {name: self._readings[name]._replace(at=now) for name in names}

    def read(self, name: str, now: float) -> Reading:
        """The latest reading; BAD, with a note, when it is older than its point allows."""
        reading, limit = self._readings[name], self.points[name].max_age
        if reading.quality is Quality.BAD or now - reading.at <= limit:
            return reading
        return reading._replace(quality=Quality.BAD, note=f"stale: {now - reading.at:.1f} s old, limit {limit:g} s")
