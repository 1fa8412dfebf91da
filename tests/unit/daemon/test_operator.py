"""What people do by hand is done, told and recorded with their name; or refused with the reason, and then undone."""

import pytest

from daemon.engine import Engine
from daemon.operator import Operator, RefusedError, UnknownError
from gatehouse.alarms import Condition, Severity
from gatehouse.demands import Demand, Passage, Priority
from tests.unit.daemon.small import House

BY = "李四 (guard)"
OPEN, CLOSED = Passage.OPEN, Passage.CLOSED


@pytest.fixture
def house(tmp_path) -> House:
    made = House(tmp_path)
    made.quiet()
    return made


@pytest.fixture
def operator(house) -> Operator:
    daemon = house.daemon
    return Operator(daemon.engine, daemon.plan.site, daemon.plan.titles, house.clock)


def raise_alarm(engine: Engine, alarm: str, *, active: bool = True, latch: bool = False) -> None:
    subject = alarm.rpartition(".")[0]
    condition = Condition(alarm=alarm, active=active, severity=Severity.P2, kind="fire", subject=subject, latch=latch)
    engine.annunciator.judge(condition, "test", engine._clock.utc())


def test_a_door_is_open_for_its_usual_time_and_locks_by_itself(house, operator):
    said = operator.open_door("north", "送水", BY)
    assert said == "北门：已令开锁，5 秒。 doors.north: told unlocked for 5 s."
    assert house.engine.arbiter.told["doors.north"] is OPEN
    house.passes(4.5)
    assert house.engine.arbiter.told["doors.north"] is OPEN
    house.passes(1)
    assert house.engine.arbiter.told["doors.north"] is CLOSED
    assert house.engine.arbiter.demands("doors.north") == []


def test_who_opened_and_why_is_recorded(house, operator):
    operator.open_door("north", "送水", BY)
    assert house.events("operator.command") == [
        {
            "kind": "operator.command",
            "subject": "doors.north",
            "actor": f"person:{BY}",
            "command": "open",
            "reason": "送水",
            "by": BY,
        }
    ]
    told = house.events("output.told")[-1]
    assert (told["value"], told["issuer"], told["reason"]) == ("open", "operator", "送水")


def test_a_boom_goes_up_for_its_stay_and_down_no_longer_than_it_travels(house, operator):
    assert "已令抬杆，15 秒" in operator.move_lane("in", OPEN, "访客", BY)
    house.passes(1, input6=True, input7=False)
    assert operator.move_lane("in", CLOSED, "", BY) == "车道A：已令落杆。 lanes.in: told boom down."
    (demand,) = [each for each in house.engine.arbiter.demands("lanes.in") if each.issuer == "operator"]
    assert demand.until == house.clock.now + 6, "a card that comes meanwhile must not wait for the guard's 15 s"


def test_what_a_silent_board_was_told_is_not_called_done(house, operator):
    house.engine.device("io1", False, "no answer", house.clock.now)
    said = operator.open_door("north", "送水", BY)
    assert "io1 失联，很可能没有执行" in said
    assert "probably not happened" in said


def test_a_stronger_demand_is_named_with_its_level_and_reason(house, operator):
    house.land(input8=True)
    with pytest.raises(RefusedError) as refused:
        operator.move_lane("in", CLOSED, "关门", BY)
    assert str(refused.value) == (
        "车道A：未执行，生命安全联动优先（zones.b12.fire_release：火警）。 "
        "lanes.in stays open, life safety comes first (zones.b12.fire_release: fire)."
    )


@pytest.mark.parametrize("level", [Priority.LOCKDOWN, Priority.INTERLOCK, Priority.PROTECTION])
def test_a_lockdown_refuses_and_nothing_is_left_behind(house, operator, level):
    lockdown = Demand(output="doors.north", value=CLOSED, priority=level, issuer="police", reason="追捕")
    house.engine.arbiter.place("police", [lockdown])
    with pytest.raises(RefusedError, match="police"):
        operator.open_door("north", "送水", BY)
    assert house.engine.arbiter.demands("doors.north") == [lockdown]
    house.engine.arbiter.place("police", [])
    house.passes(1)
    assert house.engine.arbiter.told["doors.north"] is CLOSED, "the refused wish came true later"
    refusal = house.events("command.refused")[-1]
    assert (refusal["subject"], refusal["command"], refusal["by"]) == ("doors.north", "open", BY)
    assert refusal["reason"] == "police: 追捕"


