"""What a line can carry: the load of its scans and the worst age of every reading, from baud, bytes and manners.

An exchange takes its bytes at the line's speed, the device's turn-round (in which it notices the end of the request),
3.5 characters of silence and our own time. On a `tcp` line the bytes are those of the packets, at the baud of the
serial side behind the gateway: the envelope is about as long as the silences that the gateway keeps there. How
exchanges then stand in each other's way is `daemon.config.cycles`' business. A worst age counts from the instant at
which the device looked, so the exchange itself is in it. "Dying" adds the misses after which a device is called silent.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from daemon.config import site
from daemon.config.cycles import Task, demand, outlooks
from daemon.field.scheduler import QUICK_MISSES, SILENT_SHARE
from gatehouse.driver import Device, DriverError, Question, Scan, ScanClass, Writer

OWN = 0.0012
"""Seconds of our own, the system's and the adapter's in each exchange; measured with `bench/lines.py`."""
SLACK = 0.02
"""Seconds by which an answer may be later than its device's patience, as in `daemon.field.exchange`."""
GUARD = 0.02
"""Silence before a question that the last answer would fit too, as in `daemon.field.exchange`."""
CAPACITY = 1 - SILENT_SHARE
"""Share of a line's time that can be promised; the rest is kept for looking for silent devices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One exchange as the driver wants it, on whatever wire."""

    device: str
    scan: Scan
    sent: int
    expected: int
    """Bytes."""
    usual: float
    worst: float
    gap: float
    alike: bool = False
    """Another answer of the same device could be taken for its answer, so it waits a little first."""


