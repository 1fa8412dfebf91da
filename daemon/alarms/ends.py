"""When what was set apart comes back: by a clock that only grows while we run, by the calendar across a restart."""

from collections.abc import Mapping
from datetime import datetime
from math import inf


class Ends:
    """Ends, by key, in monotonic seconds."""

    def __init__(self) -> None:
        """None."""
        self._at: dict[str, float] = {}

    def begin(self, key: str, seconds: float, now: float) -> None:
        """It ends so many seconds from now."""
        self._at[key] = now + seconds

    def drop(self, key: str) -> None:
        """It has ended."""
        self._at.pop(key, None)

    def due(self, now: float) -> list[str]:
        """What has to end, in order."""
        return sorted((key for key, at in self._at.items() if at <= now), key=lambda key: self._at[key])

    def left(self, now: float) -> dict[str, float]:
        """Seconds that each still has."""
        return {key: round(at - now, 3) for key, at in self._at.items()}

    @property
    def next(self) -> float:
        """The first; infinity when there is none."""
        return min(self._at.values(), default=inf)


def remaining(since: datetime | None, until: datetime | None, now: datetime, left: float | None) -> float:
    """Seconds that something has after a restart; 0 when its time passed meanwhile.

    `left`: what it had when that was last written down. A clock that was set back never gives it more than that, nor
    more than its whole length. Where the clock says that it has not begun yet and nothing was written down, it is over.
    """
    if until is None or since is None or (left is None and now < since):
        return 0.0
    whole = (until - since).total_seconds()
    return max(0.0, min(whole, (until - now).total_seconds(), whole if left is None else left))


def as_numbers(kept: Mapping[str, object]) -> dict[str, float]:
    """What was written down, as far as it makes sense."""
    return {key: float(value) for key, value in kept.items() if isinstance(value, int | float)}
