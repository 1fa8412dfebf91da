"""A head that was kept elsewhere shows whether history was written anew, cut off, or lawfully cut."""

import json
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from daemon.journal.chain import verify
from daemon.journal.line import Line
from daemon.journal.link import link
from daemon.journal.prove import Head, one_head, prove, read_heads
from tests.unit.daemon.journal.book import KINDS, Book, spoil

pytestmark = pytest.mark.usefixtures("small")


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Path, list[Head]]:
    """A journal of a month, cut and with its front moved, and the head of each evening as a subscriber kept it."""
    book = Book(tmp_path / "journal.db")
    heads = []
    for _ in range(60):
        book.write(*KINDS, "access.granted", "access.denied")
        book.day()
        heads.append(Head(book.store.known.head, book.store.known.hash.hex()))
    book.store.close()
    return book.path, heads


def said(path: Path, heads: list[Head]) -> list[str]:
    return [proof.said for proof in prove(path, heads)[1]]


def test_what_is_there_is_proved_and_what_was_cut_is_told_with_its_rule(kept: tuple[Path, list[Head]]) -> None:
    path, heads = kept
    verdict, proofs = prove(path, heads)
    assert verdict.clean
    found = [proof.said for proof in proofs]
    assert found[-1] == "proved"
    assert set(found) <= {"proved", "cut", "gone"}
    with closing(apsw.Connection(str(path))) as database:
        lost, told = database.execute("SELECT first, told FROM cuts WHERE last > first ORDER BY 1 DESC").fetchone()
    (inside,) = prove(path, [Head(lost, "0" * 64)])[1]
    assert (inside.said, inside.rule, inside.line) == ("cut", "days", told)
    assert inside.at
    assert said(path, [Head(1, heads[0].hash)]) == ["gone"]


def test_a_journal_that_does_not_reach_so_far_is_told(kept: tuple[Path, list[Head]]) -> None:
    path, heads = kept
    assert said(path, [Head(heads[-1].number + 5, heads[-1].hash)]) == ["unknown"]


def test_a_changed_line_is_named_and_heads_before_it_still_stand(kept: tuple[Path, list[Head]]) -> None:
    path, heads = kept
    number = heads[-1].number - 1
    spoil(path, f"UPDATE events SET subject = 'x' WHERE number = {number}")
    proofs = prove(path, [heads[-2], heads[-1]])[1]
    assert [proof.said for proof in proofs] == ["proved", "changed"]
    assert proofs[1].line == number


def test_a_changed_epoch_is_found_although_the_first_line_is_gone(kept: tuple[Path, list[Head]]) -> None:
    """The line that moved the front names it, and is chained to the heads that others keep."""
    path, heads = kept
    with closing(apsw.Connection(str(path))) as database:
        base, epoch = database.execute("SELECT base_number, epoch FROM chain").fetchone()
    assert base > 0
    spoil(path, "UPDATE chain SET epoch = '0badc0de'")
    verdict, (proof,) = prove(path, [heads[-1]])
    assert (proof.said, verdict.faults, verdict.first_fault) == ("changed", 1, base)
    assert f"says {epoch}" in verdict.findings[0].what
    assert verify(path, heads[-1].number).findings == verdict.findings, "and when only the end is looked at"
    spoil(path, "UPDATE chain SET base_hash = zeroblob(32)")
    assert said(path, [heads[-1]]) == ["changed"]


def test_a_journal_of_before_epochs_were_told_is_not_accused(tmp_path: Path) -> None:
    """Its front was moved by lines without one; the first that has one binds it."""

    class Old(Book):
        old = True

        def line(self, kind: str, content: dict[str, object], severity: int = 0) -> Line:
            told = {name: its for name, its in content.items() if name != "epoch" or not self.old}
            return super().line(kind, told, severity)

    book = Old(tmp_path / "journal.db")
    found = []
    for book.old in (True, False):
        for _ in range(50):
            book.write(*KINDS)
            book.day()
        head = Head(book.store.known.head, book.store.known.hash.hex())
        copy = tmp_path / f"copy-{book.old}.db"
        with closing(apsw.Connection(str(book.path))) as database:
            database.execute("VACUUM INTO ?", (str(copy),))
        assert said(copy, [head]) == ["proved"]
        spoil(copy, "UPDATE chain SET epoch = '0badc0de'")
        found += said(copy, [head])
    book.store.close()
    assert found == ["proved", "changed"]


def test_history_written_anew_is_seen_although_its_chain_fits(kept: tuple[Path, list[Head]]) -> None:
    path, heads = kept
    start = heads[-3].number + 2
    with closing(apsw.Connection(str(path))) as database:
        for (guard,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {guard}")
        before = database.execute("SELECT hash FROM events WHERE number = ?", (start - 1,)).get
        rows = database.execute(
            "SELECT number, body FROM events WHERE number >= ? ORDER BY number", (start,)
        ).fetchall()
        assert [number for number, _ in rows] == list(range(start, start + len(rows)))
        for number, body in rows:
            anew = body.replace('"n":', '"m":')
            before = link(before, number, anew.encode())
            database.execute("UPDATE events SET body = ?, hash = ? WHERE number = ?", (anew, before, number))
        database.execute("UPDATE chain SET head_hash = ?", (before,))
    verdict, proofs = prove(path, heads[-4:])
    assert verdict.clean
    assert [proof.said for proof in proofs][-3:] == ["proved", "changed", "changed"]
    assert (proofs[-1].line, proofs[-1].after) == (0, heads[-3].number)


def test_heads_are_found_in_plain_text_and_in_what_mosquitto_sub_wrote(tmp_path: Path) -> None:
    file = tmp_path / "heads.txt"
    one, two, three = "a" * 64, "B" * 64, "c" * 64
    state = {"time": "2026-05-01T00:00:00Z", "newest": 12, "hash": two, "armed": True}
    lines = [
        f"7:{one}",
        'gatehouse/v1/lvdinan/police/status {"status":"online"}',
        "gatehouse/v1/lvdinan/police/state " + json.dumps(state),
        json.dumps({"data": {"heads": [{"number": 13, "hash": three}]}}),
        "no head here",
        json.dumps({"newest": 0, "hash": ""}),
    ]
    file.write_text("\n".join(lines))
    assert list(read_heads(file)) == [
        Head(7, one, "heads.txt:1"), Head(12, two.lower(), "heads.txt:3"), Head(13, three, "heads.txt:4"),
    ]  # fmt: skip
    file.write_text("nothing\n")
    with pytest.raises(ValueError, match="no head in it; one is written NUMBER:HASH"):
        list(read_heads(file))
    with pytest.raises(ValueError, match="is no head of a journal"):
        one_head("12:34")
