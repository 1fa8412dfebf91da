"""Frames of GB/T 26875.3-2011, between a user transmission device and a fire monitoring centre.

Low byte first: `@@`, sequence 2, version 2, time 6 (seconds to year of the century), source 6, destination 6, length 2
of the data, command 1, data of 0 to 1024 bytes, one check byte over all between, `##`. Nothing here raises but
FrameError and, for what a caller wants sent and cannot be said, ValueError.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from enum import IntEnum
from functools import reduce
from operator import xor
from types import MappingProxyType
from typing import Literal, NamedTuple

START, END = b"@@", b"##"
_HEAD = struct.Struct("<2sHBB6s6s6sHB")
SHORTEST = _HEAD.size + 3
MOST_DATA = 1024
LONGEST = SHORTEST + MOST_DATA
_ADDRESSES = 1 << 48
_NO_TIME = bytes(6)

Check = Literal["sum", "xor"]
"""`sum`: the standard's. `xor`: one maker's (FuAn FSCN8001)."""


class FrameError(Exception):
    """Bytes that are no sound frame or data unit; the text says why."""


class Command(IntEnum):
    """What a frame is for; all others are reserved, or agreed upon by nobody."""

    CONTROL, SEND, CONFIRM, REQUEST, ANSWER, DENY = 1, 2, 3, 4, 5, 6


_COMMANDS = frozenset(Command)


def check_sum(data: bytes) -> int:
    """The standard's: sum modulo 256."""
    return sum(data) & 0xFF


def check_xor(data: bytes) -> int:
    """Exclusive or of all bytes."""
    return reduce(xor, data, 0)


CHECKS: Mapping[str, Callable[[bytes], int]] = MappingProxyType({"sum": check_sum, "xor": check_xor})


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One message. Addresses are numbers below 2**48; `data` is a data unit, or nothing."""

    sequence: int
    command: int
    source: int
    destination: int
    data: bytes = b""
    stamp: bytes = _NO_TIME
    """When it was sent, as `stamped` makes it."""
    version: int = 1
    user_version: int = 1

    def packed(self, check: Check = "sum") -> bytes:
        """As it goes out. ValueError when a field does not fit."""
        if len(self.data) > MOST_DATA:
            raise ValueError(f"{len(self.data)} bytes of data; a frame carries {MOST_DATA}")
        if not (0 <= self.source < _ADDRESSES and 0 <= self.destination < _ADDRESSES):
            raise ValueError(f"addresses {self.source} and {self.destination} must be below 2**48")
        try:
            head = _HEAD.pack(
                START,
                self.sequence,
                self.version,
                self.user_version,
                self.stamp,
                self.source.to_bytes(6, "little"),
                self.destination.to_bytes(6, "little"),
                len(self.data),
                self.command,
            )
        except struct.error as error:
            raise ValueError(f"{self}: {error}") from error
        covered = head[2:] + self.data
        return START + covered + bytes((CHECKS[check](covered),)) + END

    def answered(self, command: Command, stamp: bytes, data: bytes = b"") -> "Frame":
        """The answer to it: the same sequence, addresses turned round."""
        return replace(
            self, command=command, source=self.destination, destination=self.source, stamp=stamp, data=data, version=1
        )


class Piece(NamedTuple):
    """What the first `used` bytes are."""

    used: int
    frame: Frame | None = None
    why: str = ""
    """Why it is none: `noise`, or what has to be denied: `crc`, `command`, `length`, `end`."""
    denied: Frame | None = None
    """The head of a frame that must be denied, as far as it can be read."""


def find(received: bytes, check: Check = "sum") -> Piece | None:
    """Judge all bytes received so far; None while they may become a frame. Never raises."""
    start = received.find(START)
    if start:
        kept = 1 if start < 0 and received.endswith(START[:1]) else 0
        used = (len(received) if start < 0 else start) - kept
        return Piece(used, why="noise") if used else None
    why = _why_not(received, check)
    if why == "more":
        behind = _behind(received, check)
        return Piece(behind, why="noise") if behind else None
    if why:
        return Piece(_rest(received, why), None, why, _head(received) if len(received) >= _HEAD.size else None)
    frame = _head(received)
    size = SHORTEST + len(frame.data)
    if frame.command not in _COMMANDS:
        return Piece(size, None, "command", replace(frame, data=b""))
    return Piece(size, frame)


def parsed(data: bytes, check: Check = "sum") -> Frame:
    """Exactly one frame. FrameError."""
    piece = find(data, check)
    if piece is None or piece.frame is None or piece.used != len(data):
        raise FrameError(f"{len(data)} bytes that are no frame: {piece.why if piece and piece.why else 'incomplete'}")
    return piece.frame


def _why_not(received: bytes, check: Check) -> str:
    """Empty for a sound frame, `more` for the beginning of one."""
    if len(received) < _HEAD.size:
        return "more"
    length = int.from_bytes(received[24:26], "little")
    if length > MOST_DATA:
        return "length"
    size = SHORTEST + length
    if len(received) < size:
        return "more"
    if received[size - 2 : size] != END:
        return "end"
    return "" if received[size - 3] == CHECKS[check](received[2 : size - 3]) else "crc"


def _behind(received: bytes, check: Check) -> int:
    """Where a whole frame stands further on, so that nothing before it is worth waiting for; 0 for nowhere."""
    at = received.find(START, 1)
    while at > 0:
        if not _why_not(received[at : at + LONGEST], check):
            return at
        at = received.find(START, at + 1)
    return 0


def _rest(received: bytes, why: str) -> int:
    """How much of what is no frame can go: all of one whose check is wrong, but no beginning of another in it."""
    size = SHORTEST + int.from_bytes(received[24:26], "little") if why == "crc" else 1
    begins = received.find(START, 1, size + 1)
    return begins if begins > 0 else size


def _head(received: bytes) -> Frame:
    _, sequence, version, user, stamp, source, destination, length, command = _HEAD.unpack_from(received)
    return Frame(
        sequence=sequence,
        command=command,
        source=int.from_bytes(source, "little"),
        destination=int.from_bytes(destination, "little"),
        data=received[_HEAD.size : _HEAD.size + min(length, MOST_DATA)],
        stamp=stamp,
        version=version,
        user_version=user,
    )


def stamped(at: datetime) -> bytes:
    """Six bytes of a time, as the clock on the wall says it. ValueError outside 2000 to 2099."""
    if not 2000 <= at.year < 2100:
        raise ValueError(f"the protocol knows years 2000 to 2099, not {at.year}")
    return bytes((at.second, at.minute, at.hour, at.day, at.month, at.year - 2000))


def instant(stamp: bytes, zone: tzinfo) -> datetime | None:
    """The time that six bytes say on walls of this zone; None when they say none."""
    if len(stamp) != len(_NO_TIME):
        return None
    second, minute, hour, day, month, year = stamp
    try:
        return datetime(2000 + year, month, day, hour, minute, second, tzinfo=zone) if year < 100 else None
    except ValueError:
        return None
