"""What the journal is told of a feed: connected, lost, refused; so seldom that a bad link fills no journal."""

from collections.abc import Callable

_APART = 60.0
"""Seconds between two words about the connection of one feed; after them the latest truth is told."""
_REFUSED_APART = 600.0
"""Seconds between two words about refusals: the alarm stands meanwhile."""


def untold(kind: str, why: str) -> None:
    """Tell nobody."""


class Tidings:
    """One feed's events."""

    def __init__(self, tell: Callable[[str, str], None]) -> None:
        """`tell(kind, why)` writes an event."""
        self._tell = tell
        self._told, self._told_at = "", float("-inf")
        self._refused_at = float("-inf")
        self._trouble = ""

    def connection(self, well: bool | None, why: str, now: float) -> None:
        """True: it lasts; False: there is none; None: it is too young to say. Called often."""
        kind = {True: "feed.connected", False: "feed.lost", None: self._told}[well]
        if kind == self._told or (kind == "feed.lost" and not self._told) or now - self._told_at < _APART:
            return
        self._told, self._told_at = kind, now
        self._tell(kind, why if kind == "feed.lost" else "")

    def refusal(self, why: str, now: float) -> None:
        """Something is refused; "" when nothing is any more."""
        if why and not self._trouble and now - self._refused_at >= _REFUSED_APART:
            self._refused_at = now
            self._tell("feed.refused", why)
        self._trouble = why
