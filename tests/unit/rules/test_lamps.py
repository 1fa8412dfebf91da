"""Lamps burn at night, in gloom a little earlier, and not in their hours of rest."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter, ValidationError

from gatehouse.demands import Priority
from gatehouse.points import Point
from rules._hours import WeeklyHours
from rules._settings import Amount
from rules.lamps import Rule, Shift

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=ZoneInfo("Asia/Shanghai"))  # dusk 17:19, dawn 6:03, civil
POINTS = (Point(name="sky.lux", unit="lx", low=0, high=200000),)
SENSOR = {"light": "sky.lux", "dark": Amount(20, "lx"), "bright": Amount(60, "lx"), "for_": 120.0}
ONLINE = {"sky.online": True}


def rule(**more) -> Rule:
    return Rule(name="street", lamps=("outputs.lamps",), **({"latitude": 31.23, "longitude": 121.47} | more))


def hours(s) -> list[tuple[str, str]]:
    """The diary by the clock."""
    said = (line.split(" ", 1) for line in s.diary)
    return [(f"{datetime.fromtimestamp(NOON.timestamp() + float(at), NOON.tzinfo):%H:%M}", what) for at, what in said]


def test_they_burn_from_dusk_to_dawn(story):
    s = story(rule(), wall=NOON)
    s.at(0)
    s.at(86400)
    assert hours(s) == [("17:19", "outputs.lamps on at 14"), ("06:03", "no more outputs.lamps on at 14")]
    assert s.at(90000).demands == []


def test_late_at_night_they_rest_to_the_second(story):
    s = story(
        rule(rest=WeeklyHours.parse("01:00-02:00"), dawn=-1200.0), wall=NOON.replace(hour=0, minute=59, second=31)
    )
    s.at(0)
    s.at(3700)
    assert s.diary == [
        "0 outputs.lamps on at 14",
        "29 no more outputs.lamps on at 14",
        "3629 outputs.lamps on at 14",
    ]
    s = story(rule(dusk=-600.0, dawn=-1200.0), wall=NOON)
    s.at(0)
    s.at(86400)
    assert [at for at, _ in hours(s)] == ["17:09", "05:43"]


def test_all_lamps_of_a_rule_burn_together(story):
    s = story(Rule(name="street", lamps=("outputs.a", "outputs.b"), latitude=31, longitude=121), wall=NOON)
    said = s.at(8 * 3600)
    assert [(demand.output, demand.priority) for demand in said.demands] == [
        ("outputs.a", Priority.SCHEDULE),
        ("outputs.b", Priority.SCHEDULE),
    ]


def test_gloom_lights_them_before_dusk_and_a_lamp_in_the_sensor_puts_none_out(story):
    s = story(rule(**SENSOR), points=POINTS, wall=NOON, alive={"sky.lux"})
    s.at(0, {"sky.lux": 9000.0, **ONLINE})
    s.at(4.5 * 3600, {"sky.lux": 15.0})
    s.at(4.6 * 3600, {"sky.lux": 40.0})
    s.at(4.8 * 3600, {"sky.lux": 70.0})
    s.at(4.9 * 3600, {"sky.lux": 10.0})
    s.at(8 * 3600, {"sky.lux": 5000.0})
    s.at(9 * 3600)
    on, off = "outputs.lamps on at 14", "no more outputs.lamps on at 14"
    assert hours(s) == [("16:32", on), ("16:50", off), ("16:56", on)]


def test_a_lens_that_is_dark_at_noon_lights_nothing_and_is_a_fault(story):
    s = story(rule(**SENSOR), points=POINTS, wall=NOON)
    s.at(0, {"sky.lux": 0.0, **ONLINE})
    said = s.at(700)
    assert (said.demands, said["street.sensor.sky-lux"]) == ([], True)
    assert s.at(701, {"sky.lux": 30000.0})["street.sensor.sky-lux"] is False


def test_without_a_readable_sensor_the_sun_decides(story, uncertain):
    s = story(rule(**SENSOR), points=POINTS, wall=NOON)
    s.at(0)
    for second, bad in ((4.6 * 3600, None), (4.7 * 3600, uncertain(3.0)), (4.8 * 3600, None)):
        assert s.at(second, {"sky.lux": bad, **ONLINE}).demands == []
    assert s.at(6 * 3600).demands
    assert s.diary[0] == "600 street.sensor.sky-lux on"


def test_a_clock_that_is_set_is_noticed_within_a_minute(story):
    s = story(rule(), wall=NOON)
    s.at(0)
    s.wall = s.wall.replace(hour=20)
    s.at(100)
    assert s.diary == ["60 outputs.lamps on at 14"]


def test_what_it_may_want_leaves_the_hours_of_rest_out():
    (wish,) = rule(rest=WeeklyHours.parse("Mon 01:00-05:00")).wishes
    assert wish.week == ((0, 3600), (5 * 3600, 7 * 86400))


@pytest.mark.parametrize(
    ("settings", "lesson"),
    [
        ({"latitude": None}, "under `site:`"),
        ({"latitude": 99.0}, "no place on earth"),
        ({"dusk": -8000.0}, "at most 2h"),
        ({"light": "sky.lux"}, "belong together"),
        ({"lamps": ()}, "`lamps` is empty"),
    ],
)
def test_settings_that_make_no_rule_teach(settings, lesson):
    with pytest.raises(ValueError, match=lesson):
        Rule(**({"name": "x", "lamps": ("outputs.a",), "latitude": 31.0, "longitude": 121.0} | settings))


def test_a_shift_may_be_less_than_nothing():
    shift = TypeAdapter(Shift)
    assert [shift.validate_python(raw) for raw in ("-10m", "5m", "- 30s", 0.0)] == [-600, 300, -30, 0]
    for wrong in ("10", "--5m", -5, None):
        with pytest.raises(ValidationError):
            shift.validate_python(wrong)
