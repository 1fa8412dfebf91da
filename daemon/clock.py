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

    monotonic = staticmethod(time.monotonic)
    """Seconds since some fixed instant. Asked for with every byte that comes in, so it is the system's very own."""

    def utc(self) -> datetime:
        """The wall clock."""
        return datetime.now(UTC)
