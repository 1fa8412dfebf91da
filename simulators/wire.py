"""A line as a body: a port, the wire behind it at its real pace, and the units on it."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from simulators.clock import Clock
from simulators.faults import LineFaults, UnitFaults, facts
from simulators.meter import DELAY, Meter
from simulators.modbus import Responder
from simulators.ports import Connection, Port, PtyPort, TcpPort
from simulators.segment import Pace, Segment
from simulators.unit import Unit

_MBAP = 6
_GATEWAY_WAITS = 0.3
"""Seconds for which a gateway waits for a unit that does not answer, before it serves the next request."""
_MOST_QUEUED = 64

Form = Literal["serial", "tcp", "rtu_over_tcp"]


class Speaker(Protocol):
    """A device that speaks unasked; it has its line to itself."""

    def connect(self, line: "StreamLine") -> None:
        """Learn the line that it may speak on."""


@dataclass(slots=True)
class Socket:
    """A unit's or meter's place on a line: what is wrong with it there, and what passed."""

    unit: Unit | Meter
    faults: UnitFaults = field(default_factory=UnitFaults)
    requests: int = 0
    answers: int = 0

    def state(self) -> dict[str, object]:
        """As JSON can say it."""
        counts = {"requests": self.requests, "answers": self.answers}
        return {"address": self.unit.address, **counts, "faults": facts(self.faults)}

    def answer(self, responder: Responder, frame: bytes) -> bytes | None:
        """Let the unit hear a frame; None when it stays silent."""
        if self.faults.silent or not self.unit.hears():
            return None
        self.requests += 1
        answer = self.unit.answer(frame) if isinstance(self.unit, Meter) else responder.answer(self.unit, frame)
        self.answers += answer is not None
        return answer


class Line:
    """What all lines are: units under names, faults, and a port to plug and unplug."""

    port: Port

    def __init__(self, name: str, clock: Clock, pace: Pace) -> None:
        self.name = name
        self.clock = clock
        self.pace = pace
        self.faults = LineFaults()
        self.sockets: dict[str, Socket] = {}
        self.speakers: dict[str, Speaker] = {}

    def attach(self, device: str, unit: Unit | Meter) -> None:
        """Put a Modbus unit or a meter on the wire."""
        faults = UnitFaults(delay=DELAY) if isinstance(unit, Meter) else UnitFaults()
        self.sockets[device] = Socket(unit, faults)

    def unplug(self) -> None:
        """Take the port away from the host."""
        self.port.unplug()

    async def replug(self) -> None:
        """Give the port back under its old name."""
        await self.port.plug()

    def state(self) -> Mapping[str, object]:
        """As JSON can say it."""
        return {"port": self.port.address, "plugged": self.port.plugged, "faults": facts(self.faults)}

    def _named(self, address: int) -> list[Socket]:
        """The units that a frame is for; 0 is for all, and two may share an address by mistake."""
        units = [socket for socket in self.sockets.values() if not isinstance(socket.unit, Meter)]
        return [socket for socket in units if address in {0, socket.unit.address}]


class StreamLine(Line):
    """A serial line, at a pty or behind a serial server that passes bytes through unchanged."""

    port: PtyPort | TcpPort

    def __init__(self, name: str, clock: Clock, pace: Pace, link: Path | None) -> None:
        """`link` names the pty; None makes it a serial server on TCP."""
        super().__init__(name, clock, pace)
        self._responder = Responder("rtu")
        self._segment = Segment(clock, pace, self._to_units, self._to_host)
        if link is not None:
            self.port = PtyPort(link, clock, self._from_host)
        else:
            self.port = TcpPort("rtu_over_tcp", lambda _, data: self._from_host(data))

    def connect(self, device: str, speaker: Speaker) -> None:
        """Put a device on the wire that speaks unasked."""
        self.speakers[device] = speaker
        speaker.connect(self)

    def speak(self, data: bytes) -> None:
        """Send unasked: a card reader's frame, a babbling unit, noise."""
        if not self.faults.cut:
            self._segment.from_unit(self.faults.stray() + data, self.clock.now())

    def unplug(self) -> None:
        """Take the port away from the host."""
        super().unplug()
        self._segment.clear()

    def state(self) -> Mapping[str, object]:
        """As JSON can say it."""
        return {**super().state(), "collisions": self._segment.collisions}

    def _from_host(self, data: bytes) -> None:
        self._segment.from_host(data)
        if self.faults.echo:
            self.clock.at(self._segment.heard, lambda: self.port.send(data))

    def _to_host(self, data: bytes) -> None:
        if not self.faults.cut:
            self.port.send(data)

    def _to_units(self, frame: bytes) -> None:
        heard = self._segment.heard
        address = self._responder.addressed(frame)
        if address is None or self.faults.cut:
            return
        for socket in [*self._named(address), *self._meters(frame)]:
            answer = socket.answer(self._responder, frame)
            if answer is None or address == 0:
                continue
            faults, unit = socket.faults, socket.unit
            disguised = unit.disguised if isinstance(unit, Meter) else None
            shaped = self.faults.stray() + faults.shape(answer, self.faults.dice, disguised)
            self._segment.from_unit(shaped, heard + faults.delay + faults.late)

    def _meters(self, frame: bytes) -> list[Socket]:
        """The meters that a frame is for."""
        return [each for each in self.sockets.values() if isinstance(each.unit, Meter) and each.unit.asked(frame)]


