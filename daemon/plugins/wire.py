"""What daemon and host say to each other: one MessagePack packet each way, and every answer held to its limits.

A packet to the host is `[number, verb, device, released, …]`, one back `[outcome, number, result]`. Decoding *is*
the check: types, lengths and ranges stand in the types below, so that nothing unbounded gets past this file.
"""

from enum import IntEnum
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from daemon.plugins.rights import Right
from gatehouse.driver import Found, Question, Sample, Scan, ScanClass
from gatehouse.points import Point, Quality, Value

MOST = 1 << 18
"""Bytes of a packet."""
MOST_RECEIVED = 4096
MOST_TEXT = 400
MOST_POINTS = 512
MOST_SCANS = 128
MOST_OWED = 64
_PATIENCE, _WORST = 5.0, 10.0
"""Seconds at most: for so long a driver may keep its line waiting."""


class Outcome(IntEnum):
    """How a call went."""

    DONE, REFUSED, FAULT, FORBIDDEN = 0, 1, 2, 3


Name = Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,47}$")]
Text = Annotated[str, Meta(max_length=MOST_TEXT)]
Word = Annotated[str, Meta(max_length=64)]
Message = Annotated[bytes, Meta(max_length=MOST_RECEIVED)]
Count = Annotated[int, Meta(ge=0, le=MOST_RECEIVED)]
Ident = Annotated[int, Meta(ge=0, le=1 << 53)]
Plain = (
    bool | Annotated[int, Meta(ge=-(1 << 63), le=(1 << 63) - 1)] | float | Annotated[str, Meta(max_length=256)] | None
)


class SaidPoint(Struct, array_like=True, frozen=True):
    """A `Point`."""

    name: Name
    title: Word
    unit: Annotated[str, Meta(max_length=16)]
    writable: bool
    momentary: bool
    low: float
    high: float

    def point(self) -> Point:
        """What was said."""
        if not self.low <= self.high:
            raise ValueError(f"{self.name}: low {self.low:g} is not below high {self.high:g}")
        return Point(name=self.name, title=plain(self.title), unit=plain(self.unit), writable=self.writable,
                     momentary=self.momentary, low=self.low, high=self.high)  # fmt: skip


class SaidScan(Struct, array_like=True, frozen=True):
    """A `Scan`."""

    name: Annotated[str, Meta(pattern=r"^[ -~]{1,64}$")]
    kind: Literal[0, 1, 2, 3]
    period: Annotated[float, Meta(ge=0.02, le=86400)]
    points: Annotated[tuple[Name, ...], Meta(max_length=MOST_POINTS)]
    also: Annotated[tuple[Name, ...], Meta(max_length=MOST_POINTS)] = ()

    def scan(self) -> Scan:
        """What was said."""
        return Scan(name=self.name, kind=ScanClass(self.kind), period=self.period, points=self.points, also=self.also)


class SaidQuestion(Struct, array_like=True, frozen=True):
    """A `Question`; its `find` stays in the host, under this number."""

    number: Ident
    request: Annotated[bytes, Meta(min_length=1, max_length=MOST_RECEIVED)]
    expected: Count
    usual: Annotated[float, Meta(ge=0, le=_PATIENCE)]
    patience: Annotated[float, Meta(gt=0, le=_PATIENCE)]
    worst: Annotated[float, Meta(gt=0, le=_WORST)]
    gap: Annotated[float, Meta(ge=0, le=_WORST)]


class SaidSample(Struct, array_like=True, frozen=True):
    """A `Sample`."""

    value: Plain
    quality: Literal[0, 1, 2]
    note: Text

    def sample(self) -> Sample:
        """What was said; no value, and a text that a terminal would obey, are never a good reading."""
        if self.value is None:
            return Sample(None, Quality.BAD, plain(self.note) or "its driver brings no value")
        if isinstance(self.value, str) and not self.value.isprintable():
            return Sample(None, Quality.BAD, f"{plain(self.value)!r} has control characters and is no text")
        return Sample(self.value, Quality(self.quality), plain(self.note) if self.note else "")


