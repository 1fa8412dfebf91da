"""The card list as it comes out of spreadsheets: read where it can be, explained where it cannot."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.config import cards
from daemon.config.faults import Fault
from rules._cards import CardBook

KNOWN = cards.passages(["north", "unit12", "gate"], ["in", "gate"])
NOON = datetime(2026, 8, 31, 12, 0, tzinfo=ZoneInfo("Asia/Shanghai"))  # a Monday
HEAD = "number,name,doors,from,until,hours\n"


def read(folder: Path, content: str | bytes) -> tuple[CardBook, list[Fault]]:
    file = folder / "cards.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return cards.read(file, KNOWN)


def good(folder: Path, content: str | bytes) -> CardBook:
    book, faults = read(folder, content)
    assert [str(fault) for fault in faults] == []
    return book


def test_a_row_becomes_a_card_with_its_doors_dates_and_hours(tmp_path: Path) -> None:
    row = "0004712345,李秀英,north in,2026-01-01,2026-08-31,Mon-Fri 08:00-18:00\n"
    book = good(tmp_path, HEAD + row)
    assert book.decide("0004712345", "doors.north", NOON).reason == ""
    assert book.decide("4712345", "lanes.in", NOON).person == "李秀英"
    assert book.decide("0004712345", "doors.unit12", NOON).reason == "wrong_door"
    assert book.decide("0004712345", "doors.north", NOON.replace(hour=19)).reason == "wrong_hour"
    assert book.decide("0004712345", "doors.north", NOON.replace(year=2027)).reason == "expired"
    assert book.decide("0004712345", "doors.north", NOON.replace(year=2025)).reason == "not_yet"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_encodings_of_excel_and_wps_are_read(tmp_path: Path, encoding: str) -> None:
    book = good(tmp_path, (HEAD + "1234567,赵敏（保洁）,north,,,\n").encode(encoding))
    assert book.decide("1234567", "doors.north", NOON).person == "赵敏（保洁）"


def test_full_width_signs_chinese_columns_and_dates_of_excel_are_understood(tmp_path: Path) -> None:
    row = "１２３４５６７,王建国,north、unit12　in,２０２６/8/1,2026年8月31日,周一至周五 08：00－18：00"
    text = f"卡号,姓名,门,起始,截止,时段\r\n{row}\r\n"
    book = good(tmp_path, text)
    assert [book.decide("1234567", door, NOON).reason for door in ("doors.north", "doors.unit12", "lanes.in")] == [
        ""
    ] * 3
    assert book.decide("1234567", "doors.north", NOON.replace(month=10)).reason == "expired"


def test_columns_may_stand_in_any_order_and_optional_ones_be_left_out(tmp_path: Path) -> None:
    book = good(tmp_path, "name,number,doors\n李秀英,1234567,north\n")
    assert book.decide("1234567", "doors.north", NOON).reason == ""


def test_quoted_cells_may_hold_commas_and_empty_rows_are_passed_over(tmp_path: Path) -> None:
    book = good(tmp_path, HEAD + '1234567,"王建国, 物业","north,unit12",,,\n,,,,,\n\n2345678,李,north,,,\n')
    assert len(book) == 2
    assert book.decide("1234567", "doors.unit12", NOON).person == "王建国, 物业"


def test_faulty_rows_are_all_told_each_at_its_cell(tmp_path: Path) -> None:
    text = HEAD + "".join(
        f"{row}\n"
        for row in (
            "1234567,李秀英,north,,,",
            "12345x7,李,north,,,",
            '"12345678","a, b",nort,,,',
            "123456789,李,,,,",
            "1234567890,李,north,2026-13-01,,",
            "12345678901,李,gate,,,",
            "12345,李,north",
        )
    )
    _, faults = read(tmp_path, text)
    assert [(fault.line, fault.column, fault.code, fault.nearest) for fault in faults] == [
        (3, 1, "card_number", ""),
        (4, 19, "card_door", "north"),
        (5, 13, "card_no_door", ""),
        (6, 20, "card_date", ""),
        (7, 15, "card_door_ambiguous", ""),
        (8, 1, "cards_cells", ""),
    ]
    assert faults[4].values["known"] == "doors.gate, lanes.gate"


def test_the_row_after_a_cell_of_two_lines_is_still_found(tmp_path: Path) -> None:
    _, faults = read(tmp_path, HEAD + '1234567,"李\n秀英",north,,,\n2345678,,north,,,\n')
    assert [(fault.line, fault.column, fault.code) for fault in faults] == [(4, 9, "card_no_name")]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "cards_column"),
        (HEAD.encode(), "cards_rows"),
        (b"\xff\xff\xff\xff", "cards_text"),
        (b"number,name\n1,2\n", "cards_column"),
        (b"number,number,name,doors\n", "cards_column"),
        (b"number;name;doors\n", "cards_column"),
    ],
)
def test_a_list_that_is_none_is_one_fault(tmp_path: Path, content: bytes, code: str) -> None:
    _, faults = read(tmp_path, content)
    assert [fault.code for fault in faults] == [code]


def test_a_list_that_is_not_there_or_far_too_large_is_a_fault(tmp_path: Path) -> None:
    assert [fault.code for fault in cards.read(tmp_path / "none.csv", KNOWN)[1]] == ["no_file"]
    with (tmp_path / "large.csv").open("wb") as file:
        file.truncate(cards.LARGEST + 1)
    assert [fault.code for fault in cards.read(tmp_path / "large.csv", KNOWN)[1]] == ["too_large"]


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet='number,aes\n\r"01２9-/.：周 \u2028\x0b\ufeff', max_size=80) | st.text(max_size=40))
def test_no_list_whatever_it_holds_ends_in_anything_but_cards_and_faults(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    folder = tmp_path_factory.mktemp("cards")
    for content in (text, HEAD + text, HEAD + "1234567,李,north,,,\n" + text):
        _, faults = read(folder, content.encode("utf-8", "surrogatepass"))
        lines = content.count("\n") + content.count("\r") + 1
        assert all(1 <= fault.line <= lines and fault.column >= 1 and fault.text("zh") for fault in faults)
