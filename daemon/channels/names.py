"""Addresses of hosts, looked up in threads that nobody waits for: a dead name server holds up no other part, and the
addresses of an hour ago still reach a service while it is dead."""

import asyncio
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple, TypeVar

from daemon.channels.sender import Fate, SendError
from daemon.clock import Clock

T = TypeVar("T")

_FRESH = 60.0
_USABLE = 86_400.0
_PATIENCE = 1.0
"""Seconds that are waited for a new answer where an old one is known."""
_MOST = 2
"""Addresses of one host that are tried."""
_CONNECT = 2.0
"""Seconds that the first of two addresses is given."""
_LONGEST_LINE = 2048
"""Bytes, where the other end speaks in lines."""


class _Known(NamedTuple):
    at: float
    addresses: tuple[str, ...]


class Names:
    """Of one channel."""

    def __init__(self, clock: Clock) -> None:
        """Nothing is known."""
        self._clock = clock
        self._known: dict[str, _Known] = {}
        self._asked: dict[str, asyncio.Future[tuple[str, ...]]] = {}

    async def find(self, host: str) -> tuple[str, ...]:
        """One or two addresses, IPv4 first; SendError when there is none. The caller keeps the time."""
        try:
            return (str(ipaddress.ip_address(host)),)
        except ValueError:
            pass  # a name
        known, now = self._known.get(host), self._clock.monotonic()
        if known is not None and now - known.at < _FRESH:
            return known.addresses
        old = known.addresses if known is not None and now - known.at < _USABLE else ()
        try:
            async with asyncio.timeout(_PATIENCE if old else None):
                found = await asyncio.shield(self._ask(host))
        except (OSError, UnicodeError):  # a TimeoutError is an OSError
            if old:
                return old
            raise SendError(Fate.UNREACHED, "not reached: its name cannot be looked up") from None
        self._known[host] = _Known(now, found)
        return found

    async def dial(
        self, host: str, port: int, tls: ssl.SSLContext | None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the first address that takes one. SendError, OSError; the caller keeps the time."""
        addresses = await self.find(host)
        for address in addresses[:-1]:
            try:
                async with asyncio.timeout(_CONNECT):
                    return await self._open(address, port, tls, host)
            except OSError:
                continue
        return await self._open(addresses[-1], port, tls, host)

    @staticmethod
    async def _open(
        address: str, port: int, tls: ssl.SSLContext | None, host: str
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        name = host if tls is not None else None
        return await asyncio.open_connection(address, port, ssl=tls, server_hostname=name, limit=_LONGEST_LINE)

    def _ask(self, host: str) -> asyncio.Future[tuple[str, ...]]:
        """One question at a time, however many wait for its answer."""
        if host not in self._asked:
            future = self._asked[host] = aside(lambda: _looked_up(host))
            future.add_done_callback(lambda _: self._asked.pop(host, None))
        return self._asked[host]


def aside(work: Callable[[], T]) -> asyncio.Future[T]:
    """Do what may block in a thread that dies with the process; whoever cancels only stops waiting."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()
    future.add_done_callback(lambda done: done.cancelled() or done.exception())  # it may be that nobody waits any more

    def settle(set_it: Callable[[], None]) -> None:
        if not future.done():
            set_it()

    def run() -> None:
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            outcome = error
            tell = lambda: future.set_exception(outcome)  # noqa: E731 - one of two
        else:
            tell = lambda: future.set_result(result)  # noqa: E731 - one of two
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, tell)

    threading.Thread(target=run, name="aside", daemon=True).start()
    return future


def _looked_up(host: str) -> tuple[str, ...]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    ordered = sorted(found, key=lambda entry: entry[0] != socket.AF_INET)  # IPv6 of many a site leads nowhere
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in ordered))[:_MOST]
