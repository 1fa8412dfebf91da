"""Works a line on which one device speaks unasked, such as a card reader."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from daemon.clock import Clock
from daemon.field.porch import Porch
from daemon.field.trace import Ring
from daemon.field.transport import Wire
from daemon.field.writes import Command
from gatehouse.driver import Callee, Device, DriverError, Found, Listener, Question, Sample

if TYPE_CHECKING:
    from daemon.field.lines import Sink

_MOST = 4096
"""Bytes kept at most while they make no sense."""
_BURST, _PIECE = 16_384, 1024
"""Bytes of one arrival that are judged, so that rubbish holds up nobody; in how large pieces, so that none is lost."""
_LOST_AFTER = 2.0
"""Seconds without the port after which the device is lost."""
_STEP = 0.5


class Listening:
    """Hands on what the device says; it is there while its port is."""

    def __init__(
        self,
        name: str,
        device: Listener,
        sink: "Sink",
        clock: Clock,
        ring: Ring,
    ) -> None:
        """Nothing heard yet."""
        self._sink, self._clock, self._ring = sink, clock, ring
        self.progress = 0
        self._open = False
        self._lost = ""
        self._open_at = clock.monotonic()
        self._stirred = asyncio.Event()
        self._wire: Wire | Porch | None = None
        self._begin(name, device)

    def _begin(self, name: str, device: Listener) -> None:
        """Listen to this one; nothing is known of it."""
        self._name, self._device = name, device
        self._channels = {point.name for point in device.points()}
        self._received = b""
        self._tally: Counter[str] = Counter()
        self._online: bool | None = None
        self._why = "port not opened yet"
        self._fault = ""
        self._heard_at = self._clock.monotonic()

    def change(self, devices: Mapping[str, Device | Listener]) -> None:
        """Listen to this one device. ValueError when it is not one that speaks unasked."""
        (name, device), *more = devices.items() or [("nobody", None)]
        if more or not isinstance(device, Listener):
            raise ValueError(f"it listens to one device that speaks unasked; {name} needs a line that is opened anew")
        if device is not self._device or name != self._name:
            self._begin(name, device)
            if self._open:
                self._opened()

    async def serve(self, wire: Wire | Porch) -> None:
        """Until the wire is lost, which is a ConnectionError."""
        self._received = b""
        self._wire, self._lost = wire, wire.lost
        self._stirred.clear()
        self._open = True
        self._opened()
        while not self._lost:
            self.progress += 1
            self._open_at = self._clock.monotonic()
            self._judge_silence()
            try:
                async with asyncio.timeout(_STEP):
                    await self._stirred.wait()
            except TimeoutError:
                continue
            self._stirred.clear()
        self._open, self._wire = False, None
        raise ConnectionError(self._lost)

    def _opened(self) -> None:
        """A device at the end of a wire is there with it; one that calls, when it has said something sound."""
        if isinstance(self._device, Callee):
            self._heard_at, self._why = self._clock.monotonic(), "it has not called yet"
            if not isinstance(self._wire, Porch):
                self.called("the wire")
        elif not isinstance(self._wire, Porch) and not self._fault:
            self._turn(online=True, why="port open")

    def _judge_silence(self) -> None:
        if isinstance(self._device, Callee) and not self._fault:
            silent = self._clock.monotonic() - self._heard_at
            if silent >= self._device.silence:
                self._turn(online=False, why=f"nothing sound heard for {self._device.silence:g} s")

    def called(self, caller: str) -> None:
        """The device has called, perhaps anew: what came before belongs to another call."""
        self._received = b""
        self._ring.note("open", self._name, caller.encode(), self._clock.monotonic())
        if not isinstance(self._device, Callee):
            self._turn(online=True, why=f"called from {caller}")
            return
        try:
            self._send(self._device.begin(self._clock.monotonic()))
        except Exception as error:  # noqa: BLE001 - the edge of a plug-in
            self._fault = f"driver fault: {type(error).__name__} in begin: {error}"
            self._turn(online=False, why=self._fault)

    def hung_up(self, why: str) -> None:
        """It is gone; one that calls again soon is not lost."""
        self._ring.note("lost", self._name, why.encode(), self._clock.monotonic())
        if not isinstance(self._device, Callee):
            self._turn(online=False, why=why)

    def _send(self, data: bytes) -> None:
        if not data or self._wire is None:
            return
        try:
            self._wire.send(data)
        except ConnectionError:
            return  # it is gone, and will say so when it calls again
        self._ring.note("sent", self._name, data, self._clock.monotonic())

    def hear(self, data: bytes) -> None:
        """Bytes came: judge them at once, a door waits."""
        now = self._clock.monotonic()
        for at in range(0, min(len(data), _BURST), _PIECE):
            self._judge(data[at : at + _PIECE], now)

    def _judge(self, data: bytes, now: float) -> None:
        self._received = (self._received + data)[-_MOST:]
        while self._received and not self._fault:
            try:
                heard = self._heard(now)
            except DriverError as error:
                self._tally["noise"] += 1
                self._ring.note("noise", self._name, self._received, now)
                self._why = str(error)
                self._received = b""
                return
            except Exception as error:  # noqa: BLE001 - the edge of a plug-in
                self._fault = f"driver fault: {type(error).__name__} in hear: {error}"
                self._turn(online=False, why=self._fault)
                return
            if heard is None:
                return
            found, samples = heard
            kind = found.why if found.answer is None else "answer"
            self._ring.note(kind, self._name, self._received[: found.used], now)
            self._received = self._received[max(1, found.used) :]
            self._tally["frames" if kind == "answer" else kind] += 1
            if kind == "answer":
                self._sound(now)
            if samples:
                self._sink.land(self._name, samples, now)
            self._send(found.reply)  # last: what is confirmed has been taken

    def _sound(self, now: float) -> None:
        self._heard_at = now
        if isinstance(self._device, Callee) and not self._online:
            self._turn(online=True, why="answers")

    def _heard(self, now: float) -> "tuple[Found, Mapping[str, Sample]] | None":
        heard = self._device.hear(self._received, now)
        if heard is not None and (strange := heard[1].keys() - self._channels):
            raise ValueError(f"{sorted(strange)} is no channel of {self._name}")
        return heard

    def end(self, why: str) -> None:
        """The wire is gone."""
        self._lost = why
        self._stirred.set()

    def away(self, why: str, now: float) -> None:
        """The line is down."""
        if now - self._open_at >= _LOST_AFTER and not self._fault:
            self._turn(online=False, why=why)

    def write(self, command: Command) -> None:
        """It cannot be told anything."""
        command.done(f"{command.device} only speaks; it cannot be told anything")

    async def visit(self, _question: Question, _patience: float | None) -> bytes:
        """Nor asked."""
        raise ConnectionError(f"{self._name} only speaks; it cannot be asked anything")

    def status(self) -> dict[str, Any]:
        """For people."""
        device = {"online": self._online, "why": self._fault or self._why, **self._tally}
        return {"devices": {self._name: device}}

    def _turn(self, *, online: bool, why: str) -> None:
        self._why = why
        if online is not self._online:
            self._online = online
            self._sink.device(self._name, online, why, self._clock.monotonic())
