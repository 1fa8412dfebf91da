"""The journal keeps its promises, on good disks and on bad ones."""

import asyncio
from contextlib import closing, suppress
from pathlib import Path

import apsw
import pytest

from daemon.clock import SystemClock
from daemon.journal.chain import verify
from daemon.journal.journal import Filter, Journal, JournalError
from daemon.journal.query import query
from daemon.journal.salvage import FORGOT
from tests.unit.daemon.journal.desk import LIMIT, Disk, alarm, durable, event, running, until


async def test_events_are_numbered_in_order_and_come_back_as_they_were(path: Path) -> None:
    events = [event(i) for i in range(300)]
    async with running(path) as journal:
        for one in events:
            journal.append(one)
        await durable(journal, 300)
        read = await journal.read(0, 1000)
        assert [one.number for one in read] == list(range(1, 301))
        assert [(one.id, one.at, one.content) for one in read] == [(one.id, one.at, one.content) for one in events]
        assert [one.number for one in await journal.read(290, 3)] == [291, 292, 293]
        assert journal.waiting() == ()
    assert verify(path, known=(300, journal.head_hash)).proved


async def test_events_from_before_the_start_are_kept(path: Path) -> None:
    journal = Journal(path, SystemClock(), lambda _: None)
    journal.append(event(1))
    assert [one.id for one in journal.waiting()] == [event(1).id]
    await journal.close()
    assert [one.id for one in query(path)] == [event(1).id]


async def test_a_restart_goes_on_where_it_ended(path: Path) -> None:
    async with running(path) as first:
        first.append(event(1))
        await durable(first, 1)
    async with running(path) as second:
        second.append(event(2))
        await durable(second, 2)
        assert second.epoch == first.epoch
    assert verify(path).checked == 2


async def test_close_writes_all_that_waits(path: Path) -> None:
    async with running(path) as journal:
        await durable(journal, 0)
        for i in range(5000):
            journal.append(event(i))
    assert verify(path).last == 5000
    assert not path.with_name("journal.db-wal").exists() or not path.with_name("journal.db-wal").stat().st_size


async def test_nothing_is_seen_before_it_is_synced(path: Path, disk: Disk) -> None:
    async with running(path) as journal:
        journal.append(event(1))
        await durable(journal, 1)
        disk.free.clear()
        journal.append(event(2))
        await journal.wait_beyond(1, 0.2)
        assert journal.head == 1
        assert await journal.read(0) == query(path)
        assert len(await journal.read(0)) == 1
        assert [one.id for one in journal.waiting()] == [event(2).id]
        disk.free.set()
        await durable(journal, 2)
        assert len(await journal.read(0)) == 2


async def test_cursors_survive_and_are_never_ahead(path: Path) -> None:
    async with running(path) as journal:
        journal.append(event(1))
        journal.append(event(2))
        await durable(journal, 2)
        journal.move("police", 1)
        journal.move("property", 99)
        assert (journal.cursor("police"), journal.cursor("property"), journal.cursor("other")) == (1, 2, 0)
    async with running(path) as journal:
        await until(lambda: journal.epoch)
        assert (journal.cursor("police"), journal.cursor("property")) == (1, 2)


async def test_a_moved_cursor_is_written_within_two_seconds_of_silence(path: Path) -> None:
    async with running(path) as journal:
        journal.append(event(1))
        await durable(journal, 1)
        journal.move("police", 1)

        def stored() -> bool:
            with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)) as database:
                return database.execute("SELECT number FROM cursors WHERE subscriber = 'police'").get == 1

        async with asyncio.timeout(2.0):
            await until(stored)


async def test_standing_alarms_are_as_the_newest_events_say(path: Path) -> None:
    async with running(path) as journal:
        for i, (name, state) in enumerate(
            [("a", "unacknowledged"), ("b", "unacknowledged"), ("a", "acknowledged"), ("b", "normal")]
        ):
            journal.append(alarm(i, name, state))
        await durable(journal, 4)
    async with running(path) as journal:
        assert await journal.standing() == [b'{"count":2,"state":"acknowledged"}']


async def test_standing_says_so_when_the_journal_cannot_be_opened(tmp_path: Path) -> None:
    async with running(tmp_path / "none" / "journal.db") as journal:
        with pytest.raises(OSError, match="is missing; mount or create it"):
            await journal.standing()


