"""Processes of a demo end with it, and tell how they ended."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from simulators.child import Child, DiedError

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


def child(tmp_path: Path, program: str) -> Child:
    return Child("thing", [sys.executable, "-S", "-c", program], tmp_path / "log")


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def test_one_that_dies_says_so_and_its_last_words_are_kept(tmp_path: Path) -> None:
    dying = child(tmp_path, "import sys; print('one\\ntwo'); sys.exit(3)")
    await dying.start()
    with pytest.raises(DiedError, match=r"thing \(exit status 3\)"):
        await asyncio.wait_for(dying.watch(), 10)
    assert dying.tail(1) == ["two"]
    assert not dying.running


async def test_one_that_is_killed_is_told_by_its_signal(tmp_path: Path) -> None:
    dying = child(tmp_path, "import time; time.sleep(60)")
    await dying.start()
    dying.kill()
    with pytest.raises(DiedError, match="SIGKILL"):
        await asyncio.wait_for(dying.watch(), 10)


async def test_one_that_will_not_end_is_made_to(tmp_path: Path) -> None:
    stubborn = child(tmp_path, STUBBORN)
    await stubborn.start()
    async with asyncio.timeout(10):
        while not stubborn.tail():  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.01)
    assert await stubborn.stop(patience=0.1) == -9
    assert gone(stubborn.pid)


async def test_stopping_what_was_never_started_is_nothing(tmp_path: Path) -> None:
    assert await child(tmp_path, "").stop() == 0
