"""The demo tells its whole story, and leaves nothing behind however it ends."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.acceptance.house import ROOT, alive, empty, nothing_left, until

Folders = Callable[[str], Path]


@pytest.fixture
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """With short names: sockets are made in them."""
    return tmp_path_factory.mktemp


ALWAYS_THERE = "mosquitto", "console.cli simulate", "console.cli run"


@asynccontextmanager
async def demo(tmp_path: Path, *words: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, Callable[[], str]]]:
    """A running demo whose temporary folders go under ours, and what it has printed so far."""
    log = tmp_path.with_suffix(".out")
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "console.cli", "demo", *words, cwd=ROOT, stdin=asyncio.subprocess.DEVNULL,
            stdout=out, stderr=out, env=os.environ | {"TMPDIR": str(tmp_path), "COLUMNS": "100"},
        )  # fmt: skip
    try:
        yield process, lambda: log.read_text(encoding="utf-8")
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def all_up(tmp_path: Path, said: Callable[[], str], words: str) -> None:
    await until(lambda: words in said(), 40)
    for program in ALWAYS_THERE:
        assert [line for line in alive(str(tmp_path)) if program in line], f"{program} should be running now"


async def test_the_whole_story_is_true_and_leaves_nothing(tmp_path: Path) -> None:
    async with demo(tmp_path) as (process, said):
        assert await asyncio.wait_for(process.wait(), 110) == 0, said()
    slow = " ms  ✘"  # how fast is a benchmark's business: other tests run beside this one
    assert not [line for line in said().splitlines() if "✘" in line and slow not in line]
    for words in (
        "李秀英 刷卡放行",
        "未登记的卡",
        "强行打开",
        "杆没有碰到任何车",
        "剩余电流报警",
        "未经复位",
        "日志完整",
    ):
        assert words in said(), f"{words} is missing in:\n{said()}"
    await nothing_left(str(tmp_path))
    assert empty(tmp_path)


async def _interrupt(tmp_path: Path, number: signal.Signals, words: str, status: int) -> None:
    async with demo(tmp_path, "--scenario", "resident") as (process, said):
        await until(lambda: words in said(), 40)
        process.send_signal(number)
        assert await asyncio.wait_for(process.wait(), 15) == status, said()
    assert "Traceback" not in said()
    await nothing_left(str(tmp_path))
    assert empty(tmp_path)


async def test_interrupted_at_any_moment_it_leaves_nothing(folders: Folders) -> None:
    await asyncio.gather(
        _interrupt(folders("early"), signal.SIGINT, "模拟的", 130),
        _interrupt(folders("armed"), signal.SIGTERM, "已布防", 143),
        _interrupt(folders("middle"), signal.SIGINT, "刷卡放行", 130),
    )


async def _kill(tmp_path: Path, victim: str, name: str) -> None:
    async with demo(tmp_path, "--scenario", "barrier") as (process, said):
        await all_up(tmp_path, said, "道闸起杆")
        (line,) = [line for line in alive(str(tmp_path)) if f"console.cli {victim} " in line]
        os.kill(int(line.split()[0]), signal.SIGKILL)
        assert await asyncio.wait_for(process.wait(), 20) == 1, said()
    assert f"{name} (signal SIGKILL)" in said(), said()
    assert "Traceback" not in said()
    await nothing_left(str(tmp_path))
    assert empty(tmp_path)


async def _kill_outright(tmp_path: Path) -> None:
    async with demo(tmp_path, "--scenario", "resident") as (process, said):
        await all_up(tmp_path, said, "已布防")
        process.kill()
        await process.wait()
    await nothing_left(str(tmp_path))


async def test_a_process_that_dies_is_named_and_a_demo_that_dies_takes_its_processes_along(folders: Folders) -> None:
    await asyncio.gather(
        _kill(folders("daemon"), "run", "daemon"),
        _kill(folders("simulators"), "simulate", "simulators"),
        _kill_outright(folders("outright")),
    )


async def test_forever_it_can_be_listened_to_and_ended(tmp_path: Path) -> None:
    """The printed commands are run as printed."""
    async with demo(tmp_path, "--scenario", "stranger", "--forever") as (process, said):
        await all_up(tmp_path, said, "curl")
        (printed,) = [line for line in said().splitlines() if line.startswith("mosquitto_sub") and "/police/" in line]
        listening = await asyncio.create_subprocess_shell(f"{printed} -C 2 -W 10", stdout=asyncio.subprocess.PIPE)
        heard, _ = await listening.communicate()
        assert b"gatehouse/v1/lvdinan/police/stat" in heard
        (printed,) = [line for line in said().splitlines() if " patrol --as " in line]
        pipe = asyncio.subprocess.PIPE
        phone = await asyncio.create_subprocess_shell(printed, stdin=pipe, stdout=pipe)
        assert phone.stdin is not None
        assert phone.stdout is not None
        async with asyncio.timeout(10):
            await phone.stdout.readuntil("li · 当班".encode())
            phone.stdin.write(b"q\n")
            await phone.communicate()
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), 10) == 0, said()
    await nothing_left(str(tmp_path))
    assert empty(tmp_path)