class SaidFound(Struct, array_like=True, frozen=True):
    """A `Found`."""

    used: Annotated[int, Meta(ge=1, le=MOST_RECEIVED)]
    answer: Message | None
    why: Literal["", "noise", "foreign", "echo", "crc"]

    def found(self) -> Found:
        """What was said."""
        return Found(self.used, self.answer, self.why or ("" if self.answer is not None else "noise"))


Samples = Annotated[dict[Name, SaidSample], Meta(max_length=MOST_POINTS)]
Points = Annotated[list[SaidPoint], Meta(max_length=MOST_POINTS)]
Scans = Annotated[list[SaidScan], Meta(max_length=MOST_SCANS)]


class SaidDevice(Struct, array_like=True, frozen=True):
    """A device that was made: what it can do, and what it has."""

    listens: bool
    writes: bool
    learns: bool
    points: Points
    scans: Scans
    for_all: bool = False
    """Any device of its kind would answer it."""
    tells_raw: bool = False
    """It says what each channel was made of."""


class Description(Struct, frozen=True):
    """A driver that was loaded."""

    rights: tuple[Right, ...]
    fields: Annotated[tuple[Annotated[str, Meta(max_length=64)], ...], Meta(max_length=64)]
    settings: Annotated[dict[str, Any], Meta(max_length=16)]
    """JSON Schema."""
    walls: tuple[Annotated[str, Meta(max_length=32)], ...]
    """What holds it in, besides a process of its own."""
    digest: Annotated[str, Meta(max_length=64)]
    """SHA-256 of its source and of what lies beside it."""
    missing: tuple[Right, ...] = ()
    """Rights that it declares and was not allowed; then nothing of it was run."""


ANSWERS: dict[str, Any] = {
    "load": Description, "make": SaidDevice, "drop": None, "points": Points, "scans": Scans, "ask": SaidQuestion,
    "find": SaidFound | None, "read": Samples, "write": SaidQuestion, "accept": None,
    "prepare": Annotated[list[SaidQuestion], Meta(max_length=MOST_OWED)], "learn": bool,
    "raw": Annotated[dict[Name, Text], Meta(max_length=MOST_POINTS)],
    "hear": tuple[SaidFound, Samples] | None,
}  # fmt: skip
"""Verb -> what its answer must be."""
DECODERS = {verb: msgspec.msgpack.Decoder(answer) for verb, answer in ANSWERS.items()}
TEXT = msgspec.msgpack.Decoder(str)
HEAD = msgspec.msgpack.Decoder(tuple[Outcome, int, msgspec.Raw])
ENCODER = msgspec.msgpack.Encoder()


def said_question(number: int, question: Question) -> SaidQuestion:
    """A question as it travels."""
    return SaidQuestion(number, bytes(question.request), question.expected, float(question.usual),
                        float(question.patience), float(question.worst), float(question.gap))  # fmt: skip


def said_found(found: Found) -> SaidFound:
    """A verdict as it travels."""
    return SaidFound(found.used, None if found.answer is None else bytes(found.answer), found.why)  # type: ignore[arg-type]


def said_sample(sample: Sample) -> SaidSample:
    """A sample as it travels; TypeError for what is no value."""
    if not isinstance(sample, Sample) or not isinstance(sample.value, Value | None):
        raise TypeError(f"{sample!r} is no Sample of true, false, a number or a text")
    return SaidSample(sample.value, int(sample.quality), sample.note)  # type: ignore[arg-type]


def said_point(point: Point) -> SaidPoint:
    """A point as it travels."""
    return SaidPoint(
        point.name, point.title, point.unit, point.writable, point.momentary, float(point.low), float(point.high)
    )


def said_scan(scan: Scan) -> SaidScan:
    """A scan as it travels."""
    return SaidScan(scan.name, int(scan.kind), float(scan.period), tuple(scan.points), tuple(scan.also))  # type: ignore[arg-type]


def plain(text: str) -> str:
    """One short line without control characters, fit to be shown."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text[: 4 * MOST_TEXT]).split())
    return line if len(line) <= MOST_TEXT else line[: MOST_TEXT - 1] + "…"
