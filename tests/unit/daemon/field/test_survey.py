"""Scanning a line in virtual time: units that pymodbus answers for are found, and nothing is ever written."""

import asyncio
import errno
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from daemon.config import site
from daemon.field import direct
from daemon.field.direct import Visit
from daemon.field.likeness import Candidate, shelf
from daemon.field.matter import NoAnswerError
from daemon.field.survey import TCP_PATIENCE, USUAL, Errand, Setting, Survey
from drivers.modbus.codec import crc, sealed
from gatehouse.driver import Question
from tests.unit.daemon.bus import LoopClock, play, until
from tests.unit.daemon.units import OWN, Wire, unit

SHELF = [each for each in shelf(Path("no-site-of-its-own")) if each.name in {"xy-md02", "lingxun/lx47le-125"}]
OTHERS = [setting for each in USUAL if (setting := Setting(*each)) != OWN]


def scan(
    wire: Wire,
    monkeypatch: pytest.MonkeyPatch,
    settings: Sequence[Setting] = (OWN,),
    line: site.Line | None = None,
    candidates: Sequence[Candidate] = SHELF,
    **errand: Any,
) -> list[dict[str, Any]]:
    """All events but the progress."""
    wire.install(monkeypatch)
    found: list[dict[str, Any]] = []

    async def story() -> None:
        wish = Errand(**({"units": range(1, 12), "meters": False} | errand))
        survey = Survey(wire.opening(line), settings, wish, candidates, LoopClock())
        found.extend([event async for event in survey.events()])

    play(story)
    assert wire.open == 0, "the line is given back"
    return found


def of(kind: str, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in events if event["event"] == kind]


def units(events: list[dict[str, Any]]) -> list[Any]:
    return [event["unit"] for event in of("found", events)]


def test_all_units_are_found_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire({3: unit("xy-md02", 3), 7: unit("lingxun/lx47le-125", 7)})
    events = scan(wire, monkeypatch, [OWN, *OTHERS])
    assert units(events) == [3, 7]
    assert [each["likely"][0]["profile"] for each in of("identified", events)] == ["xy-md02", "lingxun/lx47le-125"]
    assert [each["steady"] for each in of("found", events)] == [4, 4]
    assert {setting for setting, _ in wire.requests} == {OWN}, "where somebody answers, no other setting is tried"


def test_only_reads_go_out_whatever_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire({3: unit("waveshare/rtu-relay-d", 3)}, others=lambda request: b"\x01\x02" if request[0] == 5 else b"")
    scan(wire, monkeypatch, [OWN, *OTHERS[:2]], everything=True)
    for _, request in wire.requests:
        assert crc(request) == 0
        assert request[1] in {1, 2, 3, 4}


def test_the_baud_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = Setting(19200, "8E1")
    wire = Wire({5: unit("xy-md02", 5)}, setting=hidden)
    events = scan(wire, monkeypatch, [OWN, *OTHERS])
    assert [(each["unit"], each["setting"]) for each in of("found", events)] == [(5, "19200 8E1")]
    tried = list(dict.fromkeys(setting for setting, _ in wire.requests))
    assert tried == [OWN, *OTHERS[: OTHERS.index(hidden) + 1]], "what comes after it is not tried"
    assert of("identified", events)[0]["likely"][0]["profile"] == "xy-md02"


