"""Somebody asks whether anybody is awake; a named person answers in time, or it is an alarm."""

from pathlib import Path

import pytest

from daemon.operator import UnknownError
from daemon.rollcall import RollCalls
from tests.unit.daemon.small import House

TITLES = {"feeds.centre": "消防中心"}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
def calls(house: House) -> RollCalls:
    house.kept = {}  # type: ignore[attr-defined]
    return RollCalls(house.engine, house.kept.__setitem__, TITLES, house.clock)  # type: ignore[attr-defined]


def alarms(house: House) -> dict[str, str]:
    return {name: alarm.state.value for name, alarm in house.engine.annunciator.standing.items() if "feeds" in name}


def test_an_answer_in_time(house: House, calls: RollCalls) -> None:
    """The alarm stands meanwhile; the event bears the name, and nothing stands afterwards."""
    calls.asked("centre", 10)
    assert alarms(house) == {"feeds.centre.rollcall": "unacknowledged"}
    assert calls.standing()[0] | {"asked": ""} == {
        "subscriber": "centre", "title": "消防中心", "asked": "", "minutes": 10, "left": 600,
    }  # fmt: skip
    house.clock.now += 42
    assert "李四" in calls.answer("centre", "李四 (root)")
    answered = house.events("rollcall.answered")[0]
    assert (answered["by"], answered["seconds"], answered["actor"]) == ("李四 (root)", 42, "person:李四 (root)")
    assert calls.standing() == []
    assert alarms(house) == {}
    assert house.kept["rollcall/centre"] is None  # type: ignore[attr-defined]
    with pytest.raises(UnknownError, match="No roll call"):
        calls.answer("centre", "李四 (root)")


def test_nobody_answers(house: House, calls: RollCalls) -> None:
    """An alarm that stands until the centre asks again."""
    calls.asked("centre", 1)
    house.clock.now += 59
    calls.look()
    assert house.events("rollcall.missed") == []
    house.clock.now += 1
    calls.look()
    assert house.events("rollcall.missed")[0]["minutes"] == 1
    assert alarms(house)["feeds.centre.rollcall_missed"] == "unacknowledged"
    calls.asked("centre", 1)
    assert alarms(house)["feeds.centre.rollcall_missed"] == "returned-unacknowledged"


def test_a_restart_goes_on_waiting(house: House, calls: RollCalls) -> None:
    """What was kept stands again; what cannot be read stands not."""
    calls.asked("centre", 10)
    again = RollCalls(house.engine, lambda *_: None, TITLES, house.clock)
    again.restore([b"\xc1", house.kept["rollcall/centre"]])  # type: ignore[attr-defined]
    assert [call["subscriber"] for call in again.standing()] == ["centre"]
    assert "centre answered by 李四" in again.answer("all", "李四")


def test_a_centres_clock_is_told_and_believed_by_nobody(house: House, calls: RollCalls) -> None:
    """An alarm from the limit on, events a minute apart."""
    for ahead in (1.0, 7.0, 7.0):
        calls.clock("centre", ahead, 5.0)
    assert [event["seconds"] for event in house.events("centre.clock")] == [1]
    assert alarms(house) == {"feeds.centre.clock": "unacknowledged"}
    house.clock.now += 61
    calls.clock("centre", 0.0, 5.0)
    assert alarms(house) == {"feeds.centre.clock": "returned-unacknowledged"}
    for _ in range(3):
        calls.denied("centre", "initialise")
    assert [event["what"] for event in house.events("centre.denied")] == ["initialise"]
