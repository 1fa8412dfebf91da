"""Lines that are past their time go; the rest stays provable, and what must not go stays."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import apsw
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.journal.calendar import KEY, Entry
from daemon.journal.chain import verify
from daemon.journal.journal import Filter, Journal
from daemon.journal.line import write
from daemon.journal.query import query
from daemon.journal.retention import Retention
from daemon.journal.room import Room
from daemon.journal.store import Store
from gatehouse.events import Event
from tests.unit.daemon.journal.book import KINDS, START, Book, spoil
from tests.unit.daemon.journal.desk import event, running, until

pytestmark = pytest.mark.usefixtures("small")


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    book = Book(tmp_path / "journal.db")
    yield book
    book.store.close()


def test_each_class_has_its_days(book: Book) -> None:
    book.trim()
    book.write(*KINDS)
    book.day(12)
    assert "patrol.point" not in book.kinds()
    assert set(KINDS) - {"patrol.point"} <= set(book.kinds())
    book.day(5)
    assert "feed.lost" not in book.kinds()
    assert {"access.granted", "output.told"} <= set(book.kinds())
    book.day(5)
    assert {"access.granted", "output.told"}.isdisjoint(book.kinds())
    assert {"alarm.raised", "journal.dropped"} <= set(book.kinds())
    verdict = verify(book.path)
    assert verdict.clean
    assert verdict.cut + verdict.gone == 4
    assert dict(verdict.rules) == {
        ("days", "patrol"): 1, ("days", "network"): 1, ("days", "access"): 1, ("days", "operations"): 1,
    }  # fmt: skip
    book.day(60)
    assert set(book.kinds()) == {"journal.cut"}
    verdict = verify(book.path)
    assert verdict.clean
    assert verdict.gone > 5


def test_a_line_stays_for_its_days_to_the_last(book: Book) -> None:
    book.trim()
    book.write("patrol.point", "alarm.raised")
    for _ in range(11):
        book.day()
        assert book.kinds() == ["patrol.point", "alarm.raised"]
    book.day()
    assert "patrol.point" not in book.kinds()


def test_an_alarm_that_a_subscriber_waits_for_stays_and_all_else_goes(book: Book) -> None:
    book.trim()
    book.write("alarm.raised", "access.granted", "alarm.raised", "access.granted")
    book.store.commit([], {}, {"police": 1, "property": 4})
    book.day(100)
    assert [n for n in book.numbers() if n <= 4] == [3]
    assert verify(book.path).clean
    book.trimmer.subscribers = frozenset({"property"})
    book.day()
    assert [n for n in book.numbers() if n <= 4] == []
    assert verify(book.path).clean


def test_what_a_subscriber_has_not_got_when_it_goes_is_told_with_the_numbers(book: Book) -> None:
    book.trim()
    book.write("patrol.point", "patrol.point", "patrol.point", "alarm.raised")
    book.store.commit([], {}, {"police": 1, "property": 3})
    book.day(12)
    (cut,) = [event for event in query(book.path) if event.kind == "journal.cut" and event.content["rule"] == "days"]
    assert cut.content["unsent"] == {"police": 2}
    assert (cut.content["first_line"], cut.content["last_line"], cut.content["count"]) == (1, 3, 3)


def test_lines_about_an_alarm_that_is_not_over_stay(book: Book) -> None:
    book.trim()
    raised = book.line("alarm.raised", {"alarm": "b12.gas", "alarm_state": {"state": "latched", "occurrence": "o1"}}, 1)
    book.store.commit([raised], {"o1": b"{}"}, {})
    book.write("alarm.raised", "alarm.raised", alarm="other")
    book.day(100)
    assert 1 in book.numbers()
    assert 2 not in book.numbers()
    book.store.commit([], {"o1": None}, {})
    book.day()
    assert 1 not in book.numbers()
    assert verify(book.path).clean


def test_a_clock_that_is_pushed_on_day_by_day_cuts_nothing(book: Book) -> None:
    book.trim()
    book.write(*KINDS)
    book.day(2)
    for _ in range(100):
        book.clock.at += timedelta(days=1)
        book.clock.advance(1200)
        book.trim()
    assert book.trimmer.doubts
    assert set(KINDS) <= set(book.kinds())


def test_a_clock_a_year_ahead_cuts_nothing_for_a_day_and_one_set_right_in_time_never(book: Book) -> None:
    book.trim()
    book.write(*KINDS)
    book.day(2)
    book.clock.at += timedelta(days=365)
    book.trim()
    book.clock.advance(86000)
    book.trim()
    assert book.trimmer.doubts
    assert set(KINDS) <= set(book.kinds())
    book.clock.at -= timedelta(days=365)
    book.day(3)
    assert not book.trimmer.doubts
    assert set(KINDS) <= set(book.kinds())
    book.clock.at += timedelta(days=365)
    for _ in range(30):
        book.clock.advance(3600)
        book.trim()
    assert set(KINDS).isdisjoint(book.kinds())


def test_what_was_written_while_the_clock_was_wrong_is_kept_at_least_as_long(book: Book) -> None:
    book.clock.at = datetime(1970, 1, 1, tzinfo=UTC)
    book.trim()
    book.write("patrol.point", "alarm.raised")
    book.clock.at = START
    for _ in range(10 * 24):
        book.clock.advance(3600)
        book.trim()
    assert book.kinds() == ["patrol.point", "alarm.raised"]
    book.day(4)
    assert book.kinds()[0] == "alarm.raised"


def test_past_its_size_a_class_loses_what_is_older_than_the_least_days(book: Book) -> None:
    book.trimmer.retention = Retention(days={"patrol": 200}, bytes={"patrol": 1000})
    book.trim()
    book.write(*["patrol.point"] * 20)
    book.day(60)
    assert book.trimmer.short == ("patrol",)
    assert book.kinds() == ["patrol.point"] * 20
    book.write(*["patrol.point"] * 3)
    book.day(32)
    assert book.kinds().count("patrol.point") == 3
    assert book.trimmer.short == ()
    (cut,) = [event for event in query(book.path) if event.content.get("rule") == "size"][:1]
    assert cut.content["bytes"] == 1000
    assert verify(book.path).clean


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk of which 99 percent are taken."""
    from daemon.journal import room

    real = room.look

    def look(path, database):
        found = real(path, database)
        return room.Room(99.0, 5 << 20, 3.0, 99, found.lines, found.spare)

    monkeypatch.setattr("daemon.journal.trim.look", look)


