"""Ladders as pictures: who, when, by what, and what became of it, in both languages."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from console.show import Show
from console.show_ladder import ShowLadder
from console.words_ladder import WORDS, span
from tests.unit.daemon.escalation.estate import Estate


def drawn(document: object, how: str, language: str = "zh") -> str:
    show = Show(language)
    show.console = Console(file=io.StringIO(), width=150, highlight=False)
    getattr(ShowLadder(show), how)(document)
    return show.console.file.getvalue()


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    """With people."""
    return Estate(tmp_path)


def test_what_is_going_on(estate: Estate) -> None:
    assert "目前没有正在进行的呼叫" in drawn(estate.office.status(), "status")
    estate.alarm()
    estate.wait()
    estate.boxes["text"].say("failed", why="the connection broke")
    estate.wait(15)
    estate.boxes["group"].say("sent")
    estate.wait(16)
    text = drawn(estate.office.status(), "status")
    for wanted in ("P1 12栋 火警 (生命)  已 31 秒  29 秒后下一步", "声光: 声光", "失败  连接中断", "未读", "已发出",
                   "3. 30 秒 (提前 15 秒)", "未到时间", "通道未测试", "gatehouse ladder test"):  # fmt: skip
        assert wanted in text, text
    assert "Calling" not in text
    english = drawn(estate.office.status(), "status", "en")
    assert "FAILED  the connection broke" in english


def test_a_site_without_people_is_told_plainly_that_nobody_is_reached(tmp_path: Path) -> None:
    from tests.unit.daemon.small import House

    status = House(tmp_path).daemon.office.status()
    assert "报警不会通知任何人" in drawn(status, "status")
    assert "reach nobody" in drawn(status, "status", "en")


def test_who_would_be_called(estate: Estate) -> None:
    text = drawn(estate.office.show("zones.b12", "fire", None), "picture")
    for wanted in ("12栋", "P1  阶梯 生命", "text (未测试) → live (未测试)", "15 秒未读则换下一通道", "报公安",
                   "再呼叫：5 分钟, 7 分钟, 9 分钟, 11 分钟，一直到有人应答", "没有阶梯，不呼叫任何人"):  # fmt: skip
        assert wanted in text, text


def test_what_a_test_came_to(estate: Estate) -> None:
    trial = estate.office.test("wang", "值班员")
    estate.boxes["live"].say("delivered")
    told = trial.told()
    told["legs"]["live"]["text"] = told["legs"]["text"]["text"] = {"zh": "", "en": ""}
    text = drawn(told, "trial")
    assert "测试呼叫 王班长" in text
    assert "已送达" in text


def test_every_word_is_there_in_both_languages() -> None:
    assert all(zh and en for zh, en in WORDS.values())
    assert (span(236, "zh"), span(5000, "en")) == ("3.93 分钟", "83.3 min")
    assert (span(90, "zh"), span(300, "en"), span(7200, "zh")) == ("90 秒", "5 min", "2 小时")


def test_the_list_of_alarms_says_who_was_reached_and_when_the_next_is_called(estate: Estate) -> None:
    estate.alarm()
    estate.wait()
    estate.boxes["text"].say("delivered")
    estate.wait(5)
    (run,) = estate.office.running()
    show = ShowLadder(Show("zh"))
    assert show.line(run).plain == "正在呼叫  zones.b12.fire  王班长 text 已送达  10 秒后下一步"
