"""The faults, one class each: `prepare` before the daemon's first start, `strike` once a round, `repair` at the end."""

import asyncio
import contextlib
import os
import random
import resource
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import ClassVar

from campaign.costume import set_calendar
from campaign.disk import cut, steps
from campaign.house import House
from campaign.record import Span

YEAR = 365.25 * 86400


class Fault:
    """One kind of trouble. It changes the house in `strike` and puts it right again before that returns."""

    name: ClassVar[str]
    about: ClassVar[str]

    def __init__(self, folder: Path) -> None:
        """`folder` is the house's own."""
        self.folder = folder
        self.state: Path | None = None
        """Where the daemon keeps its own, where the fault needs a place of its own for it."""
        self.costume: Sequence[object] = ()

    @contextlib.asynccontextmanager
    async def around(self) -> AsyncIterator[None]:
        """What has to be there as long as the house."""
        yield

    async def strike(self, house: House, dice: random.Random) -> None:
        """One round."""
        raise NotImplementedError

    async def finish(self, house: House) -> None:
        """Before the last look: nothing, for most."""


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
        await house.kill()
        await self.meanwhile(house, dice)
        if dice.random() < 0.3:
            await asyncio.sleep(dice.uniform(0, 5))

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
    about = "power cut: kill -9, then the database's files cut back to the last sync plus random sectors of the rest"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._log = folder / "disk.log"
        self.costume = ("--disk", self._log)
        self._before: dict[str, bytes] = {}

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


class BrokerGone(Fault):
    """The broker is killed, or told to end, and comes back."""

    name = "broker"
    about = "broker killed (half of the times told to end), away 0.2 to 4 s"

    async def strike(self, house: House, dice: random.Random) -> None:
        """One round."""
        await asyncio.sleep(dice.uniform(0.5, 4))
        since = time.monotonic()
        if dice.random() < 0.5:
            house.broker.child.kill()
        await house.broker.stop()
        await asyncio.sleep(dice.uniform(0.2, 4))
        await house.broker.start()
        house.record.away.append(Span(since, time.monotonic()))


class Network(Fault):
    """The way to the broker is slow, loses, falls silent without an end, or is cut."""

    name = "network"
    about = "TCP between daemon and broker slow, lossy, half open, cut and reset, for 1 to 8 s"

    SILENT: ClassVar[float] = 40.0
    """Seconds until a connection that carries nothing any more must have been given up."""

    async def strike(self, house: House, dice: random.Random) -> None:
        """One round."""
        await asyncio.sleep(dice.uniform(0.5, 3))
        proxy, since = house.proxy, time.monotonic()
        proxy.dice = random.Random(dice.random())
        how = dice.choices(("slow", "lossy", "half open", "cut", "reset"), (3, 3, 1, 3, 3))[0]
        house.record.notes[how] = house.record.notes.get(how, 0) + 1
        if how == "reset":
            for _ in range(dice.randint(1, 5)):
                proxy.reset()
                await asyncio.sleep(dice.uniform(0, 0.8))
        elif how == "half open":
            proxy.freeze()
            await asyncio.sleep(dice.uniform(1, 8))
            house.record.away.append(Span(since, since + self.SILENT))
            return
        else:
            proxy.mood = "cut" if how == "cut" else "lossy" if how == "lossy" else "slow"
            if how == "cut":
                proxy.reset()
            await asyncio.sleep(dice.uniform(1, 8))
            proxy.mood = "well"
        house.record.away.append(Span(since, time.monotonic()))


class DiskFull(Fault):
    """Not a byte is left, then there is room again."""

    name = "disk"
    about = "state's file system full for 2 to 6 s (tmpfs as root, else a limit on the size of files)"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._place = folder / "disk"
        self._mounted = False

    @contextlib.asynccontextmanager
    async def around(self) -> AsyncIterator[None]:
        """Mount a small file system where we may."""
        self._place.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=24m,mode=0700", "tmpfs", str(self._place)]
        self._mounted = os.geteuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0  # noqa: ASYNC221 - a moment
        self.state = self._place / "state"
        try:
            yield
        finally:
            if self._mounted:
                subprocess.run(["umount", "--lazy", str(self._place)], check=False)  # noqa: ASYNC221 - a moment

    async def strike(self, house: House, dice: random.Random) -> None:
        """One round."""
        await asyncio.sleep(dice.uniform(0.5, 2))
        if self._mounted:
            ballast = await asyncio.to_thread(_fill, self._place)
            await asyncio.sleep(dice.uniform(2, 6))
            ballast.unlink()
        else:
            _limit(house.daemon.pid, resource.RLIMIT_FSIZE, 4096)
            await asyncio.sleep(dice.uniform(2, 6))
            _limit(house.daemon.pid, resource.RLIMIT_FSIZE, resource.RLIM_INFINITY)
        told = time.monotonic()
        async with asyncio.timeout(60):
            while (status := await house.status()).get("journal", {}).get("trouble", "?"):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        del status
        took = time.monotonic() - told
        house.record.notes["longest until written again, s"] = max(
            took, house.record.notes.get("longest until written again, s", 0.0)
        )


