"""Days of warning, no word about an ordinary day, and nothing said before it has learnt."""

import math
import random
import sys
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gatehouse.alarms import Severity
from gatehouse.points import Image, Point, Quality
from gatehouse.rule import Scene
from rules._settings import Amount
from rules.trend import Rule

POINT = "b12.rms1"
RISING, UNUSUAL = "t.rising.b12-rms1", "t.unusual.b12-rms1"
START = datetime(2026, 11, 2, tzinfo=ZoneInfo("Asia/Shanghai"))
QUARTER = 900.0


def leakage(**more) -> Rule:
    return Rule(name="t", **{"points": (POINT,), "threshold": Amount(300, "mA"), "zone": "zones.b12"} | more)


class Weeks:
    """A rule judged every quarter of an hour; what it said changed, by day."""

    def __init__(self, rule: Rule, unit: str = "A") -> None:
        self.rule, self.diary, self.said, self.now = rule, [], {}, 1000.0
        self.image = Image([Point(name=POINT, unit=unit, low=0.0, high=200.0, max_age=3600.0)])

    def live(self, value, first: float, last: float):
        """From this day to that one; `value(day, wall)`, None for silence."""
        for quarter in range(round(first * 96), round(last * 96)):
            day = quarter / 96
            self.now, wall = 1000.0 + quarter * QUARTER, START + timedelta(days=day)
            read = value(day, wall)
            if read is not None:
                self.image.put(POINT, read, Quality.GOOD, self.now)
            self._judge(day, wall)
        return self

    def _judge(self, day: float, wall: datetime) -> None:
        scene = Scene(image=self.image, now=self.now, wall=wall, changed=(), told={}, standing=(), wake=lambda at: None)
        for condition in self.rule.judge(scene):
            before = self.said.get(condition.alarm)
            if before is None or before.active is not condition.active:
                self.diary.append((round(day, 1), condition.alarm, condition.active))
            self.said[condition.alarm] = condition

    def when(self, alarm: str) -> list[float]:
        return [day for day, name, active in self.diary if name == alarm and active]


def household(seed: int, weekend: float = 0.03):
    """An ordinary building: evenings and mornings, weekends, damp days, and a kettle now and then."""
    chance = random.Random(seed)
    damp = [0.0]
    for _ in range(60):
        damp.append(0.7 * damp[-1] + chance.gauss(0, 0.006))

    def value(day: float, wall: datetime) -> float:
        hour = wall.hour + wall.minute / 60
        evening, morning = math.exp(-(((hour - 20) / 2.5) ** 2)), math.exp(-(((hour - 7.5) / 1.2) ** 2))
        base = 0.09 + 0.06 * evening + 0.03 * morning + damp[int(day)]
        at_home = weekend if wall.weekday() > 4 and 9 < hour < 22 else 0.0
        kettle = 0.06 if chance.random() < 0.01 else 0.0
        return max(0.0, base + at_home + kettle + chance.gauss(0, 0.004))

    return value


@pytest.mark.parametrize(("seed", "weekend"), [(1, 0.05), (2, -0.03)])
def test_ordinary_weeks_bring_no_warning(seed, weekend):
    weeks = Weeks(leakage()).live(household(seed, weekend), 0, 19)
    assert [entry for entry in weeks.diary if entry[2]] == []
    assert weeks.said[RISING].active is False
    assert weeks.said[UNUSUAL].active is False


def test_a_cable_that_warms_with_load_and_weather_is_no_trend():
    def cable(day, wall):
        return 30 + 14 * math.exp(-(((wall.hour - 20) / 3) ** 2)) + 5 * math.sin(day / 4)

    weeks = Weeks(leakage(threshold=Amount(70, "°C")), unit="°C").live(cable, 0, 16)
    assert [entry for entry in weeks.diary if entry[2]] == []


def test_failing_insulation_is_told_days_before_the_threshold():
    usual, growth = household(4, weekend=0.0), 0.010

    def failing(day, wall):
        return usual(day, wall) + max(0.0, day - 9) * growth

    weeks = Weeks(leakage()).live(failing, 0, 21)
    (warned,) = weeks.when(RISING)
    reached = 9 + (0.3 - 0.15) / growth
    assert reached - 10 < warned < reached - 3
    condition = weeks.said[RISING]
    assert (condition.severity, condition.kind, condition.latch) == (Severity.P3, "trend_rising", False)
    assert condition.subject == "zones.b12"
    assert condition.evidence["per_day"] == pytest.approx(growth, rel=0.35)
    assert condition.evidence["days_left"] == pytest.approx(reached - 21, abs=2.5)
    assert condition.evidence["forecast"].startswith("reaches 0.3 A in about ")


