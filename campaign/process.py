"""Faults of the process and of its machine: kill, power, calendar, memory."""

import asyncio
import contextlib
import os
import random
import resource
import signal
import time
from pathlib import Path

import httpx2

from campaign.costume import set_calendar
from campaign.disk import SYNC, cut, steps
from campaign.fault import Fault, limit
from campaign.house import House

YEAR = 365.25 * 86400


class Kill(Fault):
    """kill -9 at any instant: while starting, while learning, while armed."""

    name = "kill"
    about = "kill -9 at any instant of start, learning and guard"

    async def strike(self, house: House, dice: random.Random) -> None:
        """One round."""
        if not house.daemon.running:
            await house.start()
        if dice.random() < 0.75:
            await house.armed()
            await asyncio.sleep(dice.uniform(0, 5))
        else:
            await asyncio.sleep(dice.uniform(0.2, 2.0))
        await self.moment(dice)
        await house.kill()
        await self.meanwhile(house, dice)
        if dice.random() < 0.3:
            await asyncio.sleep(dice.uniform(0, 5))

    async def moment(self, dice: random.Random) -> None:
        """Wait for the right one: any will do."""

    async def meanwhile(self, house: House, dice: random.Random) -> None:
        """While it is dead: nothing."""

    async def finish(self, house: House) -> None:
        """Start it a last time."""
        if not house.daemon.running:
            await house.start()
            await house.armed()


class Power(Kill):
    """The power goes: the database is cut back to what was synced, and parts of what was not."""

    name = "power"
    about = "power cut, most in a commit: kill -9, the database's files cut back to the last sync and parts of the rest"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._log = folder / "disk.log"
        self.costume = ("--disk", self._log)
        self._before: dict[str, bytes] = {}

    async def moment(self, dice: random.Random) -> None:
        """Three times of four in the middle of a commit, if one comes within two seconds."""
        if dice.random() < 0.75:
            size, until = self._size(), time.monotonic() + 2
            while self._size() == size and time.monotonic() < until:  # noqa: ASYNC110 - another process writes
                await asyncio.sleep(0.001)
            await asyncio.sleep(dice.uniform(0, SYNC))

    def _size(self) -> int:
        return self._log.stat().st_size if self._log.exists() else 0

    async def meanwhile(self, house: House, dice: random.Random) -> None:
        """Cut its files back."""
        done = list(steps(self._log)) if self._log.exists() else []
        files = await asyncio.to_thread(lambda: cut(self._before, done, dice))
        notes, last = house.record.notes, max((at for at, step in enumerate(done) if step.what == b"s"), default=-1)
        notes["syncs"] = notes.get("syncs", 0) + sum(step.what == b"s" for step in done)
        notes["writes after the last sync"] = notes.get("writes after the last sync", 0) + len(done) - 1 - last
        for file in house.state.glob("journal.db*"):
            if not file.name.endswith(".ballast"):
                file.unlink()
        for name, data in files.items():
            (house.state / name).write_bytes(data)
        self._before = files
        self._log.unlink(missing_ok=True)


class Calendar(Fault):
    """Somebody sets the clock, or says that the site lies elsewhere."""

    name = "clock"
    about = "wall clock set back and forward by up to a year, site's time zone changed under the running daemon"

    ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "Pacific/Apia")

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._file = folder / "calendar"
        set_calendar(self._file, 0.0)
        self.costume = ("--calendar", self._file)

    async def strike(self, house: House, dice: random.Random) -> None:
        """One round."""
        await asyncio.sleep(dice.uniform(0.5, 2))
        if dice.random() < 0.7:
            set_calendar(self._file, dice.choice((-YEAR, YEAR, -3600.0, 3600.0, -1.0, 0.0, 12 * 3600.0)))
        else:
            house.copy.section("site")["timezone"] = dice.choice(self.ZONES)
            house.copy.save()
            os.kill(house.daemon.pid, signal.SIGHUP)
        await asyncio.sleep(dice.uniform(0.5, 4))
        if dice.random() < 0.2:  # wrong clocks are found by those who start
            await house.kill()
            await house.start()
            await house.armed()

    async def finish(self, house: House) -> None:
        """Set it right."""
        set_calendar(self._file, 0.0)


class Memory(Fault):
    """No more memory is to be had; what ends is started again, as systemd does."""

    name = "memory"
    about = "no more address space for 1 to 4 s while much is asked of it; started again one second after its end"

    async def strike(self, house: House, dice: random.Random) -> None:
        """One round."""
        await asyncio.sleep(dice.uniform(0.5, 2))
        pid = house.daemon.pid
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[0])  # noqa: ASYNC240 - from the kernel's memory
        limit(pid, resource.RLIMIT_AS, pages * resource.getpagesize() + dice.choice((0, 1 << 20)))
        until, mark = time.monotonic() + dice.uniform(1, 4), house.daemon.log.stat().st_size
        while time.monotonic() < until and house.daemon.running:
            with contextlib.suppress(OSError, httpx2.HTTPError, ValueError):
                await house.ask("GET", "/v1/events?limit=1000")
            await asyncio.sleep(0.05)
        said = house.record.notes.get("times it said that memory was short", 0)
        house.record.notes["times it said that memory was short"] = said + _short(house.daemon.log, mark)
        if house.daemon.running:
            with contextlib.suppress(ProcessLookupError):
                limit(pid, resource.RLIMIT_AS, resource.RLIM_INFINITY)
            await asyncio.sleep(dice.uniform(0, 1))
        if not house.daemon.running:
            house.note_down(time.monotonic() - 0.05)
            house.record.notes["ended for want of memory"] = house.record.notes.get("ended for want of memory", 0) + 1
            await asyncio.sleep(1)
            await house.start()
            await house.armed()


def _short(log: Path, mark: int) -> int:
    """How often a daemon's log speaks of it since a mark."""
    said = log.read_bytes()[mark:]
    return sum(map(said.count, (b"MemoryError", b"Cannot allocate", b"NoMem", b"out of memory")))
