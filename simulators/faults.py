"""What can be wrong with a line or a unit, and what becomes of an answer then."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields

from simulators.modbus import checksum

SHAPES = ("corrupt", "half", "lost", "doubled", "foreign")
"""Faults that are counted: the next N answers have them."""


@dataclass(slots=True)
class UnitFaults:
    """What is wrong with one unit."""

    delay: float = 0.005
    """Seconds from the end of a request to the start of its answer, as a healthy unit takes."""
    late: float = 0.0
    """Seconds on top of that."""
    silent: bool = False
    corrupt: int = 0
    """Answers whose last byte is wrong."""
    half: int = 0
    """Answers that break off in the middle."""
    lost: int = 0
    """Answers that lack a byte."""
    doubled: int = 0
    """Answers that are sent twice."""
    foreign: int = 0
    """Answers under the address of another unit, with a sound checksum."""

    def shape(self, answer: bytes, dice: random.Random, disguised: Callable[[bytes], bytes] | None = None) -> bytes:
        """What is sent on a serial line instead of an answer; counts down. `disguised`: makes it another unit's."""
        if self._next("corrupt"):
            answer = answer[:-1] + bytes([answer[-1] ^ 0xFF])
        if self._next("half"):
            answer = answer[: len(answer) // 2]
        if self._next("lost"):
            at = dice.randrange(len(answer))
            answer = answer[:at] + answer[at + 1 :]
        if self._next("foreign"):
            answer = (disguised or _other_unit)(answer)
        if self._next("doubled"):
            answer += answer
        return answer

    def packet(self, answer: bytes) -> bytes:
        """What a gateway makes of it: nothing of an answer that does not check."""
        if self._next("corrupt") or self._next("half") or self._next("lost") or self._next("foreign"):
            return b""
        return answer + answer if self._next("doubled") else answer

    def _next(self, shape: str) -> bool:
        left: int = getattr(self, shape)
        if left:
            setattr(self, shape, left - 1)
        return left > 0


@dataclass(slots=True)
class LineFaults:
    """What is wrong with a line."""

    cut: bool = False
    """Nothing passes, in either direction; the port itself stays."""
    noise: float = 0.0
    """Share of answers, 0 to 1, that are preceded by stray bytes."""
    echo: bool = False
    """The adapter hands its own requests back, as many RS-485 sticks do."""
    dice: random.Random = field(default_factory=lambda: random.Random(1), repr=False)

    def stray(self) -> bytes:
        """Stray bytes before an answer, or none."""
        if self.noise and self.dice.random() < self.noise:
            return self.dice.randbytes(self.dice.randint(1, 3))
        return b""


def _other_unit(answer: bytes) -> bytes:
    return checksum(bytes([answer[0] % 247 + 1]) + answer[1:-2])


def facts(faults: UnitFaults | LineFaults) -> dict[str, object]:
    """As JSON can say it."""
    return dict(_plain(faults))


def _plain(faults: UnitFaults | LineFaults) -> Iterator[tuple[str, object]]:
    for each in fields(faults):
        if each.repr:
            yield each.name, getattr(faults, each.name)
