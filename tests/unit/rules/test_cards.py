"""Who may go where and when."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from rules._cards import Card, CardBook, digits
from rules._hours import WeeklyHours


def card(**more) -> Card:
    return Card(**{"number": "0004712345", "name": "李秀英", "doors": frozenset({"north", "lanes.in"})} | more)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai"))


NOON = at("2026-11-23T12:00")


@pytest.mark.parametrize(
    "number", ["0004712345", "4712345", "00 0471 2345", "0004-712345", "０００４７１２３４５", " 4712345\n"]
)
def test_a_number_is_compared_by_its_digits(number):
    assert CardBook([card()]).decide(number, "doors.north", NOON).reason == ""


@pytest.mark.parametrize(("one", "two"), [("0", "00"), ("0A1b", "0a1B")])
def test_odd_numbers_are_compared_too(one, two):
    assert digits(one) == digits(two)


@pytest.mark.parametrize(("number", "other"), [("471234", "4712345"), ("14712345", "4712345"), ("A1", "1")])
def test_different_cards_stay_different(number, other):
    assert digits(number) != digits(other)


@pytest.mark.parametrize(
    ("more", "door", "wall", "reason"),
    [
        ({}, "doors.north", NOON, ""),
        ({}, "lanes.in", NOON, ""),
        ({"doors": frozenset({"doors.north"})}, "doors.north", NOON, ""),
        ({}, "doors.east", NOON, "wrong_door"),
        ({"doors": frozenset({"in"})}, "lanes.in", NOON, "wrong_door"),
        ({"first": date(2026, 11, 24)}, "doors.north", NOON, "not_yet"),
        ({"first": date(2026, 11, 24)}, "doors.north", at("2026-11-24T00:00"), ""),
        ({"last": date(2026, 11, 23)}, "doors.north", at("2026-11-23T23:59:59"), ""),
        ({"last": date(2026, 11, 23)}, "doors.north", at("2026-11-24T00:00"), "expired"),
        ({"last": date(2026, 11, 22)}, "doors.east", NOON, "expired"),
        ({"hours": WeeklyHours.parse("Mon 06:00-18:00")}, "doors.north", at("2026-11-23T17:59"), ""),
        ({"hours": WeeklyHours.parse("Mon 06:00-18:00")}, "doors.north", at("2026-11-23T18:00"), "wrong_hour"),
        ({"hours": WeeklyHours.parse("Mon 06:00-18:00")}, "doors.east", at("2026-11-23T19:00"), "wrong_door"),
    ],
)
def test_each_refusal_has_its_own_reason(more, door, wall, reason):
    decision = CardBook([card(**more)]).decide("4712345", door, wall)
    assert (decision.card, decision.person, decision.reason) == ("0004712345", "李秀英", reason)


def test_an_unknown_card_has_no_person():
    decision = CardBook([card()]).decide("999", "doors.north", NOON)
    assert (decision.card, decision.person, decision.reason) == ("999", "", "unknown")


def test_two_cards_with_one_number_are_refused_by_name():
    with pytest.raises(ValueError, match="stands twice, for 李秀英 and for 王建国"):
        CardBook([card(), card(number="4712345", name="王建国")])


def test_the_book_finds_every_card_of_a_whole_estate():
    book = CardBook(card(number=str(number), name=f"人{number}") for number in range(1, 40_001))
    assert len(book) == 40_000
    decisions = [book.decide(f"{number:010}", "doors.north", NOON) for number in range(1, 40_001)]
    assert {decision.reason for decision in decisions} == {""}
    assert [decision.person for decision in decisions] == [f"人{number}" for number in range(1, 40_001)]
