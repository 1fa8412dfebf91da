"""A line without the daemon: opened for a technician's tool, for it alone, and given back."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Protocol

from daemon.clock import Clock
from daemon.config import site
from daemon.field.exchange import Exchanges
from daemon.field.transport import connect
from gatehouse.driver import Question


class Visit(Protocol):
    """One exchange for a technician's tool: NoAnswerError, or ConnectionError when the wire is gone."""

    def __call__(self, question: Question, patience: float | None = None) -> Awaitable[bytes]:
        """The answer; `patience` in seconds takes the place of the question's own."""


def patient(question: Question, patience: float | None) -> Question:
    """The question with another patience; a device that has answered by then answers no more."""
    return question if patience is None else replace(question, patience=patience, worst=patience)


@asynccontextmanager
async def opened(line: site.Line, clock: Clock) -> AsyncIterator[Visit]:
    """The line, while this lasts. OSError, explained, when another program has it or it is not there."""
    exchanges = Exchanges(clock, "tcp" if line.tcp else "serial", line.baud, line.bits)
    counts: Counter[str] = Counter()
    wire = await connect(line, exchanges.hear, exchanges.end)
    exchanges.attach(wire)

    async def visit(question: Question, patience: float | None = None) -> bytes:
        return await exchanges.ask(patient(question, patience), counts)

    try:
        yield visit
    finally:
        await wire.close()
