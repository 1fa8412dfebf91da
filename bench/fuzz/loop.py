"""An event loop whose seconds cost nothing, and that never asks the system for anything."""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar

from bench.fuzz.cases import Wrong

T = TypeVar("T")


class _Still(selectors.SelectSelector):
    """Instead of waiting, lets the time pass."""

    loop: "StillLoop"

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise Wrong("everything waits for ever")
        self.loop.now += max(0.0, timeout)
        return []


class StillLoop(asyncio.SelectorEventLoop):
    """Runs stories one after the other; its clock goes on."""

    def __init__(self) -> None:
        """At some instant."""
        selector = _Still()
        selector.loop = self
        self.now = 5000.0
        super().__init__(selector)

    def time(self) -> float:
        """Virtual seconds."""
        return self.now

    def __del__(self, *_: object) -> None:
        """It lasts as long as the parser that it belongs to."""
        self.close()

    def play(self, story: Coroutine[Any, Any, T]) -> T:
        """What it comes to."""
        return self.run_until_complete(story)


class LoopClock:
    """The loop's own time."""

    def __init__(self, loop: StillLoop) -> None:
        """Of this loop."""
        self._loop = loop

    def monotonic(self) -> float:
        """Virtual seconds."""
        return self._loop.now

    def utc(self) -> datetime:
        """A day that never ends."""
        return datetime(2026, 11, 21, tzinfo=UTC)
