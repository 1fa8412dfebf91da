"""The wire to a fire monitoring centre: TCP, or datagrams of one frame each."""

import asyncio
import socket
from collections.abc import Callable

_MOST_UNSENT = 256 * 1024
"""Bytes that wait for a peer that takes nothing, after which it is gone."""
_OPENING = 5.0


class Pipe(asyncio.Protocol, asyncio.DatagramProtocol):
    """Bytes both ways; what arrives goes to `hear`, its end to `end` with the reason."""

    def __init__(self, hear: Callable[[bytes], None], end: Callable[[str], None]) -> None:
        """Not open yet."""
        self._hear, self._end = hear, end
        self._stream: asyncio.Transport | None = None
        self._datagrams: asyncio.DatagramTransport | None = None

    async def open(self, address: str, *, datagrams: bool) -> None:
        """Connect within five seconds. OSError."""
        host, _, port = address.rpartition(":")
        host = host.strip("[]")
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_OPENING):
                if datagrams:
                    await loop.create_datagram_endpoint(lambda: self, remote_addr=(host, int(port)))
                else:
                    await loop.create_connection(lambda: self, host, int(port))
        except TimeoutError as error:
            raise OSError(f"no connection within {_OPENING:g} s") from error

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        if hasattr(transport, "sendto"):
            self._datagrams = transport  # type: ignore[assignment] # told by what it can; uvloop's has no asyncio type
            return
        self._stream = transport  # type: ignore[assignment] # as above
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        """Bytes of the stream."""
        self._hear(data)

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Of the centre: the socket takes from nobody else."""
        self._hear(data)

    def error_received(self, exc: Exception) -> None:
        """A datagram found nobody; that nothing is confirmed will tell, if it lasts."""

    def eof_received(self) -> None:
        """It hung up."""
        self._end("the centre closed the connection")

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._end(str(exc) if exc else "closed")

    def send(self, data: bytes) -> None:
        """Now, or never: what is not confirmed is sent again."""
        if self._datagrams is not None:
            if not self._datagrams.is_closing():
                self._datagrams.sendto(data)
        elif self._stream is not None and not self._stream.is_closing():
            if self._stream.get_write_buffer_size() > _MOST_UNSENT:
                self._end("the centre takes nothing more")
                return
            self._stream.write(data)

    def close(self) -> None:
        """Give it back."""
        transport = self._stream or self._datagrams
        if transport is not None:
            transport.abort()