@pytest.mark.usefixtures("full")
def test_on_a_full_disk_all_but_alarms_makes_room_in_its_order(book: Book) -> None:
    for _ in range(5):
        book.write(*KINDS)
    book.store.trim(book.trimmer, book.line)
    order = []
    for _ in range(12):
        book.store.trim(book.trimmer, book.line)
    for one in query(book.path, limit=99):
        if one.kind == "journal.cut" and one.content["rule"] == "disk":
            order += list(one.content["classes"])
    assert order == ["network", "operations", "access", "patrol"]
    assert book.kinds().count("alarm.raised") == 5
    assert verify(book.path).clean


def test_a_line_that_was_changed_is_evidence_and_stays(book: Book) -> None:
    book.trim()
    book.write(*["patrol.point"] * 5)
    spoil(book.path, "UPDATE events SET body = replace(body, 'n', 'm') WHERE number = 3")
    book.day(20)
    assert [n for n in book.numbers() if n <= 5] == [3]
    verdict = verify(book.path)
    assert [finding.number for finding in verdict.findings] == [3]
    (told,) = [one for one in query(book.path, 5, 99) if one.kind == "journal.damaged"]
    assert (told.content["number"], told.content["faults"]) == (3, 1)
    assert "kept as evidence" in told.content["why"]


