"""Why a rule did or did not fire is told from what it said last; nothing is judged for the asking."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from daemon.operator import RefusedError, UnknownError
from daemon.reasons import Reasons
from tests.unit.daemon.small import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path)
    house.quiet()
    return house


@pytest.fixture
def reasons(house: House) -> Reasons:
    return Reasons(house.engine, house.daemon.titles, house.clock, lambda: ZoneInfo("Asia/Shanghai"))


def test_a_rule_is_found_by_its_name_by_its_alarm_and_by_an_ending(reasons: Reasons) -> None:
    assert reasons.find("doors.north.door_held") == ("doors.north.door_held", "")
    assert reasons.find("doors.north.held") == ("doors.north.door_held", "doors.north.held")
    assert reasons.find("b12.fire") == ("zones.b12.fire_release", "zones.b12.fire")


def test_what_is_unknown_or_means_several_is_refused_with_what_there_is(reasons: Reasons) -> None:
    with pytest.raises(UnknownError, match=r"did you mean doors\.north\.held"):
        reasons.find("doors.north.hold")
    with pytest.raises(RefusedError, match=r"devices\.io1\.device_silent, devices\.north\.device_silent"):
        reasons.find("device_silent")


def test_a_rule_that_did_not_fire_tells_its_inputs_limits_and_settings(house: House, reasons: Reasons) -> None:
    house.passes(0.3)
    told = reasons.explain("doors.north.held")
    assert told["settings"] == {"contact": "io1.input1", "held": 20.0}
    its = told["inputs"]["io1.input1"]
    assert (its["value"], its["quality"], its["limit"]) == (False, "good", pytest.approx(1.0, abs=0.2))
    (condition,) = told["conditions"]
    assert (condition["active"], condition["standing"]) == (False, None)


def test_a_delay_that_runs_is_told(house: House, reasons: Reasons) -> None:
    house.land(input1=True)
    house.passes(5, input1=True)
    assert 14 <= reasons.explain("doors.north.door_held")["wakes"] <= 15.1


def test_a_wish_that_another_stands_against_names_him(house: House, reasons: Reasons) -> None:
    """A card on a lane while a car stands under the boom that is to close: the veto holds it."""
    house.land("north", card="0004712345")
    assert [(each["output"], each["granted"]) for each in reasons.explain("doors.north.access")["demands"]] == [
        ("doors.north", True)
    ]
    house.land(input8=True)
    (wish,) = reasons.explain("doors.north.access")["demands"]
    assert not wish["granted"]
    assert "zones.b12.fire_release" in wish["against"]["en"]
    assert [each["issuer"] for each in reasons.explain("doors.north.access")["outputs"]["doors.north"]["wishes"]] == [
        "zones.b12.fire_release", "doors.north.access",
    ]  # fmt: skip


def test_a_veto_is_granted_while_the_output_is_not_told_what_it_forbids(house: House, reasons: Reasons) -> None:
    house.land(input5=True)
    (veto,) = reasons.explain("lanes.in.barrier")["demands"]
    assert (veto["veto"], veto["value"], veto["granted"]) == (True, "closed", True)


def test_an_alarm_that_stands_is_told_with_its_state(house: House, reasons: Reasons) -> None:
    house.land(input8=True)
    told = reasons.explain("zones.b12.fire")
    its = next(each for each in told["conditions"] if each["alarm"] == "zones.b12.fire")
    assert its["standing"]["state"] == "unacknowledged"
    assert its["standing"]["raised"].endswith("+08:00")
    assert its["evidence"]["input"] == "io1.input8"
    (line,) = [each for each in reasons.listed() if each["rule"] == "zones.b12.fire_release"]
    assert (line["kind"], line["place"], line["alarms"]) == ("fire_release", "12栋", ["zones.b12.fire"])
    assert line["acted"]


def test_a_rule_that_breaks_tells_its_error(house: House, reasons: Reasons, monkeypatch) -> None:
    rule = house.engine.rules["doors.north.door_held"]
    monkeypatch.setattr(type(rule), "judge", lambda self, scene: 1 / 0)
    house.land(input1=True)
    assert "ZeroDivisionError" in reasons.explain("doors.north.door_held")["failed"]


def test_an_alarm_of_the_daemons_own_has_no_rule(house: House, reasons: Reasons) -> None:
    house.engine.line("gate", False, "the adapter is gone", house.clock.now)
    told = reasons.explain("lines.gate.down")
    assert (told["rule"], told["own"]["evidence"]) == ("", {"why": "the adapter is gone"})


def test_asking_judges_nothing(house: House, reasons: Reasons) -> None:
    before = dict(house.engine.said)
    reasons.explain("doors.north.access")
    reasons.listed()
    assert house.engine.said == before
