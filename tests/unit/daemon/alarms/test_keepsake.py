"""A release is remembered though the journal is not."""

import asyncio
import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from daemon.alarms.annunciator import Annunciator
from daemon.alarms.keepsake import Keepsake
from gatehouse.alarms import Condition, Severity

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def fire(active: bool | None = True, name: str = "zones.b12.fire", *, latch: bool = True) -> Condition:
    return Condition(alarm=name, active=active, severity=Severity.P1, kind="fire", subject="zones.b12", latch=latch)


class Box:
    """One life of the daemon: a journal that says where it ends, and the book."""

    def __init__(self, folder: Path, epoch: str = "a", head: int = 10) -> None:
        self.journal = SimpleNamespace(epoch=epoch, head=head)
        self.book = Annunciator(lambda *_, **__: None)
        self.file = folder / "latched.json"
        self.keepsake = Keepsake(self.file, self.journal, self.book)

    async def live(self, *conditions: Condition) -> None:
        """Guard until the file says what stands."""
        self.keepsake.begin()
        running = asyncio.ensure_future(self.keepsake.run())
        for condition in conditions:
            self.book.judge(condition, "r", NOW)
        wanted = {alarm.condition.alarm for alarm in self.book.standing.values() if alarm.condition.latch}
        async with asyncio.timeout(5):
            while not self.file.exists() or self.kept() != wanted:  # noqa: ASYNC110 - a thread writes it
                await asyncio.sleep(0.01)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    def kept(self) -> set[str]:
        return {alarm["condition"]["alarm"] for alarm in json.loads(self.file.read_bytes())["alarms"]}

    def states(self) -> list[bytes]:
        return [msgspec.json.encode(alarm, enc_hook=repr) for alarm in self.book.standing.values()]


@pytest.mark.parametrize(("epoch", "head"), [("b", 0), ("b", 99), ("a", 9)])
async def test_what_a_journal_has_lost_stands_again(tmp_path: Path, epoch: str, head: int) -> None:
    await Box(tmp_path).live(fire())
    after = Box(tmp_path, epoch, head)
    lost = await after.keepsake.missing([])
    after.book.restore(lost)
    assert after.book.standing["zones.b12.fire"].condition.latch
    told = []
    after.book.watch(lambda kind, alarm: told.append((kind, alarm.condition.alarm)))
    after.keepsake.tell(lost)
    assert told == [("alarm.raised", "zones.b12.fire")], "nobody had answered: people are called, and it is written"
    assert await after.keepsake.shortened()


async def test_a_journal_that_cannot_be_read_loses_nothing_that_latches(tmp_path: Path) -> None:
    await Box(tmp_path).live(fire())
    assert len(await Box(tmp_path, "", 0).keepsake.missing(None)) == 1


async def test_a_whole_journal_is_believed_also_where_it_says_that_nothing_stands(tmp_path: Path) -> None:
    await Box(tmp_path).live(fire())
    after = Box(tmp_path, "a", 11)  # the reset is in the journal; the power failed before the file was written
    assert await after.keepsake.missing([]) == []
    assert await after.keepsake.shortened() == ""


async def test_what_the_journal_knows_it_tells_itself(tmp_path: Path) -> None:
    first = Box(tmp_path)
    await first.live(fire(), fire(name="zones.b13.fire"))
    states = [state for state in first.states() if b"zones.b12.fire" in state]
    (lost,) = await Box(tmp_path, "a", 5).keepsake.missing([*states, b'{"target": "x"}', b"rubbish"])
    assert b"zones.b13.fire" in lost


async def test_an_open_case_of_an_earlier_fire_is_not_the_fire_that_stands(tmp_path: Path) -> None:
    first = Box(tmp_path)
    await first.live(fire())
    (state,) = first.states()
    older = msgspec.json.encode(msgspec.json.decode(state) | {"occurrence": "older-1", "active": False})
    after = Box(tmp_path, "b", 0)
    assert len(await after.keepsake.missing([older])) == 1


async def test_what_was_reset_is_forgotten_and_what_does_not_latch_is_not_kept(tmp_path: Path) -> None:
    box = Box(tmp_path)
    await box.live(fire(), fire(name="x", latch=False))
    assert box.kept() == {"zones.b12.fire"}
    box.book.judge(fire(active=False), "r", NOW)
    box.book.reset("zones.b12.fire", "李四")
    await box.live()
    assert box.kept() == set()


async def test_nothing_is_written_before_the_last_run_was_asked(tmp_path: Path) -> None:
    await Box(tmp_path).live(fire())
    after = Box(tmp_path)
    running = asyncio.ensure_future(after.keepsake.run())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert after.kept() == {"zones.b12.fire"}
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe", b'{"epoch": 1}', b'{"epoch":"a","head":"x","alarms":[]}'])
async def test_a_damaged_file_says_nothing(tmp_path: Path, content: bytes) -> None:
    box = Box(tmp_path)
    box.file.write_bytes(content)
    assert await box.keepsake.missing(None) == []
    assert await box.keepsake.shortened() == ""


async def test_a_folder_that_is_gone_stops_nothing(tmp_path: Path) -> None:
    box = Box(tmp_path / "gone")
    box.keepsake.begin()
    running = asyncio.ensure_future(box.keepsake.run())
    box.book.judge(fire(), "r", NOW)
    done, _ = await asyncio.wait([running], timeout=0.2)
    assert not done
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
