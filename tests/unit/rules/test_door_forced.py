"""A door that nobody let open is forced; one that somebody did never is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.alarms import Severity
from gatehouse.demands import Passage
from gatehouse.points import Point
from rules.door_forced import Rule

OPEN, CLOSED = {"doors.north": Passage.OPEN}, {"doors.north": Passage.CLOSED}
LEAF, EXIT, FORCED = "io1.input1", "io1.input2", "doors.north.forced"


def rule(**more) -> Rule:
    return Rule(name="doors.north.door_forced", subject="doors.north", contact=LEAF, **more)


def test_a_locked_door_that_opens_is_forced_until_it_is_shut(story):
    s = story(rule())
    s.at(0, {LEAF: False}, told=CLOSED)
    said = s.at(60, {LEAF: True})
    assert said.conditions[FORCED].severity is Severity.P2
    assert not said.conditions[FORCED].latch
    assert said.conditions[FORCED].evidence["told"] == Passage.CLOSED
    s.at(90, {LEAF: False})
    assert s.diary == [f"60 {FORCED} on", f"90 {FORCED} off"]


@pytest.mark.parametrize(
    ("opened", "forced"), [(12.0, False), (15.0, False), (18.0, False), (18.1, True), (60.0, True)]
)
def test_the_grace_after_an_unlocking_is_exact(story, opened, forced):
    s = story(rule(grace=3.0))
    s.at(0, {LEAF: False}, told=CLOSED)
    s.at(10, told=OPEN)
    if opened < 15:
        assert s.at(opened, {LEAF: True})[FORCED] is False
    s.at(15, told=CLOSED)
    assert s.at(opened if opened >= 15 else 60, {LEAF: True})[FORCED] is forced


def test_a_door_that_stays_open_after_it_was_let_open_is_not_forced(story):
    s = story(rule())
    s.at(0, {LEAF: False}, told=CLOSED)
    s.at(10, told=OPEN)
    s.at(12, {LEAF: True})
    s.at(15, told=CLOSED)
    s.at(600)
    assert s.diary == []


def test_a_door_found_open_at_the_start_is_not_forced(story):
    s = story(rule())
    assert s.at(0, {LEAF: True}, told=CLOSED)[FORCED] is None
    assert s.at(60)[FORCED] is None
    assert s.at(70, {LEAF: False})[FORCED] is False
    assert s.at(80, {LEAF: True})[FORCED] is True


def test_nothing_is_forced_before_the_door_was_told_anything(story):
    s = story(rule())
    s.at(0, {LEAF: False})
    assert s.at(60, {LEAF: True})[FORCED] is False


def test_a_forced_door_that_fire_frees_is_forced_no_more(story):
    s = story(rule())
    s.at(0, {LEAF: False}, told=CLOSED)
    s.at(60, {LEAF: True})
    s.at(70, told=OPEN)
    s.at(80, told=CLOSED)
    assert s.diary == [f"60 {FORCED} on", f"70 {FORCED} off"]


def test_the_exit_button_lets_open_even_when_it_is_wired_past_us(story):
    s = story(rule(exit=EXIT))
    s.at(0, {LEAF: False, EXIT: False}, told=CLOSED)
    assert s.at(60, {LEAF: True, EXIT: True})[FORCED] is False
    s.at(61, {LEAF: False, EXIT: False})
    assert s.at(64, {LEAF: True})[FORCED] is False
    s.at(70, {LEAF: False})
    assert s.at(80, {LEAF: True})[FORCED] is True


def test_a_lost_contact_neither_raises_nor_clears(story, uncertain):
    s = story(rule(), points=(Point(name=LEAF, max_age=2.0),))
    s.at(0, {LEAF: False}, told=CLOSED)
    assert s.at(1, {LEAF: uncertain(True)})[FORCED] is None
    assert s.at(2, {LEAF: False})[FORCED] is False
    assert s.at(3, {LEAF: True})[FORCED] is True
    assert s.at(30)[FORCED] is None
    assert s.at(31, {LEAF: True})[FORCED] is True


@pytest.mark.parametrize(("let_open", "forced"), [(False, True), (True, False)])
def test_a_door_found_open_after_its_contact_was_lost(story, let_open, forced):
    s = story(rule())
    s.at(0, {LEAF: False}, told=CLOSED)
    s.at(10, {LEAF: None})
    if let_open:
        s.at(20, told=OPEN)
        s.at(25, told=CLOSED)
    assert s.at(60, {LEAF: True})[FORCED] is forced


TOLD = st.sampled_from([Passage.OPEN, Passage.CLOSED, None])
STEP = st.tuples(TOLD, st.sampled_from([True, False, None, "uncertain"]), st.floats(0.05, 8))


@given(st.lists(STEP, max_size=30))
def test_never_while_told_open_and_never_without_a_good_contact(story_class, uncertain, history):
    s, second = story_class(rule()), 0.0
    for told, leaf, gap in history:
        second += gap
        said = s.at(second, {LEAF: uncertain(True) if leaf == "uncertain" else leaf}, told={"doors.north": told})
        if leaf not in (True, False):
            assert said[FORCED] is None
        elif told is not Passage.CLOSED or leaf is False:
            assert said[FORCED] is not True