@dataclass(slots=True)
class _Job:
    connection: Connection
    frame: bytes


class GatewayLine(Line):
    """A Modbus TCP gateway with its own RS-485 line behind it: one exchange at a time, whoever asks."""

    port: TcpPort

    def __init__(self, name: str, clock: Clock, pace: Pace) -> None:
        super().__init__(name, clock, pace)
        self.port = TcpPort("tcp", self._received)
        self._responder = Responder("tcp")
        self._pending: dict[Connection, bytearray] = {}
        self._queue: deque[_Job] = deque()
        self._busy = False

    def state(self) -> Mapping[str, object]:
        """As JSON can say it."""
        return {**super().state(), "connections": len(self.port.connections)}

    def _received(self, connection: Connection, data: bytes) -> None:
        if self.faults.cut:
            return
        for gone in self._pending.keys() - self.port.connections:
            del self._pending[gone]
        pending = self._pending.setdefault(connection, bytearray())
        pending += data
        while len(pending) > _MBAP and len(pending) >= (size := _MBAP + int.from_bytes(pending[4:6], "big")):
            if len(self._queue) >= _MOST_QUEUED:
                connection.abort()
                return
            self._queue.append(_Job(connection, bytes(pending[:size])))
            del pending[:size]
        self._next()

    def _next(self) -> None:
        if self._busy or not self._queue:
            return
        self._busy = True
        job = self._queue.popleft()
        self.clock.at(self.clock.now() + self._takes(job.frame), lambda: self._serve(job))

    def _takes(self, frame: bytes) -> float:
        """Seconds for a packet on the RTU side: without its header, with a checksum, then silence."""
        return (len(frame) - _MBAP + 2) * self.pace.character + (self.pace.silence if self.pace.real else 0.0)

    def _serve(self, job: _Job) -> None:
        now = self.clock.now()
        address = self._responder.addressed(job.frame)
        answers = [
            (socket, answer)
            for socket in self._named(-1 if address is None else address)
            if (answer := socket.answer(self._responder, job.frame)) is not None
        ]
        if not answers or self.faults.cut or not address:
            self.clock.at(now + (_GATEWAY_WAITS if address else 0.0), self._done)
            return
        socket, answer = answers[0]
        faults = socket.faults
        shaped = faults.packet(answer)
        takes = faults.delay + faults.late + self._takes(answer)
        self.clock.at(now + takes, lambda: self._reply(job, shaped))

    def _reply(self, job: _Job, answer: bytes) -> None:
        if answer and not self.faults.cut:
            job.connection.send(answer)
        self._done()

    def _done(self) -> None:
        self._busy = False
        self._next()


def build(name: str, form: Form, clock: Clock, pace: Pace, link: Path) -> StreamLine | GatewayLine:
    """The line that a site file names; `link` is used where it is a serial one."""
    if form == "tcp":
        return GatewayLine(name, clock, pace)
    return StreamLine(name, clock, pace, link if form == "serial" else None)
