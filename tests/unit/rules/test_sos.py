"""A press is a call at once, however short or long, and nothing done at the button takes it back."""

import pytest

from gatehouse.alarms import Severity
from gatehouse.points import Point
from rules.sos import Rule

A, B, COUNT, RADIO, ONLINE = "io.a", "io.b", "box.presses", "radio.code", "io.online"
SHORT = Point(name=RADIO, momentary=True)


def buttons(**more) -> Rule:
    return Rule(name="lift", **{"buttons": (A, B), "zone": "zones.b12"} | more)


def test_each_button_calls_for_itself_at_once_with_its_place(story):
    s = story(buttons(places=("12栋1单元电梯", "12栋2单元电梯")))
    s.at(0, {A: False, B: False, ONLINE: True})
    said = s.at(1, {B: True})
    call = said.conditions["lift.sos.io-b"]
    assert (call.severity, call.latch, call.kind, call.subject) == (Severity.P1, True, "sos", "zones.b12")
    assert call.evidence["where"] == "12栋2单元电梯"
    s.at(1.05, {B: False})
    s.at(2, {A: True})
    assert s.diary == ["1 lift.sos.io-b on", "1.05 lift.sos.io-b off", "2 lift.sos.io-a on"]


def test_a_long_press_cancels_nothing_and_a_stuck_button_is_a_fault_besides(story):
    s = story(buttons(stuck=300.0))
    s.at(0, {A: False, B: False, ONLINE: True})
    s.at(10, {A: True})
    assert s.at(290)["lift.sos.io-a"] is True
    said = s.at(400)
    assert (said["lift.sos.io-a"], said["lift.sensor.io-a"]) == (True, True)
    assert said.conditions["lift.sensor.io-a"].evidence["why"] == "the button stays pressed"
    s.at(401, {A: False})
    assert s.diary == [
        "10 lift.sos.io-a on",
        "310 lift.sensor.io-a on",
        "401 lift.sos.io-a off",
        "401 lift.sensor.io-a off",
    ]


def test_a_momentary_button_calls_on_every_occurrence_even_with_the_same_code(story):
    s = story(buttons(buttons=(RADIO,)), points=(SHORT,))
    assert s.at(0, {"radio.online": True})["lift.sos.radio-code"] is False
    s.at(5, {RADIO: "A1"})
    s.at(20, {RADIO: "A1"})
    s.at(60)
    assert s.diary == [
        "5 lift.sos.radio-code on",
        "7 lift.sos.radio-code off",
        "20 lift.sos.radio-code on",
        "22 lift.sos.radio-code off",
    ]


def test_a_counter_sees_presses_that_no_poll_saw(story):
    s = story(buttons(buttons=(), counters=(COUNT,)))
    s.at(0, {COUNT: 7, "box.online": True})
    assert s.at(1)["lift.sos.box-presses"] is False, "what it had counted before is no call"
    s.at(5, {COUNT: 8})
    s.at(10, {COUNT: None})
    s.at(30, {COUNT: 10})
    s.at(40, {COUNT: 0})
    s.at(50, {COUNT: 1})
    assert [line for line in s.diary if "sos" in line] == [
        "5 lift.sos.box-presses on",
        "7 lift.sos.box-presses off",
        "30 lift.sos.box-presses on",
        "32 lift.sos.box-presses off",
        "50 lift.sos.box-presses on",
    ]


def test_a_contact_found_pressed_at_the_start_is_a_call(story):
    assert story(buttons()).at(0, {A: True, B: False, ONLINE: True})["lift.sos.io-a"] is True


@pytest.mark.parametrize("bad", [None, "uncertain", "on", 1])
def test_an_unreadable_button_calls_nobody_clears_nothing_and_is_a_fault_in_time(story, uncertain, bad):
    s = story(buttons())
    s.at(0, {A: True, B: False, ONLINE: True})
    said = s.at(5, {A: uncertain(False) if bad == "uncertain" else bad, B: uncertain(True)})
    assert (said["lift.sos.io-a"], said["lift.sos.io-b"]) == (None, None)
    s.at(30, {A: False, B: False})
    assert [line for line in s.diary if "sensor" in line][:2] == ["15 lift.sensor.io-a on", "15 lift.sensor.io-b on"]


def test_a_receiver_that_nobody_used_yet_is_no_fault(story):
    s = story(buttons(buttons=(RADIO,)), points=(SHORT,))
    s.at(0, {"radio.online": True})
    s.at(3600)
    assert s.diary == []


@pytest.mark.parametrize(
    ("settings", "lesson"),
    [
        ({"buttons": ()}, "nothing is watched"),
        ({"places": ("one",)}, "2 heads have 1 `places`"),
        ({"buttons": (A, A)}, "named twice"),
    ],
)
def test_settings_that_make_no_rule_teach(settings, lesson):
    with pytest.raises(ValueError, match=lesson):
        buttons(**settings)
