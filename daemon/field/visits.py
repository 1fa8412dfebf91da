"""Questions of a technician's tool that wait for a line at work: bounded, each asked once and answered in any case."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from daemon.commands import Permit
from daemon.field.exchange import Exchanges
from daemon.field.matter import Matter, NoAnswerError, NotPermittedError, PluginFaultError
from daemon.field.scheduler import Scheduler
from gatehouse.driver import Question

MOST = 16
_WAIT = 30.0
"""Seconds after which a line says that it has no time."""
_PAUSE = 1.0
"""Seconds between two visits on a line that always has a safety or access read to make."""


@dataclass(slots=True, eq=False)
class Visit:
    """A question that waits, and the answer that somebody waits for."""

    question: Question
    answer: "asyncio.Future[bytes]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def end(self, result: bytes | Exception) -> None:
        """Answer it, if anybody still waits."""
        if self.answer.done():
            return
        if isinstance(result, bytes):
            self.answer.set_result(result)
        else:
            self.answer.set_exception(result)


class Visits:
    """The queue of one line."""

    def __init__(self, exchanges: Exchanges, scheduler: Scheduler) -> None:
        """Empty."""
        self._exchanges, self._scheduler = exchanges, scheduler
        self._waiting: deque[Visit] = deque()
        self._made = exchanges.now()
        self._reads_turn = False
        self._counts: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, question: Question, patience: float | None) -> Visit:
        """Queue it. ConnectionError when too many wait."""
        if len(self._waiting) >= MOST:
            raise ConnectionError(f"{MOST} questions wait for this line already; let them be answered first")
        if patience is not None:
            question = replace(question, patience=patience, worst=max(question.worst, patience))
        visit = Visit(question)
        self._waiting.append(visit)
        return visit

    async def answer(self, visit: Visit) -> bytes:
        """What came of it; NoAnswerError, also when the line had no time for it."""
        try:
            await asyncio.wait([visit.answer], timeout=_WAIT)
            if visit in self._waiting:
                raise NoAnswerError(f"the line has had no time for it in {_WAIT:g} s")
            return await visit.answer
        finally:
            if visit in self._waiting:
                self._waiting.remove(visit)

    def next(self, now: float) -> Visit | None:
        """The one to make now: only between two reads, and where no safety or access read waits; on a line that always
        has one, now and then. One that stays unanswered is paid by the silent."""
        while self._waiting and self._waiting[0].answer.done():
            self._waiting.popleft()
        if not self._waiting or self._reads_turn or self._scheduler.payable(now) > now:
            self._reads_turn = False
            return None
        if self._scheduler.pressed(now, late=now - self._made >= _PAUSE):
            return None
        return self._waiting.popleft()

    def give_up(self, error: Exception) -> None:
        """Answer all: the line is down."""
        while self._waiting:
            self._waiting.popleft().end(error)

    def make(self, visit: Visit, permit: Permit, then: Callable[[], None]) -> None:
        """Ask, and hand on what comes; `then` go on."""
        self._reads_turn, self._made = True, self._exchanges.now()
        matter = Matter(self._counts, ("", "visit"), partial(self._came, visit, then), permit)
        self._exchanges.start(visit.question, matter, self._made)

    def _came(self, visit: Visit, then: Callable[[], None], answer: bytes, error: Exception | None) -> None:
        if isinstance(error, NotPermittedError):
            self._waiting.appendleft(visit)
        elif isinstance(error, PluginFaultError):
            visit.end(NoAnswerError(str(error)))
        else:
            visit.end(error or answer)
        if isinstance(error, NoAnswerError):
            now = self._exchanges.now()
            self._scheduler.charge(now, now - self._made + self._exchanges.rest)
        then()
