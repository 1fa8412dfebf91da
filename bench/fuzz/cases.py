"""What is thrown at a parser, and the many ways to spoil a good frame. One number, once, makes all of it."""

from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple, Protocol

FLOOD = 4096
_LONG = 600


class Wrong(Exception):  # noqa: N818 - a verdict, not a fault of the fuzzer
    """A parser did what it must not; the text says what."""


class Case(NamedTuple):
    """One input: which of a parser's subjects it is for, and the bytes, in the pieces in which they arrive."""

    number: int
    pieces: tuple[bytes, ...]

    def __str__(self) -> str:
        return f"{self.number}/{'.'.join(piece.hex() for piece in self.pieces)}"

    @classmethod
    def parsed(cls, text: str) -> "Case":
        """The other way round. ValueError."""
        number, _, pieces = text.partition("/")
        return cls(int(number), tuple(bytes.fromhex(piece) for piece in pieces.split(".")))


class Parser(Protocol):
    """Something that reads bytes from the field, with all that can be told of it from outside."""

    budget: float
    """Seconds of the processor that no input may take."""

    def make(self, dice: Random) -> Case:
        """An input."""

    def take(self, case: Case) -> int:
        """How often something was made of it. Wrong when a check fails; anything else that is raised is a crash."""


def size(dice: Random) -> int:
    """Of rubbish: mostly short, up to 600, now and then 4096."""
    roll = dice.random()
    if roll < 0.45:
        return dice.randrange(13)
    if roll < 0.85:
        return dice.randrange(65)
    return dice.randrange(_LONG + 1) if roll < 0.995 else FLOOD


def rubbish(dice: Random, alphabet: bytes = b"\x00\xff") -> bytes:
    """Bytes that nobody meant; half of them of a few that matter to the parser."""
    kind, length = dice.randrange(4), size(dice)
    if kind < 2:
        return dice.randbytes(length)
    if kind == 2:
        return bytes((dice.choice(alphabet),)) * length
    return bytes(dice.choices(alphabet, k=length))


def spoiled(dice: Random, frame: bytes, other: bytes) -> bytes:
    """A frame after one or two accidents."""
    for _ in range(dice.choice((1, 1, 2))):
        frame = dice.choice(_ACCIDENTS)(dice, frame, other)
    return frame


def _flipped(dice: Random, frame: bytes, _other: bytes) -> bytes:
    if not frame:
        return frame
    turned = bytearray(frame)
    for _ in range(dice.choice((1, 1, 1, 2, 8))):
        turned[dice.randrange(len(turned))] ^= 1 << dice.randrange(8)
    return bytes(turned)


def _changed(dice: Random, frame: bytes, _: bytes) -> bytes:
    at = dice.randrange(len(frame) + 1)
    return frame[:at] + bytes((dice.choice(_EDGES),)) + frame[at + 1 :]


def _truncated(dice: Random, frame: bytes, _: bytes) -> bytes:
    at = dice.randrange(len(frame) + 1)
    return frame[:at] if dice.random() < 0.7 else frame[at:]


def _holed(dice: Random, frame: bytes, _: bytes) -> bytes:
    at, end = sorted((dice.randrange(len(frame) + 1), dice.randrange(len(frame) + 1)))
    return frame[:at] + frame[end:]


def _inserted(dice: Random, frame: bytes, _: bytes) -> bytes:
    at = dice.randrange(len(frame) + 1)
    return frame[:at] + dice.randbytes(dice.choice((1, 1, 2, 5, 40))) + frame[at:]


def _doubled(dice: Random, frame: bytes, _: bytes) -> bytes:
    at, end = sorted((dice.randrange(len(frame) + 1), dice.randrange(len(frame) + 1)))
    return frame[:end] + frame[at:] if dice.random() < 0.5 else frame + frame


def _spliced(dice: Random, frame: bytes, other: bytes) -> bytes:
    return frame[: dice.randrange(len(frame) + 1)] + other[dice.randrange(len(other) + 1) :]


def _within(dice: Random, frame: bytes, other: bytes) -> bytes:
    at = dice.randrange(len(frame) + 1)
    return frame[:at] + other + frame[at:]


_EDGES = b"\x00\x01\x02\x03\x0a\x0d\x16\x3a\x68\x7f\x80\x83\x90\xfe\xff"
_ACCIDENTS: Sequence[Callable[[Random, bytes, bytes], bytes]] = (
    _flipped, _flipped, _flipped, _changed, _truncated, _truncated, _holed, _inserted, _doubled, _spliced, _within,
)  # fmt: skip


def cut(dice: Random, data: bytes) -> tuple[bytes, ...]:
    """As it arrives: whole, in a few pieces, or byte by byte."""
    roll = dice.random()
    if roll < 0.5 or len(data) < 2:
        return (data,)
    if roll < 0.6 and len(data) <= 80:
        return tuple(data[at : at + 1] for at in range(len(data)))
    if roll < 0.7:
        step = max(dice.choice((2, 3, 8, 16, 62, 256)), len(data) // 64)
        return tuple(data[at : at + step] for at in range(0, len(data), step))
    places = sorted(dice.randrange(1, len(data)) for _ in range(dice.choice((1, 1, 2, 3))))
    return tuple(data[at:end] for at, end in zip([0, *places], [*places, len(data)], strict=True))