async def test_waiting_ends_with_news_and_with_time(path: Path) -> None:
    async with running(path) as journal:
        await until(lambda: journal.epoch)
        await journal.wait_beyond(0, 0.01)
        assert journal.head == 0
        async with asyncio.TaskGroup() as group:
            waiter = group.create_task(journal.wait_beyond(0, LIMIT))
            await asyncio.sleep(0)
            journal.append(event(1))
        assert waiter.done()
        assert journal.head == 1


@pytest.mark.parametrize(
    ("fault", "at", "text"),
    [
        (apsw.FullError, "xWrite", "is full; make room"),
        (apsw.IOError, "xWrite", "failed"),
        (apsw.IOError, "xSync", "failed"),
        (apsw.ReadOnlyError, "xWrite", "is read-only"),
    ],
)
async def test_a_failing_disk_loses_nothing_and_keeps_the_order(
    path: Path, disk: Disk, fault: type[apsw.Error], at: str, text: str
) -> None:
    troubles: list[str] = []
    async with running(path, troubles) as journal:
        journal.append(event(1))
        await durable(journal, 1)
        disk.at, disk.fault = at, fault
        for i in range(2, 50):
            journal.append(event(i))
        await until(lambda: troubles)
        assert text in troubles[0]
        assert journal.trouble == troubles[0]
        journal.append(event(50))
        assert [one.id for one in journal.waiting()] == [event(i).id for i in range(2, 51)]
        progress = journal.progress
        await until(lambda: journal.progress > progress + 1)
        disk.fault = None
        await durable(journal, 50)
        await until(lambda: not journal.trouble)
        assert [one.id for one in await journal.read(0)] == [event(i).id for i in range(1, 51)]
    assert len(troubles) == 2
    assert troubles[1] == ""
    disk.leave()
    assert verify(path).clean
    assert verify(path).last == 50


async def test_a_full_disk_rolls_the_whole_commit_back(path: Path, disk: Disk) -> None:
    async with running(path) as journal:
        journal.append(event(1))
        await durable(journal, 1)
        disk.at, disk.fault = "xSync", apsw.FullError
        for i in range(2, 9):
            journal.append(event(i))
        journal.append(alarm(9, "a", "unacknowledged"))
        await until(lambda: journal.trouble)
        assert [one.number for one in query(path)] == [1]
        assert verify(path).clean
        disk.fault = None
        await durable(journal, 9)
        assert len(await journal.standing()) == 1


