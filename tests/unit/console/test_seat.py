"""A guard at a terminal: what he sees, what his phone says by itself, what he types."""

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from console.phone import Heard
from console.seat import Seat
from console.show_patrol import ShowPatrol

GAS = {
    "occurrence": "o-1", "severity": 1, "text": {"zh": "燃气报警", "en": "gas alarm"}, "place": "12栋", "way": "东门进",
    "state": "unacknowledged", "state_text": {"zh": "待确认", "en": "unacknowledged"},
    "raised": "2026-11-21T10:00:00+00:00",
    "calls": False, "do": {"zh": ["关阀"], "en": ["shut"]}, "never": {"zh": ["不按门铃"], "en": ["no bells"]},
}  # fmt: skip


class Spoken:
    def __init__(self) -> None:
        self.said: list[tuple[str, dict[str, str]]] = []

    def say(self, do: str, **more: str) -> str:
        self.said.append((do, more))
        return f"id-{len(self.said)}"


@pytest.fixture
def phone() -> Spoken:
    return Spoken()


@pytest.fixture
def screen() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def seat(phone: Spoken, screen: io.StringIO) -> Seat:
    return Seat(phone, ShowPatrol("zh", Console(file=screen, width=100)))


def state(*cards: Any, **more: Any) -> Heard:
    body = {"site": "small", "guard": "li", "on_shift": True, "cards": list(cards), "more": 0,
            "causes": {"cooking": {"zh": "油烟", "en": "cooking"}}, "expires": "2026-11-21T10:05:00+00:00"}  # fmt: skip
    return Heard("state", body | more)


def test_a_card_says_where_how_and_what_never(seat: Seat, screen: io.StringIO) -> None:
    seat.hear(state(GAS))
    for said in ("燃气报警", "12栋", "东门进", "不按门铃", "关阀", "此处禁用电话和对讲机"):
        assert said in screen.getvalue()


def test_a_call_is_confirmed_and_read_once_shown_and_a_repeat_only_confirmed(seat: Seat, phone: Spoken) -> None:
    call = Heard("cards", {"type": "call", "key": "k", "title": "P1", "text": "去", "severity": 1})
    seat.hear(call)
    seat.hear(call)
    assert phone.said == [("delivered", {"key": "k"}), ("read", {"key": "k"}), ("delivered", {"key": "k"})]


@pytest.mark.parametrize(
    ("typed", "do", "more"),
    [
        ("1 去", "take", {"occurrence": "o-1", "cause": ""}),
        ("1 误 cooking", "false", {"occurrence": "o-1", "cause": "cooking"}),
        ("1 site", "on_site", {"occurrence": "o-1", "cause": ""}),
        ("援", "help", {}),
    ],
)
def test_what_is_typed_is_said(seat: Seat, phone: Spoken, typed: str, do: str, more: dict[str, str]) -> None:
    seat.hear(state(GAS))
    assert seat.type(typed)
    assert phone.said == [(do, more)]


@pytest.mark.parametrize("typed", ["2 去", "0 去", "x", "1 fly", "²  去"])
def test_what_makes_no_sense_is_not_said(seat: Seat, phone: Spoken, typed: str) -> None:
    seat.hear(state(GAS))
    assert seat.type(typed)
    assert phone.said == []


def test_replies_and_age_are_told(seat: Seat, screen: io.StringIO) -> None:
    seat.hear(state(GAS))
    seat.type("1 去")
    seat.hear(
        Heard("replies", {"id": "id-1", "state": "refused", "text": {"zh": "指令已过期，请重发", "en": "expired"}})
    )
    assert "被拒绝：指令已过期" in screen.getvalue()
    seat.look(datetime(2026, 11, 21, 10, 6, tzinfo=UTC))
    assert "可能已过时" in screen.getvalue()
    assert not seat.type("q")


def test_nothing_that_a_terminal_would_obey_gets_through(seat: Seat, screen: io.StringIO) -> None:
    seat.hear(state(GAS | {"place": "\x1b[2J12栋", "way": "\x1b]0;x\x07"}))
    seat.hear(Heard("cards", {"type": "call", "key": "k", "title": "\x1b[31mP1", "text": "\x9b2J"}))
    assert "\x1b" not in screen.getvalue()
    assert "\x9b" not in screen.getvalue()


DRILL = GAS | {"occurrence": "o-2", "drill": True, "text": {"zh": "【演练】火警", "en": "[DRILL] fire"}, "calls": True}


def test_a_number_stays_with_its_card_so_that_an_answer_to_a_drill_never_hits_what_came_meanwhile(
    seat: Seat, phone: Spoken, screen: io.StringIO
) -> None:
    seat.hear(state(DRILL))
    assert "【演练】1  P1 火警" in screen.getvalue()
    assert "真求援" in screen.getvalue()
    seat.hear(state(GAS, DRILL))
    seat.type("1 去")
    seat.hear(state(GAS))
    seat.type("1 去")
    seat.type("2 去")
    assert [more["occurrence"] for _, more in phone.said] == ["o-2", "o-1"]
    assert "没有 1 号卡片" in screen.getvalue()


def test_a_call_of_a_drill_says_so_before_all_else(seat: Seat, screen: io.StringIO) -> None:
    seat.hear(Heard("cards", {"type": "call", "key": "k", "title": "【演练】P1 火警", "text": "", "drill": True}))
    assert screen.getvalue().lstrip("\a").startswith("【演练】呼叫 P1 火警")
