"""Once a day, at local midnight, number and hash of the journal's newest line go to everybody: `journal.head`.

Who keeps them can prove later that nothing before them was changed (`gatehouse journal prove`). A box that was off at
midnight says it when it is on again.
"""

import asyncio
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from daemon.clock import Clock
from daemon.journal.file import JournalError
from daemon.journal.query import Filter
from gatehouse.events import Event

KIND = "journal.head"
_LOOK = 30.0
"""Seconds between two looks at the clock, which may be set."""


class Chain(Protocol):
    """What is needed of the journal."""

    head: int
    head_hash: str
    epoch: str
    trouble: str

    async def query(
        self, after: int = 0, limit: int = 256, wanted: Filter | None = None, *, newest: bool = False
    ) -> list[Event]:
        """Events that are wanted; JournalError when they cannot be read."""


class DailyHead:
    """Says it."""

    def __init__(self, journal: Chain, emit: Callable[..., Any], timezone: str, clock: Clock) -> None:
        """`emit(kind, subject, content=…)` writes an event."""
        self._journal, self._emit, self._zone, self._clock = journal, emit, ZoneInfo(timezone), clock

    async def run(self) -> None:
        """Say it each day, for ever."""
        told = await self._last()
        while True:
            now = self._clock.utc().astimezone(self._zone)
            journal = self._journal
            if str(now.date()) != told and journal.head and not journal.trouble:
                told = str(now.date())
                self._emit(KIND, "journal", content={"day": told, "number": journal.head, "hash": journal.head_hash})
            await asyncio.sleep(min(_LOOK, _to_midnight(now)))

    async def _last(self) -> str:
        """The day for which it was said last."""
        while True:
            if self._journal.epoch:
                try:
                    found = await self._journal.query(0, 1, Filter(kinds=(KIND,)), newest=True)
                except JournalError:  # said elsewhere; it is asked again
                    found = None
                if found is not None:
                    return str(found[0].content.get("day", "")) if found else ""
            await asyncio.sleep(1.0)


def _to_midnight(now: datetime) -> float:
    """Seconds; where the clocks are moved at night, it is looked again a little later."""
    tomorrow: date = now.date() + timedelta(days=1)
    return max(0.1, (datetime.combine(tomorrow, datetime.min.time(), now.tzinfo) - now).total_seconds() + 0.1)
