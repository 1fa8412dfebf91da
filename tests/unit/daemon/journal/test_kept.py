"""Small states beside the events: durable with them, whatever happens to the disk."""

from pathlib import Path

import apsw
import pytest

from daemon.clock import SystemClock
from daemon.journal.journal import Journal
from daemon.journal.kept import MOST_KEPT
from tests.unit.daemon.journal.desk import Disk, durable, event, running, until


async def test_what_is_kept_comes_back_after_a_restart_and_what_is_forgotten_does_not(path: Path) -> None:
    async with running(path) as journal:
        journal.keep("ladder/1", b"step 2")
        journal.keep("ladder/2", b"step 1")
        journal.keep("drill", b"\x00\xff")
        journal.keep("ladder/2", None)
        assert await journal.kept("ladder/") == {"ladder/1": b"step 2"}
    async with running(path) as again:
        assert await again.kept() == {"ladder/1": b"step 2", "drill": b"\x00\xff"}


async def test_it_is_on_the_disk_at_once_not_with_the_next_event(path: Path) -> None:
    async with running(path) as journal:
        await journal.standing()
        journal.keep("once/1", b"seen")
        await until(lambda: _on_disk(path) == {"once/1": b"seen"})


async def test_it_never_gets_ahead_of_the_events_before_it(path: Path) -> None:
    async with running(path) as journal:
        await journal.standing()
        for i in range(2500):
            journal.append(event(i))
        journal.keep("after", b"2500 events")
        seen = 0
        while not (kept := _on_disk(path)):
            seen = max(seen, journal.head)
            await journal.wait_beyond(seen, 1.0)
        assert kept == {"after": b"2500 events"}
        assert journal.head == 2500


async def test_while_the_disk_is_in_trouble_it_is_known_all_the_same_and_written_when_it_recovers(
    path: Path, disk: Disk
) -> None:
    troubles: list[str] = []
    async with running(path, troubles) as journal:
        journal.keep("a", b"1")
        journal.append(event(1))
        await durable(journal, 1)
        disk.fault = apsw.FullError
        journal.keep("a", b"2")
        journal.keep("b", b"3")
        await until(lambda: troubles)
        assert await journal.kept() == {"a": b"2", "b": b"3"}
        assert _on_disk(path) == {"a": b"1"}
        disk.fault = None
        await until(lambda: not journal.trouble)
        assert _on_disk(path) == {"a": b"2", "b": b"3"}


async def test_a_bad_file_is_set_aside_and_what_was_kept_is_in_the_new_one(path: Path) -> None:
    async with running(path) as journal:
        journal.keep("ladder/1", b"step 2")
        journal.append(event(1))
        await durable(journal, 1)
        path.unlink()  # noqa: ASYNC240 - a moment
        journal.append(event(2))
        await durable(journal, 3)
        assert _on_disk(path) == {"ladder/1": b"step 2"}
    async with running(path) as again:
        assert await again.kept() == {"ladder/1": b"step 2"}


async def test_nobody_keeps_large_things_here(path: Path) -> None:
    journal = Journal(path, SystemClock(), lambda _: None)
    with pytest.raises(ValueError, match="'big' has 65537 bytes; at most 65536 are kept"):
        journal.keep("big", b"x" * (MOST_KEPT + 1))
    await journal.close()


async def test_without_a_disk_there_is_no_answer(tmp_path: Path) -> None:
    async with running(tmp_path / "away" / "journal.db") as journal:
        journal.keep("a", b"1")
        with pytest.raises(OSError, match="is missing; mount or create it"):
            await journal.kept()


def _on_disk(path: Path) -> dict[str, bytes]:
    database = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return dict(database.execute("SELECT key, state FROM kept").fetchall())
    finally:
        database.close()