def test_what_was_mended_is_called_off():
    usual = household(5)
    weeks = Weeks(leakage()).live(lambda day, wall: usual(day, wall) + min(day, 14) * 0.012 * (day < 15), 0, 20)
    assert weeks.when(RISING)
    assert weeks.said[RISING].active is False


def test_a_wet_cellar_is_unusual_within_the_hour_and_over_when_it_is_dry():
    usual = household(6)
    weeks = Weeks(leakage()).live(lambda day, wall: usual(day, wall) + 0.08 * (12.1 < day < 12.6), 0, 14)
    (since,) = weeks.when(UNUSUAL)
    assert 12.1 <= since <= 12.2
    assert (12.6, UNUSUAL, False) in weeks.diary
    assert not weeks.when(RISING)


@pytest.mark.parametrize("learn", [4, 13])
def test_it_says_nothing_before_it_has_learnt(learn):
    weeks = Weeks(leakage(learn=learn * 86400.0)).live(lambda day, wall: 0.05 + 0.1 * (day > 2), 0, learn - 0.1)
    assert {active for _, _, active in weeks.diary} == {None}
    weeks.live(lambda day, wall: 0.15, learn - 0.1, learn + 1.5)
    assert weeks.said[RISING].active is not None


def test_a_gap_is_a_gap_and_an_unreadable_value_clears_nothing():
    weeks = Weeks(leakage()).live(household(7), 0, 9)
    weeks.live(lambda day, wall: None, 9, 11)
    assert (weeks.said[RISING].active, weeks.said[UNUSUAL].active) == (None, None)
    assert weeks.said[RISING].evidence["days_known"] in (8, 9)
    weeks.live(household(7), 11, 12)
    assert weeks.said[RISING].active is False


def test_what_it_has_learnt_outlives_a_restart():
    first = Weeks(leakage()).live(household(8), 0, 9)
    again = Weeks(leakage())
    again.rule.recall(first.rule.remember())
    again.live(household(8), 9, 9.1)
    assert again.said[RISING].active is False
    assert again.said[RISING].evidence["days_known"] >= 7
    assert len(first.rule.remember()[POINT]) < 2500


@pytest.mark.parametrize("wrong", [b"", b"[]", b"{", b'{"dates": "AA", "values": ""}', b"3", b"\xff"])
def test_what_cannot_be_read_is_learnt_anew_and_disturbs_no_other_point(wrong):
    good = Weeks(leakage()).live(household(9), 0, 8).rule.remember()
    rule = leakage(points=(POINT, "b12.rms2"))
    with pytest.raises(ValueError, match=r"b12\.rms2"):
        rule.recall({**good, "b12.rms2": wrong, "b12.rms3": b"of a point that is gone"})
    assert rule._circuits[POINT].profile.complete((START + timedelta(days=8)).toordinal()) >= 7
    assert rule._circuits["b12.rms2"].profile.days((START + timedelta(days=8)).toordinal()) == []


def test_a_circuit_takes_two_kilobytes_however_long_it_runs():
    profile = Weeks(leakage()).live(lambda day, wall: 0.1, 0, 3).rule._circuits[POINT].profile
    before = sys.getsizeof(profile.values) + sys.getsizeof(profile.dates)
    assert before < 2000


@pytest.mark.parametrize(
    ("settings", "lesson"),
    [
        ({"points": ()}, "nothing is watched"),
        ({"learn": 3 * 86400.0}, "write 4d to 13d"),
        ({"learn": 14 * 86400.0}, "write 4d to 13d"),
        ({"threshold": Amount(0, "mA")}, "above zero"),
        ({"margin": Amount(-1, "mA")}, "above zero"),
        ({"points": (POINT, POINT)}, "named twice"),
    ],
)
def test_settings_that_make_no_rule_teach(settings, lesson):
    with pytest.raises(ValueError, match=lesson):
        leakage(**settings)


def test_its_story_holds_when_it_is_judged_twice(story):
    s = story(leakage(), points=(Point(name=POINT, unit="A", max_age=3.0),))
    s.at(0, {POINT: 0.1})
    said = s.at(7200, {POINT: 0.1})
    assert (said[RISING], said[UNUSUAL]) == (None, None)
    assert s.diary == []
