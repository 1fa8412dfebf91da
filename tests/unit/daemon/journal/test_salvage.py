"""A file that goes bad is set aside, and what was still owed goes on in a new one, over the gaps of retention."""

from pathlib import Path

import pytest

from daemon.journal.chain import verify
from daemon.journal.query import query
from tests.unit.daemon.journal.book import KINDS, Book


@pytest.mark.usefixtures("small")
def test_a_journal_with_gaps_is_saved_with_its_gaps(tmp_path: Path) -> None:
    book = Book(tmp_path / "journal.db")
    for _ in range(30):
        book.write(*KINDS)
        book.day()
    verdict = verify(book.path)
    assert verdict.clean
    assert verdict.cut
    before = [(event.number, event.id) for event in query(book.path, limit=10**6)]
    book.store.condemn("a page is bad")
    (remark,) = book.store.open()
    assert remark.kind == "journal.replaced"
    after = [(event.number, event.id) for event in query(book.path, limit=10**6)]
    assert after[:-1] == before
    again = verify(book.path)
    assert again.clean, again.findings
    assert again.cut == verdict.cut
    for _ in range(30):
        book.write(*KINDS)
        book.day()
    final = verify(book.path)
    assert final.clean, final.findings
    book.store.close()


@pytest.mark.usefixtures("small")
def test_what_does_not_fit_the_chain_is_not_taken_over(tmp_path: Path) -> None:
    book = Book(tmp_path / "journal.db")
    for _ in range(30):
        book.write(*KINDS)
        book.day()
    first = verify(book.path).gone
    number = next(event.number for event in query(book.path, limit=99) if event.number > first + 20)
    book.spoil(f"UPDATE events SET body = replace(body, '}}', ' }}') WHERE number = {number}")
    book.store.condemn("a page is bad")
    book.store.open()
    verdict = verify(book.path)
    assert verdict.clean, verdict.findings
    assert verdict.gone >= number
    book.store.close()
