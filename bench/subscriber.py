"""A subscriber that is not ours: mosquitto_sub in a process of its own; what it got, and whether that is right."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import msgspec

from simulators.broker import HOST

_TAIL = 8192
"""Bytes from the end in which the newest whole message is looked for."""


@asynccontextmanager
async def reader(port: int, output: Path, topic: str, *who: str) -> AsyncIterator[None]:
    """mosquitto_sub, which writes down everything that comes; `who`: more words of its command."""
    command = ["mosquitto_sub", "-h", HOST, "-p", str(port), *who, "-q", "1", "-t", topic]
    with output.open("wb") as file:
        process = await asyncio.create_subprocess_exec(*command, stdout=file)
        await asyncio.sleep(0.5)
        try:
            yield
        finally:
            size = -1
            while os.path.getsize(output) != size:  # noqa: ASYNC240, PTH202 - until it has what the broker still holds
                size = os.path.getsize(output)  # noqa: ASYNC240, PTH202
                await asyncio.sleep(0.5)
            process.terminate()
            await process.wait()


def in_order(lines: Iterable[bytes]) -> list[int]:
    """The numbers as they came; without what was sent ahead of its order, which comes again, and what has none."""
    told = (msgspec.json.decode(line) for line in lines if b'"sequence"' in line)
    return [int(each["sequence"]) for each in told if not each.get("ahead")]


def newest(output: Path) -> int:
    """The last number that has come in its order so far; 0 for none."""
    with output.open("rb") as file:
        file.seek(-min(_TAIL, file.seek(0, os.SEEK_END)), os.SEEK_END)
        whole = file.read().rpartition(b"\n")[0].splitlines()
    return next(reversed(in_order(line for line in whole if line.startswith(b"{") and line.endswith(b"}"))), 0)


class Verdict(NamedTuple):
    """What is wrong with numbers that came."""

    missing: int
    doubled: int
    backwards: int
    foreign: int
    """Numbers that nobody expected."""

    @property
    def sound(self) -> bool:
        """Nothing is."""
        return not any(self)


def verdict(came: Sequence[int], expected: Iterable[int]) -> Verdict:
    """Compare what came with what had to come."""
    owed, unique = set(expected), set(came)
    backwards = sum(after < before for before, after in pairwise(came))
    return Verdict(len(owed - unique), len(came) - len(unique), backwards, len(unique - owed))
