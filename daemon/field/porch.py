"""A line at which a device calls: TCP, or datagrams. One caller at a time, and only the one that may; others are noted.

A device that has lost its connection calls again before the old one is known to be dead, so a new call of the right
caller takes the place of the old one.
"""

import asyncio
import socket
from contextlib import suppress
from ipaddress import ip_address
from typing import Protocol

import structlog

from daemon.config import site
from daemon.field.transport import explained

log = structlog.get_logger()

_APART = 60.0
"""Seconds between two notes of strangers; they may knock all day."""
_MOST_UNSENT = 64 * 1024


class Host(Protocol):
    """Who listens: `daemon.field.listening.Listening`."""

    def hear(self, data: bytes) -> None:
        """Bytes of the caller."""

    def called(self, caller: str) -> None:
        """The right one has called, perhaps anew: what came before belongs to another call."""

    def hung_up(self, why: str) -> None:
        """It is gone."""

    def end(self, why: str) -> None:
        """The port is lost."""


class Porch:
    """An open port, and whoever stands there. What `Wire` is to a line with a wire."""

    def __init__(self, host: Host, peer: str | None) -> None:
        """Not open yet."""
        self._host, self._peer = host, peer
        self._server: asyncio.Server | None = None
        self._datagrams: asyncio.DatagramTransport | None = None
        self._caller: asyncio.Transport | None = None
        self._from: tuple[object, ...] | None = None
        self._told = float("-inf")
        self.strangers = 0
        self.lost = ""
        """Why it is gone; empty while it is there."""

    async def open(self, host: str, port: int, *, udp: bool) -> None:
        """Bind the port. OSError."""
        loop = asyncio.get_running_loop()
        if udp:
            self._datagrams, _ = await loop.create_datagram_endpoint(lambda: _Letters(self), local_addr=(host, port))
        else:
            self._server = await loop.create_server(lambda: _Call(self), host, port, backlog=4)

    def may(self, address: str) -> bool:
        """Whether this is the right one; strangers are counted, and noted now and then."""
        if self._peer is None or _plain(address) == self._peer:
            return True
        self.strangers += 1
        now = asyncio.get_running_loop().time()
        if now - self._told >= _APART:
            self._told = now
            log.warning("a stranger called and was refused", stranger=address, may=self._peer, so_far=self.strangers)
        return False

    def take(self, transport: asyncio.Transport, address: str) -> None:
        """The right one has called."""
        old, self._caller = self._caller, transport
        if old is not None:
            old.abort()
        self._host.called(address)

    def heard(self, transport: asyncio.Transport, data: bytes) -> None:
        """Bytes of a call; those of one that was replaced count no more."""
        if transport is self._caller:
            self._host.hear(data)

    def left(self, transport: asyncio.Transport, why: str) -> None:
        """A call is over."""
        if transport is self._caller:
            self._caller = None
            self._host.hung_up(why)

    def letter(self, data: bytes, address: tuple[object, ...]) -> None:
        """A datagram."""
        if self.may(str(address[0])):
            if address != self._from:
                self._from = address
                self._host.called(f"{address[0]}:{address[1]}")
            self._host.hear(data)

    def send(self, data: bytes) -> None:
        """To the caller. ConnectionError when nobody is there, or takes nothing."""
        if self._datagrams is not None and self._from is not None:
            self._datagrams.sendto(data, self._from)
        elif self._caller is not None and self._caller.get_write_buffer_size() <= _MOST_UNSENT:
            self._caller.write(data)
        else:
            raise ConnectionError("nobody is there, or it takes nothing")

    async def close(self) -> None:
        """Give the port back."""
        self.lost = self.lost or "closed"
        if self._caller is not None:
            self._caller.abort()
        if self._datagrams is not None:
            self._datagrams.abort()
        if self._server is not None:
            self._server.close()
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._server.wait_closed()


class _Call(asyncio.Protocol):
    def __init__(self, porch: Porch) -> None:
        self._porch = porch
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment] # uvloop's is no asyncio.Transport by type
        address = str(transport.get_extra_info("peername")[0])
        if not self._porch.may(address):
            self._transport.abort()
            return
        sock = transport.get_extra_info("socket")
        for level, option, value in _OPTIONS:
            sock.setsockopt(level, option, value)
        self._porch.take(self._transport, address)

    def data_received(self, data: bytes) -> None:
        self._porch.heard(self._transport, data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._porch.left(self._transport, explained(exc) if exc else "the device closed the connection")


class _Letters(asyncio.DatagramProtocol):
    def __init__(self, porch: Porch) -> None:
        self._porch = porch

    def datagram_received(self, data: bytes, addr: tuple[object, ...]) -> None:
        self._porch.letter(data, addr)

    def error_received(self, exc: Exception) -> None:
        """A letter of ours found nobody: that it is silent will tell."""


_OPTIONS = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 5),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
)


def _plain(address: str) -> str:
    """Without the form that IPv4 has within IPv6."""
    parsed = ip_address(address.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None)
    return str(mapped or parsed)


async def receive(line: site.Line, host: Host) -> Porch:
    """Open a line at which a device calls. OSError, explained."""
    address, _, port = (line.listen or "").rpartition(":")
    porch = Porch(host, line.peer)
    try:
        await porch.open(address.strip("[]"), int(port), udp=line.udp)
    except OSError as error:
        raise OSError(f"listen {line.listen}: {explained(error)}") from error
    return porch
