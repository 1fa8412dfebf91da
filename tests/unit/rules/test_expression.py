"""A condition of one's own holds for a while, is never true by a fault, and says nothing where it cannot be judged."""

import re
import shutil
from pathlib import Path

import pytest

from daemon.config.load import load
from gatehouse.alarms import Severity
from gatehouse.demands import Priority
from gatehouse.points import Point
from rules._flaws import FormulaError
from rules._formula import vocabulary
from rules._limits import Limit
from rules.expression import Rule

ROOT = Path(__file__).parents[3]
POINTS = (
    Point(name="pump.temperature", unit="°C", max_age=30),
    Point(name="pump.running", sort="switch"),
    Point(name="pump.flow", sort="number"),
)
ONLINE = {"pump.online": True}


def rule(when: str = "pump.temperature > 60.0", **more) -> Rule:
    return Rule(name="hot", when=when, text="水泵房温度过高", words=vocabulary(POINTS), **more)


def test_it_must_hold_for_a_while_without_a_break(story):
    s = story(rule(for_=120.0), points=POINTS, alive={"pump.temperature"})
    s.at(0, {"pump.temperature": 20.0, **ONLINE})
    s.at(10, {"pump.temperature": 61.0})
    s.at(100, {"pump.temperature": 60.0})
    s.at(110, {"pump.temperature": 70.0})
    s.at(300, {"pump.temperature": 50.0})
    assert s.diary == ["230 hot.alarm on", "300 hot.alarm off"]


def test_the_alarm_says_what_it_saw_and_what_was_written(story):
    s = story(rule(priority=Severity.P2, latch=True, zone="zones.b12"), points=POINTS)
    said = s.at(0, {"pump.temperature": 61.0, **ONLINE}).conditions["hot.alarm"]
    assert (said.active, said.severity, said.latch, said.subject) == (True, Severity.P2, True, "zones.b12")
    assert said.evidence["pump.temperature"]["value"] == 61.0
    assert (said.evidence["text"], said.evidence["when"]) == ("水泵房温度过高", "pump.temperature > 60.0")
    assert rule().title == "水泵房温度过高"


@pytest.mark.parametrize(
    ("settings", "wish"),
    [
        ({}, "outputs.fan on at 14"),
        ({"value": False}, "outputs.fan off at 14"),
        ({"level": "protection"}, "outputs.fan on at 3"),
    ],
)
def test_an_output_is_told_while_the_condition_holds(story, settings, wish):
    s = story(rule(output="outputs.fan", **settings), points=POINTS, alive={"pump.temperature"})
    s.at(0, {"pump.temperature": 61.0, **ONLINE})
    s.at(10, {"pump.temperature": 20.0})
    assert s.diary == ["0 hot.alarm on", f"0 {wish}", "10 hot.alarm off", f"10 no more {wish}"]
    (said,) = rule(output="outputs.fan", **settings).wishes
    assert said.priority in (Priority.SCHEDULE, Priority.PROTECTION)


def test_what_cannot_be_trusted_raises_and_clears_nothing_and_is_told(story, uncertain):
    s = story(rule(output="outputs.fan"), points=POINTS)
    assert s.at(0)["hot.alarm"] is None
    s.at(1, {"pump.temperature": 61.0, **ONLINE})
    for number, bad in enumerate((None, uncertain(61.0), uncertain(20.0))):
        said = s.at(2 + number, {"pump.temperature": bad})
        assert (said["hot.alarm"], said.demands) == (None, [])
    s.at(100)
    s.at(101, {"pump.temperature": 61.0})
    assert s.diary[-5:] == [
        "2 no more outputs.fan on at 14",
        "62 hot.unjudged on",
        "101 hot.alarm on",
        "101 hot.unjudged off",
        "101 outputs.fan on at 14",
    ]


def test_a_stale_reading_does_not_begin_the_delay_anew(story):
    s = story(rule(for_=60.0), points=POINTS)
    s.at(0, {"pump.temperature": 61.0, **ONLINE})
    s.at(30, {"pump.temperature": None})
    assert s.at(60, {"pump.temperature": 61.0})["hot.alarm"] is True


def test_a_device_that_is_known_to_be_away_is_told_by_another_rule(story):
    s = story(rule(), points=POINTS)
    s.at(0, {"pump.temperature": 20.0, **ONLINE})
    s.at(1, {"pump.temperature": None, "pump.online": False})
    assert s.at(500)["hot.unjudged"] is None


def test_a_fault_in_the_calculation_is_never_true(story):
    s = story(rule("100.0 / pump.flow > 5.0 && int(pump.flow) % int(pump.flow) == 0"), points=POINTS)
    s.at(0, {"pump.flow": 2.0, **ONLINE})
    s.at(10, {"pump.flow": 0.0})
    said = s.at(70)
    assert (said["hot.alarm"], said["hot.unjudged"]) == (None, True)
    assert "by zero" in said.conditions["hot.unjudged"].evidence["why"]


def test_an_age_is_looked_at_every_second_though_nothing_is_read(story):
    s = story(rule("pump.temperature.age > late", limits={"late": Limit(300, "s")}), points=POINTS)
    s.at(0, {"pump.temperature": 20.0, **ONLINE})
    s.at(400, {"pump.temperature": 20.5})
    on, off = s.diary
    assert 300 <= float(on.split()[0]) <= 301.1
    assert off == "400 hot.alarm off"


def test_what_was_never_read_is_as_old_as_the_start_and_not_older(story):
    s = story(rule("pump.temperature.age > late", limits={"late": Limit(300, "s")}), points=POINTS)
    assert s.at(0)["hot.alarm"] is False, "no alarm at every start"
    assert s.at(302)["hot.alarm"] is True


def test_it_is_calculated_only_when_something_moved(story, monkeypatch):
    made = rule()
    s = story(made, points=POINTS, alive={"pump.temperature"})
    s.at(0, {"pump.temperature": 20.0, **ONLINE})
    judged = []
    monkeypatch.setattr(type(made._formula), "judge", lambda *_: judged.append(1) or (False, ""))
    for second in range(1, 20):
        s.at(second)
    assert judged == []
    s.at(20, {"pump.temperature": 21.0})
    assert judged == [1]


def test_only_the_points_it_names_are_kept():
    assert list(rule().words) == ["pump.temperature"]
    assert rule().inputs == ("pump.temperature", "pump.online")


def test_what_makes_no_condition_is_refused():
    with pytest.raises(FormulaError, match="formula_name"):
        rule("pump.temperatur > 60.0")
    with pytest.raises(ValueError, match="`text` is empty"):
        Rule(name="hot", when="pump.running", text=" ", words=vocabulary(POINTS))


def test_every_condition_of_the_guide_can_be_written_in_a_site(tmp_path):
    """docs/expressions.md, line by line, in the small estate."""
    guide = (ROOT / "docs/expressions.md").read_text(encoding="utf-8")
    for file in ("site.yaml", "cards.csv"):
        shutil.copy(ROOT / "config/small" / file, tmp_path)
    blocks = re.findall(r"^```yaml\n(.*?)^```", guide, re.MULTILINE | re.DOTALL)
    lines = "".join(f"  {line}\n" for block in blocks for line in block.splitlines())
    site = tmp_path / "site.yaml"
    site.write_text(site.read_text(encoding="utf-8").replace("rules:\n", f"rules:\n{lines}", 1), encoding="utf-8")
    rules = {rule.name: rule for rule in load(site).rules}
    written = re.findall(r"^  ([a-z-]+): \{kind: expression", lines, re.MULTILINE)
    assert len(written) >= 12
    assert all(rules[name].title for name in written)
