"""Things that happen rather than last: counts of a device, closings of a contact, occurrences of a momentary point."""

from collections import deque
from dataclasses import dataclass, field

from gatehouse.rule import Scene
from rules._stages import measured
from rules._watch import switch

_MOST = 1024
"""Instants kept of one source; more than that within one window is many in any case."""


@dataclass
class Pulses:
    """How often something happened lately. What happened while nobody ran is not known and not guessed."""

    _seen: dict[str, float | bool] = field(default_factory=dict)
    _times: dict[str, deque[tuple[float, float]]] = field(default_factory=dict)

    def counter(self, scene: Scene, point: str, window: float) -> float | None:
        """By how much a device's counter grew within the window; None while it cannot be read.

        What it counted while its line was down counts when it is back. A counter that falls began anew.
        """
        value = measured(scene, point)
        if value is not None:
            before = self._seen.get(point)
            if before is not None and value > before:
                self._note(point, scene.now, value - before)
            self._seen[point] = value
        recent = self._within(scene, point, window)
        return None if value is None else recent

    def contact(self, scene: Scene, point: str, window: float) -> float | None:
        """How often a contact closed within the window; None while it cannot be read. Closed at the start: once."""
        closed = switch(scene, point)
        if closed is not None:
            if closed and self._seen.get(point) is not True:
                self._note(point, scene.now, 1.0)
            self._seen[point] = closed
        recent = self._within(scene, point, window)
        return None if closed is None else recent

    def _note(self, point: str, now: float, amount: float) -> None:
        self._times.setdefault(point, deque(maxlen=_MOST)).append((now, amount))

    def _within(self, scene: Scene, point: str, window: float) -> float:
        times = self._times.get(point)
        if not times:
            return 0.0
        while times and times[0][0] + window <= scene.now:
            times.popleft()
        if times:
            scene.wake(times[0][0] + window)
        return sum(amount for _, amount in times)


def occurred(scene: Scene, point: str, lasting: float) -> bool:
    """Whether a momentary point occurred less than so many seconds ago."""
    reading = scene.read(point)
    if not reading.good or scene.now >= reading.changed + lasting:
        return False
    scene.wake(reading.changed + lasting)
    return True
