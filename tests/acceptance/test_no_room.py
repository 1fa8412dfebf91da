"""The disk is full, or is not there: doors are freed, alarms go out, and the trouble is an alarm of its own."""

import asyncio
import contextlib
import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.ear import Heard
from tests.acceptance.conftest import HouseMaker
from tests.acceptance.house import RESIDENT, STRANGER, House
from tests.acceptance.test_restarts import free


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes."""
    if os.geteuid() != 0:
        pytest.skip("mounting a tmpfs needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m,mode=0700", "tmpfs", folder]
    mounted = subprocess.run(mount, capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"mount -t tmpfs: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path) -> Path:
    """Leave not one byte."""
    ballast = folder / "ballast"
    with ballast.open("ab", buffering=0) as file:
        for size in (65536, 512, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"x" * size)
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        (folder / "one more").write_bytes(b"x" * 4096)
    (folder / "one more").unlink()
    return ballast


async def unjournaled(estate: House, alarm: str) -> Heard:
    """An alarm that goes out although it could not be written down."""
    heard = await estate.alarm(alarm, limit=15)
    assert heard.event.get("unjournaled") is True, heard.event
    assert "sequence" not in heard.event
    return heard


async def burn_without_a_journal(estate: House) -> None:
    """All that must work without a disk."""
    mark = (await estate.control.state())["number"]
    await estate.control.do("swipe", reader="north", number=RESIDENT)
    await estate.control.happened("doors.north", "unlocked", mark)
    await estate.control.do("fire", zone="b12", on=True)
    await free(estate)
    await unjournaled(estate, "zones.b12.fire")
    police = await estate.hears("police", lambda heard: heard.data.get("alarm") == "zones.b12.fire")
    assert police.event.get("unjournaled") is True
    assert "journal.trouble" in {alarm["id"] for alarm in (await estate.status())["alarms"]}


async def well_again(estate: House, limit: float = 30) -> None:
    """What could not be written is written, under the ids that went out, and everyone has it."""
    await estate.alarm("journal.trouble", "alarm.returned", limit=limit)
    await estate.settled(limit)
    for name in estate.ears:
        await estate.compare(name)
    await estate.verified()
    kinds = [line["kind"] for line in estate.journal()]
    assert "access.granted" in kinds
    assert (await estate.command("zone", "b12", "reset", "--by", "王敏"))[0] == 1, "it still burns"


async def test_the_disk_fills_up_while_we_guard(house: HouseMaker, small_disk: Path) -> None:
    estate = await house(state=small_disk / "state")
    await estate.guard()
    await estate.settled()
    ballast = fill(small_disk)
    async with asyncio.timeout(30):
        while not (await estate.status())["journal"]["trouble"]:
            await estate.control.do("swipe", reader="north", number=STRANGER)
            await asyncio.sleep(0.1)
    await unjournaled(estate, "journal.trouble")
    await burn_without_a_journal(estate)
    ballast.unlink()
    await well_again(estate)


async def test_the_disk_is_full_from_the_start(house: HouseMaker, small_disk: Path) -> None:
    ballast = fill(small_disk)
    estate = await house(state=small_disk / "state")
    await estate.guard()
    await burn_without_a_journal(estate)
    ballast.unlink()
    await well_again(estate)


async def test_there_is_no_place_for_the_state_at_all(house: HouseMaker, tmp_path: Path) -> None:
    """No root needed: a file stands where the folder should be."""
    place = tmp_path / "state"
    place.write_text("in the way")
    estate = await house(state=place)
    await estate.guard()
    await unjournaled(estate, "journal.trouble")
    await burn_without_a_journal(estate)
    place.unlink()
    place.mkdir(mode=0o700)
    await well_again(estate)
