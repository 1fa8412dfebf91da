"""A recording read again: every reading of a span of time in its order, and where something is missing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from daemon.recording.segment import Block, Reading, began, blocks, files, readings

_LATE = timedelta(seconds=30)
"""A file may begin with changes that are so much older than its name."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that is no reading."""

    at: float
    kind: Literal["stopped", "started", "lost", "torn"]
    """`torn`: a file breaks off, as when power fails. `lost`: the disk did not keep up."""
    count: int = 0


Item = Reading | Mark


def told(folder: Path, since: datetime, until: datetime) -> Iterator[Item]:
    """From what was known at `since` on, up to `until`; readings of before stand at the time at which they were made.

    FileNotFoundError when nothing was recorded of that time.
    """
    chosen = _files(folder, since, until)
    if not chosen:
        raise FileNotFoundError(folder)
    boot, last, ended = "", 0.0, False
    known: dict[str, Reading] = {}
    for file in chosen:
        names: list[str] = []
        torn = False
        for block, whole in _blocks(file):
            torn = not whole
            if block is None or block.at >= until.timestamp():
                break
            if block.boot and block.boot != boot:
                if boot and not ended:
                    yield Mark(last, "stopped")
                yield Mark(block.at, "started")
                boot, known = block.boot, {}
            yield from _block(block, names, known, until)
            last, ended = max(last, block.at), block.ended
        if torn:
            yield Mark(last, "torn")


def _block(block: Block, names: list[str], known: dict[str, Reading], until: datetime) -> Iterator[Item]:
    if block.lost:
        yield Mark(block.at, "lost", block.lost)
    for reading in readings(block, names):
        before = known.get(reading.point)
        same = before is not None and (before.value, before.quality) == (reading.value, reading.quality)
        if block.boot and same:
            continue  # what a file begins with was told by the one before
        known[reading.point] = reading
        if reading.at < until.timestamp():
            yield reading
    if block.ended:
        yield Mark(block.at, "stopped")


def _blocks(file: Path) -> Iterator[tuple[Block | None, bool]]:
    """Blocks of a file, and whether all was whole so far."""
    end = 0
    for block, end in blocks(file):  # noqa: B007 - the last one is looked at below
        yield block, True
    if end < file.stat().st_size:
        yield None, False


def _files(folder: Path, since: datetime, until: datetime) -> list[Path]:
    """Those that may hold readings of the span, and the one that was being written when it began."""
    every = files(folder)
    first = 0
    for number, file in enumerate(every):
        if began(file) <= since:
            first = number
    return [file for file in every[first:] if began(file) < until + _LATE]


def span(folder: Path) -> tuple[datetime, datetime] | None:
    """From when to when about there is something; None when there is nothing."""
    every = files(folder)
    if not every:
        return None
    last = began(every[-1])
    for block, _ in _blocks(every[-1]):
        if block is not None:
            last = max(last, datetime.fromtimestamp(block.at, last.tzinfo))
    return began(every[0]), last
