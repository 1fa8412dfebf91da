"""Every head is a P1 alarm of its own; valve and fan are safe until a person resets the last of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.alarms import Severity
from gatehouse.demands import Priority
from gatehouse.points import Point
from rules._settings import Amount
from rules.gas import Rule

A, B, LEVEL, SHUT, ONLINE = "io.a", "io.b", "boiler.gas", "io.shut", "io.online"
PROBE = Point(name=LEVEL, unit="%LEL", low=0.0, high=100.0)
VALVE, FAN = "outputs.valve", "outputs.fan"


def contacts(**more) -> Rule:
    return Rule(name="gas", **{"heads": (A, B), "zone": "zones.b12", "valve": VALVE} | more)


def levels(**more) -> Rule:
    return Rule(name="gas", **{"levels": (LEVEL,), "low": Amount(10, "%LEL"), "fan": FAN} | more)


def test_each_head_alarms_at_once_latches_and_shuts_the_valve(story):
    s = story(contacts())
    s.at(0, {A: False, B: False, ONLINE: True})
    said = s.at(5, {A: True})
    alarm = said.conditions["gas.alarm.io-a"]
    assert (alarm.severity, alarm.latch, alarm.kind, alarm.subject) == (Severity.P1, True, "gas", "zones.b12")
    (demand,) = said.demands
    assert (demand.output, demand.value, demand.priority) == (VALVE, True, Priority.LIFE_SAFETY)
    s.at(6, {B: True})
    assert s.diary == ["5 gas.alarm.io-a on", f"5 {VALVE} on at 2", "6 gas.alarm.io-b on"]


def test_valve_and_fan_stay_until_the_last_alarm_is_reset(story):
    s = story(contacts(fan=FAN))
    s.at(0, {A: False, B: False, ONLINE: True})
    s.at(5, {A: True, B: True}, standing={"gas.alarm.io-a", "gas.alarm.io-b"})
    s.at(60, {A: False, B: False})
    assert len(s.at(61, standing={"gas.alarm.io-b"}).demands) == 2
    assert s.at(62, standing=set()).demands == []


def test_a_valve_that_is_held_open_by_current_is_let_go(story):
    s = story(contacts(shut=False))
    (demand,) = s.at(0, {A: True, B: False, ONLINE: True}).demands
    assert demand.value is False


def test_two_stages_of_a_concentration(story):
    s = story(levels(), points=(PROBE,))
    s.at(0, {LEVEL: 0.0, "boiler.online": True})
    said = s.at(10, {LEVEL: 10.0})
    low = said.conditions["gas.low.boiler-gas"]
    assert (low.severity, low.latch, low.kind, low.active) == (Severity.P2, False, "gas_low", True)
    assert low.evidence["threshold"] == 10.0
    assert said.demands == []
    s.at(20, {LEVEL: 25.0})
    s.at(30, {LEVEL: 20.0})
    s.at(40, {LEVEL: 19.9})
    s.at(50, {LEVEL: 1.0})
    assert s.diary == [
        "10 gas.low.boiler-gas on",
        "20 gas.alarm.boiler-gas on",
        f"20 {FAN} on at 2",
        "40 gas.alarm.boiler-gas off",
        f"40 no more {FAN} on at 2",
        "50 gas.low.boiler-gas off",
    ]


def test_a_concentration_waits_for_its_delay(story):
    s = story(levels(for_=5.0), points=(PROBE,))
    s.at(0, {LEVEL: 0.0, "boiler.online": True})
    s.at(10, {LEVEL: 50.0})
    s.at(14, {LEVEL: 0.0})
    s.at(20, {LEVEL: 50.0})
    s.at(60)
    assert s.diary[:2] == ["25 gas.low.boiler-gas on", "25 gas.alarm.boiler-gas on"]


@pytest.mark.parametrize("bad", [None, "uncertain", -1.0, 101.0, float("nan"), True])
def test_an_unbelievable_level_moves_nothing_clears_nothing_and_is_a_fault_in_time(story, uncertain, bad):
    s = story(levels(), points=(PROBE,))
    s.at(0, {LEVEL: 0.0, "boiler.online": True})
    said = s.at(10, {LEVEL: uncertain(50.0) if bad == "uncertain" else bad})
    assert (said["gas.alarm.boiler-gas"], said.demands) == (None, [])
    s.at(60, {LEVEL: 30.0})
    assert s.at(61, {LEVEL: None})["gas.alarm.boiler-gas"] is None
    assert s.diary[:2] == ["20 gas.sensor.boiler-gas on", "60 gas.low.boiler-gas on"]


def test_a_stale_contact_neither_shuts_nor_opens(story):
    s = story(contacts(), points=(Point(name=A, max_age=2.0),))
    s.at(0, {A: False, B: False, ONLINE: True})
    assert s.at(30)["gas.alarm.io-a"] is None
    assert "12 gas.sensor.io-a on" in s.diary
    assert s.at(31, standing={"gas.alarm.io-a"}).demands, "what had alarmed stays shut, read or not"


def test_one_fault_contact_speaks_for_all_heads_or_each_for_its_own(story):
    s = story(contacts(faults=("io.fault",)))
    s.at(0, {A: False, B: False, "io.fault": False, ONLINE: True})
    said = s.at(1, {"io.fault": True})
    assert (said["gas.sensor.io-a"], said["gas.sensor.io-b"]) == (True, True)
    own = story(contacts(faults=("io.fa", "io.fb")))
    said = own.at(0, {A: True, B: False, "io.fa": False, "io.fb": True, ONLINE: True})
    assert (said["gas.sensor.io-a"], said["gas.sensor.io-b"], said["gas.alarm.io-a"]) == (False, True, True)


def test_the_valve_must_be_seen_shut_in_time(story):
    s = story(contacts(valve_shut=SHUT, travel=10.0))
    s.at(0, {A: False, B: False, SHUT: False, ONLINE: True})
    s.at(5, {A: True})
    s.at(40, {SHUT: True})
    assert s.diary[2:] == ["15 gas.valve on", "40 gas.valve off"]
    condition = s.at(41).conditions["gas.valve"]
    assert (condition.severity, condition.kind, condition.latch) == (Severity.P1, "valve_open", False)


def test_a_valve_that_shuts_in_time_is_no_alarm_and_one_that_cannot_be_seen_is(story):
    for seen, alarms in ((True, False), (None, True)):
        s = story(contacts(valve_shut=SHUT, travel=10.0))
        s.at(0, {A: True, B: False, SHUT: False, ONLINE: True})
        s.at(8, {SHUT: seen})
        s.at(60)
        assert ("10 gas.valve on" in s.diary) is alarms


def test_over_a_restart_the_valve_stays_shut_even_for_a_head_that_is_gone_from_the_site(story):
    s = story(contacts(heads=(A,)))
    assert [each.output for each in s.at(0, standing={"gas.alarm.io-b"}).demands] == [VALVE]
    assert s.at(1, standing={"gas.low.io-b", "gas.sensor.io-a", "gasworks.alarm.io-a"}).demands == []


def test_a_disabled_head_moves_nothing(story):
    s = story(contacts())
    s.apart = {"gas.alarm.io-a"}
    assert s.at(0, {A: True, B: False, ONLINE: True}, standing={"gas.alarm.io-a"}).demands == []
    assert s.at(1, {B: True}).demands


@pytest.mark.parametrize(
    ("settings", "lesson"),
    [
        ({"heads": ()}, "nothing is watched"),
        ({"low": Amount(10, "%LEL")}, "contacts have none"),
        ({"valve": None, "valve_shut": SHUT}, "there is no `valve`"),
        ({"fan": VALVE}, "both `valve` and `fan`"),
        ({"for_": 31.0}, "within 30 s"),
        ({"levels": (A,)}, "named twice"),
        ({"faults": ("x.1", "x.2", "x.3")}, "2 heads have 3 `faults`"),
    ],
)
def test_settings_that_make_no_rule_teach(settings, lesson):
    with pytest.raises(ValueError, match=lesson):
        contacts(**settings)


@given(st.lists(st.tuples(st.sampled_from([A, B]), st.sampled_from([True, False, None])), max_size=20))
def test_the_valve_is_shut_exactly_while_an_alarm_stands(story_class, steps):
    s, second = story_class(contacts()), 0.0
    s.at(0, {A: False, B: False, ONLINE: True})
    for point, value in steps:
        second += 1.0
        said = s.at(second, {point: value})
        s.standing |= {name for name, each in said.conditions.items() if each.active and ".alarm." in name}
        assert bool(said.demands) is bool(s.standing)
