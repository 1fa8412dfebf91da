"""A value held against a limit: reached after a delay, left with hysteresis; and which values count at all."""

from dataclasses import dataclass
from math import isfinite

from gatehouse.rule import Scene


def measured(scene: Scene, point: str) -> float | None:
    """The value, where it can be trusted and is one that such a sensor can have; else None."""
    reading, spec = scene.read(point), scene.image.points[point]
    value = reading.value
    if not reading.good or isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if isfinite(value) and spec.low <= value <= spec.high else None


@dataclass
class Stage:
    """Whether a value has been at or above a limit for long enough, and not yet come back below another."""

    reached: bool | None = None
    since: float | None = None

    def judge(self, scene: Scene, value: float, limit: float, back: float, delay: float) -> None:
        """Take a trusted value; for a limit from below give all three with their signs turned round."""
        if value >= limit:
            self.since = scene.now if self.since is None else self.since
        elif value < back or self.reached is False:
            self.since, self.reached = None, False
        elif self.reached is None:
            self.since = None  # just below the limit, since the start: nobody knows from which side it came
        if self.since is None:
            return
        if scene.now >= self.since + delay:
            self.reached = True
        else:
            scene.wake(self.since + delay)
