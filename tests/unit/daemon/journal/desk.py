"""A running journal, its events, and a disk that fails when told to."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import apsw

from daemon.clock import Clock, SystemClock
from daemon.journal.journal import Journal
from gatehouse.events import Event

START = datetime(2026, 5, 1, 8, tzinfo=UTC)
LIMIT = 10.0


def event(i: int, kind: str = "access.granted", severity: int = 0, **content: object) -> Event:
    return Event(
        id=f"0123456789ab-{i}",
        at=START + timedelta(seconds=i),
        kind=kind,
        subject="doors.north",
        severity=severity,
        content=content or {"person": "李四"},
    )


def alarm(i: int, name: str, state: str) -> Event:
    whole = {"state": state, "count": i}
    return event(i, "alarm.raised", 2, alarm=name, state=state, alarm_state=whole)


async def until(condition: Callable[[], object]) -> None:
    """Give the loop turns until it is so; a limit, not a pause."""
    async with asyncio.timeout(LIMIT):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0.002)


@asynccontextmanager
async def running(path: Path, troubles: list[str] | None = None, clock: Clock | None = None) -> AsyncIterator[Journal]:
    journal = Journal(path, clock or SystemClock(), (troubles if troubles is not None else []).append)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(journal.run())
        yield journal
        await journal.close()
        task.cancel()


async def durable(journal: Journal, number: int) -> None:
    async with asyncio.timeout(LIMIT):
        while journal.head < number:
            await journal.wait_beyond(number - 1, 1.0)


class Disk(apsw.VFS):
    """The real disk, but it fails or hangs when told to."""

    def __init__(self) -> None:
        self.fault: type[apsw.Error] | None = None
        self.at = "xWrite"
        self.free = threading.Event()
        self.free.set()
        super().__init__("bad-disk", "unix", makedefault=True)

    def xOpen(self, name, flags):  # noqa: N802
        if self.fault is not None and self.at == "xOpen":
            raise self.fault("told to")
        return DiskFile(self, name, flags)

    def leave(self) -> None:
        """The real disk again."""
        self.free.set()
        if "bad-disk" in apsw.vfs_names():
            self.unregister()

    def judge(self, what: str) -> None:
        if what == "xSync":
            assert self.free.wait(LIMIT)
        if self.fault is not None and self.at == what:
            raise self.fault("told to")


class DiskFile(apsw.VFSFile):
    def __init__(self, disk: Disk, name, flags) -> None:
        self.disk = disk
        super().__init__("unix", name, flags)

    def xWrite(self, data, offset) -> None:  # noqa: N802
        self.disk.judge("xWrite")
        super().xWrite(data, offset)

    def xSync(self, flags) -> None:  # noqa: N802
        self.disk.judge("xSync")
        super().xSync(flags)
