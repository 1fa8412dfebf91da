"""How rules look at points: a switch is true, false or not to be trusted; and the time for which something holds."""

from dataclasses import dataclass, field
from math import isfinite

from gatehouse.points import Reading
from gatehouse.rule import Scene

_PAST = 0.001
"""Seconds after a limit at which a reading is surely too old, whatever floating point makes of the limit itself."""


def look(scene: Scene, point: str) -> Reading:
    """The latest reading; asks to be judged again when it will have grown stale."""
    reading = scene.read(point)
    stale = reading.at + scene.image.points[point].max_age + _PAST
    if reading.good and isfinite(stale):
        scene.wake(stale)
    return reading


def switch(scene: Scene, point: str) -> bool | None:
    """True or false on a good reading; None when it is uncertain, stale, never read, or no switch."""
    reading = look(scene, point)
    return reading.value if reading.good and isinstance(reading.value, bool) else None


@dataclass
class Lasting:
    """For how long things have held without a break."""

    _since: dict[str, float] = field(default_factory=dict)

    def due(self, scene: Scene, what: str, holds: bool, seconds: float) -> bool:
        """Whether it has held for these seconds; asks to be judged at the very instant at which it will have."""
        if not holds:
            self._since.pop(what, None)
            return False
        end = self._since.setdefault(what, scene.now) + seconds
        if scene.now < end:
            scene.wake(end)
        return scene.now >= end
