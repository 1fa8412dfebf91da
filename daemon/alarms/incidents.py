"""What rises in one place within a minute is one incident: told at once each, shown together."""

from math import inf

TOGETHER = 60.0
"""Seconds after the last rise in a place in which the next one belongs to the same incident."""


class Incidents:
    """The newest incident of each place."""

    def __init__(self) -> None:
        """None yet."""
        self._newest: dict[str, tuple[str, float]] = {}

    def join(self, place: str, fresh: str, now: float) -> str:
        """The incident of something that rises there now; one that begins gets the fresh name."""
        incident, last = self._newest.get(place, (fresh, -inf))
        if now - last >= TOGETHER:
            incident = fresh
        self._newest[place] = incident, now
        return incident

    def stir(self, place: str, incident: str, now: float) -> None:
        """Something of this incident rose, now or, after a restart, then."""
        newest, last = self._newest.get(place, ("", -inf))
        if newest == incident or now - last >= TOGETHER:
            self._newest[place] = incident, max(now, last)
