"""A closed gate stays shut, opens when it must, and is shut again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.alarms import Severity
from gatehouse.demands import Passage
from rules.closed_gate import Rule

GATE = "doors.west"
SHUT, OPEN = {GATE: Passage.CLOSED}, {GATE: Passage.OPEN}


def rule(**more) -> Rule:
    return Rule(name="west-gate", door=GATE, contact="io.leaf", **more)


def test_a_gate_that_nobody_let_open_was_opened(story):
    s = story(rule(), told=dict(SHUT))
    s.at(0, {"io.leaf": False})
    s.at(10, {"io.leaf": True})
    s.at(2000, {"io.leaf": False})
    assert s.diary == ["10 doors.west.opened on", "2000 doors.west.opened off"]


def test_in_a_fire_it_must_open_in_time(story):
    s = story(rule(opens_within=10.0), told=dict(SHUT))
    s.at(0, {"io.leaf": False})
    s.at(100, told=OPEN)
    late = s.at(110)
    assert late.conditions["doors.west.not_open"].severity is Severity.P1
    s.at(130, {"io.leaf": True})
    assert s.diary == ["110 doors.west.not_open on", "130 doors.west.not_open off"]


def test_the_lock_itself_may_prove_that_one_can_pass(story):
    s = story(rule(proof="io.lock"), told=dict(SHUT))
    s.at(0, {"io.leaf": False, "io.lock": False})
    s.at(100, told=OPEN)
    s.at(102, {"io.lock": True})
    s.at(200)
    assert s.diary == [], "the leaf stays shut, and nobody has pushed it"


def test_five_seconds_of_an_operator_prove_nothing(story):
    s = story(rule(), told=dict(SHUT))
    s.at(0, {"io.leaf": False})
    s.at(100, told=OPEN)
    s.at(105, told=SHUT)
    s.at(200)
    assert s.diary == []


def test_after_a_release_it_has_to_be_shut_again(story):
    s = story(rule(closes_within=120.0), told=dict(SHUT))
    s.at(0, {"io.leaf": False})
    s.at(10, {"io.leaf": True}, told=OPEN)
    s.at(1000, told=SHUT)
    s.at(1500, {"io.leaf": False})
    assert s.diary == ["1120 doors.west.left_open on", "1500 doors.west.left_open off"]


def test_found_open_at_the_start_it_is_left_open_and_not_opened(story):
    s = story(rule(), told={GATE: None})
    assert s.at(0, {"io.leaf": True})["doors.west.left_open"] is None
    s.at(1, told=SHUT)
    s.at(500)
    assert s.diary == ["121 doors.west.left_open on"]


def test_the_exit_button_lets_open(story):
    s = story(rule(exit="io.exit"), told=dict(SHUT))
    s.at(0, {"io.leaf": False, "io.exit": False})
    s.at(10, {"io.exit": True, "io.leaf": True})
    s.at(11, {"io.exit": False})
    s.at(20, {"io.leaf": False})
    assert s.diary == []


def test_what_cannot_be_read_raises_and_clears_nothing(story, uncertain):
    s = story(rule(), told=dict(SHUT))
    assert [s.at(0)[alarm] for alarm in ("doors.west.opened", "doors.west.left_open")] == [None, None]
    s.at(1, {"io.leaf": False})
    for second, bad in ((10, None), (20, uncertain(True))):
        said = s.at(second, {"io.leaf": bad})
        assert [condition.active for condition in said.conditions.values()] == [None, False, None]
    assert s.at(30, {"io.leaf": True})["doors.west.opened"] is True, "it was opened while nobody could see"
    assert s.at(40, {"io.leaf": None}, told=OPEN)["doors.west.not_open"] is None


def test_it_stands_in_the_place_of_the_rules_for_any_door():
    assert rule().replaces == ("doors.west.door_forced", "doors.west.door_held")


def test_without_a_contact_nothing_can_be_watched():
    with pytest.raises(ValueError, match=r"doors\.west has no contact"):
        Rule(name="west-gate", door=GATE)


MOVES = st.lists(
    st.tuples(st.floats(0.1, 200), st.sampled_from([True, False, None]), st.sampled_from(list(Passage))), max_size=15
)


@settings(max_examples=30, deadline=None)
@given(MOVES)
def test_opened_and_left_open_are_never_said_at_once_nor_while_it_is_told_to_open(story_class, moves):
    s, second = story_class(rule(), told=dict(SHUT)), 0.0
    for step, leaf, told in moves:
        second += step
        said = s.at(second, {"io.leaf": leaf}, told={GATE: told})
        opened, left = said["doors.west.opened"], said["doors.west.left_open"]
        assert not (opened and left)
        assert not ((opened or left) and told is Passage.OPEN)
        assert not ((opened or left) and leaf is not True)
        assert not (said["doors.west.not_open"] and (told is Passage.CLOSED or leaf))
