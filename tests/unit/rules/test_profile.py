"""What is usual at each hour, and which way it creeps."""

from datetime import datetime, timedelta
from math import isnan
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules._profile import DAYS, HOURS, Profile

MONDAY = datetime(2026, 11, 2, tzinfo=ZoneInfo("Asia/Shanghai"))


def filled(value, days: int = DAYS, start: datetime = MONDAY) -> tuple[Profile, datetime]:
    """A profile of `value(day, hour)`, and the local time after it."""
    profile = Profile()
    for hour in range(days * HOURS + 1):
        profile.take(start + timedelta(hours=hour), hour * 3600.0, value(hour // HOURS, hour % HOURS))
    return profile, start + timedelta(days=days)


def test_an_hour_is_the_average_over_its_time_not_over_its_readings():
    profile = Profile()
    for second, value in ((0, 1.0), (1800, 3.0), (1801, 3.0), (1802, 3.0), (3600, 9.0)):
        ended = profile.take(MONDAY + timedelta(seconds=second), float(second), value)
        assert ended is (second == 3600)
    assert profile.values[MONDAY.toordinal() % DAYS * HOURS] == pytest.approx(2.0)


@pytest.mark.parametrize(("read", "counts"), [(1799, False), (1801, True)])
def test_an_hour_of_which_less_than_half_was_read_does_not_count(read, counts):
    profile = Profile()
    profile.take(MONDAY, 0.0, 5.0)
    profile.take(MONDAY + timedelta(seconds=read), float(read), None)
    profile.take(MONDAY + timedelta(hours=1), 3600.0, 5.0)
    assert bool(profile.days(MONDAY.toordinal())) is counts


def test_the_swing_of_day_and_week_is_no_slope():
    profile, now = filled(lambda day, hour: 50 + 30 * (18 <= hour < 22) + 25 * (day % 7 > 4))
    for over in (DAYS, DAYS // 2):
        slope = profile.slope(now.toordinal(), over, 0.25)
        assert (slope.middle, slope.sure) == (0.0, 0.0)


@pytest.mark.parametrize("wild", [0, 5])
def test_the_slope_is_found_under_the_swing_and_among_wild_hours(wild):
    profile, now = filled(
        lambda day, hour: 50 + 2 * day + 30 * (hour == 20) + (500 if wild and hour % 7 == wild else 0) * (day == 9)
    )
    slope = profile.slope(now.toordinal(), DAYS, 0.25)
    assert slope.middle == pytest.approx(2.0)
    assert slope.busiest == pytest.approx(50 + 2 * 14 + 30, abs=0.1)


def test_usual_is_the_highest_of_its_neighbours_and_of_both_sorts_of_day():
    profile, now = filled(lambda day, hour: 10 + (30 if hour == 20 else 0) + (15 if day % 7 > 4 else 0))
    assert profile.usual(now.replace(hour=3)).middle == pytest.approx(25.0)
    for hour in (19, 20, 21):
        assert profile.usual(now.replace(hour=hour)).middle == pytest.approx(55.0)


def test_today_does_not_excuse_itself():
    profile, now = filled(lambda day, hour: 10.0 if day < 10 else 99.0, days=11)
    today = now - timedelta(days=1)
    assert profile.usual(today.replace(hour=12)).middle == pytest.approx(10.0)


def test_only_the_last_two_weeks_count_and_none_from_the_future():
    profile, now = filled(lambda day, hour: float(day), days=30)
    assert profile.days(now.toordinal()) == [now.toordinal() - back for back in range(DAYS - 1, 0, -1)]
    assert profile.days((now - timedelta(days=365)).toordinal()) == []
    assert len(profile.values) == DAYS * HOURS


def test_a_clock_set_forward_and_back_costs_only_the_days_that_were_written_over():
    profile, now = filled(lambda day, hour: 5.0)
    far = now + timedelta(days=365)
    for hour in range(3):
        profile.take(far + timedelta(hours=hour), 1e7 + hour * 3600.0, 77.0)
    profile.take(now, 1e7 + 3 * 3600.0, 5.0)
    known = profile.days(now.toordinal())
    assert len(known) >= DAYS - 2
    assert profile.slope(now.toordinal(), DAYS, 0.25).busiest == pytest.approx(5.0)


def test_what_is_packed_comes_back():
    profile, now = filled(lambda day, hour: day + hour / 7)
    copy = Profile()
    copy.unpack(profile.packed())
    assert copy.dates == profile.dates
    assert all(
        one == other or (isnan(one) and isnan(other)) for one, other in zip(copy.values, profile.values, strict=True)
    )
    assert copy.slope(now.toordinal(), DAYS, 0.25) == profile.slope(now.toordinal(), DAYS, 0.25)


@pytest.mark.parametrize(
    "wrong", [{}, {"dates": "AAAA", "values": "AAAA"}, {"dates": "?", "values": ""}, {"dates": None}]
)
def test_what_is_no_profile_is_refused(wrong):
    with pytest.raises((ValueError, KeyError, TypeError)):
        Profile().unpack(wrong)


@given(
    st.lists(
        st.tuples(st.integers(-40, 40), st.floats(0, 7200), st.one_of(st.none(), st.floats(-1e3, 1e3))), max_size=30
    )
)
def test_whatever_the_clock_does_it_stays_small_and_within_what_was_read(steps):
    profile, now, wall, read = Profile(), 0.0, MONDAY, [0.0]
    for hours, passed, value in steps:
        now, wall = now + passed, wall + timedelta(hours=hours, seconds=passed)
        profile.take(wall, now, value)
        read += [] if value is None else [value]
        usual = profile.usual(wall)
        assert usual is None or min(read) - 0.1 <= usual.middle <= max(read) + 0.1
        assert len(profile.values) == DAYS * HOURS
        assert all(isnan(each) or min(read) - 0.1 <= each <= max(read) + 0.1 for each in profile.values)
