"""A line on which the device calls: it looks for its centre, again and again, and speaks when it has found it."""

import errno
import socket
from asyncio import get_running_loop
from contextlib import closing
from typing import Protocol

from simulators.clock import Appointment, Clock
from simulators.segment import Pace
from simulators.wire import Line

_HOST = "127.0.0.1"
_AGAIN = 0.5
"""Seconds between two calls that nobody answers."""


class Caller(Protocol):
    """A device that calls."""

    def called(self, line: "CallingLine") -> None:
        """Its centre has answered the call."""

    def hear(self, data: bytes) -> None:
        """Bytes of its centre."""

    def hung_up(self) -> None:
        """Nobody is there any more."""

    def state(self) -> dict[str, object]:
        """As JSON can say it."""


class CallPort:
    """The end of a TCP connection that is made, not waited for; where to is fixed from the beginning."""

    def __init__(self, clock: Clock, line: "CallingLine") -> None:
        """Nobody is called before it is plugged in."""
        with closing(socket.create_server((_HOST, 0))) as free:
            self._number = int(free.getsockname()[1])
        self._clock, self._line = clock, line
        self._socket: socket.socket | None = None
        self._next: Appointment | None = None
        self.plugged = False
        """Whether it calls."""
        self.connected = False
        """Whether it was answered."""

    @property
    def address(self) -> dict[str, str]:
        """How a host's configuration says where to listen, and who may call."""
        return {"listen": f"{_HOST}:{self._number}", "peer": _HOST}

    async def plug(self) -> None:
        """Begin to call; nothing when it does."""
        if not self.plugged:
            self.plugged = True
            self._call()

    def unplug(self) -> None:
        """Cut the connection, and call no more."""
        self.plugged = False
        self._drop()
        if self._next is not None:
            self._next.cancel()

    def hang_up(self) -> None:
        """Cut the connection, and call again in a moment."""
        self._drop()
        if self.plugged:
            self._next = self._clock.at(self._clock.now() + _AGAIN, self._call)

    def send(self, data: bytes) -> None:
        """Hand bytes to the host; lost when nobody is there."""
        if self._socket is None or not self.connected:
            return
        try:
            taken = self._socket.send(data)
        except OSError:
            taken = -1
        if taken < len(data):  # gone, or it reads nothing
            self.hang_up()

    def _call(self) -> None:
        self._socket = socket.socket()
        self._socket.setblocking(False)
        if self._socket.connect_ex((_HOST, self._number)) in {0, errno.EINPROGRESS}:
            get_running_loop().add_writer(self._socket, self._answered)
        else:
            self.hang_up()

    def _answered(self) -> None:
        its = self._socket
        if its is None:
            return
        get_running_loop().remove_writer(its)
        if not _there(its):
            self.hang_up()
            return
        self.connected = True
        get_running_loop().add_reader(its, self._read)
        self._line.called()

    def _read(self) -> None:
        try:
            data = self._socket.recv(4096) if self._socket is not None else b""
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._line.received(data)
        else:
            self.hang_up()

    def _drop(self) -> None:
        its, self._socket = self._socket, None
        was, self.connected = self.connected, False
        if its is not None:
            get_running_loop().remove_writer(its)
            get_running_loop().remove_reader(its)
            its.close()
        if was:
            self._line.hung_up()


def _there(its: socket.socket) -> bool:
    """Whether somebody else answered: a call to a free port of one's own range can meet itself."""
    try:
        return bool(its.getpeername() != its.getsockname())
    except OSError:
        return False


class CallingLine(Line):
    """One device, and the centre that it calls."""

    port: CallPort

    def __init__(self, name: str, clock: Clock, pace: Pace) -> None:
        super().__init__(name, clock, pace)
        self.port = CallPort(clock, self)
        self.device: Caller | None = None

    def state(self) -> dict[str, object]:
        """As JSON can say it."""
        return {**super().state(), "connected": self.port.connected}

    def speak(self, data: bytes) -> None:
        """What the device says, or what is put into its mouth."""
        if not self.faults.cut:
            self.port.send(self.faults.stray() + data)

    def hang_up(self) -> None:
        """The device gives up on this call, and makes another."""
        self.port.hang_up()

    def called(self) -> None:
        """Somebody has answered."""
        if self.device is not None:
            self.device.called(self)

    def received(self, data: bytes) -> None:
        """What the centre says."""
        if self.device is not None and not self.faults.cut:
            self.device.hear(data)

    def hung_up(self) -> None:
        """Nobody is there any more."""
        if self.device is not None:
            self.device.hung_up()
