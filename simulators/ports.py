"""Where a host plugs in: a pty under a name that stays, or a TCP port on loopback."""

import asyncio
import os
import select
import termios
import tty
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from simulators.clock import Appointment, Clock

_LOOK_AGAIN = 0.02
"""Seconds between two looks whether someone has opened a pty: the kernel tells only of those who leave."""
_MOST_UNSENT = 65536


class Port(Protocol):
    """Where a host meets a line."""

    @property
    def address(self) -> dict[str, str]:
        """How a host's configuration names it."""

    @property
    def plugged(self) -> bool:
        """Whether it is there."""

    async def plug(self) -> None:
        """Let it be there."""

    def unplug(self) -> None:
        """Take it away from whoever uses it."""


class PtyPort:
    """A serial port: a pty that a symlink names, so that it returns under the same name."""

    def __init__(self, link: Path, clock: Clock, received: Callable[[bytes], None]) -> None:
        self.link = link
        self._clock = clock
        self._received = received
        self._master = -1
        self._slave = ""
        self._look: Appointment | None = None

    @property
    def address(self) -> dict[str, str]:
        """How a host's configuration names it."""
        return {"serial": str(self.link)}

    @property
    def plugged(self) -> bool:
        """Whether the port exists."""
        return self._master >= 0

    async def plug(self) -> None:
        """Make the port; nothing when it is there."""
        if self.plugged:
            return
        if self.link.exists() and not self.link.is_symlink():
            raise FileExistsError(
                f"{self.link}: a file stands where a simulated serial port should; choose another folder"
            )
        self._master, slave = os.openpty()
        os.set_blocking(self._master, False)
        tty.setraw(slave)
        fresh = self.link.with_name(f".{self.link.name}.new")
        fresh.unlink(missing_ok=True)
        self._slave = os.ttyname(slave)
        fresh.symlink_to(self._slave)
        fresh.replace(self.link)
        os.close(slave)
        self._wait_for_host()

    def unplug(self) -> None:
        """Let the port vanish under whoever has it open."""
        if not self.plugged:
            return
        self._stop_looking()
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        self._master = -1
        self.link.unlink(missing_ok=True)

    def send(self, data: bytes) -> None:
        """Hand bytes to the host; lost when nobody has the port open, as on a real one."""
        if self._look is not None:
            self._look.cancel()
            self._wait_for_host()
        if self.plugged and self._look is None:
            with suppress(BlockingIOError, OSError):  # full because nobody reads, or closed in this moment
                os.write(self._master, data)

    def _wait_for_host(self) -> None:
        poll = select.poll()
        poll.register(self._master, select.POLLIN)
        state = dict(poll.poll(0)).get(self._master, 0)
        if state & select.POLLHUP and not state & select.POLLIN:
            self._look = self._clock.at(self._clock.now() + _LOOK_AGAIN, self._wait_for_host)
            return
        self._look = None
        asyncio.get_running_loop().add_reader(self._master, self._read)

    def _stop_looking(self) -> None:
        if self._look is not None:
            self._look.cancel()
            self._look = None

    def _read(self) -> None:
        try:
            data = os.read(self._master, 4096)
        except BlockingIOError:
            return
        except OSError:  # the last one who had it open has closed it
            asyncio.get_running_loop().remove_reader(self._master)
            self._forget()
            self._wait_for_host()
            return
        self._received(data)

    def _forget(self) -> None:
        """What the last host left unread is not for the next one."""
        slave = os.open(self._slave, os.O_RDWR | os.O_NOCTTY)
        termios.tcflush(slave, termios.TCIOFLUSH)
        tty.setraw(slave)
        os.close(slave)


class Connection(asyncio.Protocol):
    """One host on a TCP port."""

    def __init__(self, port: "TcpPort") -> None:
        self._port = port
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Someone has connected."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type checker
        self._transport = transport
        self._port.connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Bytes from the host."""
        self._port.received(self, data)

    def connection_lost(self, exc: Exception | None) -> None:
        """The host has gone."""
        self._transport = None
        self._port.connections.discard(self)

    def send(self, data: bytes) -> None:
        """Hand bytes to the host; one that does not read is dropped."""
        if self._transport is None:
            return
        if self._transport.get_write_buffer_size() > _MOST_UNSENT:
            self._transport.abort()
            return
        self._transport.write(data)

    def abort(self) -> None:
        """Break the connection off."""
        if self._transport is not None:
            self._transport.abort()


class TcpPort:
    """A port on loopback; it keeps its number when it is unplugged and plugged in again."""

    def __init__(self, form: str, received: Callable[[Connection, bytes], None]) -> None:
        """`form` is what a host's configuration calls it: tcp or rtu_over_tcp."""
        self.connections: set[Connection] = set()
        self.received = received
        self._form = form
        self._number = 0
        self._server: asyncio.Server | None = None

    @property
    def address(self) -> dict[str, str]:
        """How a host's configuration names it."""
        return {self._form: f"127.0.0.1:{self._number}"}

    @property
    def plugged(self) -> bool:
        """Whether it can be reached."""
        return self._server is not None

    async def plug(self) -> None:
        """Listen; nothing when it does."""
        if self.plugged:
            return
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self), "127.0.0.1", self._number)
        self._number = self._server.sockets[0].getsockname()[1]

    def unplug(self) -> None:
        """Stop listening and break every connection."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        for connection in tuple(self.connections):
            connection.abort()

    def send(self, data: bytes) -> None:
        """Hand bytes to every host, as serial servers do."""
        for connection in tuple(self.connections):
            connection.send(data)