def test_lines_that_stay_do_not_hide_those_behind_them(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.journal.cut.MOST_SPARED", 2)
    book.trim()
    state = {"alarm": "a", "alarm_state": {"state": "latched", "occurrence": "o1"}}
    book.store.commit([book.line("alarm.raised", state, 1) for _ in range(7)], {"o1": b"{}"}, {})
    book.write("alarm.raised", "alarm.raised", "access.granted")
    book.day(60)
    for _ in range(10):
        book.trim()
    assert [n for n in book.numbers() if n <= 10] == [1, 2, 3, 4, 5, 6, 7]
    assert verify(book.path).clean


def test_one_can_begin_in_a_gap(book: Book) -> None:
    for _ in range(30):
        book.write(*KINDS, "access.denied", "access.denied")
        book.day()
    numbers, verdict = set(book.numbers()), verify(book.path)
    for start in range(verdict.first, verdict.last):
        found = verify(book.path, start)
        assert found.clean, (start, found.findings)
        assert found.checked == len([n for n in numbers if n >= start])


def test_what_is_cut_is_not_in_the_file_any_more(book: Book) -> None:
    book.trim()
    book.write(*["access.granted"] * 50, person="Zhang-San-secret")
    book.day(40)
    book.store.close()
    assert b"Zhang-San-secret" not in book.path.read_bytes()


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal with gaps, a front that has moved, and all that is told of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("daemon.journal.trim.STEP", 7)
        patch.setattr("daemon.journal.trim.LEAST_ROWS", 1)
        patch.setattr("daemon.journal.trim._FRONT_RUNS", 3)
        book = Book(tmp_path_factory.mktemp("cut") / "journal.db")
        chance = random.Random(4)
        for _ in range(62):
            book.write(*chance.choices(KINDS, k=3))
            book.day()
        book.store.close()
    verdict = verify(book.path)
    assert verdict.clean
    assert verdict.gone
    assert verdict.cut
    return book.path


ATTACKS = {
    "a line that was kept is removed": ["DELETE FROM events WHERE number = {kept}"],
    "and a run is claimed for it": [
        "INSERT INTO cuts SELECT number, number, hash, (SELECT max(told) FROM cuts) FROM events WHERE number = {kept}",
        "DELETE FROM events WHERE number = {kept}",
    ],
    "a run is claimed that nobody vouches for": [
        "INSERT INTO cuts SELECT number, number, hash, number + 1 FROM events WHERE number = {kept}",
        "DELETE FROM events WHERE number = {kept}",
    ],
    "a run is made longer": [
        "UPDATE cuts SET last = {after} WHERE last = {after} - 1",
        "UPDATE cuts SET hash = (SELECT hash FROM events WHERE number = {after}) WHERE last = {after}",
        "DELETE FROM events WHERE number = {after}",
    ],
    "the list of cuts is emptied": ["DELETE FROM cuts"],
    "one run is forgotten": ["DELETE FROM cuts WHERE first = (SELECT max(first) FROM cuts)"],
    "the hash of a run is changed": ["UPDATE cuts SET hash = randomblob(32) WHERE last = {after} - 1"],
    "runs are put together": [
        "UPDATE cuts SET told = (SELECT max(told) FROM cuts) WHERE first = (SELECT min(first) FROM cuts)"
    ],
    "the front is moved": [
        "UPDATE chain SET base_number = {kept}, base_hash = (SELECT hash FROM events WHERE number = {kept})",
        "DELETE FROM events WHERE number <= {kept}",
        "DELETE FROM cuts WHERE first <= {kept}",
    ],
    "the line that vouches is removed": ["DELETE FROM events WHERE number = (SELECT max(told) FROM cuts)"],
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_cut_can_be_made_up(cut: Path, tmp_path: Path, attack: str) -> None:
    work = tmp_path / "journal.db"
    work.write_bytes(cut.read_bytes())
    numbers = [event.number for event in query(work, limit=10**6)]
    kept = next(a for a, b, c in zip(numbers, numbers[1:], numbers[2:], strict=False) if b == a + 1 and c == a + 2)
    after = next(b for a, b in pairwise(numbers) if b > a + 1)
    spoil(work, *(statement.format(kept=kept, after=after) for statement in ATTACKS[attack]))
    assert not verify(work).clean


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_single_bit_of_a_line_or_a_cut_is_missed_when_it_is_changed(cut: Path, tmp_path: Path, data) -> None:
    work = tmp_path / "journal.db"
    work.write_bytes(cut.read_bytes())
    table = data.draw(st.sampled_from(["events", "cuts"]))
    with closing(apsw.Connection(str(work))) as database:
        for (guard,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {guard}")
        rows = database.execute(f"SELECT rowid FROM {table}").fetchall()
        (row,) = data.draw(st.sampled_from(rows))
        columns = {
            "events": ["number", "hash", "at", "kind", "subject", "severity", "body"],
            "cuts": ["first", "last", "hash", "told"],
        }
        column = data.draw(st.sampled_from(columns[table]))
        (value,) = database.execute(f"SELECT {column} FROM {table} WHERE rowid = ?", (row,)).fetchone()
        new = value
        if isinstance(value, int):
            new = value ^ 1 << data.draw(st.integers(0, 20))
        else:
            raw = bytearray(value if isinstance(value, bytes) else value.encode())
            raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 6))
            new = bytes(raw) if isinstance(value, bytes) else raw.decode("utf-8", "replace")
        try:
            database.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (new, row))
        except apsw.ConstraintError:
            return
    assert not verify(work).clean


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    story=st.lists(
        st.one_of(
            st.tuples(st.just("write"), st.lists(st.sampled_from(KINDS), min_size=1, max_size=8)),
            st.tuples(st.just("day"), st.integers(1, 12)),
            st.tuples(st.just("trim"), st.integers(1, 4)),
            st.tuples(st.just("kill"), st.none()),
            st.tuples(st.just("confirm"), st.integers(0, 40)),
            st.tuples(st.just("jump"), st.integers(-400, 400)),
        ),
        max_size=25,
    )
)
def test_whatever_happens_the_chain_is_whole_and_no_unsent_alarm_is_gone(tmp_path_factory, story) -> None:
    book = Book(tmp_path_factory.mktemp("story") / "journal.db")
    alarms: set[int] = set()
    confirmed = 0
    book.store.commit([], {}, {"police": 0})
    for act, value in story:
        if act == "write":
            before = book.store.known.head
            book.write(*value)
            alarms |= {before + i for i, kind in enumerate(value, 1) if kind.startswith("alarm")}
        elif act == "day":
            book.day(value)
        elif act == "trim":
            book.trim(value)
        elif act == "kill":
            book.kill()
        elif act == "confirm":
            confirmed = max(confirmed, min(value, book.store.known.head))
            book.store.commit([], {}, {"police": confirmed})
        else:
            book.clock.at += timedelta(days=value)
            book.trim(3)
    head = book.store.known.head, book.store.known.hash.hex()
    numbers = book.numbers()
    verdict = verify(book.path, known=head)
    assert verdict.clean, verdict.findings
    assert not head[0] or verdict.proved
    assert {number for number in alarms if number > confirmed} <= set(numbers)
    assert verdict.gone + verdict.cut + len(numbers) == head[0]
    sizes = sum(lines for (lines,) in apsw.Connection(str(book.path)).execute("SELECT lines FROM sizes"))
    assert sizes == len(numbers)
    book.store.close()


