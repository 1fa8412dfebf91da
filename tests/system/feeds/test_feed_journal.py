"""With the real journal: from the disk to the subscriber, over restarts of the daemon, and how fast."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from typing import Any

from daemon.clock import SystemClock
from daemon.journal.journal import Journal
from gatehouse.events import Event


async def wait_for(true: Callable[[], object], limit: float = 20.0) -> None:
    """Wait for a condition, not for luck."""
    async with asyncio.timeout(limit):
        while not true():  # noqa: ASYNC110 - the condition is another process's
            await asyncio.sleep(0.0005)


@asynccontextmanager
async def journal_at(path: Path) -> AsyncIterator[Journal]:
    journal = Journal(path, SystemClock(), lambda _: None)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(journal.run())
        try:
            yield journal
        finally:
            await journal.close()
            task.cancel()


def alarm(number: int) -> Event:
    content = {"alarm": "zones.b12.fire", "alarm_kind": "fire", "state": "unacknowledged", "count": 1}
    event_id = f"{1:012x}-{number}"
    return Event(
        id=event_id, at=datetime.now(UTC), kind="alarm.raised", subject="zones.b12", severity=2, content=content
    )


async def test_a_restarted_daemon_goes_on_where_the_broker_had_confirmed(
    broker: Any, receive: Any, feeding: Any, tmp_path: Path
) -> None:
    """Three runs over one journal; each stops in the middle: all arrives in order, only what was on its way repeats."""
    await broker.start()
    receiver = await receive()
    count = 0
    for _ in range(3):
        async with journal_at(tmp_path / "journal.db") as journal, feeding(source=journal):
            await wait_for(lambda: journal.epoch)
            for _ in range(200):
                count += 1
                journal.append(alarm(count))
            await wait_for(lambda: journal.cursor("police") > count - 100)  # noqa: B023
    async with journal_at(tmp_path / "journal.db") as journal, feeding(source=journal):
        await wait_for(lambda: journal.head == 600 == journal.cursor("police"))
    await wait_for(lambda: len(set(receiver.ids)) == 600)
    assert list(dict.fromkeys(receiver.ids)) == [f"{1:012x}-{number}" for number in range(1, 601)]
    assert len(receiver.ids) <= 600 + 3 * 64


async def test_an_event_is_with_the_subscriber_soon_after_it_is_on_the_disk(
    broker: Any, receive: Any, feeding: Any, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Appended one by one; half of them acknowledged within 50 ms even on a busy machine (the measure is in bench)."""
    await broker.start()
    await receive()
    took: list[float] = []
    loop = asyncio.get_running_loop()
    async with journal_at(tmp_path / "journal.db") as journal, feeding(source=journal):
        await wait_for(lambda: journal.epoch)
        for number in range(1, 201):
            begun = loop.time()
            journal.append(alarm(number))
            await wait_for(lambda: journal.cursor("police") >= number)  # noqa: B023
            took.append(loop.time() - begun)
    cuts = quantiles(took, n=100)
    record_property("append_to_acknowledged_ms", [round(cuts[at] * 1000, 2) for at in (49, 98)])
    assert cuts[49] < 0.05
