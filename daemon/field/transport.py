"""Opens the wire of a line, a serial port (serialx) or a TCP connection: bytes in, bytes out, and when it is lost."""

import asyncio
import errno
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import serialx

from daemon.config import site

_OPENING = 5.0
_CLOSING = 1.0
_AT_ONCE = 4096
"""Bytes of one read of a serial port. serialx asks the system for room for 256 kB each time; where memory has run out
it gets none, and hears nothing more."""
_PARITIES = {"N": serialx.Parity.NONE, "E": serialx.Parity.EVEN, "O": serialx.Parity.ODD}
_STOPS = {"1": serialx.StopBits.ONE, "2": serialx.StopBits.TWO}
_OPTIONS: tuple[tuple[int, int, int | bytes], ...] = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 5),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 2),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
    # What the network holds back must not arrive later: a boom would fall on whatever stands under it by then.
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 2_000),
    (socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)),
)


class Wire(asyncio.Protocol):
    """An open stream of bytes. What arrives goes to `hear`, its end, once, to `end` with the reason."""

    def __init__(self, hear: Callable[[bytes], None], end: Callable[[str], None]) -> None:
        """Not open yet."""
        self._hear = hear
        self._end = end
        self._transport: asyncio.Transport | None = None
        self._closed = asyncio.get_running_loop().create_future()
        self.lost = ""
        """Why it is gone; empty while it is there."""
        self.hung_up = False
        """It is gone because the other side, which is there, closed it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        self._transport = transport  # type: ignore[assignment] # uvloop's and serialx's are not asyncio.Transport by type

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        self._hear(data)

    def eof_received(self) -> None:
        """The other side hung up; the transport closes by itself."""
        self.hung_up = not self.lost
        self._lose("the other side closed the connection")

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        if not self._closed.done():
            self._closed.set_result(None)
        self.hung_up = self.hung_up or (not self.lost and isinstance(exc, ConnectionResetError))
        self._lose(explained(exc) if exc else "closed")

    def _lose(self, why: str) -> None:
        if not self.lost:
            self.lost = why
            self._end(why)

    def send(self, data: bytes) -> None:
        """Send now. ConnectionError when it is gone; a loss while sending is told to `end`."""
        if self.lost or self._transport is None:
            raise ConnectionError(self.lost or "not open")
        try:
            self._transport.write(data)
        except OSError as error:
            self._lose(explained(error))
            raise ConnectionError(self.lost) from error

    async def close(self) -> None:
        """Give the port back, within a second."""
        if self._transport is not None:
            self._transport.abort()
            with suppress(TimeoutError):
                async with asyncio.timeout(_CLOSING):
                    await asyncio.shield(self._closed)


def endpoint(line: site.Line) -> str:
    """How people call this end of the line."""
    if line.listen:
        return f"{'udp' if line.udp else 'tcp'} listening at {line.listen}"
    return line.serial or f"tcp {line.tcp or line.rtu_over_tcp}"


async def connect(line: site.Line, hear: Callable[[bytes], None], end: Callable[[str], None]) -> Wire:
    """Open the line. OSError, explained, when that fails or takes more than five seconds."""
    wire = Wire(hear, end)
    try:
        async with asyncio.timeout(_OPENING):
            if line.serial:
                await _open_serial(line.serial, line, wire)
            else:
                await _open_tcp(line.tcp or line.rtu_over_tcp or "", wire)
    except TimeoutError as error:
        raise OSError(f"{endpoint(line)}: no connection within {_OPENING:g} s") from error
    except (OSError, serialx.SerialException, ValueError) as error:
        failed = OSError(f"{endpoint(line)}: {explained(error)}")
        failed.errno = getattr(error, "errno", None)
        raise failed from error
    return wire


async def _open_serial(path: str, line: site.Line, wire: Wire) -> None:
    data, parity, stops = line.format
    # exclusive: two masters on one wire read each other's answers. Low latency is serialx' default.
    transport, _ = await serialx.create_serial_connection(
        asyncio.get_running_loop(),
        lambda: wire,
        str(Path(path)),
        baudrate=line.baud,
        parity=_PARITIES[parity],
        stopbits=_STOPS[stops],
        byte_size=int(data),
        exclusive=True,
    )
    transport.max_size = _AT_ONCE  # type: ignore[attr-defined] # of the transports of POSIX systems


async def _open_tcp(address: str, wire: Wire) -> None:
    host, _, port = address.rpartition(":")
    transport, _ = await asyncio.get_running_loop().create_connection(lambda: wire, host.strip("[]"), int(port))
    sock = transport.get_extra_info("socket")
    for level, option, value in _OPTIONS:
        sock.setsockopt(level, option, value)


_ERRORS = {
    errno.ENOENT: "the port is not there; is the adapter plugged in?",
    errno.EACCES: "access refused; the daemon's user must be in the group that owns the port (dialout)",
    errno.EBUSY: "another program has the port open; stop it, a line has one master",
    errno.EINVAL: "the adapter refuses this baud rate or format",
    errno.EIO: "the adapter is gone or broken",
    errno.ENXIO: "the adapter is gone",
    errno.ENODEV: "the adapter is gone",
    errno.ECONNREFUSED: "connection refused; nothing listens there",
    errno.EHOSTUNREACH: "no way to that host; is it on, is the network right?",
    errno.ENETUNREACH: "no network there",
    errno.ECONNRESET: "the other side reset the connection",
    errno.ETIMEDOUT: "the other side has gone silent",
    errno.EPIPE: "the other side closed the connection",
    socket.EAI_NONAME: "nobody knows that name; is it spelt right? An IP address needs no name server",
    socket.EAI_AGAIN: "the name server does not answer; an IP address needs none",
}


def explained(error: Exception) -> str:
    """An error of the system in words for a technician."""
    number = getattr(error, "errno", None)
    return _ERRORS.get(number, str(error) or type(error).__name__) if number else str(error) or type(error).__name__