def test_all_settings_are_tried_where_that_is_wished(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire({5: unit("xy-md02", 5)})
    scan(wire, monkeypatch, [OWN, *OTHERS[:3]], everything=True)
    assert {setting for setting, _ in wire.requests} == {OWN, *OTHERS[:3]}


@pytest.mark.parametrize("delay", [0.3, 0.7])
def test_a_slow_unit_is_found_by_its_late_answer(delay: float, monkeypatch: pytest.MonkeyPatch) -> None:
    events = scan(Wire({4: unit("xy-md02", 4)}, delays={4: delay}), monkeypatch, patience=0.15)
    assert units(events) == [4]


def test_a_unit_that_only_knows_coils_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    class OnlyCoils(Wire):
        """Such a board is mute about everything else."""

    its = unit("waveshare/rtu-relay", 6)
    wire = OnlyCoils({6: its}, shape=lambda _, answer: answer if answer[1] == 1 else b"")
    events = scan(wire, monkeypatch)
    assert [(each["unit"], each["table"]) for each in of("found", events)] == [(6, "coil")]


def test_two_with_one_address_are_told_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    garbled = Wire(
        {4: unit("xy-md02", 4), 9: unit("xy-md02", 9)}, shape=lambda u, a: bytes(b ^ 0x5A for b in a) if u == 4 else a
    )
    events = scan(garbled, monkeypatch)
    assert units(events) == [9]
    assert [each["unit"] for each in of("garbled", events)] == [4]


def test_now_clean_now_garbled_is_unsteady(monkeypatch: pytest.MonkeyPatch) -> None:
    count = iter(range(10**6))
    wire = Wire({4: unit("xy-md02", 4)}, shape=lambda _, a: a if next(count) % 2 == 0 else a[:2] + b"\xff" + a[3:])
    (event,) = of("found", scan(wire, monkeypatch))
    assert event["steady"] < event["asked"]


def test_where_another_master_talks_the_setting_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(others=lambda _: b"\x12\x34\x56\x78\x9a")
    events = scan(wire, monkeypatch, units=range(1, 248))
    assert of("noisy", events)
    assert len(wire.requests) < 100
    assert not units(events)


def test_one_device_that_does_not_look_at_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    its = unit("xy-md02", 1)

    class Anyone(dict[int, Any]):
        def get(self, address: int, default: object = None) -> Any:
            its.unit = address
            return its

    events = scan(Wire(Anyone()), monkeypatch, units=range(1, 248), candidates=[])
    assert of("everywhere", events)
    assert len(units(events)) == 16


def test_what_the_daemon_knows_is_not_knocked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire({3: unit("xy-md02", 3), 4: unit("xy-md02", 4)})
    events = scan(wire, monkeypatch, known={3: "climate"}, skip_known=True)
    assert of("known", events) == [{"event": "known", "unit": 3, "device": "climate"}]
    assert units(events) == [4]
    assert not [request for _, request in wire.requests if request[0] == 3]


def test_without_a_daemon_it_is_knocked_at_and_called_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    events = scan(Wire({3: unit("xy-md02", 3)}), monkeypatch, known={3: "climate"})
    assert [(each["unit"], each["device"]) for each in of("found", events)] == [(3, "climate")]


def test_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire({8: unit("greystone/cmd5b4-ascii", 8)}, framing="ascii")
    events = scan(wire, monkeypatch, tongue="ascii", candidates=shelf(Path("nowhere")))
    assert units(events) == [8]
    assert of("identified", events)[0]["likely"][0]["profile"] == "greystone/cmd5b4-ascii"


def test_behind_a_gateway_that_says_when_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire({3: unit("bender/rcms410", 3)}, framing="tcp")

    def others(request: bytes) -> bytes:
        nobody = request[:4] + b"\0\3" + request[6:7] + bytes((request[7] | 0x80, 0x0B))
        return b"" if request[6] == 3 else nobody

    wire.others = others
    line = site.Line(tcp="10.0.0.1:502")
    events = scan(wire, monkeypatch, line=line, tongue="tcp", patience=TCP_PATIENCE, units=range(1, 6))
    assert units(events) == [3]


def test_a_line_that_is_lost_ends_the_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(lost_after=5)
    with pytest.raises(ConnectionError, match="adapter is gone"):
        scan(wire, monkeypatch)
    assert wire.open == 0


def test_a_line_at_work_that_has_no_time_ends_it_as_well() -> None:
    async def busy(question: Question, patience: float | None = None) -> bytes:
        raise NoAnswerError("the line has had no time for it in 30 s")

    @asynccontextmanager
    async def opening(_: Setting) -> AsyncIterator[Visit]:
        yield busy

    async def story() -> None:
        survey = Survey(opening, [OWN], Errand(units=[1], meters=False), [], LoopClock())
        with pytest.raises(ConnectionError, match="no time"):
            async for _ in survey.events():
                pass

    play(story)


@pytest.mark.parametrize("refused", [OWN, OTHERS[0]])
def test_a_setting_that_the_adapter_refuses_is_said_and_the_others_are_tried(
    refused: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = Wire({2: unit("xy-md02", 2)}, setting=OTHERS[1]).install(monkeypatch)
    real = wire.connect

    async def connect(line: site.Line, *more: Any) -> Any:
        if Setting(line.baud, line.format) == refused:
            raise OSError(errno.EINVAL, "the adapter refuses this")
        return await real(line, *more)

    monkeypatch.setattr(direct, "connect", connect)
    events: list[dict[str, Any]] = []

    async def story() -> None:
        errand = Errand(units=range(1, 5), meters=False)
        survey = Survey(wire.opening(), [OWN, *OTHERS], errand, SHELF, LoopClock())
        events.extend([event async for event in survey.events()])

    play(story)
    assert {each["setting"] for each in of("trouble", events)} == {str(refused)}
    assert units(events) == [2]


def test_stopped_in_the_middle_the_line_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire({2: unit("xy-md02", 2)}).install(monkeypatch)

    async def story() -> None:
        survey = Survey(wire.opening(), [OWN], Errand(), SHELF, LoopClock())
        seen: set[str] = set()

        async def work() -> None:
            async for event in survey.events():
                seen.add(event["event"])

        async with asyncio.TaskGroup() as group:
            task = group.create_task(work())
            await until(lambda: "found" in seen)
            task.cancel()
        assert wire.open == 0
        assert list(survey.found) == [2]

    play(story)


def test_the_time_is_told_beforehand_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire().install(monkeypatch)

    async def story() -> None:
        clock = LoopClock()
        survey = Survey(wire.opening(), [OWN], Errand(units=range(1, 101)), [], clock)
        began, plan, lefts = clock.monotonic(), {}, []
        async for event in survey.events():
            plan = event if event["event"] == "plan" else plan
            lefts += [event["left"]] if event["event"] == "progress" else []
        took = clock.monotonic() - began
        assert plan["seconds"] == pytest.approx(took, rel=0.1)
        assert lefts[0] == pytest.approx(took, rel=0.15)
        assert lefts[-1] < 1
        assert max(after - before for before, after in pairwise(lefts)) < 1, "it does not grow"

    play(story)


def test_a_meter_tells_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer to control 13 of DL/T 645 bears it; the values are then read from that address."""
    asked: list[bytes] = []

    def meter(request: bytes) -> bytes:
        body = request.lstrip(b"\xfe")
        if body[:1] != b"\x68" or body[7:8] != b"\x68":
            return b""
        asked.append(body)
        mine = bytes.fromhex("123456789012")[::-1]
        if body[8] == 0x13:
            data, control = bytes(byte + 0x33 & 0xFF for byte in mine), 0x93
        else:
            data, control = body[10:14] + bytes((0x55, 0x56)), 0x91
        frame = b"\x68" + mine + b"\x68" + bytes((control, len(data))) + data
        return frame + bytes((sum(frame) & 0xFF, 0x16))

    events = scan(Wire(others=meter), monkeypatch, meters=True, units=range(1, 3))
    assert units(events) == ["123456789012"]
    (identified,) = of("identified", events)
    assert identified["settings"]["address"] == "123456789012"
    assert identified["examples"]
    assert {body[8] for body in asked} <= {0x11, 0x13}, "reads only"


@pytest.mark.parametrize("identifier", ["0a81", "810a"])
def test_a_water_meter_tells_its_address_whichever_byte_it_wants_first(
    identifier: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second pair of frames stands in Aixi Wang's python_cjt188, which was tried on a meter."""
    asked = bytes.fromhex(f"68aaaaaaaaaaaaaaaa0303{identifier}004916")
    said = bytes.fromhex(f"fefefe68101200000000000083 03{identifier}009b16")
    wire = Wire(others=lambda request: said if request.lstrip(b"\xfe") == asked else b"")
    events = scan(wire, monkeypatch, meters=True, units=range(1, 2))
    assert units(events) == ["00000000000012"]
    (identified,) = of("identified", events)
    assert identified["settings"] == {"type": "cold_water", "address": "00000000000012"}


def test_several_meters_at_once_are_told_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(others=lambda request: b"\x68\x10\x11\x00\x99\x68" if request.lstrip(b"\xfe")[:1] == b"\x68" else b"")
    events = scan(wire, monkeypatch, meters=True, units=range(1, 2))
    assert {each["unit"] for each in of("garbled", events)} >= {"dlt645"}


def test_a_foreign_frame_names_its_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else's answer, heard by chance, is a unit to be asked with patience."""
    strange = sealed(bytes((9, 3, 2, 0, 5)))
    wire = Wire({9: unit("xy-md02", 9)}, others=lambda request: strange if request[0] == 2 else b"")
    events = scan(wire, monkeypatch)
    assert units(events)[0] == 9