def _fill(folder: Path) -> Path:
    ballast = folder / "ballast"
    with ballast.open("ab", buffering=0) as file:
        for size in (1 << 20, 65536, 4096, 512, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"x" * size)
    return ballast


def _limit(pid: int, what: int, soft: int) -> None:
    """Limit a running process of ours; ProcessLookupError when it has ended."""
    _, hard = resource.prlimit(pid, what)
    resource.prlimit(pid, what, (soft, hard))


class Damage(Fault):
    """Bytes of the database are destroyed, at rest or under the running daemon, which is then started again."""

    name = "damage"
    about = "database corrupted: random pages, head, half of it gone, log overwritten, replaced by text"

    async def strike(self, house: House, dice: random.Random) -> None:
        """One round."""
        await asyncio.sleep(dice.uniform(1.5, 4))
        await house.settled()
        house.take_over()
        house.saved = list(house.record.journal)
        how = dice.choice(("pages", "head", "half", "log", "text"))
        if how == "log":
            await house.kill()
        else:
            house.note_down(time.monotonic())
            await house.daemon.stop()
        _damage(house.state / "journal.db", how, dice)
        aside = len(list(house.state.glob("journal.db.bad-*[0-9Z]")))
        await house.start()
        took = await house.armed()
        notes = house.record.notes
        notes[how] = notes.get(how, 0) + 1
        notes["longest start, s"] = max(took, notes.get("longest start, s", 0.0))
        await house.settled()
        found = len(list(house.state.glob("journal.db.bad-*[0-9Z]"))) - aside
        notes["set aside"] = notes.get("set aside", 0) + found
        if how in {"head", "text"} and not found:
            house.record.broken.append(f"damage ({how}) was not found")


def _damage(file: Path, how: str, dice: random.Random) -> None:
    data = bytearray(file.read_bytes())
    if how == "pages":
        for _ in range(dice.randint(1, 8)):
            at = dice.randrange(1, max(2, len(data) // 4096)) * 4096
            data[at : at + 4096] = dice.randbytes(len(data[at : at + 4096]))
    elif how == "head":
        data[:100] = bytes(100)
    elif how == "half":
        del data[len(data) // 2 :]
    elif how == "text":
        data = bytearray("这不是数据库\n".encode() * 100)
    else:
        log = file.with_name(file.name + "-wal")
        if log.exists():
            log.write_bytes(dice.randbytes(log.stat().st_size))
        return
    file.write_bytes(data)


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
    about = (
        "address space limited to what is in use plus 0 to 4 MB for 1 to 4 s; started again one second after its end"
    )

    async def strike(self, house: House, dice: random.Random) -> None:
        """One round."""
        await asyncio.sleep(dice.uniform(0.5, 2))
        pid = house.daemon.pid
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[0])  # noqa: ASYNC240 - from the kernel's memory
        _limit(pid, resource.RLIMIT_AS, pages * resource.getpagesize() + dice.randrange(0, 4 << 20))
        until = time.monotonic() + dice.uniform(1, 4)
        while time.monotonic() < until and house.daemon.running:  # noqa: ASYNC110 - it dies on its own
            await asyncio.sleep(0.02)
        if house.daemon.running:
            with contextlib.suppress(ProcessLookupError):
                _limit(pid, resource.RLIMIT_AS, resource.RLIM_INFINITY)
            await asyncio.sleep(dice.uniform(0, 1))
        if not house.daemon.running:
            house.note_down(time.monotonic() - 0.05)
            house.record.notes["ended for want of memory"] = house.record.notes.get("ended for want of memory", 0) + 1
            await asyncio.sleep(1)
            await house.start()
            await house.armed()


class Medley(Fault):
    """One fault after the other on one house, as a short look at all of them."""

    name = "medley"
    about = "all but damage, in turn, on one house"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._turns = [kind(folder) for kind in (Power, BrokerGone, Network, Calendar, DiskFull, Memory)]
        self.costume = [word for fault in self._turns for word in fault.costume]
        self._next = 0

    async def strike(self, house: House, dice: random.Random) -> None:
        """One round of the next one."""
        if not house.daemon.running:
            await house.start()
            await house.armed()
        await self._turns[self._next % len(self._turns)].strike(house, dice)
        self._next += 1

    async def finish(self, house: House) -> None:
        """Of each its own."""
        for fault in self._turns:
            await fault.finish(house)


FAULTS: dict[str, type[Fault]] = {
    fault.name: fault for fault in (Kill, Power, BrokerGone, Network, DiskFull, Damage, Calendar, Memory, Medley)
}
