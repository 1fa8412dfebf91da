"""In its hours an output has its value; outside of them the rule wants nothing."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter, ValidationError

from gatehouse.demands import Passage, Priority
from rules._hours import WeeklyHours
from rules.schedule import Rule, Setting

MORNING = datetime(2026, 11, 23, 8, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


def rule(hours: str, output="outputs.lamps", value=True) -> Rule:
    return Rule(name="lamps-dusk", output=output, value=value, hours=WeeklyHours.parse(hours))


def test_lamps_burn_from_dusk_to_dawn_to_the_second(story):
    s = story(rule("18:00-06:00"), wall=MORNING.replace(second=17))
    s.at(0)
    s.at(48 * 3600)
    assert [(float(line.split()[0]) + 17, "no more" not in line) for line in s.diary] == [
        (10 * 3600, True),
        (22 * 3600, False),
        (34 * 3600, True),
        (46 * 3600, False),
    ]
    assert s.at(60 * 3600).demands[0].priority is Priority.SCHEDULE


def test_a_door_is_open_in_its_hours(story):
    s = story(rule("Mon 07:00-09:00", "doors.north", Passage.OPEN))
    assert s.at(0).opens == {"doors.north"}
    assert s.at(3600).demands == []


def test_the_hours_are_kept_across_a_change_of_clocks(story):
    eve = datetime(2026, 3, 28, 23, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    s = story(rule("06:00-07:00"), wall=eve)
    s.at(0)
    s.at(12 * 3600)
    assert [float(line.split()[0]) / 3600 for line in s.diary] == [5.5, 6.5]


def test_a_clock_that_is_set_is_noticed_within_a_minute(story):
    s = story(rule("18:00-06:00"))
    s.at(0)
    s.wall = s.wall.replace(hour=20)
    s.at(100)
    assert s.diary == ["60 outputs.lamps on at 14"]


@pytest.mark.parametrize(
    ("output", "value"), [("doors.north", True), ("lanes.in", False), ("outputs.siren", Passage.OPEN)]
)
def test_a_value_must_fit_its_output(output, value):
    with pytest.raises(ValueError, match=r"cannot be .* by the clock; write value:"):
        rule("18:00-06:00", output, value)


@pytest.mark.parametrize(("raw", "value"), [("on", True), ("off", False), (True, True), ("open", Passage.OPEN)])
def test_values_as_people_write_them(raw, value):
    assert TypeAdapter(Setting).validate_python(raw, strict=True) is value


@pytest.mark.parametrize(
    ("raw", "lesson"), [("closed", "a schedule only opens"), ("up", "write on or off"), (1, "write")]
)
def test_other_values_teach(raw, lesson):
    with pytest.raises(ValidationError, match=lesson):
        TypeAdapter(Setting).validate_python(raw, strict=True)
