"""A part that falls is an alarm and gets up again; the others never notice."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from daemon.clock import SystemClock
from daemon.supervisor import ENDED, Supervisor
from gatehouse.alarms import Condition

PART = "lines.gate"


class Watch:
    """Remembers what the supervisor says of a part."""

    def __init__(self) -> None:
        self.said: list[Condition] = []
        self._news = asyncio.Event()

    def __call__(self, condition: Condition) -> None:
        self.said.append(condition)
        self._news.set()

    async def heard(self, count: int) -> list[bool | None]:
        async with asyncio.timeout(5):
            while len(self.said) < count:
                self._news.clear()
                await self._news.wait()
        return [condition.active for condition in self.said]


@asynccontextmanager
async def kept(
    run: Callable[[], Awaitable[None]], *, well: float = 60.0
) -> AsyncIterator[tuple[Watch, "asyncio.Task[None]"]]:
    watch = Watch()
    supervisor = Supervisor(watch, SystemClock(), pause=0.001, well=well)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(supervisor.keep(PART, run))
        yield watch, task
        task.cancel()


async def test_a_part_that_raises_is_an_alarm_and_is_started_again() -> None:
    starts = 0

    async def run() -> None:
        nonlocal starts
        starts += 1
        if starts < 3:
            raise ZeroDivisionError("a bug")
        await asyncio.Event().wait()

    async with kept(run) as (watch, _):
        assert await watch.heard(2) == [True, True]
        async with asyncio.timeout(5):
            while starts < 3:  # noqa: ASYNC110 - the condition is the part's own
                await asyncio.sleep(0.001)
    first = watch.said[0]
    assert (first.alarm, first.kind, first.subject) == ("lines.gate.failed", "task_failed", PART)
    assert first.evidence == {"why": "ZeroDivisionError('a bug')"}


async def test_a_part_that_ends_by_itself_is_an_alarm_too() -> None:
    async def run() -> None:
        return

    async with kept(run) as (watch, _):
        assert await watch.heard(2) == [True, True]
    assert watch.said[0].evidence == {"why": ENDED}


async def test_the_alarm_goes_when_the_part_has_run_well_for_long_enough() -> None:
    starts = 0

    async def run() -> None:
        nonlocal starts
        starts += 1
        if starts == 1:
            raise OSError("no such port")
        await asyncio.Event().wait()

    async with kept(run, well=0.02) as (watch, _):
        assert await watch.heard(2) == [True, False]
        assert (watch.said[0].evidence["why"], starts) == ("no such port", 2)


async def test_an_alarm_of_the_last_run_goes_as_well() -> None:
    """Who never fell in this life is called well once; whoever keeps the book knows whether that is news."""
    async with kept(asyncio.Event().wait, well=0.01) as (watch, _):
        assert await watch.heard(1) == [False]


async def test_a_part_that_falls_before_it_is_well_is_never_called_well() -> None:
    async def run() -> None:
        await asyncio.sleep(0.002)
        raise ValueError("again")

    async with kept(run, well=0.1) as (watch, _):
        assert await watch.heard(5) == [True] * 5


async def test_the_same_fault_again_and_again_is_logged_once() -> None:
    faults = iter([ValueError("one"), ValueError("one"), ValueError("one"), KeyError("two")])

    async def run() -> None:
        raise next(faults, ValueError("three"))

    with capture_logs() as logs:
        async with kept(run) as (watch, _):
            await watch.heard(5)
    assert [entry["why"] for entry in logs][:3] == ["ValueError('one')", "KeyError('two')", "ValueError('three')"]
    assert "Traceback" in logs[0]["traceback"]


@pytest.mark.parametrize(
    "fault", [asyncio.CancelledError(), TimeoutError(), ExceptionGroup("two", [OSError("in a group")])]
)
async def test_no_way_of_falling_ends_the_supervision(fault: BaseException) -> None:
    """Not even one that looks like a cancellation, nor a group out of the part's own tasks."""

    async def run() -> None:
        raise fault

    async with kept(run) as (watch, task):
        assert await watch.heard(3) == [True] * 3
        assert not task.done()
    assert "in a group" in watch.said[0].evidence["why"] or not isinstance(fault, ExceptionGroup)


async def test_a_part_that_falls_at_the_instant_of_the_end_does_not_hold_it_up() -> None:
    """A TaskGroup whose child raises while it is cancelled forgets the cancellation."""

    async def run() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise OSError("the adapter went at that very instant") from None

    async with asyncio.TaskGroup() as group:
        task = group.create_task(Supervisor(Watch(), SystemClock(), pause=0.001).keep(PART, run))
        for _ in range(5):
            await asyncio.sleep(0)
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=5)
        task.cancel()
    assert done


@pytest.mark.parametrize("falls", [False, True])
async def test_cancellation_ends_it_at_once(falls: bool) -> None:
    """Also in the pause between a fall and the next start."""

    async def run() -> None:
        if falls:
            raise ValueError("down")
        await asyncio.Event().wait()

    watch = Watch()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(Supervisor(watch, SystemClock(), pause=3600).keep(PART, run))
        if falls:
            await watch.heard(1)
        else:
            await asyncio.sleep(0)
        began = time.monotonic()
        task.cancel()
        await asyncio.wait([task], timeout=5)
    assert task.cancelled()
    assert time.monotonic() - began < 0.5
