"""Exchanges on a wire in virtual time: bytes at any moment, echoes, silence; no answer that a stranger would refuse.

A case: the first piece says how the wire is and when each other piece arrives; three questions are asked in turn.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Literal

from bench.fuzz import judge
from bench.fuzz.cases import Case, Wrong, cut, rubbish, spoiled
from bench.fuzz.finders import dlt645_answer, dlt645_devices, meter_subject, modbus_subjects
from bench.fuzz.loop import LoopClock, StillLoop
from bench.fuzz.stream import Subject
from daemon.field.exchange import Exchanges
from daemon.field.matter import Matter, NoAnswerError
from daemon.field.trace import Ring

_DELAYS = (0.0001, 0.0005, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.45, 0.7, 1.3)
_LONGEST = 6.0
"""Virtual seconds in which an exchange ends, whatever is on the wire: quarantine, noise, question, answer, patience."""
_BAUDS = (9600, 2400, 115200)


class _End:
    """The other end of the wire: hands bytes back where the adapter does."""

    def __init__(self, loop: StillLoop, line: "Line") -> None:
        self._loop, self._line = loop, line

    def send(self, data: bytes) -> None:
        """They went out."""
        self._line.sent(data)


class Line:
    """One wire and what is known of it from outside."""

    def __init__(self, loop: StillLoop, kind: Literal["serial", "tcp"], baud: int) -> None:
        """Silent so far."""
        self.loop = loop
        self.ring = Ring(LoopClock(loop))
        self.faults: list[Exception] = []
        """What was raised where only the loop would have seen it."""
        self.exchanges = Exchanges(LoopClock(loop), kind, baud, 10, self.ring, self.faults.append)
        self.echoes = False
        self.heard = b""
        """Since the last request, without its echo."""
        self.sent_at = self.rests_until = float("-inf")

    def attach(self, *, echoes: bool) -> None:
        """The wire is opened anew."""
        self.echoes, self.rests_until = echoes, float("-inf")
        self.exchanges.attach(_End(self.loop, self))  # type: ignore[arg-type] # all that is asked of a wire

    def sent(self, data: bytes) -> None:
        """A request went out. Wrong when the last device might still answer."""
        if self.loop.now < self.rests_until - 1e-6:
            raise Wrong(f"it asks {self.rests_until - self.loop.now:.3f} s before a late answer cannot come any more")
        self.heard, self.sent_at = b"", self.loop.now
        if self.echoes:
            self.loop.call_soon(self.exchanges.hear, data)

    def hear(self, data: bytes) -> None:
        """Bytes arrive."""
        self.heard += data
        self.exchanges.hear(data)


class Wires:
    """Every protocol on its wire."""

    budget = 0.05

    def __init__(self) -> None:
        """Lines that last as long as the round."""
        self._loop = StillLoop()
        meters = [meter_subject(device.ask(scan), dlt645_answer, judge.dlt645)
                  for device in dlt645_devices() for scan in device.scans()[:2]]  # fmt: skip
        groups: list[tuple[Literal["serial", "tcp"], list[Subject]]] = [
            ("serial", modbus_subjects("rtu")), ("tcp", modbus_subjects("tcp")),
            ("serial", modbus_subjects("ascii")), ("serial", meters),
        ]  # fmt: skip
        self._groups = [(Line(self._loop, kind, baud), subjects) for kind, subjects in groups for baud in _BAUDS]
        self._counts: Counter[str] = Counter()
        self._taken = 0
        self._last: dict[int, tuple[bytes, bytes]] = {}
        """The last good answer and its frame, by its question: asked again, it is told that this is expected."""

    def make(self, dice: Random) -> Case:
        """What three questions meet."""
        number = dice.randrange(1 << 20)
        _, subjects = self._groups[number % len(self._groups)]
        pieces: list[bytes] = []
        for turn in range(3):
            subject = subjects[_asked(number, turn) % len(subjects)]
            for _ in range(dice.choice((0, 1, 1, 1, 2))):
                pieces += cut(dice, _part(dice, subject))
        return Case(number, (dice.randbytes(12), *pieces[:90]))

    def take(self, case: Case) -> int:
        """Let it happen."""
        self._taken = 0
        line, subjects = self._groups[case.number % len(self._groups)]
        self._loop.play(self._story(case, line, subjects))
        return self._taken

    async def _story(self, case: Case, line: Line, subjects: Sequence[Subject]) -> None:
        timetable, *pieces = case.pieces
        timetable = timetable or b"\0"
        if timetable[0] & 0x10:
            line.attach(echoes=line.exchanges.stream and bool(timetable[0] & 1))
        elif line.sent_at == float("-inf"):
            line.attach(echoes=False)
        for turn in range(3):
            at = _asked(case.number, turn) % len(subjects)
            said = pieces[turn * len(pieces) // 3 : (turn + 1) * len(pieces) // 3]
            delays = [_DELAYS[timetable[(turn + place) % len(timetable)] % len(_DELAYS)] for place in range(len(said))]
            await self._exchange(line, subjects[at], said, delays)

    async def _exchange(self, line: Line, subject: Subject, said: Sequence[bytes], delays: Sequence[float]) -> None:
        """Ask, and say these things meanwhile and afterwards."""
        ended: list[tuple[bytes, bytes, Exception | None]] = []
        over = self._loop.create_future()

        def done(answer: bytes, error: Exception | None) -> None:
            ended.append((line.exchanges.frame, answer, error))
            if not over.done():
                over.set_result(None)

        def same(_: float) -> None:
            ended.append((known or b"", known_answer, None))
            if not over.done():
                over.set_result(None)

        known, known_answer = self._last.get(id(subject), (None, b""))
        matter = Matter(self._counts, ("unit", "scan"), done, same=same)
        line.exchanges.start(subject.question, matter, self._loop.now, known)
        for piece, delay in zip(said, delays, strict=True):
            await asyncio.sleep(delay)
            line.hear(piece)
        if not ended:
            limit = self._loop.call_later(_LONGEST, over.set_result, None)
            await over
            limit.cancel()
        if line.faults:
            raise line.faults.pop()
        if len(ended) != 1:
            raise Wrong(f"an exchange ended {len(ended)} times within {_LONGEST} s")
        self._judged(line, subject, *ended[0])

    def _judged(self, line: Line, subject: Subject, frame: bytes, answer: bytes, error: Exception | None) -> None:
        """What came of it."""
        if error is None:
            self._check(line, subject, frame, answer)
        elif not isinstance(error, NoAnswerError):
            raise error
        elif line.exchanges.stream and "talks all the time" not in str(error):
            line.rests_until = line.sent_at + subject.question.worst

    def _check(self, line: Line, subject: Subject, frame: bytes, answer: bytes) -> None:
        if frame not in line.heard:
            raise Wrong(f"it took for an answer what did not come since it asked: {frame.hex()}")
        if fault := subject.judge(frame, answer):
            raise Wrong(f"it took for an answer what has {fault}: {frame.hex()}")
        self._last = {id(subject): (frame, answer)}
        self._taken += 1


def _asked(number: int, turn: int) -> int:
    """Which question is asked; sometimes the same again."""
    number >>= 4
    return number + (turn if number & 3 else 0)


def _part(dice: Random, subject: Subject) -> bytes:
    roll = dice.random()
    if roll < 0.45:
        return subject.good(dice)
    if roll < 0.60:
        return subject.near(dice)
    if roll < 0.85:
        return spoiled(dice, subject.good(dice), subject.question.request)
    return subject.question.request if roll < 0.90 else rubbish(dice, subject.question.request)
