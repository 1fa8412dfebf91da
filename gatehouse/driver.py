"""The driver contract: bytes to samples, wishes to bytes. Sockets, tasks, timers, retries and logs are the daemon's."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal, Protocol, runtime_checkable

from gatehouse.demands import Pulse
from gatehouse.points import Point, Quality, Value


class DriverError(Exception):
    """The device said no, or something that makes no sense; the text is for the technician."""


Wire = Literal["serial", "tcp"]  # a bare stream of bytes (also behind a serial server), or a TCP protocol's packets


class ScanClass(IntEnum):
    """What goes first on a line."""

    SAFETY, ACCESS, MEASURE, SLOW = 0, 1, 2, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One exchange that a device wants made every `period` seconds, and the channels that it brings."""

    name: str
    kind: ScanClass
    period: float
    points: tuple[str, ...]
    also: tuple[str, ...] = ()  # of its other scans: channels that come along in the answer, and need not be read then


@dataclass(frozen=True, slots=True)
class Sample:
    """One value out of an answer."""

    value: Value | None
    quality: Quality = Quality.GOOD
    note: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What the first `used` bytes received are: the answer or, where it is None, something to throw away."""

    used: int
    answer: bytes | None = None
    why: str = ""  # without an answer: `noise`, `foreign`, `echo`, `crc`
    reply: bytes = b""  # what a device that speaks unasked is told at once: that it was heard
    said: str = field(default="", compare=False)  # what is odd about it, in words without a comma, for the technician


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request, how to know its answer, and how long that may take."""

    request: bytes
    find: Callable[[bytes], Found | None]  # judges all bytes received so far; None while they may become the answer
    expected: int  # bytes of the longest good answer, for its time on the wire
    usual: float = 0.02  # seconds after which a healthy device begins its answer, for the reckoning of a line's load
    patience: float = 0.3  # seconds in which an answer begins once the request is out; then it is missed
    worst: float = 0.6  # seconds after which not even a late one comes
    gap: float = 0.0  # seconds for which the device wants to be left alone afterwards


class Device(Protocol):
    """A polled device: the dataclass `Device` of a file in `drivers/`; its fields are its settings."""

    def points(self) -> Sequence[Point]:
        """Its channels."""

    def scans(self) -> Sequence[Scan]:
        """The exchanges it wants."""

    def ask(self, scan: Scan) -> Question:
        """The question of a scan, made anew each time."""

    def read(self, scan: Scan, answer: bytes) -> Mapping[str, Sample]:
        """Samples by channel; DriverError when the device refused or spoke nonsense."""


@runtime_checkable
class Writer(Protocol):
    """A device that can be told something."""

    def write(self, channel: str, value: Value | Pulse) -> Question:
        """The question that makes the channel so; DriverError when there is no way to."""

    def accept(self, question: Question, answer: bytes) -> None:
        """Return when the device said yes; DriverError when it did not."""

    def prepare(self) -> Sequence[Question]:
        """Writes owed to the device each time it comes (back) to life."""


@runtime_checkable
class Learner(Protocol):
    """A device that finds out what it can be asked. `learn` is given each answer that `read` raised over, every answer
    to a scan without points, and b"" for a scan that stays unanswered though the device answers others."""

    def learn(self, scan: Scan, answer: bytes) -> bool:
        """Take note; True when `scans` are others from now on."""


@runtime_checkable
class Listener(Protocol):
    """A device that speaks unasked, such as a card reader. It has its line to itself."""

    def points(self) -> Sequence[Point]:
        """Its channels."""

    def hear(self, received: bytes, now: float) -> tuple[Found, Mapping[str, Sample]] | None:
        """Judge all bytes received so far; None while more are needed. `now` is monotonic, to tell repeats."""


@runtime_checkable
class Callee(Protocol):
    """A listener that its device calls up, and that must hear from it now and then."""

    silence: float
    """Seconds without an answer in `hear` after which the device is lost."""

    def begin(self, now: float) -> bytes:
        """It has called, perhaps anew; what to say first."""
