"""What rises in one place within a minute is one incident: told at once each, shown together."""

from collections.abc import Iterable, Mapping
from math import inf

from gatehouse.rule import Rule

TOGETHER = 60.0
"""Seconds after the last rise in a place in which the next one belongs to the same incident."""


class Incidents:
    """The newest incident of each place."""

    def __init__(self) -> None:
        """None yet."""
        self._newest: dict[str, tuple[str, float]] = {}

    def join(self, place: str, occurrence: str, now: float) -> str:
        """The incident of something that rises there now; one that begins bears the name of its first occurrence."""
        incident, last = self._newest.get(place, (occurrence, -inf))
        if now - last >= TOGETHER:
            incident = occurrence
        self._newest[place] = incident, now
        return incident

    def stir(self, place: str, incident: str, now: float) -> None:
        """Something of this incident rose, now or, after a restart, then."""
        newest, last = self._newest.get(place, ("", -inf))
        if newest == incident or now - last >= TOGETHER:
            self._newest[place] = incident, max(now, last)


def zones(rules: Iterable[Rule]) -> Mapping[str, str]:
    """The zone of each door and lane that exactly one zone frees; everything else is a place of its own."""
    freed: dict[str, set[str]] = {}
    for rule in rules:
        zone = str(getattr(rule, "subject", ""))
        if zone.startswith("zones."):
            for output in getattr(rule, "release", ()):
                freed.setdefault(output, set()).add(zone)
    return {output: next(iter(its)) for output, its in freed.items() if len(its) == 1}