async def test_a_disk_that_hangs_is_trouble_and_the_loop_goes_on(
    path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.journal.journal._HANGS", 0.0)
    troubles: list[str] = []
    async with running(path, troubles) as journal:
        await until(lambda: journal.epoch)
        disk.free.clear()
        journal.append(event(1))
        await until(lambda: troubles)
        assert "does not answer" in troubles[0]
        progress = journal.progress
        await until(lambda: journal.progress > progress)
        disk.free.set()
        await durable(journal, 1)
        await until(lambda: troubles == [troubles[0], ""])


async def test_close_ends_in_a_second_although_the_disk_hangs(path: Path, disk: Disk) -> None:
    journal = Journal(path, SystemClock(), lambda _: None)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(journal.run())
        await until(lambda: journal.epoch)
        disk.free.clear()
        journal.append(event(1))
        start = asyncio.get_running_loop().time()
        await journal.close()
        assert asyncio.get_running_loop().time() - start < 1.2
        task.cancel()
    disk.free.set()


async def test_a_missing_directory_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "disk" / "journal.db"
    troubles: list[str] = []
    async with running(path, troubles) as journal:
        journal.append(event(1))
        await until(lambda: troubles)
        assert "mount or create it" in troubles[0]
        path.parent.mkdir()
        await durable(journal, 1)
        await until(lambda: troubles == [troubles[0], ""])


async def test_two_gatehouses_never_share_a_journal(path: Path) -> None:
    troubles: list[str] = []
    async with running(path) as first:
        await until(lambda: first.epoch)
        async with running(path, troubles) as second:
            second.append(event(2))
            await until(lambda: troubles)
            assert "another gatehouse" in troubles[0]
            await first.close()
            await durable(second, 1)


@pytest.mark.parametrize("content", [b"garbage" * 5000, b"SQLite format 3\x00" + b"\xff" * 8176])
async def test_what_is_no_database_is_set_aside(path: Path, content: bytes) -> None:
    path.write_bytes(content)  # noqa: ASYNC240 - a test has nothing else to do
    troubles: list[str] = []
    async with running(path, troubles) as journal:
        journal.append(event(1))
        await durable(journal, 2)
        first, second = await journal.read(0)
        assert (first.kind, second.id) == ("journal.replaced", event(1).id)
        aside = path.with_name(str(first.content["file"]))
        assert aside.name.startswith("journal.db.bad-")
        assert aside.read_bytes() == content
    assert "a new journal was begun" in troubles[0]
    assert troubles[1:] == [""]
    assert verify(path).clean


async def test_another_programs_database_is_set_aside(path: Path) -> None:
    with closing(apsw.Connection(str(path))) as database:
        database.execute("CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)")
    async with running(path) as journal:
        await durable(journal, 1)
        (first,) = await journal.read(0)
        assert "is not a journal of gatehouse" in first.content["why"]
        aside = path.with_name(str(first.content["file"]))
        assert apsw.Connection(str(aside)).execute("SELECT a FROM theirs").get == 1


def damage(path: Path, table: str, every: bool = False) -> None:
    """Overwrite leaf pages of a table or index, as a dying disk would."""
    with closing(apsw.Connection(str(path))) as database:
        pages = database.execute(
            "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY path", (table,)
        ).fetchall()
        size = database.pragma("page_size")
        database.wal_checkpoint("main", apsw.SQLITE_CHECKPOINT_PASSIVE)
    with path.open("r+b") as file:
        for (page,) in pages if every else pages[:1]:
            file.seek((page - 1) * size)
            file.write(b"\xff" * size)


async def test_a_journal_damaged_while_stopped_gives_back_what_is_owed(path: Path) -> None:
    """An index is destroyed. Cursors, standing alarms, numbers and unsent events live on, with the same hashes."""
    async with running(path) as old:
        for i in range(1, 200):
            old.append(event(i))
        old.append(alarm(200, "a", "unacknowledged"))
        await durable(old, 200)
        old.move("police", 150)
        old.move("property", 200)
    damage(path, "events_kind")
    async with running(path) as journal:
        journal.append(event(500))
        await durable(journal, 202)
        assert journal.epoch == old.epoch
        assert (journal.cursor("police"), journal.cursor("property")) == (150, 200)
        assert len(await journal.standing()) == 1
        owed = await journal.read(150)
        assert [one.number for one in owed] == list(range(151, 203))
        assert [one.id for one in owed[:50]] == [event(i).id for i in range(151, 201)]
        assert owed[50].kind == "journal.replaced"
        assert owed[50].content["kept"] == 200
    assert verify(path, known=(200, old.head_hash)).proved


async def test_a_journal_damaged_beyond_reading_begins_another_epoch(path: Path) -> None:
    async with running(path) as old:
        old.append(event(1))
        await durable(old, 1)
    damage(path, "chain")
    async with running(path) as journal:
        await durable(journal, 1)
        assert journal.epoch != old.epoch
        assert (await journal.read(0))[0].kind == "journal.replaced"


async def test_a_journal_that_cannot_be_read_for_what_stood_says_so_until_that_is_put_right(path: Path) -> None:
    """Its lines are all there, under the same epoch: nothing else would tell that alarms are forgotten."""
    async with running(path) as old:
        old.append(alarm(1, "a", "unacknowledged"))
        await durable(old, 1)
        assert await old.kept(FORGOT) == {}
    damage(path, "standing", every=True)
    async with running(path) as journal:
        await durable(journal, 2)
        assert journal.epoch == old.epoch
        assert await journal.standing() == []
        assert await journal.kept(FORGOT) == {FORGOT: b"1"}
    async with running(path) as journal:
        assert await journal.kept(FORGOT), "the daemon may have been killed before anybody put it right"
        journal.append(alarm(1, "a", "unacknowledged"))
        journal.keep(FORGOT, None)
        await durable(journal, 3)
    async with running(path) as journal:
        assert await journal.kept(FORGOT) == {}
        assert len(await journal.standing()) == 1
    assert verify(path).clean, "a line that comes again under its own id is no fault"


async def test_a_journal_damaged_while_running_goes_on_with_the_next_number(path: Path) -> None:
    troubles: list[str] = []
    async with running(path, troubles) as journal:
        for i in range(1, 2001):
            journal.append(event(i))
        await durable(journal, 2000)
        journal.move("police", 2000)
        damage(path, "events", every=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(5.0):
                while not troubles:
                    await journal.read(0)
                    journal.append(event(3000))
        await until(lambda: troubles[-1] == "")
        newest = await journal.query(0, 10_000, Filter(kinds=("journal.replaced",)))
        assert len(newest) == 1
        assert newest[0].number > 2000
        assert journal.cursor("police") == 2000
    assert verify(path).clean
    assert verify(path).first > 2000


async def test_a_journal_removed_while_running_is_written_anew_with_all_that_is_owed(path: Path) -> None:
    troubles: list[str] = []
    async with running(path, troubles) as journal:
        for i in range(1, 101):
            journal.append(event(i))
        await durable(journal, 100)
        journal.move("police", 60)
        for end in ("", "-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)
        journal.append(event(101))
        await durable(journal, 102)
        await until(lambda: not journal.trouble)
        assert "was removed" in troubles[0]
        read = await journal.read(60)
        assert [one.number for one in read] == list(range(61, 103))
        assert {one.id for one in read} >= {event(i).id for i in range(61, 102)}
    assert verify(path).clean
    assert verify(path).checked == 102


async def test_a_cut_off_end_is_reported_and_its_numbers_are_not_given_again(path: Path) -> None:
    async with running(path) as journal:
        for i in range(1, 11):
            journal.append(event(i))
        await durable(journal, 10)
    with closing(apsw.Connection(str(path))) as database:
        database.execute("DROP TRIGGER events_never_go; DELETE FROM events WHERE number > 7")
    troubles: list[str] = []
    async with running(path, troubles) as journal:
        await durable(journal, 11)
        (told,) = await journal.read(10)
        assert told.kind == "journal.damaged"
        assert told.content["number"] == 8
        assert "end was removed" in troubles[0]
    assert verify(path).findings[0].number == 8


async def test_lines_can_be_neither_changed_nor_deleted_nor_replaced(path: Path) -> None:
    async with running(path) as journal:
        journal.append(event(1))
        await durable(journal, 1)
    with closing(apsw.Connection(str(path))) as database:
        for statement in (
            "UPDATE events SET severity = 0",
            "DELETE FROM events",
            "INSERT OR REPLACE INTO events SELECT * FROM events",
        ):
            with pytest.raises(apsw.ConstraintError, match="a line of the journal is never"):
                database.execute(statement)


async def test_a_line_that_cannot_be_read_does_not_stop_a_feed(path: Path) -> None:
    async with running(path) as journal:
        for i in range(1, 4):
            journal.append(event(i))
        await durable(journal, 3)
    with closing(apsw.Connection(str(path))) as database:
        database.execute("DROP TRIGGER events_never_change; UPDATE events SET body = '{' WHERE number = 2")
    async with running(path) as journal:
        await until(lambda: journal.epoch)
        assert [one.kind for one in await journal.read(0, 3)] == ["access.granted", "journal.damaged", "access.granted"]


async def test_what_is_dropped_is_counted_in_the_journal(
    path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.journal.journal._BATCH", 10)
    async with running(path) as journal:
        await until(lambda: journal.epoch)
        journal._queue._most = 100
        disk.at, disk.fault = "xWrite", apsw.FullError
        for i in range(200):
            journal.append(event(i, "alarm.raised", 1) if i % 10 == 0 else event(i))
        await until(lambda: journal.trouble)
        assert len(journal.waiting()) == 100
        disk.fault = None
        await durable(journal, 101)
        read = await journal.read(0)
        (note,) = [one for one in read if one.kind == "journal.dropped"]
        assert note.content["count"] == 100
        assert note.content["severities"] == {"0": 100}
        assert [one.id for one in read if one.severity == 1] == [event(i).id for i in range(0, 200, 10)]
        others = [int(one.id[13:]) for one in read if one.kind == "access.granted"]
        assert others == sorted(others)


async def test_a_search_answers_in_order_and_says_when_it_cannot(path: Path, tmp_path: Path) -> None:
    async with running(path) as journal:
        for i in range(30):
            journal.append(event(i, "alarm.raised" if i % 3 == 0 else "access.denied", i % 3))
        await durable(journal, 30)
        wanted = Filter(kinds=("alarm.*",))
        assert [one.number for one in await journal.query(0, 3, wanted)] == [1, 4, 7]
        assert [one.number for one in await journal.query(0, 3, wanted, newest=True)] == [22, 25, 28]
        assert await journal.query(30) == []
    async with running(tmp_path / "none" / "journal.db") as absent:
        with pytest.raises(JournalError, match=r"is missing|is not open yet"):
            await absent.query()


def test_an_unsafe_sqlite_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apsw.sqlite_lib_version", lambda: "3.51.2")
    with pytest.raises(JournalError, match=r"SQLite 3\.51\.2 can corrupt the journal"):
        Journal(path, SystemClock(), lambda _: None)
    monkeypatch.setattr("apsw.sqlite_lib_version", lambda: "3.51.3")
    Journal(path, SystemClock(), lambda _: None)
