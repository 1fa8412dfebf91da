"""Too hot, too cold, heating up too fast: each point by itself, with delay and hysteresis."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.alarms import Severity
from gatehouse.points import Point
from rules._settings import Amount
from rules.temperature import Rule

T1, T2, ONLINE = "room.t1", "room.t2", "room.online"
POINTS = tuple(Point(name=name, unit="°C", low=-40.0, high=125.0) for name in (T1, T2))


def room(**more) -> Rule:
    settings = {"points": (T1,), "over": Amount(45, "°C"), "under": Amount(2, "°C"), "for_": 60.0}
    return Rule(name="room", **settings | more)


def test_over_and_under_each_after_the_delay_and_with_hysteresis(story):
    s = story(room(), points=POINTS)
    s.at(0, {T1: 20.0, ONLINE: True})
    for second, value in ((10, 45.0), (100, 43.1), (110, 42.9), (200, 2.0), (300, 3.9), (310, 4.1)):
        s.at(second, {T1: value})
    assert s.diary == [
        "70 room.over.room-t1 on",
        "110 room.over.room-t1 off",
        "260 room.under.room-t1 on",
        "310 room.under.room-t1 off",
    ]
    said = s.at(320)
    over, under = said.conditions["room.over.room-t1"], said.conditions["room.under.room-t1"]
    assert (over.severity, over.kind, over.latch) == (Severity.P2, "temperature_high", False)
    assert (under.severity, under.kind, under.latch) == (Severity.P3, "temperature_low", False)
    assert over.evidence["threshold"] == 45.0


def test_points_do_not_hide_behind_each_other(story):
    s = story(room(points=(T1, T2), for_=0.0), points=POINTS)
    s.at(0, {T1: 50.0, T2: 20.0, ONLINE: True})
    s.at(5, {T2: 60.0})
    s.at(9, {T1: 20.0})
    assert s.diary == ["0 room.over.room-t1 on", "5 room.over.room-t2 on", "9 room.over.room-t1 off"]


@pytest.mark.parametrize(("step", "alarms"), [(0.9, False), (1.1, True)])
def test_a_rise_is_counted_from_the_lowest_lately(story, step, alarms):
    s = story(room(over=None, under=None, rise=Amount(10, "°C"), within=600.0), points=POINTS)
    s.at(0, {T1: 20.0, ONLINE: True})
    for minute in range(1, 30):
        s.at(minute * 60, {T1: 20.0 + minute * step})
    assert any("room.rise.room-t1 on" in line for line in s.diary) is alarms


def test_a_rise_is_over_when_it_is_half_as_much(story):
    s = story(room(over=None, under=None, rise=Amount(10, "°C"), within=600.0), points=POINTS)
    s.at(0, {T1: 20.0, ONLINE: True})
    s.at(60, {T1: 31.0})
    assert s.at(120, {T1: 26.0})["room.rise.room-t1"] is True
    assert s.at(180, {T1: 24.9})["room.rise.room-t1"] is False


def test_a_rise_over_a_gap_is_none(story):
    s = story(room(over=None, under=None, rise=Amount(10, "°C"), within=300.0), points=POINTS)
    s.at(0, {T1: 20.0, ONLINE: True})
    s.at(10, {T1: None})
    s.at(700, {T1: 40.0})
    assert not [line for line in s.diary if "rise" in line]


@pytest.mark.parametrize("bad", [None, "uncertain", -41.0, 126.0, float("nan"), True])
def test_an_unbelievable_value_clears_nothing_and_is_a_fault_in_time(story, uncertain, bad):
    s = story(room(for_=0.0, rise=Amount(10, "°C")), points=POINTS)
    s.at(0, {T1: 50.0, ONLINE: True})
    said = s.at(20, {T1: uncertain(20.0) if bad == "uncertain" else bad})
    assert (said["room.over.room-t1"], said["room.rise.room-t1"]) == (None, None)
    s.at(60, {T1: 50.0})
    assert [line for line in s.diary if "sensor" in line] == ["30 room.sensor.room-t1 on", "60 room.sensor.room-t1 off"]


def test_a_device_that_is_away_is_no_sensor_fault(story):
    s = story(room(), points=POINTS)
    s.at(0, {T1: None, ONLINE: False})
    assert s.at(60)["room.sensor.room-t1"] is None


@pytest.mark.parametrize(
    ("settings", "lesson"),
    [
        ({"points": ()}, "give `points` and a limit"),
        ({"over": None, "under": None}, "give `points` and a limit"),
        ({"hysteresis": Amount(0, "°C")}, "above zero"),
        ({"rise": Amount(-1, "°C")}, "above zero"),
        ({"within": 0.5}, "a second or more"),
        ({"points": (T1, T1)}, "named twice"),
    ],
)
def test_settings_that_make_no_rule_teach(settings, lesson):
    with pytest.raises(ValueError, match=lesson):
        room(**settings)


@given(st.lists(st.tuples(st.floats(-30, 120), st.floats(0.5, 200)), min_size=1, max_size=25))
def test_what_is_kept_for_the_rise_is_bounded_and_never_invents_one(story_class, history):
    rule = room(over=None, under=None, rise=Amount(10, "°C"), within=300.0)
    s, second, seen = story_class(rule, points=POINTS), 0.0, []
    s.at(0, {ONLINE: True})
    for value, gap in history:
        second += gap
        said = s.at(second, {T1: value})["room.rise.room-t1"]
        seen.append((second, value))
        held = zip(seen, [*(at for at, _ in seen[1:]), second], strict=True)  # each until the next
        lowest = min(past for (_, past), until in held if until >= second - 300.0 * 21 / 20)
        assert not said or value - lowest >= 5.0
        nearest = min(past for at, past in seen if at >= second - 300.0)
        assert said or value - nearest < 10.0
        assert len(rule._lows[T1].slots) <= 21
