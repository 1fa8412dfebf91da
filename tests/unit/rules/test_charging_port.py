"""A port that gets too hot or draws too much is stopped and stays so; a person, and nobody else, starts it again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.demands import Priority
from gatehouse.points import Point
from rules._settings import Amount
from rules.charging_port import Rule

PORT = "outputs.port7"
POINTS = (Point(name="pile.power", unit="W"), Point(name="pile.heat", unit="°C", low=-40, high=150))
ONLINE = {"pile.online": True}
LOAD = {"load": "pile.power", "limit": Amount(1, "kW")}
HEAT = {"temperature": "pile.heat", "hot": Amount(75, "°C"), "warm": Amount(60, "°C")}


def rule(**more) -> Rule:
    return Rule(name="port7", port=PORT, **more)


def test_too_much_load_stops_the_port_until_a_person_resets_the_alarm(story):
    s = story(rule(**LOAD), points=POINTS, told={PORT: True})
    s.at(0, {"pile.power": 400.0, **ONLINE})
    s.at(100, {"pile.power": 1000.0})
    stopped = s.at(105)
    assert [(demand.value, demand.priority) for demand in stopped.demands] == [(False, Priority.PROTECTION)]
    s.at(106, {"pile.power": 0.0}, told={PORT: False}, standing={"port7.overload"})
    assert s.at(9000).demands, "it cooled down long ago, and nobody has reset it"
    s.at(9001, standing=set())
    assert s.diary == [
        "105 port7.overload on",
        "105 outputs.port7 off at 3",
        "106 port7.overload off",
        "9001 no more outputs.port7 off at 3",
    ]


def test_heat_warns_and_then_stops(story):
    s = story(rule(**HEAT), points=POINTS, told={PORT: True})
    for second, heat in [(0, 20.0), (10, 60.0), (30, 74.9), (40, 75.0), (60, 56.0), (70, 54.0)]:
        standing = {"port7.hot"} if second > 45 else set()
        s.at(second, {"pile.heat": heat, **ONLINE}, standing=standing)
    assert s.diary == [
        "15 port7.warm on",
        "45 port7.hot on",
        "45 outputs.port7 off at 3",
        "60 port7.hot off",
        "70 port7.warm off",
    ]


def test_a_stop_stands_over_a_restart_before_anything_is_read(story):
    s = story(rule(**HEAT), points=POINTS, standing={"port7.hot"})
    said = s.at(0)
    assert said["port7.hot"] is None, "nobody can reset what cannot be seen"
    assert [demand.reason for demand in said.demands] == ["charging_hot"]


def test_what_cannot_be_trusted_stops_nothing_and_clears_nothing(story, uncertain):
    s = story(rule(**HEAT), points=POINTS, told={PORT: True})
    assert s.at(0)["port7.hot"] is None
    s.at(1, {"pile.heat": 20.0, **ONLINE})
    for number, bad in enumerate((None, uncertain(90.0), 200.0, True)):
        said = s.at(20 + number, {"pile.heat": bad})
        assert (said["port7.hot"], said.demands) == (None, [])
    s.at(49)
    assert s.diary == ["30 port7.sensor.pile-heat on"]
    s.at(50, {"pile.heat": 80.0})
    s.at(55)
    said = s.at(60, {"pile.heat": None})
    assert said["port7.hot"] is None
    assert said.demands, "what was too hot when it was last seen stays off"


def test_a_stutter_does_not_begin_the_delay_anew(story):
    s = story(rule(**LOAD), points=POINTS, told={PORT: True})
    s.at(0, {"pile.power": 1200.0, **ONLINE})
    s.at(3, {"pile.power": None})
    assert s.at(5, {"pile.power": 1200.0})["port7.overload"] is True


def test_a_sensor_that_stays_away_stops_the_port_where_that_is_wanted(story):
    s = story(rule(**HEAT, stale="stop"), points=POINTS, told={PORT: True})
    s.at(0, {"pile.heat": 20.0, **ONLINE})
    s.at(100, {"pile.heat": None})
    s.at(200, {"pile.heat": 20.0})
    assert s.diary == [
        "110 port7.sensor.pile-heat on",
        "110 outputs.port7 off at 3",
        "200 port7.sensor.pile-heat off",
        "200 no more outputs.port7 off at 3",
    ]


def test_a_device_that_is_known_to_be_away_is_no_sensor_fault(story):
    s = story(rule(**HEAT), points=POINTS, told={PORT: True})
    s.at(0, {"pile.heat": 20.0, **ONLINE})
    s.at(10, {"pile.heat": None, "pile.online": False})
    assert s.at(100)["port7.sensor.pile-heat"] is None


def test_a_full_battery_is_cut_off_until_it_is_unplugged(story):
    more = {"full": Amount(10, "W"), "full_for": 1800.0, "plugged": "pile.plug"}
    s = story(rule(**LOAD, **more), points=POINTS, told={PORT: True})
    s.at(0, {"pile.power": 0.0, "pile.plug": False, **ONLINE})
    s.at(5000, {"pile.plug": True})
    s.at(5001, {"pile.power": 200.0})
    s.at(9000, {"pile.power": 5.0})
    s.at(10800)
    s.at(10801, told={PORT: False})
    s.at(10802, {"pile.power": 0.0})
    s.at(20000, {"pile.plug": None})
    s.at(20001, {"pile.plug": True})
    s.at(30000, {"pile.plug": False})
    assert s.diary == [
        "10800 port7.full on",
        "10800 outputs.port7 off at 3",
        "20000 port7.full unsure",
        "20001 port7.full on",
        "30000 port7.full off",
        "30000 no more outputs.port7 off at 3",
    ]


FULL = {**LOAD, "full": Amount(10, "W"), "full_for": 1800.0, "plugged": "pile.plug"}


def test_a_full_battery_stays_cut_off_over_a_restart_until_it_is_unplugged(story):
    s = story(rule(**FULL), points=POINTS, standing={"port7.full"})
    assert not s.at(0).demands, "nothing is read and nothing told yet: the relay stays as it is"
    said = s.at(1, {"pile.power": 0.0, "pile.plug": True, **ONLINE})
    assert (said["port7.full"], [demand.reason for demand in said.demands]) == (True, ["charging_full"])
    s.at(2, told={PORT: False})
    assert s.at(9000)["port7.full"], "nobody has pulled the plug"
    said = s.at(9001, {"pile.plug": False})
    assert (said["port7.full"], said.demands) == (False, [])


def test_after_a_restart_a_plug_that_cannot_be_read_frees_no_full_battery(story):
    s = story(rule(**FULL), points=POINTS, standing={"port7.full"}, told={PORT: True})
    said = s.at(0, {"pile.power": 0.0, **ONLINE})
    assert (said["port7.full"], [demand.reason for demand in said.demands]) == (None, ["charging_full"])


def test_who_charges_over_a_restart_is_not_cut_off_by_the_battery_before_him(story):
    s = story(rule(**FULL), points=POINTS, standing={"port7.full"})
    said = s.at(0, {"pile.power": 300.0, "pile.plug": True, **ONLINE})
    assert (said["port7.full"], said.demands) == (False, [])


def test_an_empty_port_is_no_full_battery(story):
    s = story(rule(**LOAD, full=Amount(10, "W"), full_for=60.0), points=POINTS, told={PORT: True})
    s.at(0, {"pile.power": 0.0, **ONLINE})
    s.at(86400)
    assert s.diary == []


def test_without_a_plug_contact_a_person_ends_that_a_battery_is_full(story):
    s = story(rule(**LOAD, full=Amount(10, "W"), full_for=60.0), points=POINTS, told={PORT: True})
    s.at(0, {"pile.power": 200.0, **ONLINE})
    s.at(10, {"pile.power": 5.0})
    s.at(70)
    s.at(70, {"pile.power": 0.0}, told={PORT: False}, standing={"port7.full"})
    s.at(5000)
    s.at(6000, told={PORT: True}, standing=set())
    s.at(9000)
    assert s.diary == [
        "70 port7.full on",
        "70 outputs.port7 off at 3",
        "70 port7.full off",
        "6000 no more outputs.port7 off at 3",
    ]


def test_a_port_that_still_draws_when_it_is_off_needs_a_hand(story):
    s = story(rule(**LOAD), points=POINTS, told={PORT: True})
    s.at(0, {"pile.power": 500.0, **ONLINE})
    s.at(10, told={PORT: False})
    s.at(30, {"pile.power": 0.0})
    assert s.diary == ["20 port7.not_off on", "30 port7.not_off off"]


@pytest.mark.parametrize(
    ("settings", "lesson"),
    [
        ({}, "nothing is watched"),
        ({"load": "a.b"}, "`load` and `limit` belong together"),
        ({"temperature": "a.b"}, "`temperature` and `hot` belong together"),
        ({"temperature": "a.b", "hot": Amount(70, "°C"), "full": Amount(9, "W")}, "`full` is judged by `load`"),
        ({"temperature": "a.b", "hot": Amount(70, "°C"), "for_": 90.0}, "within 60 s"),
    ],
)
def test_settings_that_make_no_rule_teach(settings, lesson):
    with pytest.raises(ValueError, match=lesson):
        rule(**settings)


READ = st.one_of(st.none(), st.floats(0, 149, allow_nan=False))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(0.1, 30), READ, st.booleans()), max_size=12))
def test_while_an_alarm_that_stopped_it_stands_the_port_is_off(story_class, moves):
    """The annunciator is played: what latches stands until it is clear and somebody resets it."""
    s = story_class(rule(**HEAT), points=POINTS, told={PORT: True})
    second, standing = 0.0, False
    for step, heat, reset in moves:
        second += step
        said = s.at(second, {"pile.heat": heat, **ONLINE}, standing={"port7.hot"} if standing else set())
        assert bool(said.demands) >= standing
        rose = "port7.hot on" in " ".join(s.diary)
        standing = (standing and not (reset and said["port7.hot"] is False)) or rose
        s.diary.clear()
