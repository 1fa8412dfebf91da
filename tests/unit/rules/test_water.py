"""Leaks and levels: each its own alarm; the pump follows the water, the valve waits for a person."""

import pytest

from gatehouse.alarms import Severity
from gatehouse.demands import Priority
from gatehouse.points import Point
from rules._settings import Amount
from rules.water import Rule

LEAK, LEVEL, PUMP, VALVE = "io.leak", "sump.level", "outputs.pump", "outputs.valve"
PROBE = Point(name=LEVEL, unit="m", low=0.0, high=5.0)


def leak(**more) -> Rule:
    return Rule(name="wet", **{"leaks": (LEAK,), "zone": "zones.b12"} | more)


def sump(**more) -> Rule:
    settings = {"levels": (LEVEL,), "warning": Amount(60, "cm"), "alarm": Amount(90, "cm"), "pump": PUMP}
    return Rule(name="sump", for_=0.0, **settings | more)


def test_a_splash_is_no_leak(story):
    s = story(leak())
    s.at(0, {LEAK: False, "io.online": True})
    s.at(10, {LEAK: True})
    s.at(14, {LEAK: False})
    s.at(20, {LEAK: True})
    s.at(60, {LEAK: False})
    assert s.diary == ["25 wet.alarm.io-leak on", "60 wet.alarm.io-leak off"]
    condition = s.at(61).conditions["wet.alarm.io-leak"]
    assert (condition.severity, condition.kind, condition.latch) == (Severity.P2, "water", False)


def test_a_leak_shuts_the_valve_until_a_person_resets_it(story):
    s = story(leak(valve=VALVE))
    s.at(0, {LEAK: False, "io.online": True})
    s.at(10, {LEAK: True})
    said = s.at(15)
    assert said.conditions["wet.alarm.io-leak"].latch
    assert [(each.output, each.value, each.priority) for each in said.demands] == [(VALVE, True, Priority.PROTECTION)]
    assert s.at(20, {LEAK: False}, standing={"wet.alarm.io-leak"}).demands
    assert s.at(21, standing=set()).demands == []


def test_a_level_warns_then_alarms_and_the_pump_runs_until_it_is_well_below(story):
    s = story(sump(), points=(PROBE,))
    s.at(0, {LEVEL: 0.2, "sump.online": True})
    for second, level in ((10, 0.6), (20, 0.9), (30, 0.82), (40, 0.8), (50, 0.55), (60, 0.53)):
        s.at(second, {LEVEL: level})
    assert s.diary == [
        "10 sump.warning.sump-level on",
        f"10 {PUMP} on at 3",
        "20 sump.alarm.sump-level on",
        "40 sump.alarm.sump-level off",
        "60 sump.warning.sump-level off",
        f"60 no more {PUMP} on at 3",
    ]


def test_a_tank_that_runs_empty_is_an_alarm_and_no_reason_to_pump(story):
    s = story(sump(warning=None, alarm=None, under=Amount(1.5, "m")), points=(PROBE,))
    s.at(0, {LEVEL: 3.0, "sump.online": True})
    said = s.at(10, {LEVEL: 1.5})
    assert (said["sump.under.sump-level"], said.demands) == (True, [])
    assert said.conditions["sump.under.sump-level"].kind == "water_low"
    assert s.at(20, {LEVEL: 1.6})["sump.under.sump-level"] is True
    assert s.at(30, {LEVEL: 1.66})["sump.under.sump-level"] is False


@pytest.mark.parametrize("bad", [None, "uncertain", -0.1, 5.1])
def test_the_pump_goes_on_blind_for_the_patience_and_then_rests(story, uncertain, bad):
    s = story(sump(), points=(PROBE,))
    s.at(0, {LEVEL: 0.2, "sump.online": True})
    s.at(10, {LEVEL: 0.7})
    said = s.at(20, {LEVEL: uncertain(0.7) if bad == "uncertain" else bad})
    assert said["sump.warning.sump-level"] is None
    assert [each.output for each in said.demands] == [PUMP]
    s.at(40)
    assert s.diary[2:] == [
        "20 sump.warning.sump-level unsure",
        "30 sump.sensor.sump-level on",
        f"30 no more {PUMP} on at 3",
    ]
    assert s.at(50, {LEVEL: 0.7}).demands, "it is wet, and that is known again"


def test_never_read_it_starts_no_pump_and_opens_no_valve(story):
    s = story(sump(valve=VALVE), points=(PROBE,))
    assert [each.output for each in s.at(0, standing={"sump.alarm.sump-level"}).demands] == [VALVE]
    assert s.at(1, standing=set()).demands == []


def test_a_disabled_sensor_moves_nothing(story):
    s = story(leak(valve=VALVE, pump=PUMP, for_=0.0))
    s.apart = {"wet.alarm.io-leak"}
    assert s.at(0, {LEAK: True, "io.online": True}, standing={"wet.alarm.io-leak"}).demands == []


@pytest.mark.parametrize(
    ("settings", "lesson"),
    [
        ({"leaks": ()}, "nothing is watched"),
        ({"alarm": Amount(1, "m")}, "`levels` and a limit belong together"),
        ({"levels": (LEVEL,)}, "`levels` and a limit belong together"),
        ({"levels": (LEVEL,), "warning": Amount(1, "m")}, "write `alarm` too"),
        ({"pump": VALVE, "valve": VALVE}, "both `pump` and `valve`"),
        ({"leaks": (LEAK, LEAK)}, "named twice"),
    ],
)
def test_settings_that_make_no_rule_teach(settings, lesson):
    with pytest.raises(ValueError, match=lesson):
        leak(**settings)
