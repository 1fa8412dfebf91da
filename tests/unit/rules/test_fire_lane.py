"""A fire lane is blocked when something stands in it for too long, and at once when it burns."""

import pytest

from gatehouse.alarms import Severity
from rules.fire_lane import Rule

ONLINE = {"io.online": True}


def rule(**more) -> Rule:
    settings = {"for_": 180.0, "again": 900.0} | more
    return Rule(name="lane-east", occupied=settings.pop("occupied", ("io.loop",)), **settings)


def test_who_stands_there_too_long_is_told_twice(story):
    s = story(rule(lamp="outputs.lane"))
    s.at(0, {"io.loop": False, **ONLINE})
    s.at(10, {"io.loop": True})
    s.at(2000, {"io.loop": False})
    s.at(2100)
    assert s.diary == [
        "190 lane-east.blocked on",
        "190 outputs.lane on at 14",
        "910 lane-east.still_blocked on",
        "2005 lane-east.blocked off",
        "2005 lane-east.still_blocked off",
        "2005 no more outputs.lane on at 14",
    ]


def test_who_drives_on_is_nobodys_business_and_who_shunts_stays(story):
    s = story(rule())
    s.at(0, {"io.loop": False, **ONLINE})
    s.at(10, {"io.loop": True})
    s.at(100, {"io.loop": False})
    s.at(200, {"io.loop": True})
    s.at(300, {"io.loop": False})
    s.at(304, {"io.loop": True})
    s.at(390)
    assert s.diary == ["380 lane-east.blocked on"]


def test_in_a_fire_nobody_waits(story):
    s = story(rule(zone="zones.b12"))
    s.at(0, {"io.loop": True, **ONLINE}, standing={"zones.b13.fire", "zones.b12.fire_input"})
    said = s.at(1, standing={"zones.b12.fire.2"})
    assert (said["lane-east.in_fire"], said.conditions["lane-east.in_fire"].severity) == (True, Severity.P1)
    assert s.at(2, standing={"zones.b12.smoke-hall.confirmed"})["lane-east.in_fire"] is True
    assert s.at(3, standing={"zones.b12.smoke-hall.io4-input1"})["lane-east.in_fire"] is False
    s.at(4, {"io.loop": False}, standing={"zones.b12.fire"})
    assert s.at(9)["lane-east.in_fire"] is False


def test_without_a_zone_any_fire_counts(story):
    s = story(rule())
    assert s.at(0, {"io.loop": True, **ONLINE}, standing={"zones.b7.fire"})["lane-east.in_fire"] is True
    assert s.at(1, standing={"doors.north.forced", "zones"})["lane-east.in_fire"] is False


def test_a_sensor_that_cannot_be_read_raises_and_clears_nothing_and_the_time_goes_on(story, uncertain):
    s = story(rule())
    assert s.at(0)["lane-east.blocked"] is None
    s.at(1, {"io.loop": True, **ONLINE})
    for second, bad in ((50, None), (250, uncertain(False))):
        assert s.at(second, {"io.loop": bad})["lane-east.blocked"] is None
    assert s.at(260, {"io.loop": True})["lane-east.blocked"] is True
    assert "60 lane-east.sensor.io-loop on" in s.diary


def test_of_two_sensors_one_is_enough_and_both_must_be_clear(story):
    s = story(rule(occupied=("io.loop", "io.camera")))
    s.at(0, {"io.loop": False, "io.camera": True, **ONLINE})
    assert s.at(180, {"io.loop": None})["lane-east.blocked"] is True
    assert s.at(200, {"io.camera": False})["lane-east.blocked"] is None
    s.at(201, {"io.loop": False})
    assert s.at(206)["lane-east.blocked"] is False


def test_the_graver_alarm_can_be_left_out(story):
    s = story(rule(again=0.0))
    s.at(0, {"io.loop": True, **ONLINE})
    s.at(2000)
    assert s.diary == ["180 lane-east.blocked on"]


@pytest.mark.parametrize(
    ("settings", "lesson"),
    [
        ({"occupied": ()}, "`occupied` is empty"),
        ({"occupied": ("io.loop", "io.loop")}, "named twice"),
        ({"again": 60.0}, "comes after `for`"),
    ],
)
def test_settings_that_make_no_rule_teach(settings, lesson):
    with pytest.raises(ValueError, match=lesson):
        rule(**settings)