def aged(path: Path, lines: int) -> None:
    """A journal all of whose lines are older than a year, as a calendar has it that runs today."""
    today = int(datetime.now(UTC).timestamp() // 86400)
    store = Store(path, lambda: START)
    store.open()
    for i in range(0, lines, 100):
        kinds = [KINDS[j % len(KINDS)] for j in range(100)]
        store.commit(
            [write(Event(id=f"a-{i + j}", at=START, kind=k, subject="s")) for j, k in enumerate(kinds)], {}, {}
        )
    state = msgspec.json.encode([Entry(today - 500, lines), Entry(today, lines)])
    store.commit([], {}, {}, {KEY: state})
    store.close()


async def test_a_running_journal_cuts_while_events_come_and_nothing_of_them_is_lost(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aged(path, 2000)
    for name, seconds in (("_LOOK", 0.01), ("_STEP", 0.0), ("_BUSY", 0.0)):
        monkeypatch.setattr(f"daemon.journal.journal.{name}", seconds)
    monkeypatch.setattr("daemon.journal.trim.STEP", 100)
    rooms: list[Room] = []
    async with running(path) as journal:
        journal.on_room = lambda room, short: rooms.append(room)
        count = 0
        while not journal.trimmer.room or journal.cursor("x") or await gone(journal) < 2000:
            journal.append(event(count, "alarm.raised", 1))
            count += 1
            await asyncio.sleep(0.001)
        await until(lambda: not journal.waiting())
        fresh = [one.id for one in await journal.query(2000, 10**5, Filter(kinds=("alarm.*",)))]
        head = journal.head, journal.head_hash
    assert fresh == [event(i).id for i in range(count)]
    assert rooms[-1].free > 0
    verdict = verify(path, known=head)
    assert verdict.clean, verdict.findings
    assert verdict.proved


async def gone(journal: Journal) -> int:
    """How many of the old lines went."""
    return 2000 - sum(1 for one in await journal.query(0, 5000) if one.number <= 2000)


async def test_retention_that_meets_a_damaged_page_sets_the_file_aside_and_the_box_goes_on(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aged(path, 3000)
    monkeypatch.setattr("daemon.journal.store._CHECKED_FILE", 0)
    monkeypatch.setattr("daemon.journal.journal._LOOK", 0.01)
    with path.open("r+b") as file:
        for page in range(4, 40):
            file.seek(page * 4096)
            file.write(b"\xa5" * 4096)
    async with running(path) as journal:
        journal.append(event(1, "alarm.raised", 1))
        await until(lambda: any("bad-" in other.name for other in path.parent.iterdir()))
        journal.append(event(2, "alarm.raised", 1))
        await until(lambda: not journal.waiting() and not journal.trouble and journal.epoch)
        kinds = [one.kind for one in await journal.query(0, 20, newest=True)]
    assert kinds.count("journal.replaced") == 1
    assert kinds.count("alarm.raised") >= 1
    assert verify(path).clean