def test_a_veto_is_named_as_what_stands_against_it(house, operator):
    house.land(input5=True, input6=True, input7=False)
    with pytest.raises(RefusedError, match="杆下有车") as refused:
        operator.move_lane("in", CLOSED, "", BY)
    assert "car under the boom" in str(refused.value)
    assert house.engine.arbiter.told["lanes.in"] is not CLOSED


def test_before_all_inputs_were_read_a_door_opens_but_a_boom_does_not_fall(tmp_path):
    house = House(tmp_path)
    operator = Operator(house.engine, house.daemon.plan.site, house.daemon.plan.titles, house.clock)
    assert "已令开锁" in operator.open_door("north", "送水", BY)
    with pytest.raises(RefusedError, match="车道A：未执行"):
        operator.move_lane("in", CLOSED, "", BY)


@pytest.mark.parametrize(
    ("act", "zh", "en"),
    [
        (lambda operator: operator.open_door("nroth", "送", BY), "没有叫 'nroth' 的门，是不是 north？", "mean north?"),
        (lambda operator: operator.move_lane("x", OPEN, "送", BY), "没有叫 'x' 的车道。", "No lane is called 'x'."),
        (lambda operator: operator.reset_zone("b99", BY), "没有叫 'b99' 的防区", "there are: b12, b13"),
    ],
)  # fmt: skip
def test_an_unknown_name_is_told_and_leaves_no_trace(house, operator, act, zh, en):
    before = house.events()
    with pytest.raises(UnknownError) as unknown:
        act(operator)
    assert zh in str(unknown.value)
    assert en in str(unknown.value)
    assert house.events() == before


# Zones


def fire(house, *inputs: str) -> None:
    house.land(**dict.fromkeys(inputs, True))


def clear(house, *inputs: str) -> None:
    house.land(**dict.fromkeys(inputs, False))
    house.passes(1)


def test_a_zone_whose_contact_is_clear_is_reset_by_name_and_its_doors_lock(house, operator):
    fire(house, "input8")
    clear(house, "input8")
    assert house.engine.arbiter.told["doors.north"] is OPEN, "a release latches"
    assert operator.reset_zone("b12", BY) == f"12栋：已由 {BY} 复位。 zones.b12: reset by {BY}."
    assert house.engine.arbiter.told["doors.north"] is CLOSED
    reset = house.events("alarm.reset")[-1]
    assert (reset["actor"], reset["by"], reset["alarm"]) == (f"person:{BY}", BY, "zones.b12.fire")


def test_while_a_contact_calls_nothing_is_reset(house, operator):
    fire(house, "input8")
    with pytest.raises(RefusedError, match="触发条件仍在"):
        operator.reset_zone("b12", BY)
    assert house.engine.arbiter.told["doors.north"] is OPEN
    refusal = house.events("command.refused")[-1]
    assert (refusal["subject"], refusal["command"], refusal["by"]) == ("zones.b12", "reset", BY)


def test_a_contact_that_cannot_be_read_is_not_clear(house, operator):
    fire(house, "input8")
    house.clock.now += 30
    house.engine.tick(house.clock.now)
    with pytest.raises(RefusedError, match="不能复位"):
        operator.reset_zone("b12", BY)
    assert house.engine.arbiter.told["doors.north"] is OPEN


def test_the_reset_of_a_zone_is_all_or_nothing(house, operator):
    raise_alarm(house.engine, "zones.b13.one", latch=True)
    raise_alarm(house.engine, "zones.b13.one", latch=True, active=False)
    raise_alarm(house.engine, "zones.b13.two", latch=True)
    with pytest.raises(RefusedError, match=r"zones\.b13\.two"):
        operator.reset_zone("b13", BY)
    assert {"zones.b13.one", "zones.b13.two"} <= house.engine.annunciator.standing.keys()
    assert house.events("alarm.reset") == []
    raise_alarm(house.engine, "zones.b13.two", latch=True, active=False)
    operator.reset_zone("b13", BY)
    assert [event["alarm"] for event in house.events("alarm.reset")] == ["zones.b13.one", "zones.b13.two"]


def test_a_zone_at_peace_has_nothing_to_reset(operator):
    with pytest.raises(RefusedError, match="没有需要复位的火警"):
        operator.reset_zone("b13", BY)
