"""What the daemon knows, whole: every point with quality and age, every alarm with its place, and always JSON."""

import asyncio
import json
import math
from typing import Any

import msgspec
import pytest

from gatehouse.alarms import Condition, Severity
from gatehouse.demands import Demand, Passage, Priority
from gatehouse.points import Quality
from tests.unit.daemon.small import House


@pytest.fixture
def house(tmp_path) -> House:
    return House(tmp_path)


def document(house) -> dict[str, Any]:
    """As it reaches a program: through strict JSON."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    async def told() -> bytes:
        return b"".join([piece async for piece in house.daemon.status.told()])

    return json.loads(asyncio.run(told()), parse_constant=refuse)


def test_at_once_and_piece_by_piece_it_is_the_same(house):
    house.quiet(input1=True)
    assert document(house) == json.loads(msgspec.json.encode(house.daemon.status.document()))


async def test_between_two_pieces_everybody_has_a_turn_and_what_goes_meanwhile_is_left_out(house, monkeypatch):
    monkeypatch.setattr("daemon.status._TURN", 0.0)
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    told = house.daemon.status.told()
    pieces = [await anext(told)]
    while b'"points"' not in pieces[-1]:
        pieces.append(await anext(told))
    pieces.append(await anext(told))  # the first point
    gone = list(house.daemon.image.points)[-1]
    del house.daemon.image.points[gone]
    pieces += [piece async for piece in told]
    task.cancel()
    document = json.loads(b"".join(pieces))
    assert document["points"].keys() == house.daemon.image.points.keys()
    assert document["lines"].keys() == house.daemon.lines.keys()
    assert turns >= len(document["points"])


def test_the_head_says_where_when_and_for_how_long(house):
    house.clock.now += 12.34
    told = document(house)
    assert told["site"] == {"id": "small", "name": "小站", "timezone": "Asia/Shanghai"}
    assert told["at"].startswith("2026-11-21T06:00:12")
    assert told["local"].startswith("2026-11-21T14:00:12")
    assert told["running"] == 12.3


def test_every_point_has_value_quality_and_age(house):
    house.quiet(input1=True)
    house.clock.now += 0.5
    points = document(house)["points"]
    assert points.keys() == {point.name for point in house.daemon.plan.points}
    assert points["io1.input1"] == {
        "title": "门岗板 输入1",
        "value": True,
        "unit": "",
        "quality": "good",
        "age": pytest.approx(0.75),
        "note": "",
        "text": {"zh": "", "en": ""},
        "momentary": False,
    }


def test_what_was_never_read_is_bad_and_has_no_age(house):
    point = document(house)["points"]["io1.input1"]
    assert (point["quality"], point["age"], point["value"]) == ("bad", None, None)
    assert point["text"] == {"zh": "从未读到", "en": "never read"}


def test_what_grew_old_is_bad_and_says_how_old(house):
    house.quiet()
    house.clock.now += 60
    point = document(house)["points"]["io1.input1"]
    assert point["quality"] == "bad"
    assert point["note"].startswith("stale: 60.2 s old")
    assert point["text"]["zh"].startswith("过期：60.2 秒前读到")


def test_inputs_that_were_not_learned_are_named(house):
    told = document(house)
    assert not told["armed"]
    assert {"io1.input5", "io1.input8", "rule lanes.in.barrier"} <= set(told["waiting"])
    assert "north.card" not in told["waiting"], "nobody may have to swipe a card before the house is guarded"
    house.quiet()
    house.passes(1)
    told = document(house)
    assert (told["armed"], told["waiting"]) == (True, [])


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**400, 1e300])
def test_no_number_of_a_device_or_a_rule_makes_it_unreadable(house, value):
    house.engine.image.put("io1.input1", value, Quality.GOOD, house.clock.now)
    evidence = {"seen": value, "list": [value], 7: {"of a plug-in": object()}, "bytes": b"\xff"}
    alarm = Condition(
        alarm="x.y", active=True, severity=Severity.P2, kind="fire", subject="zones.b12", evidence=evidence
    )
    house.engine.raise_own(alarm)
    told = document(house)
    assert told["alarms"][0]["evidence"].keys() == {"seen", "list", "7", "bytes"}
    assert told["points"]["io1.input1"]["value"] in (None, value)


def test_an_output_says_what_it_is_told_by_whom_and_why(house):
    house.quiet()
    assert document(house)["outputs"]["doors.east"] == {
        "title": "东门",
        "told": "closed",
        "by": "",
        "priority": None,
        "why": "",
        "text": {"zh": "", "en": ""},
    }
    house.land(input2=True)
    north = document(house)["outputs"]["doors.north"]
    assert (north["told"], north["by"], north["priority"]) == ("open", "doors.north.way_out", 4)
    assert north["text"] == {"zh": "出门按钮", "en": "exit button"}


def test_an_output_that_is_held_says_why(house):
    house.passes(0)
    assert document(house)["outputs"]["doors.north"]["told"] is None
    assert document(house)["outputs"]["doors.north"]["text"]["zh"].startswith("等待读到 io1.input")


def test_a_persons_own_reason_is_not_translated(house):
    house.quiet()
    wish = Demand(
        output="doors.north", value=Passage.OPEN, priority=Priority.OPERATOR, issuer="operator", reason="fire"
    )
    house.engine.arbiter.place("operator:doors.north", [wish])
    house.passes(0.5)
    assert document(house)["outputs"]["doors.north"]["text"] == {"zh": "fire", "en": "fire"}


def test_alarms_come_gravest_first_then_oldest_with_place_kind_and_local_time(house):
    def raised(alarm: str, severity: Severity) -> None:
        subject = alarm.rpartition(".")[0]
        house.engine.raise_own(
            Condition(alarm=alarm, active=True, severity=severity, kind="device_silent", subject=subject)
        )
        house.clock.now += 1

    raised("devices.io1.a", Severity.P3)
    raised("zones.b12.b", Severity.P1)
    raised("doors.north.c", Severity.P3)
    alarms = document(house)["alarms"]
    assert [alarm["id"] for alarm in alarms] == ["zones.b12.b", "devices.io1.a", "doors.north.c"]
    told = {
        "id": "zones.b12.b",
        "severity": 1,
        "kind": "device_silent",
        "text": {"zh": "设备失联", "en": "device silent"},
        "subject": "zones.b12",
        "place": "12栋",
        "state": "unacknowledged",
        "active": True,
        "known": True,
        "local": "2026-11-21T14:00:01+08:00",
        "count": 1,
        "acknowledged_by": "",
        "open": True,
        "calls": True,
        "apart": None,
        "evidence": {},
    }
    assert {key: alarms[0][key] for key in told} == told


def test_lines_devices_and_feeds_have_titles_and_say_why(house):
    told = document(house)
    assert told["lines"]["gate"]["title"] == "门岗总线"
    assert told["lines"]["gate"]["text"] == {"zh": "尚未打开", "en": "not opened yet"}
    io1, north = told["lines"]["gate"]["devices"]["io1"], told["lines"]["reader"]["devices"]["north"]
    assert (io1["title"], io1["text"]["zh"], io1["round_trip_p50"]) == ("门岗板", "尚未询问", None)
    assert (north["title"], north["text"]["zh"]) == ("北门读头", "端口尚未打开")
    police = told["feeds"]["police"]
    assert (police["title"], police["connected"], police["text"]["zh"]) == ("派出所", False, "尚无应答")


def test_what_was_promised_of_a_line_stands_beside_what_was_measured(house):
    line, load = document(house)["lines"]["gate"], house.daemon.plan.loads["gate"]
    assert line["promised_load"] == round(sum(load.shares.values()), 4) > 0.3
    for promise in load.promises:
        its = line["devices"]["io1"]["scans"][promise.scan.name]
        assert (its["promised"], its["promised_dying"]) == (round(promise.age, 3), round(promise.dying, 3))
    assert document(house)["lines"]["reader"]["promised_load"] is None


def test_the_journal_says_how_it_is(house):
    house.daemon.recorder.emit("daemon.started", "daemon")
    assert document(house)["journal"] == {
        "head": 0,
        "hash": "",
        "waiting": 1,
        "trouble": "",
        "text": {"zh": "", "en": ""},
    }


def test_subscribers_get_devices_lines_and_the_journals_health(house):
    house.engine.device("io1", True, "answers", house.clock.now)
    house.quiet()
    told = house.daemon.status.for_subscribers()
    assert told["journal"] is True
    assert told["devices"] == {"io1": True, "north": True}
    assert told["lines"] == {}, "no line was ever tried"
    assert told["outputs"]["doors.north"] == "closed"
    house.engine.device("io1", False, "no answer", house.clock.now)
    assert house.daemon.status.for_subscribers()["devices"] == {"io1": False, "north": True}


def test_feeds_are_shown_the_same_object_until_something_is_told_or_five_seconds_pass(house):
    status, clock = house.daemon.status, house.clock
    first = status.for_subscribers()
    clock.now += 4.9
    assert status.for_subscribers() is first
    house.engine.line("gate", False, "unplugged", clock.now)
    second = status.for_subscribers()
    assert "lines.gate.down" in {alarm["id"] for alarm in second["alarms"]}
    clock.now += 5.0
    assert status.for_subscribers() is not second
    assert status.for_subscribers() == second
