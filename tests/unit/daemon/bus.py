"""A half-duplex wire in virtual time, and devices with a protocol of five letters on it: hours pass in milliseconds."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from gatehouse.driver import DriverError, Found, Question, Sample, Scan, ScanClass
from gatehouse.points import Point


class _Jump(selectors.EpollSelector):
    """Instead of waiting, lets the time pass."""

    loop: "VirtualLoop"

    def select(self, timeout: float | None = None) -> Any:
        events = super().select(0)
        if not events:
            if timeout is None:
                raise RuntimeError("everything waits for ever")
            self.loop.now += timeout
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose seconds cost nothing."""

    def __init__(self) -> None:
        selector = _Jump()
        selector.loop = self
        self.now = 5000.0
        super().__init__(selector)

    def time(self) -> float:
        return self.now


class LoopClock:
    """The loop's own time."""

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def utc(self) -> datetime:
        return datetime(2026, 11, 21, tzinfo=UTC)


def play(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a story in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(story())


async def until(condition: Callable[[], object], limit: float = 60.0) -> None:
    """Let virtual time pass until it is so."""
    end = asyncio.get_running_loop().time() + limit
    while not condition():
        assert asyncio.get_running_loop().time() < end, "never came to be"
        await asyncio.sleep(0.001)


@dataclass
class Talker:
    """A driver: asks `?name:scan.`, hears `!name:scan=value.`; tells `>name:channel=value.`, hears the very same."""

    name: str
    wants: tuple[Scan, ...]
    manners: dict[str, float] = field(default_factory=lambda: {"patience": 0.1, "worst": 0.3})
    prepares: int = 0

    def points(self) -> list[Point]:
        return [Point(name=channel) for scan in self.wants for channel in scan.points]

    def scans(self) -> tuple[Scan, ...]:
        return self.wants

    def ask(self, scan: Scan) -> Question:
        request = f"?{self.name}:{scan.name}.".encode()
        return self.question(request, f"!{self.name}:{scan.name}=".encode(), len(request) + 2)

    def question(self, request: bytes, start: bytes, expected: int) -> Question:
        def find(received: bytes) -> Found | None:
            end = received.find(b".")
            if end < 0:
                return None
            frame = received[: end + 1]
            if frame.startswith(start):
                return Found(len(frame), frame)
            return Found(len(frame), why="echo" if frame == request else "foreign")

        return Question(request=request, find=find, expected=expected, **self.manners)

    def read(self, scan: Scan, answer: bytes) -> Mapping[str, Sample]:
        text = answer.decode().partition("=")[2][:-1]
        if text == "E":
            raise DriverError("the device refused")
        return {channel: Sample(int(text)) for channel in scan.points}

    def write(self, channel: str, value: object) -> Question:
        request = f">{self.name}:{channel}={int(value is True)}.".encode()
        return self.question(request, request, len(request))

    def accept(self, question: Question, answer: bytes) -> None:
        if answer != question.request:
            raise DriverError("that is no yes")

    def prepare(self) -> list[Question]:
        return [self.write("setup", n == 0) for n in range(self.prepares)]


def scan(name: str, kind: ScanClass = ScanClass.SAFETY, period: float = 0.1) -> Scan:
    return Scan(name=name, kind=kind, period=period, points=(name,))


class Bus:
    """The other end: units that answer, or do what they should not."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.delays: dict[str, list[float]] = {}
        """By unit: seconds until each next answer; 0.01 when there is none left."""
        self.dead: set[str] = set()
        self.echoes = False
        self.present = True
        self.asked: list[tuple[float, str]] = []
        self.told: list[tuple[float, str]] = []
        self.refuse: set[str] = set()
        self.mute: set[str] = set()
        """Those that read and do not answer what they are told."""
        self.wire: FakeWire | None = None
        self.garble: Callable[[bytes], bytes] = bytes

    async def connect(self, _line: object, hear: Callable[[bytes], None], end: Callable[[str], None]) -> "FakeWire":
        if not self.present:
            raise OSError("the port is not there")
        self.wire = FakeWire(self, hear, end)
        return self.wire

    def unplug(self) -> None:
        self.present = False
        if self.wire is not None:
            self.wire.lose("unplugged")

    def take(self, request: bytes, wire: "FakeWire") -> None:
        loop = asyncio.get_running_loop()
        text = request.decode()
        kind, unit, rest = text[0], text[1:].partition(":")[0], text.partition(":")[2][:-1]
        (self.asked if kind == "?" else self.told).append((loop.time(), f"{unit}.{rest}"))
        if self.echoes:
            loop.call_later(0.001, wire.bring, request)
        if unit in self.dead or (kind == ">" and unit in self.mute):
            return
        delay = self.delays[unit].pop(0) if self.delays.get(unit) else 0.01
        if kind == "?":
            answer = f"!{unit}:{rest}={self.values.get(f'{unit}.{rest}', '0')}."
        else:
            answer = text if unit not in self.refuse else f">{unit}:no=0."
        loop.call_later(delay, wire.bring, self.garble(answer.encode()))


class FakeWire:
    """What `connect` gives."""

    def __init__(self, bus: Bus, hear: Callable[[bytes], None], end: Callable[[str], None]) -> None:
        self.bus, self._hear, self._end = bus, hear, end
        self.lost = ""

    def send(self, data: bytes) -> None:
        if self.lost:
            raise ConnectionError(self.lost)
        self.bus.take(data, self)

    def bring(self, data: bytes) -> None:
        if not self.lost and data:
            self._hear(data)

    def lose(self, why: str) -> None:
        if not self.lost:
            self.lost = why
            self._end(why)

    async def close(self) -> None:
        self.lost = self.lost or "closed"


class Ledger:
    """A sink that remembers."""

    def __init__(self) -> None:
        self.landed: list[tuple[float, str, object, str]] = []
        self.renewed: list[tuple[float, str]] = []
        self.devices: list[tuple[str, bool, str]] = []
        self.lines: list[tuple[str, bool, str]] = []

    def land(self, device: str, samples: Mapping[str, Sample], now: float) -> None:
        for channel, sample in samples.items():
            self.landed.append((now, f"{device}.{channel}", sample.value, sample.quality.name))

    def same(self, device: str, channels: Iterable[str], now: float) -> None:
        self.renewed += [(now, f"{device}.{channel}") for channel in channels]

    def device(self, device: str, online: bool, why: str, now: float) -> None:
        self.devices.append((device, online, why))

    def line(self, name: str, up: bool, why: str, now: float) -> None:
        self.lines.append((name, up, why))

    def values(self, point: str) -> list[tuple[object, str]]:
        return [(value, quality) for _, name, value, quality in self.landed if name == point]

    def renewals(self, point: str) -> list[float]:
        """Every instant at which this point was read."""
        return sorted(
            [at for at, name, *_ in self.landed if name == point] + [at for at, name in self.renewed if name == point]
        )
