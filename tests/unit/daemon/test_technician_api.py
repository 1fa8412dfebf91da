"""Scan, probe and trace over the local API, asked as the console asks."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from console.client import Client
from daemon import technician_api
from daemon.config import profiles
from daemon.field.likeness import Candidate
from daemon.field.matter import NoAnswerError
from daemon.field.trace import Ring
from daemon.technician_api import clearest, units
from drivers.modbus.profile import Profile
from gatehouse.driver import Question
from simulators.profile_units import Unit
from tests.unit.daemon.bus import until
from tests.unit.daemon.desk import Desk, serving
from tests.unit.daemon.units import PROFILES, unit

SHELF = [
    Candidate(name, profile)
    for name in ("xy-md02", "waveshare/rtu-relay-d")
    if (profile := profiles.load(PROFILES / f"{name}.yaml", Profile)[0])
]


class Line:
    """A line at work: what it keeps, and whom one meets there."""

    def __init__(self, ring: Ring, **units_: Unit) -> None:
        self.ring = ring
        self.units = {its.unit: its for its in units_.values()}
        self.requests: list[bytes] = []
        self.lost = False
        self.hold: asyncio.Event | None = None

    async def visit(self, question: Question, patience: float | None = None) -> bytes:
        self.requests.append(question.request)
        await asyncio.sleep(0.001)  # a wire takes its time
        if self.hold is not None:
            await self.hold.wait()
        if self.lost:
            raise ConnectionError("line gate is down: the adapter is gone")
        its = self.units.get(question.request[0])
        found = question.find(its.answer("rtu", question.request)) if its else None
        if found is None or found.answer is None:
            raise NoAnswerError("no answer")
        return found.answer


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with serving(tmp_path) as made:
        yield made


@pytest.fixture
def line(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Line:
    """The line of the small site, with its board and a sensor that nobody has written down."""
    monkeypatch.setattr("daemon.field.survey._BREATH", 0.0)
    monkeypatch.setattr(technician_api, "shelf", lambda _: SHELF)
    made = Line(Ring(desk.house.daemon.clock), io1=unit("waveshare/rtu-relay-d", 1), new=unit("xy-md02", 3))
    desk.house.daemon.lines["gate"] = made  # type: ignore[assignment]
    return made


async def told(desk: Desk, path: str, **query: object) -> list[dict[str, Any]]:
    def lines(client: Client) -> Iterator[dict[str, Any]]:
        for each in client.follow(path, **query):
            yield json.loads(each)
            if '"end"' in each:
                return

    return await desk.ask(lambda client: list(lines(client)))  # type: ignore[no-any-return]


def of(kind: str, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in events if event["event"] == kind]


# Scan


async def test_a_scan_finds_what_is_new_and_proposes_it(desk: Desk, line: Line) -> None:
    events = await told(desk, "/v1/lines/gate/scan", units="1-4")
    assert of("known", events) == [{"event": "known", "unit": 1, "device": "io1"}]
    (identified,) = of("identified", events)
    assert identified["proposal"]["entry"] == {"line": "gate", "driver": "modbus", "profile": "xy-md02", "unit": 3}
    assert identified["proposal"]["name"] == "xy-md02-3"
    assert identified["likely"][0]["examples"]
    assert events[-1] == {"event": "end", "why": None}
    assert not [request for request in line.requests if request[0] == 1], "the board has its own reads"
    assert {request[1] for request in line.requests if request[0] != 0xFE} <= {1, 2, 3, 4}


async def test_what_refuses_does_so_in_both_languages(desk: Desk, line: Line) -> None:
    (found,) = of("found", await told(desk, "/v1/lines/gate/scan", units="3"))
    assert found["refused"]
    assert found["answer"]["zh"].startswith("对功能 3 返回异常 2：非法地址")
    assert found["answer"]["en"].startswith("exception 2 to function 3: illegal data address")


async def test_a_line_that_is_lost_is_said(desk: Desk, line: Line) -> None:
    line.lost = True
    events = await told(desk, "/v1/lines/gate/scan", units="3")
    assert events[-1]["why"]["zh"] == "总线 gate 中断：转换器已拔出"


async def test_one_scan_at_a_time(desk: Desk, line: Line) -> None:
    line.hold = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        first = group.create_task(told(desk, "/v1/lines/gate/scan", units="3"))
        await until(lambda: line.requests, 5)
        assert "being scanned already" in await desk.refused(
            lambda client: list(client.follow("/v1/lines/gate/scan", units="3"))
        )
        line.hold.set()
    assert first.result()[-1]["event"] == "end"
    assert (await told(desk, "/v1/lines/gate/scan", units="3"))[-1]["event"] == "end", "and then the next"


async def test_who_hangs_up_ends_the_scan(desk: Desk, line: Line) -> None:
    def few(client: Client) -> list[str]:
        coming = client.follow("/v1/lines/gate/scan", units="1-247")
        return [next(coming) for _ in range(5)]

    await desk.ask(few)
    async with asyncio.timeout(5):
        while True:
            asked = len(line.requests)
            await asyncio.sleep(0.1)
            if len(line.requests) == asked:
                break
    assert asked < 400
    assert (await told(desk, "/v1/lines/gate/scan", units="3"))[-1]["event"] == "end", "the line may be scanned again"


@pytest.mark.parametrize("text", ["0", "1-300", "a", "5-2", "", "1,,2", "-3"])
def test_units_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="地址范围"):
        units(text)


def test_units() -> None:
    assert units("1-3,7，3") == [1, 2, 3, 7]


async def test_a_wrong_range_is_refused(desk: Desk, line: Line) -> None:
    assert "1-32,100" in await desk.refused(lambda client: list(client.follow("/v1/lines/gate/scan", units="x")))


async def test_what_cannot_be_asked(desk: Desk) -> None:
    assert "主动上报" in await desk.refused(lambda client: list(client.follow("/v1/lines/reader/scan")))
    assert "主动上报" in await desk.refused(lambda client: list(client.follow("/v1/devices/north/probe")))
    assert "有：gate, reader" in await desk.refused(lambda client: list(client.follow("/v1/lines/nope/scan")))
    assert "there are: gate, reader" in await desk.refused(lambda client: list(client.follow("/v1/lines/nope/trace")))
    assert "io1, north" in await desk.refused(lambda client: list(client.follow("/v1/devices/nope/probe")))


# Probe


async def test_a_probe_shows_values_beside_their_registers(desk: Desk, line: Line) -> None:
    events = await told(desk, "/v1/devices/io1/probe")
    shown = {point["channel"]: point for event in events[:-1] for point in event["points"]}
    assert {"relay1", "input8"} <= shown.keys()
    assert shown["input8"]["raw"].startswith("0x0007: ")
    assert events[0]["explained"]["zh"].startswith("1 号：读 8 个")
    assert events[-1]["event"] == "end"


async def test_a_probe_of_a_silent_device_says_so(desk: Desk, line: Line) -> None:
    del line.units[1]
    events = await told(desk, "/v1/devices/io1/probe")
    assert {event["why"]["zh"] for event in events[:-1]} == {"没有应答"}
    assert events[-1]["answered"] == 0


async def test_a_probe_on_a_lost_line_ends_with_the_reason(desk: Desk, line: Line) -> None:
    line.lost = True
    (end,) = await told(desk, "/v1/devices/io1/probe")
    assert end["error"]["zh"] == "总线 gate 中断：转换器已拔出"


# Trace


async def test_the_last_minute_is_told_in_words(desk: Desk, line: Line) -> None:
    clock = desk.house.daemon.clock
    line.ring.note("open", "", b"open", clock.monotonic())
    line.ring.note("sent", "io1", bytes.fromhex("01020000000879CC"), clock.monotonic(), "inputs")
    line.ring.note("foreign", "io1", bytes.fromhex("03040400F60201F8D6"), clock.monotonic(), "inputs")
    events = await told(desk, "/v1/lines/gate/trace")
    assert [event["kind"] for event in events] == ["open", "sent", "foreign", "end"]
    opened, sent, foreign, _ = events
    assert opened["text"]["zh"] == "已打开"
    assert sent["text"] == {
        "zh": "1 号：读 8 个离散输入，自 0 (0x0000)",
        "en": "unit 1: read 8 discrete inputs from 0 (0x0000)",
    }
    assert (sent["device"], sent["scan"], sent["bytes"]) == ("io1", "inputs", "01020000000879cc")
    assert sent["local"] == "2026-11-21T14:00:00.250+08:00"
    assert foreign["text"]["zh"] == "3 号：2 个寄存器：00F6 0201"


async def test_a_follower_sees_what_comes_and_signs_of_life(
    desk: Desk, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(technician_api, "_QUIET", 0.1)
    clock = desk.house.daemon.clock
    line.ring.note("sent", "io1", b"\1", clock.monotonic())
    seen: list[dict[str, Any]] = []

    def follow(client: Client) -> None:
        for each in client.follow("/v1/lines/gate/trace", follow=True):
            seen.append(json.loads(each))
            if len(seen) == 2:
                return

    async with asyncio.TaskGroup() as group:
        group.create_task(desk.ask(follow))
        await until(lambda: seen, 5)
        clock.now += 1  # type: ignore[attr-defined]
        await asyncio.sleep(0.1)
        line.ring.note("answer", "io1", b"\2", clock.monotonic())
    assert [event["kind"] for event in seen] == ["sent", "answer"]


def test_a_driver_that_knows_the_frame_is_heard_first() -> None:
    assert clearest(["7 bytes that are no Modbus frame", "", "meter 12: read volts"]) == "meter 12: read volts"
    assert clearest(["", "7 bytes that are no Modbus frame"]) == "7 bytes that are no Modbus frame"
    assert clearest([]) == ""
