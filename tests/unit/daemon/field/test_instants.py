"""Timers that ring once, at the last instant that they were set to."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import uvloop

from daemon.clock import SystemClock
from daemon.field import instants
from daemon.field.instants import ExactTimer, Timer
from tests.unit.daemon.bus import LoopClock, play


class Rung:
    def __init__(self) -> None:
        self.at: list[float] = []
        self.failed: list[Exception] = []

    def make(self, kind: type[Timer], clock: Any) -> Timer:
        return kind(clock, self.at.append, self.failed.append)


@pytest.mark.parametrize("kind", [Timer, ExactTimer])
def test_it_rings_once_at_the_last_instant_set(kind: type[Timer]) -> None:
    async def story() -> None:
        rung = Rung()
        timer, now = rung.make(kind, LoopClock()), LoopClock().monotonic()
        for at in (0.5, 0.3, 0.9, 0.7):
            timer.set(now + at)
        await asyncio.sleep(5)
        assert rung.at == [pytest.approx(now + 0.7, abs=0.002)]
        timer.set(now)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert len(rung.at) == 2, "an instant that has passed is now"
        timer.set(now + 20)
        timer.close()
        await asyncio.sleep(100)
        assert len(rung.at) == 2

    play(story)


def test_what_it_calls_may_set_it_anew_and_may_fail() -> None:
    async def story() -> None:
        rung = Rung()

        def again(now: float) -> None:
            rung.at.append(now)
            timer.set(now + 1)
            if len(rung.at) == 3:
                raise KeyError("mistake")

        timer = Timer(LoopClock(), again, rung.failed.append)
        timer.set(LoopClock().monotonic())
        await asyncio.sleep(4.5)
        assert len(rung.at) == 5
        assert [str(error) for error in rung.failed] == ["'mistake'"]
        timer.close()

    play(story)


def files() -> int:
    """That this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


LOOPS = [asyncio.new_event_loop, uvloop.new_event_loop]


@pytest.mark.parametrize("loop", LOOPS, ids=["asyncio", "uvloop"])
def test_the_kernels_timer_is_never_early_and_gives_its_file_back(loop: Callable[[], Any]) -> None:
    async def story() -> None:
        rung, before = Rung(), files()
        timer = rung.make(ExactTimer, SystemClock())
        for wait in (0.0, 0.00175, 0.0036, 0.0):
            rung.at.clear()
            at = time.monotonic() + wait
            timer.set(at + 5)
            timer.set(at)
            while not rung.at:
                assert time.monotonic() < at + 5
                await asyncio.sleep(0.0002)
            assert rung.at[0] >= at - 1e-5
        assert files() == before + 1
        timer.close()
        assert files() == before

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(story())


async def test_without_a_timer_of_the_kernel_the_loop_must_do(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def timerfd_create(self, *_: int) -> int:
            return -1

    monkeypatch.setattr(instants, "_LIBC", Full())
    rung = Rung()
    timer, at = rung.make(ExactTimer, SystemClock()), time.monotonic() + 0.003
    timer.set(at)
    async with asyncio.timeout(5):
        while not rung.at:  # noqa: ASYNC110 - a moment
            await asyncio.sleep(0.001)
    assert rung.at[0] >= at - 1e-5
    timer.close()
