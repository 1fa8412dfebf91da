"""Whatever is done to a line of the journal, verify finds it and names it."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.journal.chain import genesis, link, parse_head, verify
from daemon.journal.file import JournalError
from daemon.journal.line import write
from daemon.journal.store import Store
from gatehouse.events import Event

LINES = 12
START = datetime(2026, 5, 1, 8, tzinfo=UTC)
GUARDS = ("events_never_change", "events_never_go", "events_only_follow")
COLUMNS = ("hash", "at", "kind", "subject", "severity", "body")


def event(i: int) -> Event:
    return Event(
        id=f"0123456789ab-{i}",
        at=START + timedelta(seconds=i),
        kind=("access.granted", "alarm.raised", "output.told")[i % 3],
        subject=f"doors.d{i % 4}",
        severity=1 if i % 3 == 1 else 0,
        content={"person": "李四", "count": i},
    )


def journal(path: Path, lines: int = LINES) -> Path:
    store = Store(path, lambda: START)
    store.open()
    for i in range(1, lines + 1):
        store.commit([write(event(i))], {}, {"police": i - 2} if i > 2 else {})
    store.close()
    return path


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return journal(tmp_path_factory.mktemp("original") / "journal.db")


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("work") / "journal.db"


@pytest.fixture
def attack(original: Path, work: Path) -> Callable[..., Path]:
    def run(*statements: str | tuple[str, tuple[object, ...]]) -> Path:
        """A copy of the journal, guards off, with these statements run on it."""
        work.write_bytes(original.read_bytes())
        with closing(apsw.Connection(str(work))) as database:
            for guard in GUARDS:
                database.execute(f"DROP TRIGGER {guard}")
            for statement in statements:
                database.execute(*((statement,) if isinstance(statement, str) else statement))
        return work

    return run


def rows(path: Path) -> list[tuple[object, ...]]:
    with closing(apsw.Connection(str(path))) as database:
        return database.execute("SELECT * FROM events ORDER BY number").fetchall()


def test_an_untouched_journal_is_clean(original: Path) -> None:
    verdict = verify(original)
    assert verdict.clean
    assert (verdict.checked, verdict.first, verdict.last) == (LINES, 1, LINES)
    assert verdict.findings == []


def test_the_hash_is_what_the_docs_say(original: Path) -> None:
    """Computed here by hand, without our code: an auditor can do the same."""
    with closing(sqlite3.connect(original)) as database:
        (epoch,) = database.execute("SELECT epoch FROM chain").fetchone()
        stored = database.execute("SELECT number, hash, body FROM events ORDER BY number").fetchall()
    digest = sha256(b"gatehouse journal 1 " + epoch.encode()).digest()
    for number, expected, body in stored:
        raw = body.encode()
        digest = sha256(digest + number.to_bytes(8, "big") + len(raw).to_bytes(4, "big") + raw).digest()
        assert digest == expected


def flip(value: object, position: int, bit: int) -> object:
    """The value with one bit of it changed, of the same type."""
    if isinstance(value, int):
        return value ^ (1 << (position % 62))
    raw = bytearray(value if isinstance(value, bytes) else str(value).encode())
    raw[position % len(raw)] ^= 1 << bit
    return bytes(raw)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    number=st.integers(1, LINES),
    column=st.sampled_from(COLUMNS),
    position=st.integers(0, 10_000),
    bit=st.integers(0, 7),
)
def test_one_changed_bit_is_found_and_named(
    attack: Callable[..., Path], original: Path, number: int, column: str, position: int, bit: int
) -> None:
    old = rows(original)[number - 1][1 + COLUMNS.index(column)]
    new = flip(old, position, bit)
    wanted = "CAST(? AS TEXT)" if isinstance(old, str) else "?"
    verdict = verify(attack((f"UPDATE events SET {column} = {wanted} WHERE number = ?", (new, number))))
    assert not verdict.clean
    assert verdict.findings[0].number == number
    assert "changed" in verdict.findings[0].what


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=st.integers(1, LINES - 1), length=st.integers(1, LINES), renumber=st.booleans())
def test_removed_lines_are_found_and_named(
    attack: Callable[..., Path], first: int, length: int, renumber: bool
) -> None:
    last = min(first + length - 1, LINES - 1)
    gone = last - first + 1
    moves = [f"UPDATE events SET number = number - {gone} WHERE number = {n}" for n in range(last + 1, LINES + 1)]
    verdict = verify(
        attack(f"DELETE FROM events WHERE number BETWEEN {first} AND {last}", *(moves if renumber else ()))
    )
    assert verdict.findings[0].number == first
    assert ("changed" if renumber else "removed") in verdict.findings[0].what


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pair=st.sets(st.integers(1, LINES), min_size=2, max_size=2))
def test_swapped_lines_are_found_and_named(attack: Callable[..., Path], pair: set[int]) -> None:
    one, two = sorted(pair)
    verdict = verify(
        attack(
            f"UPDATE events SET number = 1000 WHERE number = {one}",
            f"UPDATE events SET number = {one} WHERE number = {two}",
            f"UPDATE events SET number = {two} WHERE number = 1000",
        )
    )
    assert verdict.findings[0].number == one
    assert verdict.faults >= 2


def forge(before: bytes, number: int, fresh: bool) -> tuple[object, ...]:
    """A line that never happened, with a hash that fits the one before it, or with any."""
    line = write(event(500 + number))
    digest = link(before, number, line.body) if fresh else bytes(32)
    return number, digest, *line.columns, line.body.decode()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(number=st.integers(1, LINES + 1), fresh=st.booleans())
def test_a_line_put_in_is_found_and_named(
    attack: Callable[..., Path], original: Path, number: int, fresh: bool
) -> None:
    old = rows(original)
    with closing(apsw.Connection(str(original))) as database:
        start = database.execute("SELECT base_hash FROM chain").get
    before = old[number - 2][1] if number > 1 else start
    moves = [f"UPDATE events SET number = {n + 1} WHERE number = {n}" for n in range(LINES, number - 1, -1)]
    forged = ("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", forge(before, number, fresh))
    verdict = verify(attack(*moves, forged))
    assert not verdict.clean
    named = verdict.findings[0]
    assert named.number in ({number, number + 1} if fresh else {number})
    assert f"line {number}" in str(named) or "put in" in named.what


def test_a_rewritten_line_with_a_fresh_hash_is_named_by_its_successor(
    attack: Callable[..., Path], original: Path
) -> None:
    old = rows(original)
    number, digest, at, kind, subject, severity, body = forge(old[3][1], 5, fresh=True)
    change = "UPDATE events SET hash = ?, at = ?, kind = ?, subject = ?, severity = ?, body = ? WHERE number = ?"
    verdict = verify(attack((change, (digest, at, kind, subject, severity, body, number))))
    assert verdict.findings[0].number == 6
    assert "line 5" in verdict.findings[0].what
    assert verdict.faults == 1


def test_a_line_before_the_first_is_found(attack: Callable[..., Path]) -> None:
    statement = "INSERT INTO events SELECT ?, hash, at, kind, subject, severity, body FROM events WHERE number = 3"
    for number in (0, -7):
        verdict = verify(attack((statement, (number,))))
        assert verdict.findings[0].number == number
        assert "put in" in verdict.findings[0].what


@pytest.mark.parametrize("statement", ["UPDATE chain SET epoch = 'x'", "UPDATE chain SET base_hash = zeroblob(32)"])
def test_a_changed_beginning_is_found(attack: Callable[..., Path], statement: str) -> None:
    assert "beginning" in verify(attack(statement)).findings[0].what


def test_a_removed_end_is_found_by_the_note_of_the_head(attack: Callable[..., Path]) -> None:
    verdict = verify(attack("DELETE FROM events WHERE number > 9"))
    assert verdict.findings[0].number == 10
    assert f"line {LINES} existed" in verdict.findings[0].what


def test_a_removed_end_is_found_by_what_subscribers_confirmed(attack: Callable[..., Path], original: Path) -> None:
    head = ("UPDATE chain SET head_number = 9, head_hash = ?", (rows(original)[8][1],))
    verdict = verify(attack("DELETE FROM events WHERE number > 9", head))
    assert f"police has confirmed line {LINES - 2}" in verdict.findings[0].what


def test_a_well_hidden_removal_needs_a_known_head(attack: Callable[..., Path], original: Path) -> None:
    old = rows(original)
    head = ("UPDATE chain SET head_number = 9, head_hash = ?", (old[8][1],))
    path = attack("DELETE FROM events WHERE number > 9", head, "UPDATE cursors SET number = 3")
    assert verify(path).clean
    verdict = verify(path, known=(LINES, old[-1][1].hex()))
    assert f"line {LINES} is known to have existed" in verdict.findings[0].what
    assert not verdict.proved


def test_history_written_anew_needs_a_known_head(tmp_path: Path, original: Path) -> None:
    """Whoever owns the file can compute the whole chain again; a head kept elsewhere shows it."""
    known = (7, rows(original)[6][1].hex())
    assert verify(original, known=known).proved
    other = journal(tmp_path / "journal.db")
    verdict = verify(other, known=known)
    assert verdict.findings[0].number == 7
    assert "written anew" in verdict.findings[0].what


def test_an_index_that_hides_a_line_does_not_hide_it_from_verify(attack: Callable[..., Path]) -> None:
    path = attack(
        "PRAGMA writable_schema = 1", "DELETE FROM sqlite_schema WHERE type = 'index' AND name LIKE 'events%'"
    )
    assert verify(path).checked == LINES


def test_one_can_begin_in_the_middle(original: Path, attack: Callable[..., Path]) -> None:
    path = attack("UPDATE events SET kind = 'x' WHERE number = 3")
    assert verify(path, from_number=6).clean
    assert verify(path, from_number=6).checked == LINES - 5
    assert not verify(path, from_number=3).clean
    assert not verify(original, from_number=LINES + 5).clean


def test_all_faults_are_counted_and_the_first_are_listed(attack: Callable[..., Path]) -> None:
    verdict = verify(attack("UPDATE events SET subject = 'doors.none' WHERE number IN (2, 5, 9)"))
    assert [finding.number for finding in verdict.findings] == [2, 5, 9]
    assert verdict.faults == 3
    assert str(verdict.findings[0]).startswith("line 2 (output.told, 2026-05-01T08:00:02.000+00:00): it was changed")


def test_a_damaged_page_is_named_by_the_last_good_line(tmp_path: Path) -> None:
    path = journal(tmp_path / "journal.db", 400)
    with closing(apsw.Connection(str(path))) as database:
        page = database.execute(
            "SELECT pageno FROM dbstat WHERE name = 'events' AND pagetype = 'leaf' ORDER BY path LIMIT 1 OFFSET 20"
        ).get
        size = database.pragma("page_size")
    raw = bytearray(path.read_bytes())
    raw[(page - 1) * size : page * size] = b"\xff" * size
    path.write_bytes(raw)
    verdict = verify(path)
    assert "damaged after line" in verdict.findings[0].what
    assert 1 < verdict.findings[0].number < 400


def test_progress_is_told(original: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks: Iterator[float] = iter(float(i) for i in range(1000))
    monkeypatch.setattr("daemon.journal.chain.monotonic", lambda: next(ticks))
    told: list[tuple[int, int]] = []
    verify(original, progress=lambda number, last: told.append((number, last)))
    assert told[0] == (2, LINES)
    assert len(told) >= 3


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100])
def test_what_is_no_journal_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "some.db"
    path.write_bytes(content)
    with pytest.raises(JournalError, match=r"some\.db"):
        verify(path)
    with pytest.raises(FileNotFoundError, match="there is no journal here"):
        verify(tmp_path / "none.db")


def test_a_spoilt_outline_is_refused(attack: Callable[..., Path]) -> None:
    with pytest.raises(JournalError, match="chain"):
        verify(attack("DELETE FROM chain"))


def test_a_head_is_read_from_text() -> None:
    assert parse_head(f"12:{'AB' * 32}") == (12, "ab" * 32)
    for wrong in ("12", "x:" + "ab" * 32, "12:" + "ab" * 31, "12:" + "zz" * 32):
        with pytest.raises(ValueError, match="NUMBER:HASH"):
            parse_head(wrong)


def test_the_hash_before_the_first_line_is_the_epochs() -> None:
    assert genesis("a") != genesis("b")
    assert link(genesis("a"), 1, b"{}") != link(genesis("a"), 2, b"{}")
