"""A timer that is set anew for every exchange and hardly ever goes off: setting it later costs nothing."""

import asyncio
from collections.abc import Callable

from daemon.clock import Clock

_NEVER = float("inf")
_EARLY = 1e-6
"""Seconds: rounding of the loop's own."""


class Timer:
    """Calls back once at an instant. Set again before that, only the last instant counts."""

    __slots__ = ("_at", "_call", "_handle", "_now", "_rings")

    def __init__(self, clock: Clock, call: Callable[[float], None]) -> None:
        """`call` is given the present instant. Not set yet."""
        self._now, self._call = clock.monotonic, call
        self._at = self._rings = _NEVER
        self._handle: asyncio.TimerHandle | None = None

    def set(self, at: float) -> None:
        """Call then, and not before."""
        self._at = at
        if at < self._rings:
            self._arm(at)

    def _arm(self, at: float) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._rings = at
        self._handle = asyncio.get_running_loop().call_later(max(0.0, at - self._now()), self._ring)

    def _ring(self) -> None:
        self._handle, self._rings = None, _NEVER
        now, at = self._now(), self._at
        if now >= at - _EARLY:
            self._at = _NEVER
            self._call(max(now, at))
        elif at < _NEVER:
            self._arm(at)
