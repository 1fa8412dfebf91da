"""Many fall silent at once: whose turn it is while it is found out who.

Whether a device lives is known only when it was asked, and in vain to ask costs as much as ten answers. So whoever has
answered since the first was missed, and waits, is asked before one more time limit passes; then those of whom nothing
is known yet, for most of them may live; and only then those that were missed already.
"""

from collections.abc import Iterable, Sequence
from math import inf

from daemon.field.jobs import Job, Unit

_Queue = list[tuple[float, int, Job]]

MANY = 3
"""So many silent devices are no single fault: then each of the others may be dead, too."""
_SHARE = 0.5
"""Of the time that the living take for their turn, what may pass in silence before the next one."""


class Burst:
    """What is known of the living while others die."""

    def __init__(self) -> None:
        """Nobody has died."""
        self.doubted: set[Unit] = set()
        """Who may have died with those that were missed: not asked since then."""
        self._silence = self._longest = 0.0
        """Seconds of silence since the living had their turn; of the longest exchange in vain of this burst."""
        self._turn = -inf
        """When the living were last given their turn."""
        self._owed: _Queue = []
        """Reads that have waited through the silence; the most important stands last."""

    def begin(self, units: Iterable[Unit]) -> None:
        """One that was thought to live was missed, or the wire was away: these may be dead as well."""
        self.doubted.clear()
        self.doubted.update(unit for unit in units if unit.lives)

    def ended(self) -> None:
        """Nobody is silent any more."""
        self._longest = 0.0

    def silence(self, spent: float, now: float) -> bool:
        """So many seconds more, by now; whether the living are to have their turn before anybody else is asked in vain.

        Where they have taken long for it, silence may take half as long: the dead are to be known in time, too."""
        self._silence += spent
        self._longest = max(self._longest, spent)
        taken = now - self._turn - self._silence
        if taken < inf and self._silence + spent <= max(self._longest, taken * _SHARE):
            return False
        self._silence, self._turn = 0.0, now
        return True

    def owe(self, ready: Sequence[_Queue], *, many: bool) -> None:
        """All that waits in these queues, the most important first, goes before anybody else; where `many` are silent
        only what is sure to be answered."""
        self._owed = [
            entry
            for queue in reversed(ready)
            for entry in sorted(queue, reverse=True)
            if entry[1] == entry[-1].place and not (many and entry[-1].unit in self.doubted)
        ]

    def next(self, now: float) -> Job | None:
        """The most important of them that still waits."""
        while self._owed:
            _, place, job = self._owed.pop()
            if place == job.place and job.unit.free <= now:
                return job
        return None

    def unknown(self, now: float) -> bool:
        """Somebody is due of whom it is not known whether he lives."""
        return any(unit.jobs[0].due <= now for unit in self.doubted)
