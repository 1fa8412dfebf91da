"""One place within a minute is one incident, and the place next door another."""

from daemon.alarms.incidents import TOGETHER, Incidents


def test_what_rises_within_a_minute_of_the_last_belongs_together():
    incidents = Incidents()
    assert incidents.join("zones.a", "x-1", 0) == "x-1"
    assert incidents.join("zones.a", "x-2", 59) == "x-1"
    assert incidents.join("zones.a", "x-3", 118) == "x-1", "it spreads head by head"
    assert incidents.join("zones.a", "x-4", 118 + TOGETHER) == "x-4"


def test_places_are_apart():
    incidents = Incidents()
    incidents.join("zones.a", "x-1", 0)
    assert incidents.join("zones.b", "x-2", 1) == "x-2"


def test_a_head_that_rises_again_keeps_its_incident_awake():
    incidents = Incidents()
    incidents.join("zones.a", "x-1", 0)
    incidents.stir("zones.a", "x-1", 50)
    assert incidents.join("zones.a", "x-2", 100) == "x-1"


def test_an_old_incident_does_not_take_over_a_newer_one():
    incidents = Incidents()
    incidents.join("zones.a", "x-1", 0)
    incidents.join("zones.a", "x-2", 100)
    incidents.stir("zones.a", "x-1", 110)
    assert incidents.join("zones.a", "x-3", 120) == "x-2"
