"""Faults of the disk: no room, and bytes that are not what was written."""

import asyncio
import contextlib
import os
import random
import resource
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path

from campaign.fault import Fault, limit
from campaign.house import House


class DiskFull(Fault):
    """Not a byte is left, then there is room again."""

    name = "disk"
    about = "state's file system full for 2 to 6 s (tmpfs as root, else a limit on the size of files)"

    def __init__(self, folder: Path, megabytes: int = 24) -> None:
        super().__init__(folder)
        self._megabytes = megabytes
        self._place = folder / "disk"
        self._mounted = False

    @contextlib.asynccontextmanager
    async def around(self) -> AsyncIterator[None]:
        """Mount a small file system where we may."""
        self._place.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={self._megabytes}m,mode=0700", "tmpfs", str(self._place)]
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
            limit(house.daemon.pid, resource.RLIMIT_FSIZE, 4096)
            await asyncio.sleep(dice.uniform(2, 6))
            limit(house.daemon.pid, resource.RLIMIT_FSIZE, resource.RLIM_INFINITY)
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


class Damage(Fault):
    """Bytes of the database are destroyed, at rest or under the running daemon, which is then started again."""

    name = "damage"
    about = "database corrupted: random pages, head, half of it gone, log overwritten, replaced by text"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._turns: list[str] = []

    async def strike(self, house: House, dice: random.Random) -> None:
        """One round; five in a row are one of each kind."""
        if not self._turns:
            self._turns = dice.sample(_WAYS, len(_WAYS))
        how = self._turns.pop()
        await asyncio.sleep(dice.uniform(1.5, 4))
        await house.settled()
        await asyncio.to_thread(house.take_over)
        before = {line["id"] for line in house.record.journal}
        if how == "log":
            await house.kill()
        else:
            house.note_down(time.monotonic())
            await house.daemon.stop()
        await asyncio.sleep(_FLIGHT)
        await asyncio.to_thread(house.save_told, before)
        notes = house.record.notes
        notes[f"bytes of the {how}"] = notes.get(f"bytes of the {how}", 0) + _damage(
            house.state / "journal.db", how, dice
        )
        aside = len(list(house.state.glob("journal.db.bad-*[0-9Z]")))
        await house.start()
        took = await house.armed()
        notes[how] = notes.get(how, 0) + 1
        notes["longest start, s"] = max(took, notes.get("longest start, s", 0.0))
        await house.settled()
        found = len(list(house.state.glob("journal.db.bad-*[0-9Z]"))) - aside
        notes["set aside"] = notes.get("set aside", 0) + found
        if how in {"head", "text"} and not found:
            house.record.broken.append(f"damage ({how}) was not found")
        gone, told = await asyncio.to_thread(house.gone)
        notes["lines destroyed"] = notes.get("lines destroyed", 0) + gone
        if gone and not told:
            house.record.broken.append(f"damage ({how}): {gone} lines are gone from the journal, which does not say so")


_WAYS = ("pages", "head", "half", "log", "text")
_FLIGHT = 0.3
"""Seconds in which what the daemon has sent arrives."""


def _damage(file: Path, how: str, dice: random.Random) -> int:
    """Spoil it; how many bytes of it, or of its log, were destroyed."""
    if how == "log":
        file = file.with_name(file.name + "-wal")
    data = bytearray(file.read_bytes()) if file.exists() else bytearray()
    was = len(data)
    if how == "pages":
        for _ in range(dice.randint(1, 8)):
            at = dice.randrange(1, max(2, was // 4096)) * 4096
            data[at : at + 4096] = dice.randbytes(len(data[at : at + 4096]))
    elif how == "head":
        data[:100] = bytes(100)
    elif how == "half":
        del data[was // 2 :]
    elif how == "text":
        data = bytearray("这不是数据库\n".encode() * 100)
    elif was:  # all of it, or from somewhere on
        at = dice.choice((0, dice.randrange(was)))
        data[at:] = dice.randbytes(was - at)
    file.write_bytes(data)
    return was
