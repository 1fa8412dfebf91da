"""An export is a line of the journal before the first line goes out."""

import asyncio
from pathlib import Path

from daemon.clock import SystemClock
from daemon.export.order import Order
from daemon.journal.journal import Filter, Journal, JournalError
from daemon.recorder import Recorder
from gatehouse.events import Event

KIND = "journal.exported"
PATIENCE = 5.0
"""Seconds granted to the disk."""


def tell(recorder: Recorder, order: Order, file: str) -> Event:
    """Write it down."""
    words = {"since": order.since, "until": order.until, "kinds": order.kinds, "reason": order.reason}
    content = {key: value for key, value in words.items() if value}
    content |= {"by": order.by, "tier": str(order.tier), "format": order.format, "file": file}
    return recorder.emit(KIND, "journal", actor=f"person:{order.by}", content=content | {"tier": order.tier})


async def durable(journal: Journal, told: Event, after: int) -> int:
    """The number under which it is on the disk; JournalError when it does not get there in time."""
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                for event in await journal.query(after, 10, Filter(kinds=(KIND,)), newest=True):
                    if event.id == told.id:
                        return event.number
                await journal.wait_beyond(journal.head, 0.2)
    except TimeoutError as error:
        raise JournalError(journal.trouble or "the disk of the journal is slow; try again") from error


async def without_a_daemon(path: Path, order: Order, file: str) -> int:
    """Write it down while no daemon runs; its number. JournalError when one does, or the file cannot be written."""
    clock = SystemClock()
    journal = Journal(path, clock, lambda _: None)
    failed: JournalError | None = None
    number = 0
    async with asyncio.TaskGroup() as group:
        task = group.create_task(journal.run())
        try:
            await journal.standing()
            number = await durable(journal, tell(Recorder(journal.append, clock), order, file), journal.head)
        except OSError as error:
            failed = JournalError(str(error))
        except JournalError as error:
            failed = error
        await journal.close()
        task.cancel()
    if failed is not None:
        raise failed
    return number
