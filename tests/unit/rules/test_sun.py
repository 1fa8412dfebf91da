"""Where the sun stands, held against the formulas of an almanac, and against what must hold anywhere on any day."""

from datetime import UTC, datetime, timedelta
from math import asin, atan2, cos, degrees, radians, sin
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules._sun import dark, height

SHANGHAI = (31.23, 121.47)
J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)
DAYS = st.integers(0, 3_000_000_000).map(lambda seconds: J2000 + timedelta(seconds=seconds))
PLACES = st.tuples(st.floats(-89.8, 89.8), st.floats(-180, 180))


def ends(place, midnight: datetime, depression: float = 6.0) -> list[str]:
    """The minutes of a day at which it gets light or dark."""
    day = [midnight + timedelta(minutes=minute) for minute in range(1441)]
    found = [dark(wall, place, depression, 0, 0) for wall in day]
    return [f"{day[n]:%H:%M}" for n in range(1, 1441) if found[n] != found[n - 1]]


def almanac(wall: datetime, place) -> float:
    """The height by the low-precision formulas of the Astronomical Almanac (Michalsky 1988), good to 0.01°."""
    days = (wall - J2000) / timedelta(days=1)
    anomaly = radians(357.528 + 0.9856003 * days)
    ecliptic = radians(280.460 + 0.9856474 * days + 1.915 * sin(anomaly) + 0.020 * sin(2 * anomaly))
    tilt = radians(23.439 - 0.0000004 * days)
    rise = atan2(cos(tilt) * sin(ecliptic), cos(ecliptic))
    declination = asin(sin(tilt) * sin(ecliptic))
    sidereal = radians(280.46062 + 360.98564737 * days + place[1])
    latitude, hour = radians(place[0]), sidereal - rise
    return degrees(asin(sin(latitude) * sin(declination) + cos(latitude) * cos(declination) * cos(hour)))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1_577_000_000).map(lambda seconds: J2000 + timedelta(seconds=seconds)), PLACES)
def test_it_stands_where_the_almanac_says(wall, place):
    assert height(wall, place) == pytest.approx(almanac(wall, place), abs=0.03)


def test_the_sun_of_an_equinox_stands_over_the_equator_at_noon():
    assert height(datetime(2026, 3, 20, 12, 7, tzinfo=UTC), (0.0, 0.0)) == pytest.approx(90, abs=0.6)
    assert height(datetime(2026, 3, 20, 0, 7, tzinfo=UTC), (0.0, 0.0)) == pytest.approx(-90, abs=0.6)


def test_it_gets_dark_in_shanghai_at_the_same_instant_whatever_the_zone():
    local = datetime(2026, 11, 23, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert ends(SHANGHAI, local) == ["06:02", "17:19"]
    there = local.astimezone(ZoneInfo("Europe/Berlin"))
    assert dark(there, SHANGHAI, 6, 0, 0) == dark(local, SHANGHAI, 6, 0, 0)


def test_polar_days_have_no_night_and_polar_nights_no_day():
    tromso = (69.65, 18.96)
    assert ends(tromso, datetime(2026, 6, 21, tzinfo=UTC)) == []
    assert not dark(datetime(2026, 6, 21, tzinfo=UTC), tromso, 6, 0, 0)
    pole = (90.0, 0.0)
    assert dark(datetime(2026, 12, 21, 12, tzinfo=UTC), pole, 6, 0, 0)
    assert ends(pole, datetime(2026, 12, 21, tzinfo=UTC)) == []


def test_a_change_of_clocks_moves_no_dusk():
    berlin = ZoneInfo("Europe/Berlin")
    before, after = (ends((52.5, 13.4), datetime(2026, 3, day, tzinfo=berlin))[-1] for day in (28, 30))
    minutes = [int(text[:2]) * 60 + int(text[3:]) for text in (before, after)]
    assert 60 <= minutes[1] - minutes[0] <= 66, "an hour by the clock, and two days' worth of spring"


@pytest.mark.parametrize(("dusk", "dawn"), [(0, 0), (600, -600), (-600, 600), (-7200, 7200), (7200, -7200), (900, 900)])
def test_each_end_of_the_night_is_moved_by_its_own_shift(dusk, dawn):
    local = datetime(2026, 11, 23, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
    hours = [local + timedelta(minutes=minute) for minute in range(1440)]
    plain, moved = ([dark(wall, SHANGHAI, 6, *shift) for wall in hours] for shift in ((0, 0), (dusk, dawn)))
    assert moved.index(True) - plain.index(True) == dusk // 60
    assert moved[::-1].index(True) - plain[::-1].index(True) == -dawn // 60
    assert sum(now != before for now, before in zip(moved[1:], moved, strict=False)) == 2, "one night, without a hole"


@settings(max_examples=40, deadline=None)
@given(DAYS, PLACES)
def test_a_deeper_twilight_is_never_longer_and_no_place_or_day_fails(wall, place):
    nights = [dark(wall, place, depth, 0, 0) for depth in (0.833, 6.0, 12.0)]
    assert nights == sorted(nights, reverse=True)


@settings(max_examples=40, deadline=None)
@given(DAYS, PLACES, st.floats(0, 7200), st.floats(0, 7200))
def test_a_night_that_begins_earlier_and_ends_later_holds_the_plain_one(wall, place, earlier, later):
    assert dark(wall, place, 6, -earlier, later) >= dark(wall, place, 6, 0, 0) >= dark(wall, place, 6, earlier, -later)
