"""Two stages with a delay; a sensor that cannot be believed is a fault of its own and never an all-clear."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.alarms import Severity
from gatehouse.points import Point
from rules._settings import Amount
from rules.electrical_fire import Rule

CURRENT, ONLINE, T1, T2 = "b12.rms1", "b12.online", "mains.t1", "mains.t2"
LEAK = Point(name=CURRENT, unit="A", low=0.0, high=10.0)
HEAT = (Point(name=T1, unit="°C", low=-40.0, high=150.0), Point(name=T2, unit="°C", low=-40.0, high=150.0))


def leakage(**more) -> Rule:
    settings = {"warning": Amount(300, "mA"), "alarm": Amount(500, "mA"), "for_": 10.0, "zone": "zones.b12"}
    return Rule(name="leak", current=CURRENT, **settings | more)


def heat(**more) -> Rule:
    return Rule(name="heat", temperatures=(T1, T2), warm=Amount(60, "°C"), hot=Amount(75, "°C"), for_=10.0, **more)


def stages(s) -> list[str]:
    return [line for line in s.diary if ".sensor" not in line]


def test_a_rising_current_warns_and_then_alarms_each_after_its_delay(story):
    s = story(leakage(), points=(LEAK,))
    s.at(0, {CURRENT: 0.12, ONLINE: True})
    s.at(10, {CURRENT: 0.3})
    s.at(15, {CURRENT: 0.6})
    s.at(60, {CURRENT: 0.1})
    assert s.diary == ["20 leak.warning on", "25 leak.alarm on", "60 leak.warning off", "60 leak.alarm off"]
    assert s.at(60).demands == []


def test_warning_and_alarm_differ_in_gravity_and_in_latching(story):
    said = story(leakage(), points=(LEAK,)).at(0, {CURRENT: 0.4, ONLINE: True})
    warning, alarm = said.conditions["leak.warning"], said.conditions["leak.alarm"]
    assert (warning.severity, warning.latch, warning.kind) == (Severity.P3, False, "leakage_warning")
    assert (alarm.severity, alarm.latch, alarm.kind) == (Severity.P2, True, "leakage_alarm")
    assert warning.subject == "zones.b12"
    evidence = {"threshold": 0.3, "unit": "A", "for": 10.0, CURRENT: {"value": 0.4, "quality": "good", "age": 0.0}}
    assert warning.evidence == evidence


@pytest.mark.parametrize(("lasts", "alarm"), [(9.99, False), (10.0, True), (10.01, True)])
def test_the_delay_is_exact(story, lasts, alarm):
    s = story(leakage(), points=(LEAK,))
    s.at(0, {CURRENT: 0.1, ONLINE: True})
    s.at(50, {CURRENT: 0.5})
    if lasts >= 10:
        s.at(60)
    s.at(50 + lasts, {CURRENT: 0.49})
    assert ("60 leak.alarm on" in s.diary) is alarm


def test_excursions_under_the_delay_do_not_add_up(story):
    s = story(leakage(), points=(LEAK,))
    for second in range(0, 200, 10):
        s.at(second, {CURRENT: 0.9, ONLINE: True})
        s.at(second + 9, {CURRENT: 0.1})
    assert s.diary == []


@pytest.mark.parametrize(("value", "gone"), [(0.46, False), (0.45, False), (0.449, True), (0.0, True)])
def test_current_returns_below_nine_tenths(story, value, gone):
    s = story(leakage(warning=None), points=(LEAK,))
    s.at(0, {CURRENT: 0.1, ONLINE: True})
    s.at(1, {CURRENT: 0.5})
    s.at(11)
    assert s.at(30, {CURRENT: value})["leak.alarm"] is not gone


@pytest.mark.parametrize(("value", "gone"), [(74.9, False), (70.0, False), (69.9, True)])
def test_temperature_returns_five_degrees_below(story, value, gone):
    s = story(heat(), points=HEAT)
    s.at(0, {T1: 20.0, T2: 20, "mains.online": True})
    s.at(1, {T1: 75.0})
    s.at(11)
    assert s.at(30, {T1: value})["heat.alarm"] is not gone


def test_each_temperature_has_its_own_alarm(story):
    s = story(heat(), points=HEAT)
    s.at(0, {T1: 20.0, T2: 20.0, "mains.online": True})
    s.at(10, {T1: 80.0})
    s.at(30, {T2: 80.0})
    said = s.at(50)
    assert s.diary == ["20 heat.warning on", "20 heat.alarm on", "40 heat.warning.2 on", "40 heat.alarm.2 on"]
    assert said.conditions["heat.alarm.2"].kind == "temperature_alarm"
    assert said.conditions["heat.alarm.2"].subject == "devices.mains"


def test_current_and_temperatures_live_in_one_rule(story):
    rule = leakage(temperatures=(T1,), hot=Amount(75, "°C"))
    said = story(rule, points=(LEAK, *HEAT)).at(0, {CURRENT: 0.1, T1: 20.0, ONLINE: True, "mains.online": True})
    assert set(said.conditions) == {"leak.warning", "leak.alarm", "leak.sensor", "leak.alarm.2", "leak.sensor.2"}


@pytest.mark.parametrize("bad", [None, "uncertain", -0.1, 10.1, float("nan"), float("inf"), True, "off"])
def test_an_unbelievable_value_clears_no_alarm_and_is_a_sensor_fault_in_time(story, uncertain, bad):
    s = story(leakage(), points=(LEAK,))
    s.at(0, {CURRENT: 0.6, ONLINE: True})
    said = s.at(20, {CURRENT: uncertain(0.1) if bad == "uncertain" else bad})
    assert (said["leak.alarm"], said["leak.sensor"]) == (None, None)
    s.at(60, {CURRENT: 0.6})
    assert [line for line in s.diary if "sensor" in line] == ["30 leak.sensor on", "60 leak.sensor off"]
    assert s.at(61)["leak.alarm"] is True
    assert s.at(62).conditions["leak.sensor"].severity is Severity.P3


def test_a_stale_value_raises_and_clears_nothing(story):
    s = story(leakage(), points=(Point(name=CURRENT, unit="A", max_age=3.0),))
    s.at(0, {CURRENT: 0.1, ONLINE: True})
    s.at(1, {CURRENT: 0.6})
    assert s.at(20)["leak.alarm"] is None
    assert s.diary == ["14 leak.sensor on"]


def test_a_stuttering_bus_does_not_hide_a_fire(story):
    s = story(leakage(), points=(LEAK,))
    s.at(0, {CURRENT: 0.1, ONLINE: True})
    for second in range(1, 30, 4):
        s.at(second, {CURRENT: 0.6})
        s.at(second + 2, {CURRENT: None})
    assert "13 leak.alarm on" in s.diary


def test_a_device_that_is_away_is_not_also_a_sensor_fault(story):
    s = story(leakage(), points=(LEAK,))
    s.at(0, {CURRENT: 0.1, ONLINE: True})
    s.at(10, {CURRENT: None, ONLINE: False})
    assert s.at(100)["leak.sensor"] is None
    s.at(100, {ONLINE: True})
    s.at(120)
    assert s.diary == ["110 leak.sensor on"]


def test_a_sensor_that_was_never_read_is_a_fault_in_time(story):
    s = story(leakage(), points=(LEAK,))
    s.at(0, {ONLINE: True})
    s.at(60)
    assert s.diary == ["10 leak.sensor on"]


@pytest.mark.parametrize(("value", "later"), [(0.6, True), (0.47, None), (0.1, False)])
def test_an_alarm_from_before_a_restart_stays_until_the_value_is_known_to_be_back(story, value, later):
    s = story(leakage(), points=(LEAK,))
    first = s.at(0, {CURRENT: value, ONLINE: True})["leak.alarm"]
    assert first is (False if later is False else None)
    assert s.at(10)["leak.alarm"] is later


@pytest.mark.parametrize(
    ("settings", "lesson"),
    [
        ({}, "nothing is watched"),
        ({"current": CURRENT}, "`current` and `alarm` belong together"),
        ({"current": CURRENT, "warning": Amount(300, "mA")}, "`current` and `alarm` belong together"),
        ({"temperatures": (T1,), "alarm": Amount(1, "A")}, "`current` and `alarm` belong together"),
        ({"temperatures": (T1,)}, "`temperatures` and `hot` belong together"),
        ({"current": CURRENT, "alarm": Amount(1, "A"), "hot": Amount(1, "°C")}, "`temperatures` and `hot` belong"),
        ({"current": CURRENT, "alarm": Amount(1, "A"), "warm": Amount(1, "°C")}, "`temperatures` and `hot` belong"),
        ({"temperatures": (T1, T1), "hot": Amount(75, "°C")}, "watched twice"),
        ({"current": CURRENT, "alarm": Amount(1, "A"), "for_": 31.0}, "must sound within 30 s"),
    ],
)
def test_settings_that_make_no_rule_teach(settings, lesson):
    with pytest.raises(ValueError, match=lesson):
        Rule(name="x", **settings)


VALUE = st.one_of(st.floats(0, 1), st.sampled_from([0.3, 0.45, 0.5, None, 99.0]))


@given(st.lists(st.tuples(VALUE, st.floats(0.1, 12)), max_size=30))
def test_an_alarm_needs_good_values_over_the_threshold_for_the_whole_delay(story_class, history):
    s, second, over_since, active = story_class(leakage(warning=None), points=(LEAK,)), 0.0, None, None
    s.at(0, {ONLINE: True})
    for value, gap in history:
        second += gap
        before = s.at(second - 0.01)["leak.alarm"]
        active = active if before is None else before
        said = s.at(second, {CURRENT: value})["leak.alarm"]
        if value is None or value > 10:
            assert said is None
            continue
        over_since = None if value < 0.45 or (value < 0.5 and not active) else over_since
        over_since = s.now if over_since is None and value >= 0.5 else over_since
        if said:
            assert over_since is not None
            assert s.now >= over_since + 10
        if active and value >= 0.45:
            assert said is True, "hysteresis: not gone before it is well below"
        active = said
