"""A device that is away for long enough is an alarm, also one that never came."""

import pytest

from gatehouse.alarms import Severity
from rules.device_silent import Rule

ONLINE, SILENT = "io1.online", "devices.io1.silent"


def rule(**more) -> Rule:
    return Rule(name="devices.io1.device_silent", subject="devices.io1", online=ONLINE, after=10.0, **more)


def test_silence_is_an_alarm_when_it_has_lasted(story):
    s = story(rule())
    s.at(0, {ONLINE: True})
    s.at(5, {ONLINE: False})
    s.at(40, {ONLINE: True})
    assert s.diary == ["15 devices.io1.silent on", "40 devices.io1.silent off"]


def test_a_short_absence_is_none(story):
    s = story(rule())
    for second in range(0, 100, 10):
        s.at(second, {ONLINE: False})
        s.at(second + 9.9, {ONLINE: True})
    assert s.diary == []


def test_a_device_that_never_came_is_silent_from_the_start_on(story):
    s = story(rule())
    s.at(0)
    assert s.at(9)[SILENT] is None
    assert s.at(10)[SILENT] is True


def test_an_alarm_from_before_a_restart_stays_while_the_device_stays_away(story):
    s = story(rule())
    assert s.at(0, {ONLINE: False})[SILENT] is None
    assert s.at(10)[SILENT] is True


@pytest.mark.parametrize("severity", [Severity.P2, Severity.P3])
def test_how_grave_it_is_depends_on_what_hangs_on_it(story, severity):
    said = story(rule(severity=severity)).at(0, {ONLINE: True})
    assert said.conditions[SILENT].severity is severity


def test_uncertainty_is_absence_after_a_while_and_presence_never(story, uncertain):
    s = story(rule())
    s.at(0, {ONLINE: True})
    s.at(5, {ONLINE: False})
    s.at(20, {ONLINE: uncertain(True)})
    assert s.diary == ["15 devices.io1.silent on"]
