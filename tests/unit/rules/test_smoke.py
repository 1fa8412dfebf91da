"""One head is an alarm; two heads, or a head and a call point, free the zone. Nothing else may, and nothing less."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.alarms import Severity
from gatehouse.demands import Priority
from rules.smoke import Rule

A, B, C, CALL, FAULT, ONLINE = "io.a", "io.b", "io.c", "io.call", "io.fault", "io.online"
ZONE = "zones.b12"
CONFIRMED = f"{ZONE}.floor.confirmed"
QUIET = {A: False, B: False, C: False, CALL: False, ONLINE: True}
FREED = {"doors.north", "lanes.in"}


def floor(**more) -> Rule:
    settings = {"heads": (A, B, C), "call_points": (CALL,), "release": tuple(FREED), "sirens": ("outputs.siren",)}
    return Rule(name="floor", zone=ZONE, **settings | more)


def head(point: str) -> str:
    return f"{ZONE}.floor.{point.replace('.', '-')}"


class Fire:
    """A story in which alarms stand until they are reset, as the annunciator has it."""

    def __init__(self, story, **settings) -> None:
        self.story = story(floor(**settings))
        faults = dict.fromkeys(self.story.rule.faults, False)
        self.said = self.story.at(0, QUIET | faults)

    def at(self, second: float, readings=None, **world):
        self.said = self.story.at(second, readings, standing=self.standing, **world)
        self.story.standing |= {name for name, condition in self.said.conditions.items() if condition.active}
        self.said = self.story.at(second, None, standing=self.standing)
        return self.said

    @property
    def standing(self) -> set[str]:
        return self.story.standing

    def reset(self, *alarms: str) -> None:
        assert all(self.said[alarm] is False for alarm in alarms), "what holds, or cannot be read, is not reset"
        self.story.standing = self.standing - set(alarms)

    @property
    def freed(self) -> bool:
        assert self.said.opens in (FREED, set())
        sounds = {each.output for each in self.said.demands} - FREED
        assert sounds == ({"outputs.siren"} if self.said.opens else set())
        assert all(each.priority is Priority.LIFE_SAFETY for each in self.said.demands)
        return bool(self.said.opens)


def test_one_head_is_an_alarm_and_frees_nothing(story):
    fire = Fire(story)
    said = fire.at(5, {A: True})
    condition = said.conditions[head(A)]
    assert (condition.severity, condition.latch, condition.kind, condition.subject) == (
        Severity.P1,
        True,
        "smoke",
        ZONE,
    )
    assert condition.evidence["input"] == A
    assert not fire.freed
    assert fire.story.diary == [f"5 {head(A)} on"]


def test_two_heads_confirm_at_once_and_the_release_stays_until_it_is_reset(story):
    fire = Fire(story)
    fire.at(5, {A: True})
    said = fire.at(9, {B: True})
    assert fire.freed
    confirmed = said.conditions[CONFIRMED]
    assert (confirmed.severity, confirmed.latch, confirmed.kind) == (Severity.P1, True, "fire_confirmed")
    assert confirmed.evidence["tripped"] == [A, B]
    assert fire.at(20, {A: False})[CONFIRMED] is True
    assert fire.at(30, {B: False})[CONFIRMED] is False
    assert fire.freed
    fire.at(3600)
    assert fire.freed
    fire.reset(head(A), head(B), CONFIRMED)
    fire.at(3601)
    assert not fire.freed
    fire.at(3602, {C: True})
    assert not fire.freed, "what was reset counts no more"


def test_alarms_say_where(story):
    fire = Fire(story, places=("3楼东", "3楼西", "4楼", "1楼门厅"))
    said = fire.at(1, {B: True, CALL: True})
    assert said.conditions[head(B)].evidence["where"] == "3楼西"
    assert said.conditions[CONFIRMED].evidence["where"] == "3楼西、1楼门厅"
    assert said.conditions["floor.sensor.io-c"].evidence["where"] == "4楼"


def test_a_head_and_a_call_point_confirm_two_call_points_do_not(story):
    fire = Fire(story)
    said = fire.at(1, {CALL: True})
    assert said.conditions[head(CALL)].kind == "call_point"
    assert not fire.freed
    fire.at(2, {C: True})
    assert fire.freed
    calls = Fire(story, heads=(A,), call_points=(B, C, CALL))
    calls.at(1, {B: True, C: True, CALL: True})
    assert not calls.freed


def test_a_head_that_chatters_counts_once(story):
    fire = Fire(story)
    for second in range(1, 60):
        fire.at(second, {A: bool(second % 2)})
    assert not fire.freed


def test_the_first_head_counts_until_its_alarm_is_reset(story):
    fire = Fire(story)
    fire.at(1, {A: True})
    fire.at(2, {A: False})
    fire.reset(head(A))
    fire.at(50, {B: True})
    assert not fire.freed
    fire.at(60, {B: False})
    fire.at(7200, {A: True})
    assert fire.freed, "nobody had reset the second"


@pytest.mark.parametrize(("later", "freed"), [(659, True), (662, False)])
def test_with_a_window_it_counts_for_so_long_after_it_was_last_on(story, later, freed):
    fire = Fire(story, within=600.0)
    fire.at(1, {A: True})
    fire.at(60)
    fire.at(61, {A: False})
    fire.at(later, {B: True})
    assert fire.freed is freed


def test_a_confirmed_fire_does_not_flicker_when_the_window_of_its_first_head_ends(story):
    fire = Fire(story, within=60.0)
    fire.at(1, {A: True})
    fire.at(2, {A: False})
    fire.at(30, {B: True})
    assert fire.at(300)[CONFIRMED] is True


def test_a_head_in_fault_raises_its_alarm_and_never_confirms(story):
    fire = Fire(story, faults=(FAULT, "io.fault_b", "io.fault_c"))
    fire.at(1, {A: True})
    fire.at(2, {"io.fault_b": True})
    said = fire.at(30, {B: True})
    assert said[head(B)] is True
    assert not fire.freed
    assert said.conditions["floor.sensor.io-b"].evidence["why"] == "the head says that it is in fault"
    fire.at(40, {B: False, "io.fault_b": False})
    fire.at(41)
    assert not fire.freed, "what it said while it was in fault does not count once it is mended"
    fire.at(50, {B: True})
    assert fire.freed, "it is sound by now, and on"


def test_a_head_that_breaks_as_it_trips_does_not_count_one_that_burns_later_does(story):
    settings = {"faults": (FAULT, "io.fault_b", "io.fault_c")}
    broken, burnt = Fire(story, **settings), Fire(story, **settings)
    for fire, second in ((broken, 3), (burnt, 90)):
        fire.at(1, {A: True})
        fire.at(second, {FAULT: True})
        fire.at(second + 60, {B: True})
    assert (broken.freed, burnt.freed) == (False, True)


def test_a_fault_contact_that_cannot_be_read_silences_no_head(story):
    fire = Fire(story, faults=(FAULT,))
    fire.at(1, {FAULT: None})
    fire.at(20, {A: True, B: True})
    assert fire.freed


def test_a_disabled_head_does_not_count_nor_does_what_it_said_meanwhile(story):
    fire = Fire(story)
    fire.story.apart = {head(B)}
    fire.at(1, {A: True, B: True})
    assert not fire.freed
    fire.at(5, {B: False})
    fire.story.apart = set()
    fire.at(6)
    assert not fire.freed
    fire.at(7, {B: True})
    assert fire.freed


def test_a_release_that_a_person_disabled_frees_nothing(story):
    fire = Fire(story)
    fire.story.apart = {CONFIRMED}
    assert fire.at(1, {A: True, B: True})[CONFIRMED] is True
    assert not fire.freed


@pytest.mark.parametrize("bad", [None, "uncertain"])
def test_an_unreadable_head_confirms_nothing_clears_nothing_and_is_a_fault_in_time(story, uncertain, bad):
    value = uncertain(True) if bad == "uncertain" else None
    fire = Fire(story)
    fire.at(1, {A: True})
    said = fire.at(2, {B: value})
    assert (said[head(B)], said[CONFIRMED]) == (None, None)
    assert not fire.freed
    fire.at(20, {A: False})
    assert "12 floor.sensor.io-b on" in fire.story.diary
    assert fire.said[CONFIRMED] is None, "no release of the zone is reset while a head cannot be read"


def test_a_device_that_is_away_is_no_sensor_fault(story):
    fire = Fire(story)
    said = fire.at(1, dict.fromkeys((A, B, C, CALL)) | {ONLINE: False})
    assert fire.at(60)["floor.sensor.io-a"] is None
    assert said.demands == []


def test_after_a_restart_a_release_stands_whatever_can_be_read(story):
    s = story(floor())
    assert s.at(0, standing={CONFIRMED, head(A), head(B)}).opens == FREED
    assert s.at(1, QUIET)[CONFIRMED] is False
    assert s.at(2).opens == FREED


def test_after_a_restart_heads_whose_alarms_stand_count_unless_they_are_in_fault(story):
    for fault, freed in ((False, True), (True, False)):
        s = story(floor(faults=(FAULT, "io.fault_b", "io.fault_c")))
        s.at(0, QUIET, standing={head(A)})
        s.at(1, {FAULT: fault, "io.fault_b": False, "io.fault_c": False})
        assert bool(s.at(2, {B: True}).opens) is freed


@pytest.mark.parametrize(
    ("settings", "lesson"),
    [
        ({"heads": ()}, "nothing is watched"),
        ({"heads": (A, A)}, "named twice"),
        ({"call_points": (A,)}, "named twice"),
        ({"heads": ("io.a-b", "io-a.b")}, "named twice, or has the same alarm id"),
        ({"faults": (FAULT, "io.other")}, "3 heads have 2 `faults`"),
    ],
)
def test_settings_that_make_no_rule_teach(settings, lesson):
    with pytest.raises(ValueError, match=lesson):
        floor(**settings)


def test_it_may_not_be_called_like_the_alarms_of_the_panel():
    with pytest.raises(ValueError, match="give the rule another name"):
        Rule(name="fire", zone=ZONE, heads=(A,))


STEP = st.tuples(
    st.sampled_from([A, B, C, CALL]), st.sampled_from([True, False, None, "fault", "mended", "disable", "enable"])
)


@given(st.lists(STEP, max_size=25))
def test_it_frees_only_for_two_sound_and_enabled_points_of_which_one_is_a_head(story_class, steps):
    faults = {A: "io.fa", B: "io.fb", C: "io.fc"}
    fire = Fire(story_class, faults=tuple(faults.values()))
    ever: set[str] = set()
    state, broken, second = dict.fromkeys((A, B, C, CALL), False), set(), 0.0
    for point, what in steps:
        second += 3.0
        readings = {}
        if what in (True, False, None):
            readings, state[point] = {point: what}, what
        elif what in ("fault", "mended") and point in faults:
            readings = {faults[point]: what == "fault"}
            broken = broken | {point} if what == "fault" else broken - {point}
        elif what in ("disable", "enable"):
            fire.story.apart = (fire.story.apart | {head(point)}) - (set() if what == "disable" else {head(point)})
        fire.at(second, readings)
        ever |= {each for each, on in state.items() if on and each not in broken and head(each) not in fire.story.apart}
        if fire.freed:
            assert len(ever) >= 2
            assert ever & {A, B, C}
        on = {each for each, now in state.items() if now and each not in broken and head(each) not in fire.story.apart}
        if len(on) >= 2 and on & {A, B, C}:
            assert fire.freed, "nothing less may be asked for"


def test_silence_stops_the_siren_and_another_head_starts_it_again(story):
    fire = Fire(story)
    fire.at(5, {A: True})
    fire.at(6, {B: True})
    assert fire.freed
    silenced = set(fire.standing)
    said = fire.at(7, silenced=silenced)
    assert said.opens == FREED
    assert not [each for each in said.demands if each.output == "outputs.siren"]
    fire.at(8, {C: True})
    assert fire.freed, "with the siren"
