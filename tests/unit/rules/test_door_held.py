"""A door that is kept open is noticed after its time."""

import pytest

from gatehouse.alarms import Severity
from gatehouse.demands import Passage
from gatehouse.points import Point
from rules.door_held import Rule

OPEN, CLOSED = {"doors.north": Passage.OPEN}, {"doors.north": Passage.CLOSED}
LEAF, HELD = "io1.input1", "doors.north.held"


def rule() -> Rule:
    return Rule(name="doors.north.door_held", subject="doors.north", contact=LEAF, held=20.0)


def test_held_begins_at_the_second_and_ends_when_the_door_is_shut(story):
    s = story(rule())
    s.at(0, {LEAF: False}, told=CLOSED)
    s.at(10, {LEAF: True})
    s.at(50, {LEAF: False})
    assert s.diary == [f"30 {HELD} on", f"50 {HELD} off"]
    assert s.at(51).conditions[HELD].severity is Severity.P3


def test_shut_in_time_is_not_held(story):
    s = story(rule())
    for second in range(0, 300, 30):
        s.at(second, {LEAF: True}, told=CLOSED)
        s.at(second + 19.9, {LEAF: False})
    assert s.diary == []


@pytest.mark.parametrize("who", ["schedule", "fire", "operator"])
def test_no_time_is_counted_while_the_door_is_told_to_be_open(story, who):
    s = story(rule())
    s.at(0, {LEAF: False}, told=OPEN)
    s.at(10, {LEAF: True})
    s.at(3600)
    assert s.diary == []
    s.at(3600, told=CLOSED)
    s.at(4000)
    assert s.diary == [f"3620 {HELD} on"]


def test_it_ends_when_the_door_is_told_to_be_open(story):
    s = story(rule())
    s.at(0, {LEAF: True}, told=CLOSED)
    s.at(30, told=OPEN)
    assert s.diary == [f"20 {HELD} on", f"30 {HELD} off"]


def test_a_door_open_at_the_start_is_held_after_its_time_and_unknown_until_then(story):
    s = story(rule())
    assert s.at(0, {LEAF: True}, told={"doors.north": None})[HELD] is None
    s.at(60)
    assert s.diary == [f"20 {HELD} on"]


def test_a_lost_contact_neither_raises_nor_clears_and_the_time_goes_on(story, uncertain):
    s = story(rule(), points=(Point(name=LEAF, max_age=15.0),))
    s.at(0, {LEAF: False}, told=CLOSED)
    s.at(10, {LEAF: True})
    assert s.at(29)[HELD] is None
    assert s.at(40)[HELD] is None
    assert s.at(41, {LEAF: True})[HELD] is True
    assert s.at(42, {LEAF: uncertain(False)})[HELD] is None
    assert s.at(43, {LEAF: True})[HELD] is True
