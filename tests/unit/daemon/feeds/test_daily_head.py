"""Once a day everybody gets number and hash: at midnight, or when the box is on again."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from daemon.feeds.daily_head import DailyHead
from daemon.journal.file import JournalError
from daemon.journal.query import Filter
from gatehouse.events import Event
from tests.unit.daemon.bus import play

EVENING = datetime(2026, 11, 21, 15, 59, tzinfo=UTC)  # 23:59 in Shanghai


class Chain:
    def __init__(self) -> None:
        self.head, self.head_hash, self.epoch, self.trouble = 7, "ab" * 32, "first", ""
        self.events: list[Event] = []
        self.unreadable = 0

    async def query(
        self, after: int = 0, limit: int = 256, wanted: Filter | None = None, *, newest: bool = False
    ) -> list[Event]:
        assert (limit, newest) == (1, True)
        if self.unreadable:
            self.unreadable -= 1
            raise JournalError("cannot be read")
        return [event for event in self.events if wanted is None or wanted.admits(event)][-1:]

    def emit(self, kind: str, subject: str, *, content: dict[str, Any]) -> None:
        self.events.append(Event(id="0", at=EVENING, kind=kind, subject=subject, content=content))
        self.head += 1

    @property
    def told(self) -> list[tuple[str, int]]:
        return [(event.content["day"], event.content["number"]) for event in self.events]


class Wall:
    """A clock on the wall that the loop's time moves, and a hand may."""

    def __init__(self, start: datetime) -> None:
        self.start, self.begun = start, asyncio.get_running_loop().time()

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def utc(self) -> datetime:
        return self.start + timedelta(seconds=self.monotonic() - self.begun)


def watched(story: Callable[[Chain, Wall], Awaitable[None]], chain: Chain, start: datetime = EVENING) -> None:
    async def run() -> None:
        wall = Wall(start)
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(DailyHead(chain, chain.emit, "Asia/Shanghai", wall).run())
            await story(chain, wall)
            task.cancel()

    play(run)


def test_it_is_said_at_local_midnight_and_once() -> None:
    async def story(chain: Chain, wall: Wall) -> None:
        await asyncio.sleep(59)
        assert chain.told == [("2026-11-21", 7)], "the first time at once"
        chain.head = 100
        await asyncio.sleep(2)
        assert chain.told == [("2026-11-21", 7), ("2026-11-22", 100)]
        await asyncio.sleep(86_400 * 2)

    chain = Chain()
    watched(story, chain)
    assert [day for day, _ in chain.told] == ["2026-11-21", "2026-11-22", "2026-11-23", "2026-11-24"]
    assert chain.events[0].content["hash"] == "ab" * 32


def test_a_restart_does_not_say_it_twice_and_a_box_that_was_off_says_it_late() -> None:
    async def story(chain: Chain, wall: Wall) -> None:
        await asyncio.sleep(10)

    chain = Chain()
    for days in (0, 0, 3, 3):
        watched(story, chain, EVENING + timedelta(days=days))
    assert [day for day, _ in chain.told] == ["2026-11-21", "2026-11-24"]


def test_a_journal_in_trouble_is_waited_for() -> None:
    """What is in doubt is not vouched for."""

    async def story(chain: Chain, wall: Wall) -> None:
        await asyncio.sleep(600)
        assert chain.told == []
        chain.trouble = ""
        await asyncio.sleep(31)
        assert len(chain.told) == 1

    chain = Chain()
    chain.trouble, chain.unreadable = "disk full", 3
    watched(story, chain)


def test_a_clock_that_is_set_is_followed() -> None:
    async def story(chain: Chain, wall: Wall) -> None:
        await asyncio.sleep(1)
        wall.start -= timedelta(days=366)
        await asyncio.sleep(40)
        wall.start += timedelta(days=366)
        await asyncio.sleep(40)

    chain = Chain()
    watched(story, chain)
    assert [day for day, _ in chain.told] == ["2026-11-21", "2025-11-20", "2026-11-22"]
