"""A condition over points: names, aspects and limits, judged from an image; and what is refused before it ever runs."""

import pytest

from gatehouse.points import Image, Point, Quality
from gatehouse.rule import Scene
from rules._flaws import FormulaError
from rules._formula import RESERVED, formula, spelled, vocabulary
from rules._limits import Limit

POINTS = [
    Point(name="pump.temperature", unit="°C", max_age=10),
    Point(name="pump.running", sort="switch", max_age=10),
    Point(name="pump.mode", sort="text"),
    Point(name="pump.starts", sort="number"),
    Point(name="pump.flags"),
    Point(name="b12.rms1", unit="mA"),
    Point(name="mains.current", unit="A"),
    Point(name="lane-in.presence", sort="switch"),
    Point(name="in.x", sort="switch"),
    Point(name="two-of.x", sort="switch"),
    Point(name="two_of.x", sort="switch"),
    Point(name="north.card", momentary=True),
]
WORDS = vocabulary(POINTS)


def judged(text: str, now: float = 100.0, limits=None, **readings):
    image = Image(POINTS)
    for name, given in readings.items():
        device, _, channel = name.partition("__")
        value, quality, at = (*given, now)[:3] if isinstance(given, tuple) else (given, Quality.GOOD, now)
        image.put(f"{device.replace('lane_in', 'lane-in')}.{channel}", value, quality, at)
    scene = Scene(image=image, now=now, wall=None, changed=(), told={}, standing=(), wake=lambda at: None)
    return formula(text, WORDS, limits or {}).judge(scene, 40.0)


def flaws(text: str, limits=None):
    with pytest.raises(FormulaError) as caught:
        formula(text, WORDS, limits or {})
    return [(flaw.code, flaw.line, flaw.column) for flaw in caught.value.flaws]


def test_values_are_compared():
    assert judged("pump.temperature > 60.0 && pump.running", pump__temperature=61, pump__running=True) == (True, "")
    assert judged("pump.starts == 3.0", pump__starts=3) == (True, "")
    assert judged('pump.mode != "off"', pump__mode="auto") == (True, "")
    assert judged('pump.mode.startsWith("au") && pump.mode.size() == 4', pump__mode="auto") == (True, "")
    assert judged("lane_in.presence", lane_in__presence=False) == (False, "")
    assert judged("pump.flags == true", pump__flags=True) == (True, "")


def test_what_is_not_good_is_not_there_and_the_reason_names_it():
    assert judged("pump.temperature > 60.0") == (None, "pump.temperature: never read")
    held, why = judged("pump.temperature > 60.0", pump__temperature=(90.0, Quality.GOOD, 50.0))
    assert (held, why) == (None, "pump.temperature: stale: 50.0 s old, limit 10 s")
    assert judged("pump.temperature > 60.0", pump__temperature=(90.0, Quality.UNCERTAIN))[0] is None
    assert judged("pump.temperature > 60.0 || pump.running", pump__running=True) == (True, "")


def test_age_quality_and_the_last_value_can_be_asked_for():
    old = {"pump__temperature": (90.0, Quality.GOOD, 50.0)}
    assert judged("pump.temperature.age > 30.0", **old) == (True, "")
    assert judged('pump.temperature.quality == "bad"', **old) == (True, "")
    assert judged("pump.temperature.last > 60.0", **old) == (True, "")
    assert judged('pump.temperature.quality == "good" && pump.temperature > 60.0', **old) == (False, "")
    assert judged('pump.temperature.quality == "uncertain"', pump__temperature=(1.0, Quality.UNCERTAIN)) == (True, "")
    assert judged("pump.temperature.age == 60.0") == (True, ""), "what was never read is as old as the start"
    assert judged("pump.temperature.last > 60.0")[0] is None


def test_limits_are_turned_into_the_unit_of_the_point():
    hot = {"hot": Limit(0.3, "A")}
    assert judged("b12.rms1 > hot", limits=hot, b12__rms1=299.0) == (False, "")
    assert judged("b12.rms1 > hot", limits=hot, b12__rms1=301.0) == (True, "")
    assert judged("pump.temperature.age > late", limits={"late": Limit(50, "s")}) == (True, "")


