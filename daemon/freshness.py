"""Finds the readings that grow too old, at the instant at which they do.

Each watched point stands in a queue at the second at which it would be stale. When that second comes, most have been
renewed meanwhile and are only moved on; so a rule is judged when something did grow stale, not when it might have.
"""

import heapq
from collections.abc import Collection, Iterable

from daemon.image import LiveImage

_PAST = 0.001
"""Seconds after a limit at which a reading is surely too old, whatever floating point makes of the limit itself."""
_TOGETHER = 0.1
"""Seconds ahead: what comes up so soon is looked at in the same go, so that thousands of points are few errands."""
_AGAIN = 0.5
"""Seconds between two looks at a stale point: an answer that is the very same renews it without a word to anybody."""


class Freshness:
    """Told what time it is; keeps none of its own."""

    def __init__(self, image: LiveImage) -> None:
        """Watch readings of this image; none yet."""
        self._image = image
        self._wanted: Collection[str] = frozenset()
        self._known: set[str] = set()
        self._faded: dict[str, float] = {}
        """Point -> when it grew stale. Stale since another second, it was fresh meanwhile."""
        self._ends: list[tuple[float, str]] = []

    def want(self, points: Iterable[str]) -> None:
        """These are the points that somebody looks at, from now on."""
        self._wanted = frozenset(points)
        self._known, self._faded, self._ends = set(), {}, []
        self.moved(self._wanted)

    def moved(self, points: Iterable[str]) -> None:
        """These were put: watch those that are good and can grow stale."""
        for name in points:
            if name in self._wanted and name not in self._known and (end := self._image.good_until(name)) is not None:
                self._known.add(name)
                heapq.heappush(self._ends, (end + _PAST, name))

    def due(self, now: float) -> list[str]:
        """Points that have grown stale, or are fresh again after that though nobody put them."""
        found: list[str] = []
        ends: list[tuple[float, str]] = []
        while self._ends and self._ends[0][0] <= now + _TOGETHER:
            _, name = heapq.heappop(self._ends)
            end = self._look(name, now, found)
            if end is not None:
                ends.append((end, name))
        for entry in ends:
            heapq.heappush(self._ends, entry)
        return found

    def _look(self, name: str, now: float, found: list[str]) -> float | None:
        """Note what has become of a point; when to look at it next, None: not before it is put."""
        end = self._image.good_until(name)
        if end is None:
            self._known.discard(name)
            self._faded.pop(name, None)
            return None
        if end + _PAST > now:
            if self._faded.pop(name, None) is not None:
                found.append(name)
            return end + _PAST
        if self._faded.get(name) != end:
            self._faded[name] = end
            found.append(name)
        return now + _AGAIN

    def next(self) -> float:
        """When there will be something to look at."""
        return self._ends[0][0] if self._ends else float("inf")
