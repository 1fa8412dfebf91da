"""Fire frees the zone at once and for as long as a fire alarm of it stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.alarms import Severity
from gatehouse.demands import Passage, Priority
from gatehouse.points import Point
from rules.fire_release import Rule

A, B = "io1.input1", "io2.input1"


def rule(**more) -> Rule:
    settings = {"fire": (A, B), "release": ("doors.north", "lanes.in"), "sirens": ("outputs.siren",)}
    return Rule(name="zones.b12.fire_release", subject="zones.b12", **settings | more)


def test_one_contact_frees_everything_and_sounds_the_siren(story):
    s = story(rule())
    assert s.at(0, {A: False, B: False}).demands == []
    said = s.at(5, {A: True})
    assert said.opens == {"doors.north", "lanes.in"}
    assert {(d.output, d.value, d.priority) for d in said.demands} == {
        ("doors.north", Passage.OPEN, Priority.LIFE_SAFETY),
        ("lanes.in", Passage.OPEN, Priority.LIFE_SAFETY),
        ("outputs.siren", True, Priority.LIFE_SAFETY),
    }
    fire = said.conditions["zones.b12.fire"]
    assert (fire.severity, fire.kind, fire.latch) == (Severity.P1, "fire", True)
    assert fire.evidence["tripped"] == [A]
    assert fire.evidence[A] == {"value": True, "quality": "good", "age": 0.0}


def test_the_release_stands_until_the_alarm_is_reset(story):
    s = story(rule())
    s.at(0, {A: False, B: False})
    s.at(5, {A: True})
    said = s.at(9, {A: False}, standing={"zones.b12.fire"})
    assert said["zones.b12.fire"] is False
    assert said.opens == {"doors.north", "lanes.in"}
    assert s.at(60, standing=()).demands == []


def test_a_release_from_before_a_restart_stands_before_anything_was_read(story):
    assert story(rule()).at(0, standing={"zones.b12.fire.2"}).opens == {"doors.north", "lanes.in"}


@pytest.mark.parametrize("alarm", ["zones.b12.fire_input", "zones.b1.fire", "zones.b12x.fire", "zones.b12.forced"])
def test_other_alarms_free_nothing(story, alarm):
    s = story(rule())
    assert s.at(0, {A: False, B: False}, standing={alarm}).demands == []


def test_every_further_contact_is_an_alarm_of_its_own(story):
    s = story(rule())
    s.at(0, {A: False, B: False})
    s.at(5, {A: True})
    s.at(7, {B: True}, standing={"zones.b12.fire"})
    assert [line for line in s.diary if ".fire" in line] == ["5 zones.b12.fire on", "7 zones.b12.fire.2 on"]


def test_a_contact_that_cannot_be_read_keeps_the_zone_from_being_reset(story):
    s = story(rule())
    s.at(0, {A: False, B: False})
    s.at(5, {A: True})
    said = s.at(6, {A: False, B: None}, standing={"zones.b12.fire"})
    assert (said["zones.b12.fire"], said["zones.b12.fire.2"]) == (None, None)
    said = s.at(7, {B: False})
    assert (said["zones.b12.fire"], said["zones.b12.fire.2"]) == (False, False)


def test_an_uncertain_contact_frees_nothing_and_hides_nothing(story, uncertain):
    s = story(rule())
    s.at(0, {A: False, B: False})
    said = s.at(1, {A: uncertain(True)})
    assert (said.demands, said["zones.b12.fire"]) == ([], None)
    assert s.at(2, {A: True}).opens


def test_an_unreadable_contact_is_a_fault_after_its_patience_and_names_the_contact(story):
    s = story(rule(), points=(Point(name=B, max_age=2.0),), alive={A})
    s.at(0, {A: False, B: False})
    said = s.at(30)
    assert s.diary == ["12 zones.b12.fire_input.2 on"]
    fault = said.conditions["zones.b12.fire_input.2"]
    assert (fault.severity, fault.latch) == (Severity.P2, False)
    assert B in fault.evidence["why"]
    assert "stale" in fault.evidence["why"]
    assert s.at(31, {B: False})["zones.b12.fire_input.2"] is False


@pytest.mark.parametrize(("stale", "freed"), [("alarm", set()), ("release", {"doors.north", "lanes.in"})])
@pytest.mark.parametrize("read_before", [True, False])
def test_what_an_unreadable_contact_does_is_the_sites_choice(story, stale, freed, read_before):
    s = story(rule(stale=stale))
    s.at(0, {A: False, B: False} if read_before else {A: False})
    s.at(20, {B: None})
    assert s.at(29).opens == (set() if read_before else freed)
    said = s.at(30)
    assert said.opens == freed
    assert not [demand for demand in said.demands if demand.output == "outputs.siren"]
    assert s.at(31, {B: False}).demands == []


def test_a_lost_contact_does_not_keep_the_other_from_freeing(story):
    s = story(rule())
    s.at(0, {A: False})
    assert s.at(3, {A: True}).opens == {"doors.north", "lanes.in"}


def test_a_second_lost_contact_is_a_second_fault(story):
    s = story(rule())
    s.at(0, {A: False, B: False})
    s.at(10, {A: None})
    s.at(60, {B: None})
    s.at(99)
    assert s.diary == ["20 zones.b12.fire_input on", "70 zones.b12.fire_input.2 on"]


def test_a_release_by_a_contact_that_was_taken_out_of_the_site_can_be_ended(story):
    gone = "zones.b12.fire.2"
    s = story(rule(fire=(A,)), standing={gone})
    assert s.at(0)[gone] is None
    said = s.at(1, {A: False})
    assert said[gone] is False
    assert said.opens == {"doors.north", "lanes.in"}


READING = st.sampled_from([True, False, None, "uncertain"])


@given(st.lists(st.tuples(st.sampled_from([A, B]), READING, st.floats(0.1, 30)), max_size=25))
def test_fire_is_demanded_if_and_only_if_a_good_contact_says_so_or_an_alarm_stands(story_class, uncertain, history):
    s, second, state = story_class(rule()), 0.0, {A: None, B: None}
    for point, value, gap in history:
        second += gap
        said = s.at(second, {point: uncertain(True) if value == "uncertain" else value})
        state[point] = value if isinstance(value, bool) else None
        alarms = ("zones.b12.fire", "zones.b12.fire.2")
        s.standing |= {alarm for alarm in alarms if said[alarm]}
        assert bool(said.opens) == (True in state.values() or bool(s.standing))
        for alarm, own in zip(alarms, (A, B), strict=True):
            clear = False if None not in state.values() else None
            assert said[alarm] is (True if state[own] else clear)
        if s.standing and all(said[alarm] is False for alarm in alarms):
            s.standing.clear()


def sounds(said) -> bool:
    return any(demand.output == "outputs.siren" for demand in said.demands)


def test_silence_stops_the_siren_and_nothing_else_until_another_contact_trips(story):
    s = story(rule())
    s.at(0, {A: False, B: False})
    assert sounds(s.at(5, {A: True}))
    said = s.at(9, standing={"zones.b12.fire"}, silenced={"zones.b12.fire"})
    assert not sounds(said)
    assert said.opens == {"doors.north", "lanes.in"}, "silence locks no door"
    assert sounds(s.at(12, {B: True})), "it is only just rising"
    assert sounds(s.at(13, standing={"zones.b12.fire", "zones.b12.fire.2"}))
    assert not sounds(s.at(14, silenced={"zones.b12.fire", "zones.b12.fire.2"}))
    assert sounds(s.at(15, silenced={"zones.b12.fire.2"})), "the first one tripped again"
