"""`gatehouse journal`: what is checked and proved is told, in words and in the exit status."""

import json
from pathlib import Path

import pytest

from console import journal_file
from tests.unit.console.test_offline import keep_journal
from tests.unit.daemon.journal.book import KINDS, Book, spoil


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return keep_journal(tmp_path / "state", "line.up", "line.down") / "journal.db"


def test_a_whole_journal_is_verified_with_its_head(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert journal_file.verify(file, "") == 0
    said, head = capsys.readouterr().out.splitlines()
    assert said == "2 条，哈希链完整。 2 lines, the chain is whole."
    assert journal_file.verify(file, head) == 0
    assert "已证实" in capsys.readouterr().out
    assert journal_file.verify(file, f"1:{'0' * 64}") == 1
    assert "CHANGED: history after line 0 was written anew" in capsys.readouterr().out
    assert journal_file.verify(file, f"9:{'0' * 64}") == 1
    assert "日志只到 2 号" in capsys.readouterr().out


def test_a_changed_line_is_named(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal_file.verify(file, "")
    head = capsys.readouterr().out.splitlines()[-1]
    spoil(file, "UPDATE events SET body = replace(body, '李四', '王五') WHERE number = 2")
    assert journal_file.verify(file, "") == 1
    out = capsys.readouterr().out
    assert "line 2 " in out.splitlines()[0]
    assert "处不符" in out
    assert journal_file.held_against(file, [head], None, "zh") == 1
    assert "不符：第 2 号起与当时不同" in capsys.readouterr().out


@pytest.mark.parametrize("head", ["", "nonsense"])
def test_nothing_to_verify_is_not_called_whole(tmp_path: Path, head: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert journal_file.verify(tmp_path / "missing", head) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.strip()


def test_heads_that_a_subscriber_kept_are_held_against_a_journal_that_was_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("daemon.journal.trim.LEAST_ROWS", 1)
    monkeypatch.setattr("daemon.journal.trim._FRONT_RUNS", 3)
    book = Book(tmp_path / "journal.db")
    kept = []
    for _ in range(50):
        book.write(*KINDS)
        book.day()
        kept.append(json.dumps({"newest": book.store.known.head, "hash": book.store.known.hash.hex()}))
    book.store.close()
    heads = tmp_path / "heads.jsonl"
    heads.write_text("\n".join(kept))
    assert journal_file.held_against(book.path, [], heads, "en") == 0
    out = capsys.readouterr().out
    assert "heads.jsonl:50" in out
    assert "proved: all up to it is as it was." in out
    assert "lies before the first line that is kept" in out
    assert "access (past its days): " in out
    assert journal_file.held_against(book.path, [], None, "zh") == 2
    assert "--head" in capsys.readouterr().err
