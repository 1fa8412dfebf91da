"""The writing connection: bounded log, whole transactions, one owner."""

import os
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import apsw
import pytest

from daemon.journal.chain import Verdict, verify
from daemon.journal.file import DisplacedError, JournalError, explain, reader
from daemon.journal.line import Line, write
from daemon.journal.query import query
from daemon.journal.salvage import set_aside
from daemon.journal.store import Store
from gatehouse.events import Event

START = datetime(2026, 5, 1, tzinfo=UTC)


def line(i: int, size: int = 500) -> Line:
    return write(Event(id=f"a-{i}", at=START, kind="k", subject="s", content={"x": "y" * size}))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "journal.db", lambda: START)
    store.open()
    yield store
    store.close()


def wal(store: Store) -> int:
    return store.path.with_name("journal.db-wal").stat().st_size


def fill(store: Store, commits: int) -> int:
    """Commit and tidy as the journal does; the largest size that the log had."""
    largest = 0
    for i in range(commits):
        store.commit([line(i * 50 + j) for j in range(50)], {}, {})
        if store.untidy:
            store.tidy()
        largest = max(largest, wal(store))
    return largest


def test_the_log_is_bounded(store: Store) -> None:
    assert fill(store, 300) < 8 << 20
    assert verify(store.path).last == 15_000


def test_the_log_is_bounded_while_the_journal_is_verified_again_and_again(store: Store) -> None:
    fill(store, 40)
    stop, verdicts = threading.Event(), list[Verdict]()

    def watch() -> None:
        while not stop.is_set():
            verdicts.append(verify(store.path))

    watcher = threading.Thread(target=watch)
    watcher.start()
    largest = fill(store, 200)
    stop.set()
    watcher.join(30)
    assert largest < 24 << 20
    assert verdicts
    assert all(verdict.clean for verdict in verdicts)


def test_a_reader_that_stays_makes_it_grow_and_once_gone_it_shrinks(store: Store) -> None:
    fill(store, 2)
    with closing(reader(store.path)) as database:
        database.execute("BEGIN; SELECT count(*) FROM events").fetchall()
        grown = fill(store, 200)
        assert grown > 12 << 20
    fill(store, 60)
    assert wal(store) <= 16 << 20


def test_close_leaves_one_whole_file(store: Store) -> None:
    fill(store, 3)
    store.close()
    assert sorted(one.name for one in store.path.parent.iterdir()) == ["journal.db", "journal.db.lock"]


def test_people_who_are_not_of_the_group_may_not_read_it(store: Store) -> None:
    assert store.path.stat().st_mode & 0o777 == 0o640


def test_a_failing_commit_leaves_nothing(store: Store) -> None:
    store.commit([line(1)], {}, {"police": 1})
    bad = line(2)
    with pytest.raises((TypeError, UnicodeEncodeError, apsw.Error)):
        store.commit([bad], {"a": b'{"x":1}', "\ud800": b"{}"}, {"police": 2})
    store.open()
    assert store.known is not None
    assert (store.known.head, store.known.cursors, store.known.standing) == (1, {"police": 1}, {})
    assert verify(store.path).last == 1


def test_an_exchanged_file_is_noticed_before_anything_is_written_into_the_void(store: Store) -> None:
    store.commit([line(1)], {}, {})
    store.path.rename(store.path.with_name("elsewhere.db"))
    with pytest.raises(DisplacedError, match="removed or exchanged"):
        store.commit([line(2)], {}, {})
    assert [remark.kind for remark in store.open()] == ["journal.replaced"]
    store.commit([line(2)], {}, {})
    assert [event.kind for event in query(store.path)] == ["k", "journal.replaced", "k"]
    assert verify(store.path).clean


def test_a_second_owner_is_refused(store: Store) -> None:
    other = Store(store.path, lambda: START)
    with pytest.raises(JournalError, match="another gatehouse writes"):
        other.open()
    store.close()
    assert other.open() == []
    other.close()


