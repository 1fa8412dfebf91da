"""Works a line on which one device speaks unasked, such as a card reader."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from daemon.clock import Clock
from daemon.field.transport import Wire
from daemon.field.writes import Command
from gatehouse.driver import DriverError, Found, Listener, Sample

if TYPE_CHECKING:
    from daemon.field.lines import Sink

_MOST = 4096
"""Bytes kept at most while they make no sense."""
_LOST_AFTER = 2.0
"""Seconds without the port after which the device is lost."""
_STEP = 0.5


class Listening:
    """Hands on what the device says; it is there while its port is."""

    def __init__(self, name: str, device: Listener, sink: "Sink", clock: Clock, advance: Callable[[], None]) -> None:
        """Nothing heard yet."""
        self._name, self._device, self._sink, self._clock = name, device, sink, clock
        self._advance = advance
        self._channels = {point.name for point in device.points()}
        self._received = b""
        self._tally: Counter[str] = Counter()
        self._online: bool | None = None
        self._why = "port not opened yet"
        self._fault = ""
        self._lost = ""
        self._open_at = clock.monotonic()
        self._stirred = asyncio.Event()

    async def serve(self, wire: Wire) -> None:
        """Until the wire is lost, which is a ConnectionError."""
        self._received = b""
        self._lost = wire.lost
        self._stirred.clear()
        if not self._fault:
            self._turn(online=True, why="port open")
        while not self._lost:
            self._advance()
            self._open_at = self._clock.monotonic()
            try:
                async with asyncio.timeout(_STEP):
                    await self._stirred.wait()
            except TimeoutError:
                continue
            self._stirred.clear()
        raise ConnectionError(self._lost)

    def hear(self, data: bytes) -> None:
        """Bytes came: judge them at once, a door waits."""
        self._received = (self._received + data)[-_MOST:]
        now = self._clock.monotonic()
        while self._received and not self._fault:
            try:
                heard = self._heard(now)
            except DriverError as error:
                self._tally["noise"] += 1
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
            self._received = self._received[max(1, found.used) :]
            self._tally["frames" if found.answer is not None else found.why] += 1
            if samples:
                self._sink.land(self._name, samples, now)

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

    def status(self) -> dict[str, Any]:
        """For people."""
        device = {"online": self._online, "why": self._fault or self._why, **self._tally}
        return {"devices": {self._name: device}}

    def _turn(self, *, online: bool, why: str) -> None:
        self._why = why
        if online is not self._online:
            self._online = online
            self._sink.device(self._name, online, why, self._clock.monotonic())
