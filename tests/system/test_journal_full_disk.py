"""A disk that is really full: nothing is lost from memory or half written, and all is in order when there is room."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from daemon.clock import SystemClock
from daemon.journal.chain import verify
from daemon.journal.journal import Journal
from daemon.journal.query import query
from gatehouse.events import Event

LIMIT = 20.0
START = datetime(2026, 5, 1, tzinfo=UTC)


def event(i: int) -> Event:
    return Event(id=f"a-{i}", at=START, kind="alarm.raised", subject="s", severity=1, content={"x": "y" * 400})


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(LIMIT):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0.01)


def mount(folder: Path, *arguments: str) -> str:
    """Why it cannot be done, or nothing."""
    if os.geteuid():
        return "only root may mount a small file system"
    done = subprocess.run(["mount", *arguments, str(folder)], capture_output=True, text=True, check=False)
    return done.stderr.strip()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    if why := mount(folder, "-t", "tmpfs", "-o", "size=1m", "gatehouse-test"):
        pytest.skip(why)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


async def test_a_full_file_system_loses_nothing(small: Path) -> None:
    troubles: list[str] = []
    journal = Journal(small / "journal.db", SystemClock(), troubles.append)
    ballast = small / "ballast"
    async with asyncio.TaskGroup() as group:
        task = group.create_task(journal.run())
        await until(lambda: journal.epoch)
        ballast.write_bytes(b"x" * 400_000)
        count = 0
        while not troubles:
            count += 1
            journal.append(event(count))
            await asyncio.sleep(0)
        assert "is full; make room" in troubles[0]
        for i in range(count + 1, count + 200):
            journal.append(event(i))
        durable = query(small / "journal.db", limit=10**6)
        waiting = journal.waiting()
        assert [one.id for one in (*durable, *waiting)] == [f"a-{i}" for i in range(1, count + 200)]
        assert verify(small / "journal.db").clean
        subprocess.run(["mount", "-o", "remount,size=64m", str(small)], check=True)  # noqa: ASYNC221 - a moment
        await until(lambda: not journal.trouble and not journal.waiting())
        assert troubles[1:] == [""]
        await journal.close()
        task.cancel()
    assert [one.id for one in query(small / "journal.db", limit=10**6)] == [f"a-{i}" for i in range(1, count + 200)]
    assert verify(small / "journal.db").clean


async def test_full_from_the_first_moment_on(small: Path) -> None:
    """The disk is full before there is a journal at all."""
    ballast = small / "ballast"
    with ballast.open("wb", buffering=0) as file:
        while True:
            try:
                file.write(b"x" * 4096)
            except OSError:
                break
    troubles: list[str] = []
    journal = Journal(small / "journal.db", SystemClock(), troubles.append)
    journal.append(event(1))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(journal.run())
        await until(lambda: troubles)
        assert "is full; make room" in troubles[0]
        assert len(journal.waiting()) == 1
        ballast.unlink()
        await until(lambda: journal.head == 1 and not journal.trouble)
        await journal.close()
        task.cancel()
    assert verify(small / "journal.db").last == 1


async def test_a_read_only_file_system_is_waited_out(small: Path) -> None:
    troubles: list[str] = []
    journal = Journal(small / "journal.db", SystemClock(), troubles.append)
    subprocess.run(["mount", "-o", "remount,ro", str(small)], check=True)  # noqa: ASYNC221 - a moment
    journal.append(event(1))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(journal.run())
        await until(lambda: troubles)
        assert "is read-only" in troubles[0]
        subprocess.run(["mount", "-o", "remount,rw", str(small)], check=True)  # noqa: ASYNC221 - a moment
        await until(lambda: journal.head == 1 and not journal.trouble)
        await journal.close()
        task.cancel()


LIMITED = """
import asyncio, resource, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from daemon.clock import SystemClock
from daemon.journal.journal import Journal
from gatehouse.events import Event

def event(i):
    return Event(id=f"a-{i}", at=datetime(2026, 5, 1, tzinfo=UTC), kind="k", subject="s", content={"x": "y" * 400})

