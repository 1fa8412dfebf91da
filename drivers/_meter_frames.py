"""Frames of DL/T 645 and CJ/T 188 meters, which may share a line: found in whatever the wire brings, never raising.

Both are any number of FE, 68, address, control, length, data, the sum of all from the 68 on, 16.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gatehouse.driver import Found

_START, _END, _WAKE = 0x68, 0x16, 0xFE
_SECOND = frozenset((b"", b"\x68"))
_MOST = 640
"""Bytes looked at: more than twice the longest frame."""
_MOST_WAKING = 64


@dataclass(frozen=True, slots=True)
class Shape:
    """Where things stand in the frames of one protocol, counted from the 68."""

    length_at: int
    most: int
    """The longest data field."""
    again_at: int = 0
    """Where the 68 comes a second time; 0 for nowhere."""

    def whole(self, data: bytes, at: int = 0) -> int:
        """The length of the sound frame that begins there; 0 when none does, -1 while one may."""
        if self.again_at and data[at + self.again_at : at + self.again_at + 1] not in _SECOND:
            return 0
        if len(data) <= at + self.length_at:
            return -1
        length = data[at + self.length_at]
        if length > self.most:
            return 0
        size = self.length_at + length + 3
        if len(data) < at + size:
            return -1
        end = at + size - 1
        return size if data[end] == _END and data[end - 1] == total(data[at : end - 1]) else 0


DLT645 = Shape(length_at=9, most=200, again_at=7)
CJT188 = Shape(length_at=10, most=100)


def total(frame: bytes) -> int:
    """The check byte."""
    return sum(frame) & 0xFF


def sealed(frame: bytes, waking: int) -> bytes:
    """A frame from its 68 to its data, made whole, behind so many FE."""
    return bytes((_WAKE,)) * waking + frame + bytes((total(frame), _END))


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds the answer to one request, whole from its 68 to its 16."""

    shape: Shape
    request: bytes
    """Without the FE before it."""
    answers: Callable[[bytes], bool]
    """Whether a sound frame of this shape is the answer."""
    ours: Callable[[bytes], bool]
    """Whether bytes that are no sound frame begin as one of this device would."""

    def find(self, received: bytes) -> Found | None:
        """Judge all bytes received so far."""
        if len(received) > _MOST:
            return Found(len(received) - _MOST // 2, why="noise")
        start = len(received) - len(received.lstrip(b"\xfe"))
        if start == len(received):
            return Found(start - _MOST_WAKING, why="noise") if start > _MOST_WAKING else None
        if received[start] != _START:
            return Found(_next_beginning(received, start), why="noise")
        frame = received[start:]
        own, *others = sizes = [shape.whole(frame) for shape in (self.shape, *_SHAPES)]
        if max(sizes) > 0:
            size = own if own > 0 else max(others)
            return self._sound(frame[:size], start, own=own > 0)
        why = "crc" if self.ours(frame) else "noise"
        later = self._behind(frame)
        if later:
            return Found(start + later, why=why)
        return None if -1 in sizes else Found(_next_that_may_be(received, start), why=why)

    def _sound(self, frame: bytes, start: int, *, own: bool) -> Found:
        used = start + len(frame)
        if frame == self.request:
            return Found(used, why="echo")
        return Found(used, frame) if own and self.answers(frame) else Found(used, why="foreign")

    def _behind(self, frame: bytes) -> int:
        """Where the whole answer stands further on, so that nothing before it is worth waiting for; 0 for nowhere."""
        at = frame.find(b"\x68", 1)
        while at > 0:
            size = self.shape.whole(frame, at)
            if size > 0 and self.answers(frame[at : at + size]):
                return at
            at = frame.find(b"\x68", at + 1)
        return 0


_SHAPES = (DLT645, CJT188)


def _next_beginning(received: bytes, start: int) -> int:
    places = [at for mark in (b"\x68", b"\xfe") if (at := received.find(mark, start)) >= 0]
    return min(places, default=len(received))


def _next_that_may_be(received: bytes, start: int) -> int:
    """Where the next frame may begin: what can be none goes in one piece, however much it is."""
    at = _next_beginning(received, start + 1)
    while at < len(received) and received[at] == _START and not any(shape.whole(received, at) for shape in _SHAPES):
        at = _next_beginning(received, at + 1)
    return at
