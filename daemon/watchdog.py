"""Tell the service manager how we are: ready, stopping, and alive, which means that every part has moved."""

import asyncio
import os
import socket
from collections.abc import Callable, Mapping

import structlog

from daemon.clock import Clock

log = structlog.get_logger()


class ServiceManager:
    """Whoever started us and gave us a NOTIFY_SOCKET (systemd); where nobody did, telling is silent.

    The protocol is a datagram of NAME=value lines: sd_notify(3).
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        """Connect to nothing yet: each message finds its own way, so that a restarted manager is found again."""
        address = environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._lost = False
        for_us = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        microseconds = environ.get("WATCHDOG_USEC", "")
        self.limit = int(microseconds) / 1e6 if for_us and microseconds.isdecimal() else 0.0
        """Seconds of silence after which it kills us; 0: it does not watch."""

    def ready(self) -> None:
        """Everything that was asked for is up."""
        self._tell("READY=1")

    def stopping(self) -> None:
        """The end has begun."""
        self._tell("STOPPING=1")

    def status(self, text: str) -> None:
        """One line for people, seen in `systemctl status`."""
        self._tell("STATUS=" + " ".join(text.split()))

    def alive(self) -> None:
        """Feed the watchdog."""
        self._tell("WATCHDOG=1")

    def _tell(self, message: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sender:
                sender.sendto(message.encode(), self._address)
        except OSError as error:
            if not self._lost:
                log.warning("service manager does not listen", why=str(error))
            self._lost = True
        else:
            self._lost = False


class Watchdog:
    """Feeds the service manager whenever every part has moved since the last feed; one that stands still starves it."""

    def __init__(
        self,
        parts: Mapping[str, Callable[[], int]],
        interval: float,
        clock: Clock,
        manager: ServiceManager | None = None,
    ) -> None:
        """Look at the parts' progress numbers every `interval` seconds; parts may be added and removed meanwhile."""
        self._parts = parts
        self._interval = interval
        self._clock = clock
        self._manager = manager or ServiceManager()
        self._patience = (self._manager.limit or 15.0) * 2 / 3
        self._seen: dict[str, tuple[int, float]] = {}
        self._moved: set[str] = set()
        self.still: frozenset[str] = frozenset()
        """Parts that have not moved for two thirds of the manager's limit (10 s where it sets none)."""

    async def run(self) -> None:
        """Look for ever. A blocked event loop stops this too, and is noticed by that."""
        while True:
            self.look()
            await asyncio.sleep(self._interval)

    def look(self) -> None:
        """Compare each part's number with the one before; feed when all have moved since the last feed."""
        now = self._clock.monotonic()
        self._seen = {name: seen for name, seen in self._seen.items() if name in self._parts}
        for name, progress in self._parts.items():
            number = progress()
            if name not in self._seen:
                self._seen[name] = (number, now)
            elif number != self._seen[name][0]:
                self._seen[name] = (number, now)
                self._moved.add(name)
        self._name_the_still(now)
        if self._moved.issuperset(self._parts):
            self._moved.clear()
            self._manager.alive()

    def _name_the_still(self, now: float) -> None:
        still = frozenset(name for name, (_, moved) in self._seen.items() if now - moved >= self._patience)
        for name in sorted(still - self.still):
            log.error("a part stands still", part=name, seconds=round(now - self._seen[name][1], 1))
        for name in sorted(self.still - still):
            log.info("a part moves again", part=name)
        if still != self.still:
            self._manager.status(f"stands still: {', '.join(sorted(still))}" if still else "running")
        self.still = still
