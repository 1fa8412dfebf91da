"""A journal of an older gatehouse is read as it is, and brought up to date by the next one that writes it."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import apsw
import pytest

from daemon.journal import schema
from daemon.journal.chain import verify
from daemon.journal.line import write
from daemon.journal.link import genesis, link
from daemon.journal.query import query
from daemon.journal.store import Store
from gatehouse.events import Event

START = datetime(2026, 5, 1, 8, tzinfo=UTC)
GUARD = """CREATE TRIGGER events_never_go BEFORE DELETE ON events WHEN old.number > (SELECT base_number FROM chain)
    BEGIN SELECT RAISE(ABORT, 'a line of the journal is never deleted'); END;"""


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """Five lines, written as version 1 did."""
    path = tmp_path / "journal.db"
    with closing(apsw.Connection(str(path))) as database:
        database.execute(schema._TABLES + GUARD)
        database.pragma("application_id", schema.APPLICATION)
        database.pragma("user_version", 1)
        digest = genesis("e")
        database.execute("INSERT INTO chain VALUES (1, 'e', 0, ?, 0, ?)", (digest, digest))
        for number in range(1, 6):
            line = write(Event(id=f"a-{number}", at=START, kind=("x", "y")[number % 2], subject="s"))
            digest = link(digest, number, line.body)
            row = (number, digest, *line.columns, line.body.decode())
            database.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            database.execute("UPDATE chain SET head_number = ?, head_hash = ?", (number, digest))
    return path


def test_it_is_read_and_proved_as_it_is(first: Path) -> None:
    assert verify(first).clean
    assert [event.number for event in query(first)] == [1, 2, 3, 4, 5]
    with closing(apsw.Connection(str(first))) as database:
        assert database.pragma("user_version") == 1


def test_the_next_writer_brings_it_up_to_date_and_goes_on(first: Path) -> None:
    store = Store(first, lambda: START)
    assert store.open() == []
    store.commit([write(Event(id="a-6", at=START, kind="x", subject="s"))], {}, {}, {"key": b"state"})
    store.close()
    assert verify(first).clean
    assert verify(first).last == 6
    with closing(apsw.Connection(str(first))) as database:
        assert database.pragma("user_version") == schema.VERSION
        assert database.execute("SELECT kind, lines FROM sizes ORDER BY kind").fetchall() == [("x", 3), ("y", 3)]
        assert database.execute("SELECT state FROM kept").get == b"state"
        with pytest.raises(apsw.ConstraintError, match="never deleted"):
            database.execute("DELETE FROM events WHERE number = 3")
