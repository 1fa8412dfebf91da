"""Now, monotonic and on the calendar. Tests bring a clock of their own."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """The only source of time in the daemon."""

    def monotonic(self) -> float:
        """Seconds that only grow: for ages, delays and expiry."""

    def utc(self) -> datetime:
        """Aware UTC: for journal lines and calendars."""


class SystemClock:
    """The machine's own clocks."""

    def monotonic(self) -> float:
        """Seconds since some fixed instant."""
        return time.monotonic()

    def utc(self) -> datetime:
        """The wall clock."""
        return datetime.now(UTC)
