"""Feeds a `find` as a line does, and sees to it that it comes to an end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from bench.fuzz.cases import Case, Wrong, cut, rubbish, spoiled
from gatehouse.driver import Found, Question

_SILENT = "silent"
"""What a gateway says of the unit behind it: judged like an answer, though it is none."""
_WHYS = frozenset({"noise", "foreign", "echo", "crc", _SILENT})


def checked(found: Found, received: bytes) -> None:
    """Wrong when it uses nothing, or more than there is, or throws away for no reason that there is."""
    if type(found.used) is not int or not 1 <= found.used <= len(received):
        raise Wrong(f"used is {found.used} of {len(received)} bytes")
    if found.answer is None and found.why not in _WHYS:
        raise Wrong(f"thrown away as {found.why!r}")


def consume(
    find: Callable[[bytes], Found | None],
    pieces: Sequence[bytes],
    held: int,
    judge: Callable[[bytes, bytes], str],
) -> int:
    """Answers found in these pieces. Wrong when one is not, when there is no end, or when too much is kept."""
    received, taken, calls = b"", 0, 0
    most = sum(map(len, pieces)) + len(pieces)  # each call uses a byte, or is the last one of its piece
    for piece in pieces:
        received += piece
        while received:
            calls += 1
            if calls > most:
                raise Wrong(f"{calls} calls for {most} bytes and pieces")
            found = find(received)
            if found is None:
                break
            checked(found, received)
            told = received[7 : found.used] if found.why == _SILENT else found.answer
            if told is not None:
                taken += 1
                if fault := judge(received[: found.used], told):
                    raise Wrong(f"it took for an answer what has {fault}: {received[: found.used].hex()}")
            received = received[found.used :]
        if len(received) > held:
            raise Wrong(f"it keeps {len(received)} bytes; {held} would do")
    return taken


@dataclass(slots=True)
class Subject:
    """One question, and how those that know its protocol would answer it."""

    question: Question
    judge: Callable[[bytes, bytes], str]
    """What is wrong with a frame that was taken, and what was taken out of it."""
    good: Callable[[Random], bytes]
    near: Callable[[Random], bytes]
    """A sound frame that is not quite the answer: another unit, function, length."""
    sound: Callable[[bytes], bool]
    """Whether these bytes are one good answer and nothing else."""


class Stream:
    """A parser of answers to questions."""

    budget = 0.05

    def __init__(self, subjects: Sequence[Subject], held: int, alphabet: bytes) -> None:
        """`held`: bytes that may be kept at most. `alphabet`: those that mean something in this protocol."""
        self._subjects, self._held, self._alphabet = subjects, held, alphabet

    def make(self, dice: Random) -> Case:
        """One to three things that happen on a line, in the pieces in which they arrive."""
        number = dice.randrange(len(self._subjects))
        parts = [self._part(dice, self._subjects[number]) for _ in range(dice.choice((1, 1, 1, 2, 2, 3)))]
        return Case(number, cut(dice, b"".join(parts)))

    def _part(self, dice: Random, subject: Subject) -> bytes:
        other = dice.choice(self._subjects)
        return dice.choices(_PARTS, _WEIGHTS)[0](dice, subject, other, self._alphabet)

    def take(self, case: Case) -> int:
        """Feed it."""
        subject = self._subjects[case.number % len(self._subjects)]
        taken = consume(subject.question.find, case.pieces, self._held, subject.judge)
        if not taken and subject.sound(b"".join(case.pieces)):
            raise Wrong("it did not take a good answer")
        return taken


_PARTS: Sequence[Callable[[Random, Subject, Subject, bytes], bytes]] = (
    lambda dice, mine, _, __: mine.good(dice),
    lambda dice, mine, _, __: mine.near(dice),
    lambda dice, mine, _, __: spoiled(dice, mine.good(dice), mine.near(dice)),
    lambda dice, mine, _, __: spoiled(dice, mine.near(dice), mine.question.request),
    lambda dice, mine, _, __: spoiled(dice, mine.question.request + mine.good(dice), mine.question.request),
    lambda _, mine, __, ___: mine.question.request,
    lambda dice, _, other, __: other.good(dice) if dice.random() < 0.7 else other.question.request,
    lambda dice, _, __, alphabet: rubbish(dice, alphabet),
)
_WEIGHTS = (22, 20, 20, 8, 6, 6, 8, 10)
