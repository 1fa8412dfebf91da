"""What a guard sees of alarms: what, where, since when, who; heads under their incident."""

import io
import re

import pytest
from rich.cells import cell_len
from rich.console import Console

from console.show import Show
from console.show_alarms import ShowAlarms
from console.words_alarms import WORDS
from daemon.alarms import listing
from tests.unit.daemon.small import House


@pytest.fixture
def house(tmp_path) -> House:
    made = House(tmp_path)
    made.quiet()
    made.passes(5)
    return made


def screen(house: House, language: str = "zh", width: int = 120, **more) -> str:
    desk, plan = house.daemon.desk, house.daemon.plan
    document = {
        "alarms": listing.standing(desk.book, plan),
        "cases": [listing.entry(case, plan) for case in desk.book.cases.values()],
        "disabled": listing.disabled(desk.disabled, plan),
        **more,
    }
    show, file = Show(language), io.StringIO()
    show.console = Console(width=width, file=file, highlight=False)
    ShowAlarms(show).everything(document)
    return file.getvalue()


def row(text: str, holds: str) -> list[str]:
    line = next(line for line in text.splitlines() if holds in line)
    return re.split(r" {2,}", line.strip())


def a_bad_day(house: House) -> None:
    """Two heads of one zone, one of another; a case; a shelf and a disabled board; names that are long."""
    desk = house.daemon.desk
    house.land(input1=True)
    desk.shelve("north.forced", 7200, "门磁坏了，等配件，已联系厂家", "李四 (guard)")
    house.land(input3=True, input4=True, input8=True)
    desk.assign("b13.fire", "张三", "李四 (guard)")
    desk.on_site("b13.fire", "张三 (patrol)")
    desk.silence("b12.fire", "李四 (guard)")
    house.land(input8=False)
    house.passes(1)
    desk.reset("b12.fire", "李四 (guard)")
    desk.disable("io1.input2", 3 * 86400, "换出门按钮", "王工 (root)")


def test_a_quiet_night(house):
    assert screen(house) == "报警  无\n"
    assert screen(house, "en") == "Alarms  none\n"


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [80, 120])
def test_nothing_is_wider_than_the_screen(house, language, width):
    a_bad_day(house)
    text = screen(house, language, width)
    assert max(cell_len(line.rstrip()) for line in text.splitlines()) <= width
    assert not re.search(r"\b(True|False|None)\b", text)


def test_heads_stand_under_their_incident_and_what_is_apart_comes_last(house):
    a_bad_day(house)
    text = screen(house, width=200)
    first, second, third, *_ = [line for line in text.splitlines() if re.search(r"\bP\d\b", line)]
    assert "事件组：2 个报警" in first
    assert "13栋" in first
    assert (second.startswith("  P1"), third.startswith("  P1")) == (True, True)
    assert row(text, "zones.b13.fire ")[-2:] == ["张三 (patrol) 确认；派 张三；张三 (patrol) 到场", "zones.b13.fire"]
    shelf = row(text, "doors.north.forced")
    assert shelf[3] == "搁置 到 11-21 16:00，李四 (guard)：门磁坏了，等配件，已联系厂家"
    assert text.index("zones.b13.fire") < text.index("doors.north.forced")


def test_cases_wait_for_a_verdict_and_what_is_disabled_stays_in_sight(house):
    a_bad_day(house)
    text = screen(house, width=200)
    (case,) = house.engine.annunciator.cases
    assert row(text, case)[-4:] == ["待核实", "李四 (guard)", "zones.b12.fire", case]
    assert row(text, "io1.input2 ") == ["io1.input2", "2026-11-24 14:00", "王工 (root)", "换出门按钮"]


def test_one_that_rises_again_and_again_says_so(house):
    for _ in range(3):
        house.land(input8=True)
        house.land(input8=False)
    house.daemon.desk.silence("all", "李四")
    assert row(screen(house, width=200), "zones.b12.fire")[3:6] == ["已恢复待确认 已消音 反复", "11-21 14:00:05", "×3"]


def test_what_has_ended_is_shown_where_it_is_asked_for(house):
    ended = {"number": 7, "severity": 1, "local": "2026-11-21T14:00:00+08:00", "text": {"zh": "已归档", "en": "closed"}}
    assert "▲ 已归档" in screen(house, ended=[ended])


def test_every_word_is_there_twice():
    assert all(zh and en for zh, en in WORDS.values())
