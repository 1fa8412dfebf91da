"""When each rule is judged though nothing has changed: at the instant it asked for, and in its turn besides.

Rules say themselves when a delay will be over; `freshness` sees what grows stale. The turns are the safety net below:
all rules every half second on a site of ordinary size; of thousands a part at a time, so that no fire waits for them.
"""

import heapq
import math
from collections.abc import Iterable

TICK = 0.5
"""Seconds between two turns."""
_FEWEST = 256
"""Rules that a turn takes, where there are so many."""
_TURNS = 60
"""Turns in which every rule has been judged, however many there are."""


class Agenda:
    """Told what time it is; keeps none of its own."""

    def __init__(self, now: float) -> None:
        """Nothing to judge yet."""
        self.pace = TICK
        """Seconds between two turns; a rehearsal of hours takes fewer."""
        self._names: list[str] = []
        self._place = 0
        self._turn = now
        self._wakes: list[tuple[float, str]] = []
        self._asked: dict[str, float] = {}

    def know(self, names: Iterable[str], now: float) -> None:
        """These are the rules from now on; what those of them that were known have asked for stands."""
        self._names = list(names)
        self._place, self._turn = 0, now
        known = set(self._names)
        self._asked = {name: at for name, at in self._asked.items() if name in known}
        self._wakes = [(at, name) for at, name in self._wakes if self._asked.get(name) == at]
        heapq.heapify(self._wakes)

    def wake(self, at: float, name: str) -> None:
        """Judge this rule then, or earlier where it has asked for that too."""
        if at < self._asked.get(name, math.inf):  # neither never, nor NaN, nor later than what stands
            self._asked[name] = at
            heapq.heappush(self._wakes, (at, name))

    def soon(self, now: float) -> None:
        """The next turn is now."""
        self._turn = min(self._turn, now)

    def due(self, now: float) -> list[str]:
        """Rules to judge now; each has to ask anew for what it still waits for."""
        found = []
        while self._wakes and self._wakes[0][0] <= now:
            at, name = heapq.heappop(self._wakes)
            if self._asked.get(name) == at:
                del self._asked[name]
                found.append(name)
        if now >= self._turn:
            self._turn = now + self.pace
            found += self._next_turn()
        return found

    def next(self) -> float:
        """When something will be due."""
        return min(self._turn, self._wakes[0][0]) if self._wakes else self._turn

    def next_wake(self) -> float:
        """When a rule has asked to be judged; inf when none has."""
        while self._wakes and self._asked.get(self._wakes[0][1]) != self._wakes[0][0]:
            heapq.heappop(self._wakes)
        return self._wakes[0][0] if self._wakes else math.inf

    def asked(self, name: str) -> float:
        """When this rule wants to be judged; inf when it did not ask."""
        return self._asked.get(name, math.inf)

    def _next_turn(self) -> list[str]:
        size = max(_FEWEST, -(-len(self._names) // _TURNS))
        if len(self._names) <= size:
            return self._names
        first, self._place = self._place, (self._place + size) % len(self._names)
        return (self._names + self._names)[first : first + size]