def test_units_that_cannot_be_compared_can_be_turned_by_hand():
    ones = {"one_a": Limit(1, "A"), "one_ma": Limit(1, "mA")}
    text = "b12.rms1 / one_ma * one_a > mains.current"
    assert judged(text, limits=ones, b12__rms1=5.0, mains__current=4.0) == (True, "")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("pump.temperatur > 60.0", [("formula_name", 1, 1)]),
        ("pump.running && pumpe.temperature > 60.0 && x", [("formula_name", 1, 17), ("formula_name", 1, 45)]),
        ("pump", [("formula_name", 1, 1)]),
        ("pump.temperature.agee > 3.0", [("formula_aspect", 1, 17)]),
        ("pump.temperature > 60", [("formula_whole", 1, 18)]),
        ("pump.temperature && pump.running", [("formula_sorts", 1, 18)]),
        ("pump.temperature", [("formula_no_condition", 1, 1)]),
        ("pump.temperature > b12.rms1", [("formula_units", 1, 18)]),
        ("pump.temperature > pump.starts", [("formula_units", 1, 18)]),
        ("pump.temperature.age > pump.temperature", [("formula_units", 1, 22)]),
        ("b12.rms1 > mains.current", [("formula_units", 1, 10)]),
        ("true", [("formula_constant", 1, 1)]),
        ("north.card == '1'", [("formula_occurrence", 1, 1)]),
        ("lane-in.presence", [("formula_dash", 1, 1)]),
        ("pump.running and in_.x", [("formula_word", 1, 14)]),
        ("pump.running == on", [("formula_word", 1, 17)]),
        ("pump.running = true", [("formula_word", 1, 14)]),
        ("pump.temperature > 60 °C", [("formula_bare_unit", 1, 20)]),
        ("two_of.x", [("formula_two", 1, 1)]),
        ("pump.temperature >", [("formula_syntax", 1, 19)]),
        ("pump.running &&\n  pump.runing", [("formula_name", 2, 3)]),
        ("[pump.temperature].all(a, [1.0].all(b, a > b))", [("formula_nested", 1, 23)]),
        ('pump.mode.matches("a+")', [("formula_pattern", 1, 18)]),
        ("pump.running" + " || pump.running" * 80, [("formula_too_much", 1, 1)]),
        ("(" * 50 + "pump.running" + ")" * 50, [("formula_too_much", 1, 1)]),
    ],
)
def test_what_is_wrong_is_found_where_it_stands(text, found):
    assert flaws(text) == found


def test_an_unknown_aspect_is_named():
    with pytest.raises(FormulaError) as caught:
        formula("pump.temperature . agee > 3.0 && pump.running", WORDS, {})
    (flaw,) = caught.value.flaws
    assert flaw.values == {"value": "agee"}


@pytest.mark.parametrize("name", ["Hot", "hot-one", "in", "true", "pump", "", "1x", "a.b"])
def test_a_limit_has_a_name_that_can_be_written(name):
    assert flaws("pump.running", {name: Limit(1, "A")}) == [("formula_limit_name", 1, 1)]


def test_a_limit_that_is_not_used_is_a_slip():
    assert flaws("pump.running", {"hot": Limit(1, "A")}) == [("formula_unused", 1, 1)]


def test_one_list_after_another_is_no_nesting():
    text = "[pump.temperature].filter(t, t > 1.0).exists(t, t > 60.0) || [pump.temperature].all(t, t > 90.0)"
    assert judged(text, pump__temperature=61.0) == (True, "")


def test_what_it_looks_at_is_known_by_the_names_of_the_site():
    made = formula("lane_in.presence || pump.temperature.age > 3.0 || 'b12.rms1' == 'x'", WORDS, {})
    assert (made.points, made.ages) == (("lane-in.presence", "pump.temperature"), True)


@pytest.mark.parametrize("word", sorted(RESERVED))
def test_a_device_that_is_called_like_a_word_of_cel_can_be_named(word):
    point = Point(name=f"{word}.x-y", sort="switch")
    name = spelled(point.name)
    assert formula(name, vocabulary([point]), {}).points == (point.name,)
    assert name == f"{word}_.x_y"
