"""`gatehouse journal export` and what `prove` says of the file: files, words and exit statuses."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from console import export_file
from console.export_file import Order, Site
from console.journal import app as journal_app
from daemon.journal.query import query
from tests.unit.daemon.export.desk import PERSONAL, journal

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def calm(monkeypatch: pytest.MonkeyPatch) -> None:
    """How logs are written is the process's own affair."""
    monkeypatch.setattr(export_file, "quiet", lambda: None)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    journal(tmp_path / "state/journal.db")
    return tmp_path / "state"


@pytest.mark.parametrize(("site", "said"), [("lvdinan", "lvdinan"), ("", "state")])
def test_an_export_names_the_site_and_not_the_folder(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, site: str, said: str
) -> None:
    monkeypatch.setattr(export_file, "site_of", lambda _: (site, {}, None))
    assert export_file.export(Order(by="x"), tmp_path / "out.jsonl", Site(state=state), "zh") == 0
    assert json.loads((tmp_path / "out.jsonl").read_text().splitlines()[0])["site"] == said


@pytest.mark.parametrize("name", ["out.csv", "out", "out.db"])
def test_a_name_that_says_no_known_form_is_refused(tmp_path: Path, name: str) -> None:
    answer = CliRunner().invoke(journal_app, ["export", str(tmp_path / name), "--state", str(tmp_path)])
    assert answer.exit_code == 2
    assert "应以 .jsonl 或 .xlsx 结尾" in answer.output
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("name", ["out.jsonl", "out.xlsx"])
def test_an_export_is_written_down_and_proved(state: Path, tmp_path: Path, name: str, capsys: Capture) -> None:
    target = tmp_path / name
    order = Order(tier=2, by="王敏", reason="派出所调取", format="xlsx" if name.endswith("xlsx") else "jsonl")
    assert export_file.export(order, target, Site(state=state), "zh") == 0
    assert query(state / "journal.db", 12)[0].kind == "journal.exported"
    assert "13 条已导出到" in capsys.readouterr().out
    assert target.stat().st_mode & 0o777 == 0o600
    assert export_file.is_export(target)
    assert export_file.proved(target, state / "journal.db", state, "zh") == 0
    assert "已证实" in capsys.readouterr().out
    assert export_file.proved(target, tmp_path / "none.db", state, "en") == 0
    assert "hold its head against one kept elsewhere: 13:" in capsys.readouterr().out
    raw = target.read_bytes()
    target.write_bytes(raw.replace("王五".encode(), "赵六".encode()) if name.endswith("jsonl") else raw[:-400])
    assert export_file.proved(target, state / "journal.db", state, "zh") in {1, 2}


def test_what_may_not_be_leaves_nothing_behind(state: Path, tmp_path: Path, capsys: Capture) -> None:
    target = tmp_path / "out.jsonl"
    assert export_file.export(Order(tier=2), target, Site(state=state), "zh") == 2
    assert "请写明 --by" in capsys.readouterr().err
    assert export_file.export(Order(since="yesterday", by="x"), target, Site(state=state), "zh") == 2
    assert export_file.export(Order(by="x"), target, Site(state=tmp_path / "none"), "zh") == 2
    assert not target.exists()
    target.write_text("mine")
    assert export_file.export(Order(by="x"), target, Site(state=state), "zh") == 2
    assert target.read_text() == "mine"
    assert len(query(state / "journal.db", limit=99)) == 12


def test_a_copy_is_read_without_a_word_in_any_journal_and_that_is_told(
    state: Path, tmp_path: Path, capsys: Capture
) -> None:
    site = Site(state=tmp_path / "elsewhere", copy=state / "journal.db")
    assert export_file.export(PERSONAL, tmp_path / "out.jsonl", site, "zh") == 0
    assert "未记入日志" in capsys.readouterr().err
    assert len(query(state / "journal.db", limit=99)) == 12