async def main(path):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    troubles = []
    journal = Journal(Path(path), SystemClock(), troubles.append)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(journal.run())
        while not journal.epoch:
            await asyncio.sleep(0.01)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
        count = 0
        while not troubles and count < 100_000:
            count += 1
            journal.append(event(count))
            await asyncio.sleep(0)
        for _ in range(200):
            count += 1
            journal.append(event(count))
        await asyncio.sleep(1.2)
        assert journal.waiting() and journal.trouble == troubles[0], troubles
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        async with asyncio.timeout(15):
            while journal.waiting() or journal.trouble:
                await asyncio.sleep(0.01)
        await journal.close()
        task.cancel()
    print(count, *troubles, sep="|")

asyncio.run(main(sys.argv[1]))
"""


def test_files_that_may_not_grow_lose_nothing_without_root(tmp_path: Path) -> None:
    """A limit on the size of files, as anybody may set it for himself: every write beyond it fails half-way."""
    path = tmp_path / "journal.db"
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    count, trouble, well = done.stdout.strip().splitlines()[-1].split("|")
    assert "failed" in trouble or "full" in trouble
    assert well == ""
    assert [one.id for one in query(path, limit=10**6)] == [f"a-{i}" for i in range(1, int(count) + 1)]
    assert verify(path).clean


UNPRIVILEGED = """
import asyncio, os, sys
from datetime import UTC, datetime
from pathlib import Path
from daemon.clock import SystemClock
from daemon.journal.journal import Journal
from gatehouse.events import Event

async def main(path):
    troubles = []
    journal = Journal(Path(path), SystemClock(), troubles.append)
    journal.append(Event(id="a-1", at=datetime.now(UTC), kind="k", subject="s"))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(journal.run())
        while not troubles:
            await asyncio.sleep(0.01)
        print("trouble:", troubles[0], flush=True)
        async with asyncio.timeout(15):
            while journal.head < 1 or journal.trouble:
                await asyncio.sleep(0.01)
        await journal.close()
        task.cancel()
    print("well", flush=True)

if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
asyncio.run(main(sys.argv[1]))
"""


def test_a_directory_without_rights_is_waited_for() -> None:
    with tempfile.TemporaryDirectory(prefix="gatehouse-") as name:
        Path(name).chmod(0o555)
        command = [sys.executable, "-c", UNPRIVILEGED, f"{name}/journal.db"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            trouble = next(line for line in child.stdout if line.startswith("trouble:"))
            assert "cannot be opened; the user of gatehouse must own it" in trouble
            Path(name).chmod(0o777)
            assert child.stdout.read().endswith("well\n")
            assert child.wait(20) == 0
        assert verify(Path(name) / "journal.db").last == 1


async def test_alarms_are_durable_on_a_full_disk_in_the_room_that_was_held(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.journal.ballast.SIZE", 1 << 18)
    monkeypatch.setattr("daemon.journal.ballast._AMPLE", 2)
    monkeypatch.setattr("daemon.journal.journal._LOOK", 0.05)
    monkeypatch.setattr("daemon.journal.journal._RETRY", 0.05)
    troubles: list[str] = []
    journal = Journal(small / "journal.db", SystemClock(), troubles.append)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(journal.run())
        held = small / "journal.db.ballast"
        await until(held.exists)
        with (small / "other").open("wb", buffering=0) as other, suppress(OSError):
            while True:
                other.write(b"x" * 4096)
        count = 0
        while held.exists():
            count += 1
            journal.append(event(count))
            await until(lambda n=count: journal.head >= n or troubles)
            await asyncio.sleep(0)
        for i in range(count + 1, count + 101):
            journal.append(event(i))
        await until(lambda: [one.id for one in query(small / "journal.db", limit=10**6)][-1:] == [f"a-{count + 100}"])
        assert troubles[-1] == ""
        await journal.close()
        task.cancel()
    found = [one.id for one in query(small / "journal.db", limit=10**6) if one.kind == "alarm.raised"]
    assert found == [f"a-{i}" for i in range(1, count + 101)]
    assert verify(small / "journal.db").clean
