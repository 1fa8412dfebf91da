"""The boom does not fall on a car, turns round for one, and is watched on its way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.alarms import Severity
from gatehouse.demands import Passage, Priority
from gatehouse.points import Point
from rules.barrier import Rule

CAR, UP, DOWN = "io2.input1", "io2.input2", "io2.input3"
STUCK, UNKNOWN, LOOP = "lanes.in.stuck", "lanes.in.unknown", "lanes.in.presence"
NOT_DOWN, REVERSE = "lanes.in not closed at 3", "lanes.in open at 3"
VETO = {("lanes.in", Passage.CLOSED)}


def rule(up=UP, down=DOWN, **more) -> Rule:
    return Rule(name="lanes.in.barrier", subject="lanes.in", presence=CAR, up=up, down=down, **more)


def told(value: Passage | None) -> dict:
    return {"lanes.in": value}


@pytest.fixture
def lane(story):
    """A lane whose inputs are confirmed all the time; the boom is down and told so."""

    def make(**settings):
        boom = rule(**settings)
        s = story(boom, alive=set(boom.inputs))
        readings = {CAR: False, UP: False, DOWN: True}
        s.at(0, {point: readings[point] for point in s.rule.inputs}, told=told(Passage.CLOSED))
        s.at(30)
        return s

    return make


# Never down on a car


def test_a_car_forbids_to_close_while_it_stands_there(lane):
    s = lane()
    assert s.at(40, {CAR: True}).forbidden == VETO
    assert s.at(41).demands[0].priority is Priority.PROTECTION
    assert s.at(50, {CAR: False}).forbidden == set()


@pytest.mark.parametrize("presence", [None, "uncertain", 0, "clear"])
def test_what_is_not_known_to_be_clear_is_a_car(lane, uncertain, presence):
    s = lane()
    s.alive.discard(CAR)
    assert s.at(40, {CAR: uncertain(False) if presence == "uncertain" else presence}).forbidden == VETO
    assert s.at(41, {CAR: False}).forbidden == set()


def test_before_the_loop_was_read_it_forbids_to_close(story):
    assert story(rule()).at(0).forbidden == VETO


@pytest.mark.parametrize(("age", "forbidden"), [(0.99, set()), (1.0, VETO), (5.0, VETO)])
def test_a_reading_as_old_as_its_limit_counts_as_a_car_to_the_instant(story, age, forbidden):
    s = story(rule(presence_limit=1.0))
    s.at(0, {CAR: False})
    assert s.at(age).forbidden == forbidden


def test_it_wakes_when_the_reading_grows_too_old(story):
    s = story(rule(presence_limit=1.0))
    s.at(0, {CAR: False})
    s.at(9)
    assert f"1 {NOT_DOWN}" in s.diary


# Round again for a car


def test_a_car_under_a_falling_boom_turns_it_round_until_it_is_up(lane):
    s = lane()
    s.at(40, {DOWN: False, UP: True}, told=told(Passage.OPEN))
    s.at(50, told=told(Passage.CLOSED))
    s.at(51, {UP: False})
    s.diary.clear()
    assert s.at(52, {CAR: True}).opens == {"lanes.in"}
    s.at(52, told=told(Passage.OPEN))
    s.at(54, {UP: True})
    s.at(54, told=told(None))
    s.at(60, {CAR: False})
    assert s.diary == [f"52 {NOT_DOWN}", f"52 {REVERSE}", f"54 no more {REVERSE}", f"60 no more {NOT_DOWN}"]


def test_it_falls_again_when_the_way_is_clear_before_it_was_up(lane):
    s = lane()
    s.at(40, {DOWN: False}, told=told(Passage.OPEN))
    s.at(50, told=told(Passage.CLOSED))
    assert s.at(52, {CAR: True}).opens
    assert s.at(53, {CAR: False}, told=told(Passage.OPEN)).demands == []


def test_a_car_seen_after_the_loop_was_lost_in_mid_fall_still_turns_it_round(lane):
    s = lane()
    s.at(40, {DOWN: False}, told=told(Passage.OPEN))
    s.at(50, told=told(Passage.CLOSED))
    s.at(51, {CAR: None})
    assert s.at(51, told=told(None)).opens == set()
    assert s.at(52, {CAR: True}).opens == {"lanes.in"}


def test_a_new_fall_just_as_an_old_reversal_ends_is_turned_round_too(lane):
    s = lane(up=None, down=None)
    s.at(40, told=told(Passage.OPEN))
    s.at(50, told=told(Passage.CLOSED))
    s.at(51, {CAR: True})
    s.at(52, told=told(Passage.OPEN))
    assert s.at(57, told=told(Passage.CLOSED)).opens == {"lanes.in"}


@pytest.mark.parametrize("presence", [None, "uncertain"])
def test_an_unreadable_loop_opens_nothing(lane, uncertain, presence):
    s = lane()
    s.at(40, {DOWN: False}, told=told(Passage.OPEN))
    s.at(50, told=told(Passage.CLOSED))
    s.alive.discard(CAR)
    said = s.at(51, {CAR: uncertain(True) if presence == "uncertain" else presence})
    assert (said.opens, said.forbidden) == (set(), VETO)


def test_driving_up_to_a_closed_boom_does_not_open_it(lane):
    s = lane()
    assert s.at(40, {CAR: True}).opens == set()
    assert s.at(40, told=told(None)).opens == set()


@pytest.mark.parametrize(("after", "turns"), [(3.0, True), (5.9, True), (6.0, False), (60.0, False)])
def test_without_a_limit_input_only_a_boom_still_on_its_way_is_turned_round(lane, after, turns):
    s = lane(up=None, down=None)
    s.at(40, told=told(Passage.OPEN))
    s.at(50, told=told(Passage.CLOSED))
    assert bool(s.at(50 + after, {CAR: True}).opens) is turns


def test_rocking_on_the_loop_does_not_open_a_closed_boom_without_limit_inputs(lane):
    s = lane(up=None, down=None)
    for second in range(40, 60, 2):
        assert s.at(second, {CAR: True}).opens == set()
        s.at(second, told=told(None))
        s.at(second + 1, {CAR: False})
        s.at(second + 1, told=told(Passage.CLOSED))


def test_without_a_limit_input_it_is_driven_up_for_one_travel_time(lane):
    s = lane(up=None, down=None)
    s.at(40, told=told(Passage.OPEN))
    s.at(50, told=told(Passage.CLOSED))
    s.at(52, {CAR: True})
    s.at(52, told=told(Passage.OPEN))
    s.at(90)
    assert f"58 no more {REVERSE}" in s.diary
    assert s.at(90).forbidden == VETO


# Where it is


@pytest.mark.parametrize(("order", "limit"), [(Passage.OPEN, UP), (Passage.CLOSED, DOWN)])
def test_a_boom_that_does_not_arrive_in_its_travel_time_is_stuck(lane, order, limit):
    s = lane()
    s.at(40, {UP: False, DOWN: False}, told=told(Passage.OPEN))
    s.at(45, told=told(None))
    s.at(50, told=told(order))
    s.at(80, {limit: True})
    assert [line for line in s.diary if STUCK in line] == [f"56 {STUCK} on", f"80 {STUCK} off"]
    assert s.at(80).conditions[STUCK].severity is Severity.P3


def test_a_boom_that_arrives_in_time_is_not(lane):
    s = lane()
    s.at(40, told=told(Passage.OPEN))
    s.at(40.5, {DOWN: False})
    assert s.at(44, {UP: True})[STUCK] is False
    s.at(300)
    assert [line for line in s.diary if STUCK in line] == []


def test_a_boom_that_leaves_its_place_untold_is_stuck_after_a_travel_time(lane):
    s = lane()
    s.at(40, {DOWN: False})
    s.at(60)
    assert [line for line in s.diary if STUCK in line] == [f"46 {STUCK} on"]


def test_an_unreadable_limit_neither_raises_nor_clears_stuck(lane, uncertain):
    s = lane()
    s.at(40, {DOWN: None}, told=told(Passage.OPEN))
    s.at(41, {UP: None})
    assert s.at(100)[STUCK] is None
    s.at(101, {UP: False})
    assert s.at(110)[STUCK] is True
    s.at(111, {UP: uncertain(True)})
    assert s.at(111.5)[STUCK] is None


@pytest.mark.parametrize(
    ("up", "down", "position"),
    [(True, True, "up and down at once"), (None, None, "unreadable"), (False, None, "unreadable")],
)
def test_a_position_that_is_not_known_is_said_after_its_patience(lane, up, down, position):
    s = lane()
    s.at(40, {UP: up, DOWN: down})
    said = s.at(60)
    assert [line for line in s.diary if UNKNOWN in line] == [f"50 {UNKNOWN} on"]
    assert said.conditions[UNKNOWN].evidence["position"] == position
    assert said.conditions[UNKNOWN].severity is Severity.P4


@pytest.mark.parametrize(
    ("up", "down", "position"),
    [(True, False, "up"), (False, True, "down"), (False, False, "between"), (None, True, "down"), (True, None, "up")],
)
def test_a_position_that_is_known(lane, up, down, position):
    said = lane().at(40, {UP: up, DOWN: down})
    assert said[UNKNOWN] is False
    assert said.conditions[UNKNOWN].evidence["position"] == position


def test_without_limit_inputs_the_position_is_never_known_and_that_is_said(lane):
    s = lane(up=None, down=None)
    assert s.diary == [f"0 {UNKNOWN} on"]
    assert s.at(31)[STUCK] is None


def test_a_loop_that_shows_a_car_for_ten_minutes_is_a_fault(lane):
    s = lane()
    s.at(100, {CAR: True})
    s.at(900, {CAR: False})
    assert [line for line in s.diary if LOOP in line] == [f"700 {LOOP} on", f"900 {LOOP} off"]


def test_a_loop_that_cannot_be_read_is_a_fault_after_its_patience(story):
    s = story(rule(), points=(Point(name=CAR, max_age=2.0),))
    s.at(0, {CAR: False})
    s.at(60)
    assert f"12 {LOOP} on" in s.diary


STATE = st.sampled_from([True, False, None, "uncertain"])
STEP = st.tuples(STATE, STATE, STATE, st.sampled_from([Passage.OPEN, Passage.CLOSED, None]), st.floats(0.05, 9))


@given(st.lists(STEP, max_size=25), st.booleans())
def test_closing_is_forbidden_unless_a_fresh_good_reading_says_clear(story_class, uncertain, history, limits):
    s = story_class(rule() if limits else rule(up=None, down=None))
    second = 0.0
    for car, up, down, order, gap in history:
        second += gap
        before = s.at(second - 0.001)
        assert gap < 1.01 or before.forbidden == VETO
        values = {CAR: car, UP: up, DOWN: down} if limits else {CAR: car}
        readings = {name: uncertain(True) if value == "uncertain" else value for name, value in values.items()}
        said = s.at(second, readings, told=told(order))
        assert said.forbidden == (set() if car is False else VETO)
        if said.opens and car is not True:
            assert car is not False
            assert before.opens, "only a car that is surely seen turns the boom round"
