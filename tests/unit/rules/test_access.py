"""Each card is decided once: let in for a while, or refused with a reason."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.demands import Priority
from gatehouse.points import Point, Quality
from rules._cards import Card, CardBook
from rules._hours import WeeklyHours
from rules.access import Rule

CARD, PRESENCE, WRONG = "north.card", "io2.input1", "doors.north.wrong_cards"
OPEN = "doors.north open at 10"
BOOK = CardBook(
    [
        Card(number="0004712345", name="李秀英", doors=frozenset({"doors.north", "lanes.in"})),
        Card(number="0004712347", name="赵敏", doors=frozenset({"north"}), hours=WeeklyHours.parse("22:00-23:00")),
        Card(number="0004712348", name="陈旧", doors=frozenset({"north"}), last=date(2024, 12, 31)),
        Card(number="0004712349", name="新来", doors=frozenset({"north"}), first=date(2027, 1, 1)),
        Card(number="0004712350", name="东门", doors=frozenset({"east"})),
    ]
)
POINTS = (Point(name=CARD, momentary=True),)


def door(**more) -> Rule:
    return Rule(name="doors.north.access", subject="doors.north", card=CARD, cards=BOOK, unlock=5.0, **more)


def lane() -> Rule:
    return Rule(name="lanes.in.access", subject="lanes.in", card=CARD, cards=BOOK, unlock=15.0, passed=PRESENCE)


def test_a_known_card_unlocks_for_its_time(story):
    s = story(door(), points=POINTS)
    s.at(0)
    said = s.at(10, {CARD: "4712345"})
    assert (said.opens, said.demands[0].priority, said.demands[0].until) == ({"doors.north"}, Priority.CREDENTIAL, 1015)
    s.at(60)
    assert s.diary == [f"10 {OPEN}", "10 access.granted", f"15 no more {OPEN}"]
    expected = {"card": "0004712345", "person": "李秀英", "reason": "", "door": "doors.north"}
    assert s.notes[0].content == expected


@pytest.mark.parametrize(
    ("number", "person", "reason"),
    [
        ("999", "", "unknown"),
        ("4712347", "赵敏", "wrong_hour"),
        ("4712348", "陈旧", "expired"),
        ("4712349", "新来", "not_yet"),
        ("4712350", "东门", "wrong_door"),
    ],
)
def test_a_refused_card_opens_nothing_and_says_why(story, number, person, reason):
    s = story(door(), points=POINTS)
    s.at(0)
    assert s.at(10, {CARD: number}).demands == []
    assert s.diary == [f"10 access.denied {reason}"]
    assert s.notes[0].content["person"] == person


def test_the_same_card_again_is_a_second_event_and_starts_the_time_anew(story):
    s = story(door(), points=POINTS)
    s.at(0)
    s.at(10, {CARD: "4712345"})
    s.at(13, {CARD: "4712345"})
    s.at(60)
    assert s.diary == [f"10 {OPEN}", "10 access.granted", "13 access.granted", f"18 no more {OPEN}"]


def test_a_refused_card_takes_nothing_from_the_one_before(story):
    s = story(door(), points=POINTS)
    s.at(0)
    s.at(10, {CARD: "4712345"})
    assert s.at(11, {CARD: "999"}).opens == {"doors.north"}


def test_a_card_read_in_the_first_pass_counts_and_one_from_before_does_not(story):
    assert story(door(), points=POINTS).at(0, {CARD: "4712345"}).opens == {"doors.north"}
    s = story(door(), points=POINTS)
    s.image.put(CARD, "4712345", Quality.GOOD, 999.0)
    assert (s.at(0).demands, s.notes) == ([], [])


@pytest.mark.parametrize("number", ["4712345", "999"])
def test_an_uncertain_card_opens_nothing(story, uncertain, number):
    s = story(door(), points=POINTS)
    s.at(0)
    assert s.at(1, {CARD: uncertain(number)}).demands == []
    assert s.diary == ["1 access.denied unreadable"]


def test_a_lost_reader_is_no_card(story):
    s = story(door(), points=POINTS)
    s.at(0)
    s.at(1, {CARD: None})
    assert s.diary == []


def test_a_card_that_comes_to_judgement_too_late_opens_nothing(story):
    s = story(door(), points=POINTS)
    s.at(0)
    s.image.put(CARD, "4712345", Quality.GOOD, 1000.0)
    assert s.at(5).demands == []
    assert s.diary == ["5 access.denied late"]


def test_five_wrong_cards_in_a_minute_are_an_alarm_for_as_long_as_that_holds(story):
    s = story(door(), points=POINTS)
    s.at(0)
    for second in (10, 20, 30, 40, 69.9):
        assert s.at(second - 0.05)[WRONG] is False
        s.at(second, {CARD: "999"})
    s.at(300)
    assert [line for line in s.diary if WRONG in line] == [f"69.9 {WRONG} on", f"70 {WRONG} off"]


@pytest.mark.parametrize("last", [70, 80])
def test_wrong_cards_far_apart_are_none(story, last):
    s = story(door(), points=POINTS)
    s.at(0)
    for second in (10, 20, 30, 40, last):
        s.at(second, {CARD: "999"})
    assert [line for line in s.diary if WRONG in line] == []


def test_cards_that_were_badly_read_are_nobodys_wrong_cards(story, uncertain):
    s = story(door(), points=POINTS)
    s.at(0)
    for second in range(1, 9):
        assert s.at(second, {CARD: uncertain("999")})[WRONG] is False


def test_a_good_card_ends_the_row_of_wrong_ones(story):
    s = story(door(), points=POINTS)
    s.at(0)
    for second, number in enumerate(["999", "999", "4712345", "999", "999", "999"]):
        s.at(second, {CARD: number})
    assert s.at(9)[WRONG] is False


def test_the_alarm_tells_nobody_a_card_number(story):
    s = story(door(), points=POINTS)
    s.at(0)
    said = [s.at(second, {CARD: "4712348"}) for second in range(1, 7)][-1]
    assert said[WRONG] is True
    assert "471234" not in repr(said.conditions)


def test_a_lane_closes_as_soon_as_the_car_has_come_and_gone(story):
    s = story(lane(), points=POINTS)
    s.at(0, {PRESENCE: False})
    s.at(10, {CARD: "4712345"})
    s.at(14, {PRESENCE: True})
    s.at(18, {PRESENCE: False})
    assert s.diary == ["10 lanes.in open at 10", "10 access.granted", "18 no more lanes.in open at 10"]


def test_the_car_before_does_not_take_the_grant_of_the_next(story):
    s = story(lane(), points=POINTS)
    s.at(0, {PRESENCE: True})
    s.at(10, {CARD: "4712345"})
    assert s.at(11, {PRESENCE: False}).opens == {"lanes.in"}
    s.at(14, {PRESENCE: True})
    assert s.at(18, {PRESENCE: False}).opens == set()


def test_an_unreadable_passage_neither_shortens_nor_prolongs(story, uncertain):
    s = story(lane(), points=POINTS)
    s.at(0, {PRESENCE: False})
    s.at(10, {CARD: "4712345"})
    for second, value in ((11, uncertain(True)), (12, uncertain(False)), (13, None), (14, False)):
        assert s.at(second, {PRESENCE: value}).opens == {"lanes.in"}
    s.at(60)
    assert s.diary[-1] == "25 no more lanes.in open at 10"


@given(st.lists(st.tuples(st.sampled_from(["4712345", "4712348", "999", None, ""]), st.floats(0.1, 9)), max_size=30))
def test_every_card_is_one_event_and_only_a_granted_one_opens(story_class, history):
    s, second, granted_at, cards = story_class(door(), points=POINTS), 0.0, float("-inf"), 0
    s.at(0)
    for number, gap in history:
        second += gap
        free = s.at(second, {CARD: number} if number != "" else {}).opens
        granted_at = s.now if number == "4712345" else granted_at
        cards += bool(number)
        assert bool(free) is (s.now < granted_at + 5)
        assert len(s.notes) == cards
