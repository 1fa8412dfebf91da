"""How high the sun stands: arithmetic alone, for any instant and place, no tables to download.

The position is asked for, never the time of a dusk: where the sun does not set, or dusk falls behind midnight, there is
still a position, and astral's own search for dusks gives up there (sffjunkie/astral#74, #86).
"""

from datetime import datetime, timedelta

from astral import Observer
from astral.sun import elevation

Place = tuple[float, float]
"""Degrees north and east."""
_STEP = timedelta(minutes=15)


def height(wall: datetime, place: Place) -> float:
    """Degrees of the sun's middle above the horizon, as if there were no air; less than nothing below it."""
    return elevation(Observer(*place), wall, with_refraction=False)


def dark(wall: datetime, place: Place, depression: float, dusk: float, dawn: float) -> bool:
    """Whether the sun stands lower than `depression` degrees under the horizon.

    Night begins `dusk` seconds later than that, and ends `dawn` seconds later; less than nothing is earlier.
    """

    def low(moved: timedelta) -> bool:
        return height(wall - moved, place) < -depression

    first, last = sorted((timedelta(seconds=dusk), timedelta(seconds=dawn)))
    if dusk > dawn:
        return low(first) and low(last)
    steps = -(-(last - first) // _STEP)
    return any(low(min(first + number * _STEP, last)) for number in range(steps + 1))
