"""The form of a recording's file: blocks with a length and a check sum, each a batch of changes.

A file begins with all that was known when it was begun, so it can be read without those before it. A process that
dies leaves a torn block at most; what stands before it is whole.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from gatehouse.points import Quality, Value

MAGIC = b"gatehouse recording 1\n"
SUFFIX = ".rec"
_HEAD = struct.Struct(">II")
_LARGEST = 64 << 20
_LEVEL = 6

Change = tuple[int, int, Value | None, int]
"""Milliseconds since the block's instant, place of the point in the file's list of names, value, quality."""


class Measures(msgspec.Struct, array_like=True, frozen=True):
    """Numbers in columns, point by point: thousands of them are noise, and take four bytes each like this."""

    places: list[int]
    """Of each the distance to the one before."""
    after: list[int]
    """Hundredths of a second since the block's instant."""
    values: str
    """Four digits that count, with commas between them."""
    qualities: list[int] = []
    """Empty when all are good."""


class Block(msgspec.Struct, array_like=True, frozen=True):
    """Some seconds of changes."""

    at: float
    """Seconds since 1970 of the wall clock."""
    names: list[str]
    """Points that come up for the first time in this file; their places go on counting."""
    changes: list[Change]
    boot: str = ""
    """Which run of the daemon; said at the beginning of a file."""
    measures: Measures | None = None
    lost: int = 0
    """Changes that were not taken because the disk did not keep up."""
    ended: bool = False
    """The daemon has stopped in good order."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading as it was recorded."""

    at: float
    point: str
    value: Value | None
    quality: int


def packed(block: Block) -> bytes:
    """A block as it is written."""
    body = zlib.compress(msgspec.msgpack.encode(block), _LEVEL)
    return _HEAD.pack(len(body), zlib.crc32(body)) + body


def blocks(file: Path) -> Iterator[tuple[Block, int]]:
    """All whole blocks of a file, and where each ends. ValueError when it is no recording; what is torn ends it."""
    with file.open("rb") as stream:
        if stream.read(len(MAGIC)) != MAGIC:
            raise ValueError(f"{file} is no recording")
        while len(head := stream.read(_HEAD.size)) == _HEAD.size:
            size, check = _HEAD.unpack(head)
            body = stream.read(size) if size <= _LARGEST else b""
            if len(body) < size or zlib.crc32(body) != check or not body:
                return
            try:
                yield msgspec.msgpack.decode(zlib.decompress(body), type=Block), stream.tell()
            except (zlib.error, msgspec.DecodeError) as error:
                raise ValueError(
                    f"{file} has a block that its check sum calls whole and that is not: {error}"
                ) from error


def readings(block: Block, names: list[str]) -> Iterator[Reading]:
    """The changes of a block; `names` are those of its file so far, and grow by its own."""
    names += block.names
    found = [Reading(block.at + after / 1000, names[place], value, quality)
             for after, place, value, quality in block.changes]  # fmt: skip
    if block.measures is not None:
        found += _spread(block.measures, block.at, names)
        found.sort(key=lambda reading: reading.at)
    yield from found


def columns(changes: Iterable[tuple[int, int, float, int]]) -> Measures | None:
    """Milliseconds, place, value and quality of numbers, as they are written; None of none."""
    rows = sorted(changes, key=lambda row: (row[1], row[0]))
    if not rows:
        return None
    places = [row[1] for row in rows]
    qualities = [row[3] for row in rows]
    return Measures(
        places=[here - before for before, here in zip([0, *places], places, strict=False)],
        after=[row[0] // 10 for row in rows],
        values=",".join(f"{row[2]:.4g}" for row in rows),
        qualities=qualities if min(qualities) < Quality.GOOD else [],
    )


def _spread(measures: Measures, at: float, names: list[str]) -> Iterator[Reading]:
    place = 0
    qualities = measures.qualities or [int(Quality.GOOD)] * len(measures.places)
    texts = measures.values.split(",")
    for step, after, text, quality in zip(measures.places, measures.after, texts, qualities, strict=True):
        place += step
        yield Reading(at + after / 100, names[place], float(text), quality)


def files(folder: Path) -> list[Path]:
    """A recording's files, the oldest first: they are named after the instant at which they were begun."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def began(file: Path) -> datetime:
    """When a file was begun, by its name; long ago where it has another name."""
    try:
        return datetime.strptime(file.name.removesuffix(SUFFIX), "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def size(paths: Iterable[Path]) -> int:
    """Bytes."""
    return sum(path.stat().st_size for path in paths)
