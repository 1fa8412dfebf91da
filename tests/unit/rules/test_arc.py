"""Arcs by contact, by pulse and by count."""

import pytest

from gatehouse.alarms import Severity
from rules.arc import Rule

CONTACT, PULSE, COUNT, ONLINE = "io.arc", "io.pulse", "afdd.arcs", "io.online"


def arc(**more) -> Rule:
    return Rule(name="arc", **{"zone": "zones.b12"} | more)


def test_a_contact_is_an_arc_and_latches(story):
    s = story(arc(detectors=(CONTACT,)))
    s.at(0, {CONTACT: False, ONLINE: True})
    said = s.at(5, {CONTACT: True})
    condition = said.conditions["arc.arc.io-arc"]
    assert (condition.severity, condition.latch, condition.kind) == (Severity.P2, True, "arc")
    assert (condition.subject, said.demands, s.rule.outputs) == ("zones.b12", [], ())


@pytest.mark.parametrize(("gap", "alarms"), [(0.05, True), (0.1, False)])
def test_pulses_are_counted_within_their_time(story, gap, alarms):
    s = story(arc(pulses=(PULSE,), count=14, within=1.0))
    s.at(0, {PULSE: False, ONLINE: True})
    for number in range(30):
        s.at(10 + number * gap, {PULSE: True})
        s.at(10 + number * gap + 0.02, {PULSE: False})
    s.at(60)
    assert bool(s.diary) is alarms
    if alarms:
        assert s.diary[0] == "10.65 arc.arc.io-pulse on", "the fourteenth"
        assert s.diary[-1].endswith("off")


def test_counts_of_a_device_are_growth_not_totals(story):
    s = story(arc(counters=(COUNT,), count=14, within=1.0))
    s.at(0, {COUNT: 5000, "afdd.online": True})
    s.at(10, {COUNT: 5009})
    s.at(20, {COUNT: 5023})
    said = s.at(20)
    assert said.conditions["arc.arc.afdd-arcs"].evidence["counted"] == 14
    s.at(30, {COUNT: 3})
    s.at(40, {COUNT: 16})
    assert s.diary == ["20 arc.arc.afdd-arcs on", "21 arc.arc.afdd-arcs off"]


def test_what_was_counted_while_the_line_was_down_counts_when_it_is_back(story):
    s = story(arc(counters=(COUNT,), count=14))
    s.at(0, {COUNT: 0, "afdd.online": True})
    s.at(10, {COUNT: None})
    s.at(500, {COUNT: 20})
    assert "500 arc.arc.afdd-arcs on" in s.diary


@pytest.mark.parametrize("settings", [{"detectors": (CONTACT,)}, {"pulses": (CONTACT,)}, {"counters": (CONTACT,)}])
def test_an_unreadable_source_clears_nothing_and_is_a_fault_in_time(story, uncertain, settings):
    s = story(arc(**settings))
    s.at(0, {CONTACT: 1 if "counters" in settings else False, ONLINE: True})
    assert s.at(5, {CONTACT: uncertain(True)})["arc.arc.io-arc"] is None
    s.at(30)
    assert s.diary == ["15 arc.sensor.io-arc on"]


@pytest.mark.parametrize(
    ("settings", "lesson"),
    [
        ({}, "nothing is watched"),
        ({"detectors": (CONTACT,), "count": 0}, "one or more"),
        ({"detectors": (CONTACT,), "within": 0.0}, "some time"),
        ({"detectors": (CONTACT,), "pulses": (CONTACT,)}, "named twice"),
    ],
)
def test_settings_that_make_no_rule_teach(settings, lesson):
    with pytest.raises(ValueError, match=lesson):
        arc(**settings)