def test_it_is_known_how_far_it_had_been_written_though_its_log_is_spoilt(store: Store, tmp_path: Path) -> None:
    store.commit([line(1)], {}, {})
    store.close()
    store.open()
    store.commit([line(2), line(3)], {}, {})
    dead = tmp_path / "dead"  # as kill -9 leaves it
    dead.mkdir()
    for file in tmp_path.glob("journal.db*"):
        (dead / file.name).write_bytes(file.read_bytes())
    log = dead / "journal.db-wal"
    log.write_bytes(os.urandom(log.stat().st_size))
    again = Store(dead / "journal.db", lambda: START)
    assert again.open() == [], "SQLite takes such a log for an empty one"
    assert (again.found, again.written) == (1, 3)
    again.commit([line(4)], {}, {})
    again.close()
    assert (again.found, again.written) == (1, 3), "as it was when it was opened first"
    third = Store(dead / "journal.db", lambda: START)
    third.open()
    assert (third.found, third.written) == (2, 2)
    third.close()


@pytest.mark.parametrize("said", [b"", b"\xff\x00", b"other 9\n", b" 9", b"x", b"9 -1"])
def test_what_is_said_of_another_journal_or_cannot_be_read_says_nothing(tmp_path: Path, said: bytes) -> None:
    (tmp_path / "journal.db.lock").write_bytes(said)
    store = Store(tmp_path / "journal.db", lambda: START)
    store.open()
    assert (store.found, store.written) == (0, 0)
    store.close()


def test_a_log_without_its_file_is_set_aside_and_not_thrown_away(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.touch()
    path.with_name("journal.db-wal").write_bytes(b"the newest lines")
    store = Store(path, lambda: START)
    (remark,) = store.open()
    assert "its log is not" in remark.why
    assert (tmp_path / "journal.db.bad-20260501T000000Z-wal").read_bytes() == b"the newest lines"
    store.close()


def test_no_older_bad_file_is_ever_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    names = []
    for i in range(3):
        path.write_text(str(i))
        names.append(set_aside(path, START).name)
    assert names == [f"journal.db.bad-20260501T000000Z{end}" for end in ("", "-2", "-3")]
    assert [(tmp_path / name).read_text() for name in names] == ["0", "1", "2"]


def test_killed_while_it_was_made_means_made_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with closing(apsw.Connection(str(path))) as database:
        database.pragma("journal_mode", "wal")
    store = Store(path, lambda: START)
    assert store.open() == []
    store.commit([line(1)], {}, {})
    store.close()
    assert verify(path).last == 1


def test_a_newer_journal_is_not_touched_but_set_aside(store: Store) -> None:
    store.commit([line(1)], {}, {})
    store.close()
    with closing(apsw.Connection(str(store.path))) as database:
        database.pragma("user_version", 99)
    with pytest.raises(JournalError, match=r"version 99; this gatehouse reads up to 2"):
        query(store.path)
    (remark,) = store.open()
    assert "version 99" in remark.why


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (apsw.FullError("x"), "the disk of {} is full; make room"),
        (OSError(28, "x"), "the disk of {} is full; make room"),
        (apsw.BusyError("x"), "another program holds {}; end it"),
        (PermissionError(13, "x"), "{} cannot be opened; the user of gatehouse must own it and its directory"),
        (OSError(30, "x"), "{} is read-only; check the mount and the rights of the file"),
        (apsw.IOError("x"), "the disk of {} failed (x); see the kernel's log, it may be dying"),
        (ValueError("x"), "{}: ValueError: x"),
    ],
)
def test_trouble_is_told_in_plain_words(tmp_path: Path, error: Exception, text: str) -> None:
    path = tmp_path / "journal.db"
    assert explain(error, path) == text.format(path)


def test_a_finished_journal_can_be_read_on_read_only_ground(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.commit([line(1)], {}, {})
    store.close()
    real = os.access
    monkeypatch.setattr("os.access", lambda path, mode: mode != os.W_OK and real(path, mode))
    assert len(query(store.path)) == 1
    assert not store.path.with_name("journal.db-wal").exists()