@dataclass(frozen=True, slots=True)
class Speed:
    """Of one wire, in seconds."""

    character: float
    silence: float

    @classmethod
    def of(cls, line: site.Line, baud: int | None = None) -> "Speed":
        """The line's own, or at another baud rate."""
        baud = baud or line.baud
        character = line.bits / baud
        if line.tcp is not None:
            return cls(character, 0.0)
        return cls(character, 3.5 * character if baud <= 19200 else 0.00175)

    def wire(self, asked: Asked) -> float:
        """Seconds that the bytes of both ways take."""
        return (asked.sent + asked.expected) * self.character

    def seconds(self, asked: Asked) -> float:
        """Of the line, for one good exchange."""
        silence = max(self.silence, GUARD) if asked.alike and self.silence else self.silence
        return self.wire(asked) + max(asked.usual, self.silence) + silence + OWN

    def stall(self, asked: Asked) -> float:
        """Of the line, for one that is not answered, quarantine and all."""
        return self.wire(asked) + asked.worst + SLACK


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What a scan can count on, in seconds."""

    asked: Asked
    seconds: float
    """Of the line, each time."""
    cycle: float
    """From one reading to the next, as a rule."""
    strained: float
    """The same while silent devices take all that is kept for looking for them."""
    age: float
    """At worst, of a reading on a healthy line."""
    dying: float
    """At worst, while one other device of the line falls silent."""

    @property
    def scan(self) -> Scan:
        """What is asked."""
        return self.asked.scan

    @property
    def slips(self) -> bool:
        """Its device is asked more rarely than it should be."""
        return self.cycle > self.scan.period

    @property
    def jitter(self) -> float:
        """By how much it may once be later than as a rule, its own exchange left out."""
        return self.age - self.cycle - self.seconds


@dataclass(frozen=True, kw_only=True)
class Load:
    """One line, reckoned."""

    name: str
    line: site.Line
    baud: int
    devices: Sequence[str]
    promises: Sequence[Promise]
    write: float
    """Seconds of the longest order; 0 where nothing can be told."""

    @cached_property
    def shares(self) -> Mapping[ScanClass, float]:
        """Share of the line that each class asks for; together they may be more than all of it."""
        wanted = {kind: [task(promise) for promise in self.promises if promise.scan.kind is kind] for kind in ScanClass}
        return {kind: demand(tasks) for kind, tasks in wanted.items()}

    @property
    def total(self) -> float:
        """Load: all that is asked for, against what can be promised."""
        return sum(self.shares.values()) / CAPACITY

    def worst(self, kind: ScanClass) -> Promise | None:
        """The scan of a class whose points may get oldest."""
        return max((p for p in self.promises if p.scan.kind is kind and p.scan.points), key=_age, default=None)

    @cached_property
    def _by_device(self) -> Mapping[str, Mapping[str, Promise]]:
        found: dict[str, dict[str, Promise]] = {}
        for promise in self.promises:
            found.setdefault(promise.asked.device, {})[promise.scan.name] = promise
        return found

    def promised(self, device: str) -> Mapping[str, Promise]:
        """By scan."""
        return self._by_device.get(device, {})

    def document(self) -> dict[str, Any]:
        """For people and programs; seconds and shares."""
        return {
            "baud": self.baud,
            "format": self.line.format,
            "devices": len(self.devices),
            "load": round(self.total, 4),
            "shares": {kind.name.lower(): round(share, 4) for kind, share in self.shares.items()},
            "reserve": SILENT_SHARE,
            "write": round(self.write, 4),
            "worst": {kind.name.lower(): _point(self.worst(kind)) for kind in ScanClass},
            "scans": [_row(promise) for promise in self.promises],
        }


def asked(name: str, device: Device) -> list[Asked]:
    """Its scans; raises what its driver raises."""
    pairs = [(scan, device.ask(scan)) for scan in device.scans()]
    looks = [_look(question) for _, question in pairs]
    return [_asked(name, scan, each, alike=looks.count(_look(each)) > 1) for scan, each in pairs]


def orders(name: str, device: Device) -> list[Asked]:
    """An order that it may be given, for its length; none where nothing can be told."""
    channel = next((point.name for point in device.points() if point.writable), None)
    if channel is None or not isinstance(device, Writer):
        return []
    scan = Scan(name=channel, kind=ScanClass.SAFETY, period=1.0, points=(channel,))
    for value in (True, 1, ""):
        try:
            return [_asked(name, scan, device.write(channel, value))]
        except DriverError:
            continue  # it wants a value of another kind
    return []


def reckon(
    name: str, line: site.Line, exchanges: Sequence[Asked], told: Sequence[Asked] = (), baud: int | None = None
) -> Load:
    """The load of a line, at its own baud rate or at another."""
    speed = Speed.of(line, baud)
    write = max(map(speed.seconds, told), default=0.0)
    tasks = [Task(each.scan.kind, each.scan.period, speed.seconds(each)) for each in exchanges]
    outlook = outlooks(tasks, write)
    strained = outlooks([replace(each, seconds=each.seconds / CAPACITY) for each in tasks], write)
    stall = max(map(speed.stall, exchanges), default=0.0)
    rests, devices = _rests(exchanges, speed), list(dict.fromkeys(each.device for each in exchanges))
    access = sum(each.seconds for each in tasks if each.kind is ScanClass.ACCESS)
    before = {kind: sum(1 for each in exchanges if each.scan.kind <= kind) for kind in ScanClass}
    asides = {kind: access if kind is ScanClass.SAFETY else 0.0 for kind in ScanClass}
    promises = []
    for each, its in zip(exchanges, tasks, strict=True):
        found = outlook[its.kind, its.period]
        slower, later = rests.get(each.device, {}).get(its.kind, (0.0, 0.0))
        cycle = max(found.cycle, its.period * slower)
        age = cycle + found.jitter + later + its.seconds
        dying = age + (_misses(its.kind, before) * stall + asides[its.kind] if len(devices) > 1 else 0.0)
        slow = max(cycle, strained[its.kind, its.period].cycle)
        promises.append(Promise(asked=each, seconds=its.seconds, cycle=cycle, strained=slow, age=age, dying=dying))
    return Load(name=name, line=line, baud=baud or line.baud, devices=devices, promises=promises, write=write)


def rarer(exchange: Asked, factor: float) -> Asked:
    """The same exchange, so many times as rarely."""
    return replace(exchange, scan=replace(exchange.scan, period=factor * exchange.scan.period))


def task(promise: Promise) -> Task:
    """The promise as the line feels it."""
    return Task(promise.scan.kind, promise.scan.period, promise.seconds)


def _misses(kind: ScanClass, before: Mapping[ScanClass, int]) -> int:
    """Of another device, between two readings: safety and access reads that wait have their turn after each of them,
    between two of them at least one other read has."""
    return 1 if kind <= ScanClass.ACCESS else min(QUICK_MISSES, before[kind])


def _look(question: Question) -> tuple[bytes, int]:
    """Two of one device that look the same may have answers that can be taken for each other."""
    return question.request[:2], question.expected


def _asked(device: str, scan: Scan, question: Question, *, alike: bool = False) -> Asked:
    return Asked(
        device=device,
        scan=scan,
        sent=len(question.request),
        expected=question.expected,
        usual=question.usual,
        worst=question.worst,
        gap=question.gap,
        alike=alike,
    )


def _rests(exchanges: Iterable[Asked], speed: Speed) -> dict[str, dict[ScanClass, tuple[float, float]]]:
    """Of devices that want to be left alone between exchanges: by class, share of their own time that its scans and
    those above ask for, and seconds for which a scan may find the device resting."""
    resting: dict[str, list[Asked]] = {}
    for each in exchanges:
        if each.gap:
            resting.setdefault(each.device, []).append(each)
    return {device: _rest(its, speed) for device, its in resting.items()}


def _rest(its: Sequence[Asked], speed: Speed) -> dict[ScanClass, tuple[float, float]]:
    found = {}
    for kind in ScanClass:
        first = [each for each in its if each.scan.kind <= kind]
        share = sum((speed.seconds(each) + each.gap) / each.scan.period for each in first)
        before = min(len(first), len(its) - 1)  # all others of its class and above, and one below
        found[kind] = share, before * max((each.gap for each in its), default=0.0)
    return found


def _age(promise: Promise) -> float:
    return promise.age


def _point(promise: Promise | None) -> dict[str, Any] | None:
    if promise is None:
        return None
    point = f"{promise.asked.device}.{promise.scan.points[0]}"
    return {"point": point, "age": round(promise.age, 3), "dying": round(promise.dying, 3)}


def _row(promise: Promise) -> dict[str, Any]:
    asked = promise.asked
    return {
        "device": asked.device,
        "scan": promise.scan.name,
        "kind": promise.scan.kind.name.lower(),
        "points": len(promise.scan.points),
        "sent": asked.sent,
        "expected": asked.expected,
        "seconds": round(promise.seconds, 5),
        "period": promise.scan.period,
        "cycle": round(promise.cycle, 3),
        "age": round(promise.age, 3),
        "dying": round(promise.dying, 3),
    }
