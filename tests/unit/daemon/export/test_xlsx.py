"""A spreadsheet as another program reads it: text stays text, heads are Chinese, and a change is found."""

from pathlib import Path

import openpyxl
import pytest

from daemon.export.check import check
from daemon.export.order import Order
from daemon.export.xlsx import LONGEST, PROOF, clean
from daemon.journal.prove import prove
from tests.unit.daemon.export.desk import PERSONAL, PLACE, export, journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return journal(tmp_path / "journal.db")


def test_people_read_it_in_chinese_in_the_sites_time_and_nothing_is_a_formula(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.xlsx"
    assert export(path, target, PERSONAL) == 12
    book = openpyxl.load_workbook(target)
    assert book.sheetnames == ["日志 1", PROOF]
    rows = list(book["日志 1"].iter_rows())
    assert [cell.value for cell in rows[0]][:4] == ["编号", "时间（Asia/Shanghai）", "事件", "级别"]
    assert (rows[1][0].value, rows[1][1].value) == (1, "2026-05-01 16:00:00.000")
    cells = [cell for row in rows for cell in row if cell.value is not None]
    assert not [cell for cell in cells if cell.data_type == "f"]
    facts = {row[0].value: row[1].value for row in book[PROOF].iter_rows()}
    assert (facts["by"], facts["reason"], facts["lines"]) == ("王敏", "派出所调取", "12")
    assert facts["head"].startswith("12:")


def test_what_begins_like_a_formula_stays_text_even_when_it_is_edited() -> None:
    from io import BytesIO

    import xlsxwriter

    from daemon.export.xlsx import _Table

    raw = BytesIO()
    with xlsxwriter.Workbook(raw, {"constant_memory": True, "in_memory": True}) as book:
        table = _Table(book, "zh", "")
        line = {"number": 1, "time": "t", "text": {"zh": "=1+1"}, "place": "@x", "kind": "-k", "content": {}}
        table.put(line)
    sheet = openpyxl.load_workbook(BytesIO(raw.getvalue())).worksheets[0]
    for place, text in (("C2", "=1+1"), ("E2", "@x"), ("G2", "-k")):
        assert (sheet[place].value, sheet[place].data_type, sheet[place].quotePrefix) == (text, "s", True)


def test_it_is_proved_also_after_another_program_has_saved_it(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.xlsx"
    export(path, target, PERSONAL)
    found = check(target, path, PLACE)
    assert (found.faults, found.whole, found.lines) == ([], True, 12)
    assert found.head is not None
    assert prove(path, [found.head])[1][0].said == "proved"
    book = openpyxl.load_workbook(target)
    again = tmp_path / "again.xlsx"
    book.save(again)
    assert check(again, path, PLACE).whole
    book["日志 1"]["C5"].value = "无事"
    book.save(again)
    changed = check(again, path, PLACE)
    assert not changed.whole
    assert changed.faults == ["单元格与写成时不同。 The cells are not those that were written."]


def test_more_lines_than_a_sheet_holds_go_on_the_next(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.export.xlsx.ROWS", 5)
    target = tmp_path / "out.xlsx"
    assert export(path, target, Order(tier=1)) == 6
    book = openpyxl.load_workbook(target)
    assert book.sheetnames == ["日志 1", "日志 2", PROOF]
    assert book["日志 2"].max_row == 2
    assert check(target, None, PLACE).whole


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("a\x00b\x0bc\rd", "a b c d"),
        ("\ud800x\ufffe", "?x "),
        ("y" * 40_000, "y" * (LONGEST - 1) + "…"),
        ("a\nb", "a\nb"),
    ],
)
def test_a_cell_holds_what_it_can(text: str, cell: str) -> None:
    assert clean(text) == cell
