"""Whoever presses the button gets out."""

from hypothesis import given
from hypothesis import strategies as st

from gatehouse.demands import Priority
from gatehouse.points import Point
from rules.way_out import Rule

EXIT = "io1.input2"
DOOR = "doors.north open at 4"


def rule() -> Rule:
    return Rule(name="doors.north.way_out", subject="doors.north", exit=EXIT, unlock=5.0)


def test_a_press_unlocks_for_its_time(story):
    s = story(rule())
    s.at(0, {EXIT: False})
    said = s.at(10, {EXIT: True})
    assert (said.opens, said.demands[0].priority) == ({"doors.north"}, Priority.WAY_OUT)
    s.at(10.5, {EXIT: False})
    s.at(60)
    assert s.diary == [f"10 {DOOR}", f"15.5 no more {DOOR}"]


def test_a_held_button_keeps_the_door_free_without_a_gap(story):
    s = story(rule())
    s.at(0, {EXIT: False})
    s.at(10, {EXIT: True})
    untils = {s.at(20 + tenth / 10).demands[0].until for tenth in range(100)}
    assert len(untils) <= 6, "a new instant at every judging would be a new order at every judging"
    s.at(99.9, {EXIT: False})
    s.at(200)
    assert s.diary == [f"10 {DOOR}", f"104.9 no more {DOOR}"]


def test_the_unlocking_ends_by_itself_should_nobody_judge_again(story):
    assert story(rule()).at(0, {EXIT: True}).demands[0].until == 1005.0


def test_break_glass_that_is_pressed_at_the_start_unlocks(story):
    assert story(rule()).at(0, {EXIT: True}).opens == {"doors.north"}


def test_an_unreadable_button_unlocks_nothing_and_takes_nothing_back(story, uncertain):
    s = story(rule(), points=(Point(name=EXIT, max_age=1.0),))
    assert s.at(0, {EXIT: uncertain(True)}).opens == set()
    assert s.at(1, {EXIT: None}).opens == set()
    assert s.at(2, {EXIT: True}).opens == {"doors.north"}
    assert s.at(2.5, {EXIT: None}).opens == {"doors.north"}
    assert s.at(7.4).opens == set()


def test_a_button_that_goes_stale_while_pressed_lets_the_door_lock_again(story):
    s = story(rule(), points=(Point(name=EXIT, max_age=1.0),))
    s.at(0, {EXIT: True})
    s.at(60)
    assert len(s.diary) == 2
    assert 5 <= float(s.diary[1].split()[0]) <= 6.1


@given(st.lists(st.tuples(st.sampled_from([True, False, None]), st.floats(0.1, 20)), max_size=25))
def test_a_way_out_is_never_refused(story_class, history):
    s, second, pressed_at, was = story_class(rule()), 0.0, float("-inf"), None
    for pressed, gap in history:
        second += gap
        if was:
            pressed_at = second
        free = s.at(second, {EXIT: pressed}).opens == {"doors.north"}
        if pressed or second < pressed_at:
            assert free
        if second > pressed_at + 5 and not pressed:
            assert not free
        was = pressed
