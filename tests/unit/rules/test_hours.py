"""Hours of the week, as people write them, also where clocks are changed."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules._hours import WeeklyHours

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")


def local(text: str, zone: ZoneInfo = SHANGHAI, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("Mon-Fri 07:00-19:00", ["11-23T07:00", "11-27T18:59:59"], ["11-23T06:59:59", "11-23T19:00", "11-28T12:00"]),
        ("Mon-Fri 07:00-19:00; Sat 09:00-12:00", ["11-28T09:00"], ["11-28T12:00", "11-29T10:00"]),
        ("18:00-06:00", ["11-23T18:00", "11-24T05:59", "11-23T00:00"], ["11-23T06:00", "11-23T17:59"]),
        ("Sun 22:00-02:00", ["11-29T23:00", "11-30T01:59", "11-23T01:00"], ["11-30T02:00", "11-29T01:00"]),
        ("Fri-Mon 08:00-09:00", ["11-27T08:30", "11-29T08:30", "11-30T08:30"], ["11-24T08:30"]),
        ("Mon,Wed 08:00-09:00,17:00-18:00", ["11-25T08:00", "11-25T17:30"], ["11-24T08:00", "11-25T12:00"]),
        ("周一-周五 07:00-19:00", ["11-23T07:00"], ["11-28T08:00"]),
        ("周一至周五 07:00-19:00；周六、周日 9:00-12:00", ["11-29T09:00"], ["11-29T12:00"]),
        ("星期天 00:00-24:00", ["11-29T00:00", "11-29T23:59:59"], ["11-30T00:00", "11-28T23:59"]),
        ("每天 ０８：００～０９：００", ["11-23T08:00"], ["11-23T09:00"]),
        ("daily 08:00-09:00", ["11-29T08:00"], ["11-29T09:00"]),
    ],
)
def test_hours_are_read_as_they_are_meant(text, inside, outside):
    hours = WeeklyHours.parse(text)
    assert [moment for moment in inside if not hours.contains(local(f"2026-{moment}"))] == []
    assert [moment for moment in outside if hours.contains(local(f"2026-{moment}"))] == []


@pytest.mark.parametrize(
    ("text", "lesson"),
    [
        ("", "no hours are given; write days and hours like"),
        ("Mon-Fri", "no hours in 'Mon-Fri'"),
        ("Mon-Fri 7-19", "no hours in"),
        ("Mon-Fri 07:00-25:00", "hours go from 00:00 to 24:00"),
        ("Mon-Fri 24:00-25:00", "hours go from 00:00 to 24:00"),
        ("Mon-Fri 07:60-08:00", "minutes to 59"),
        ("Mon-Fri 07:00-07:00", "the whole day is 00:00-24:00"),
        ("Mo-Fri 07:00-19:00", "'Mo' is no day; days are Mon, Tue, Wed, Thu, Fri, Sat, Sun, or 周一 to 周日"),
        ("Mon- 07:00-19:00", "'' is no day"),
        ("Mon 07:00-08:00, 9-10", "'9-10' is no span of hours; write it like 07:00-19:00"),
        ("07:00-19:00 Mon-Fri", "no span of hours"),
    ],
)
def test_wrong_hours_teach(text, lesson):
    with pytest.raises(ValueError, match=re.escape(lesson)):
        WeeklyHours.parse(text)


@pytest.mark.parametrize(
    ("text", "zone", "now", "change"),
    [
        ("Mon-Fri 07:00-19:00", SHANGHAI, "2026-11-23T08:00", "2026-11-23T19:00+08:00"),
        ("Mon-Fri 07:00-19:00", SHANGHAI, "2026-11-23T19:00", "2026-11-24T07:00+08:00"),
        ("Mon-Fri 07:00-19:00", SHANGHAI, "2026-11-27T19:00", "2026-11-30T07:00+08:00"),
        ("Mon 07:00-08:00", SHANGHAI, "2026-11-23T08:00", "2026-11-30T07:00+08:00"),
        ("18:00-06:00", SHANGHAI, "2026-11-29T23:00", "2026-11-30T06:00+08:00"),
        ("07:00-12:00,12:00-19:00", SHANGHAI, "2026-11-23T08:00", "2026-11-23T19:00+08:00"),
        # 2026-03-29 02:00 becomes 03:00
        ("02:30-05:00", BERLIN, "2026-03-29T01:00", "2026-03-29T03:00+02:00"),
        ("22:00-02:30", BERLIN, "2026-03-29T01:00", "2026-03-29T03:00+02:00"),
        ("22:00-06:00", BERLIN, "2026-03-29T01:00", "2026-03-29T06:00+02:00"),
        # 2026-10-25 03:00 becomes 02:00, so 02:30 comes twice
        ("02:30-05:00", BERLIN, "2026-10-25T02:00", "2026-10-25T02:30+02:00"),
        ("02:30-05:00", BERLIN, "2026-10-25T02:30", "2026-10-25T02:00+01:00"),
    ],
)
def test_the_next_change_is_exact(text, zone, now, change):
    found = WeeklyHours.parse(text).next_change(local(now, zone))
    assert found is not None
    assert found.isoformat(timespec="minutes") == change


def test_in_the_second_run_of_a_repeated_hour_its_own_bounds_count():
    again = local("2026-10-25T02:10", BERLIN, fold=1)
    found = WeeklyHours.parse("02:30-05:00").next_change(again)
    assert found is not None
    assert found.isoformat(timespec="minutes") == "2026-10-25T02:30+01:00"


@pytest.mark.parametrize("text", ["00:00-24:00", "Mon-Thu 00:00-24:00; Fri-Sun 00:00-24:00"])
def test_always_never_changes(text):
    assert WeeklyHours.parse(text).next_change(local("2026-11-23T08:00")) is None


DAY = st.sampled_from(["", "Mon-Fri ", "Sat ", "Sun-Tue ", "Wed,Thu "])
TIME = st.tuples(st.integers(0, 23), st.integers(0, 59))
INSTANT = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds it


@given(DAY, TIME, TIME, INSTANT, st.sampled_from([SHANGHAI, BERLIN]), st.data())
def test_nothing_changes_before_the_next_change_and_it_does_then(days, start, end, instant, zone, data):
    if start == end:
        return
    hours = WeeklyHours.parse(f"{days}{start[0]:02}:{start[1]:02}-{end[0]:02}:{end[1]:02}")
    wall = instant.astimezone(zone)
    change = hours.next_change(wall)
    assert change is not None
    assert hours.contains(change) is not hours.contains(wall)
    span = (change.astimezone(UTC) - instant).total_seconds()
    assert 0 < span <= 8 * 86400
    before = instant + timedelta(seconds=data.draw(st.floats(0, 0.999)) * span)
    assert hours.contains(before.astimezone(zone)) is hours.contains(wall)
