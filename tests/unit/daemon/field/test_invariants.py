"""Modbus, DL/T 645 and CJ/T 188 on one wire: whatever happens to the answers, no value is ever another's, or wrong.

On the other end: pymodbus, the package dlt645, and a simulated water meter, none of which shares code with our drivers.
Virtual time: minutes of a line pass in milliseconds.
"""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from dlt645 import DLT645Protocol, MeterServerService
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from daemon.config import site
from daemon.field.lines import LineOwner
from drivers import cjt188, dlt645, modbus
from drivers.modbus.profile import Profile
from simulators.clock import HandClock
from simulators.modbus import Responder
from simulators.units.cjt188 import Device as WaterMeter
from simulators.units.xy_md02 import Device as Sensor
from tests.unit.daemon.bus import FakeWire, Ledger, LoopClock, play

LINE = site.Line(serial="/dev/ttyS0", baud=9600, format="8E1")
TRUTH = {
    "sensor.temperature": 24.6, "sensor.humidity": 51.3,
    "mains.volts": 229.8, "mains.amps": 3.214, "mains.power": -0.7012,
    "lift.volts": 231.4, "lift.amps": 12.871, "lift.power": 2.6321,
    "water.volume": 1234.56, "water.valve_shut": False, "water.valve_fault": False, "water.battery_low": False,
}  # fmt: skip
PACKAGED = MeterServerService(None)  # type: ignore[arg-type]


def packaged(request: bytes) -> bytes:
    """What the package's meters answer: one service takes the part of both."""
    frame = DLT645Protocol.deserialize(request)
    names = {"610100000000": "mains", "620100000000": "lift"}
    name = names.get(frame.addr.hex())
    if name is None:
        return b""
    PACKAGED.set_address(frame.addr)
    for identifier, channel in ((0x02010100, "volts"), (0x02020100, "amps"), (0x02030000, "power")):
        assert PACKAGED.set_02(identifier, TRUTH[f"{name}.{channel}"])
    return bytes(PACKAGED.handle_request(frame))


Fate = tuple[str, float]
"""What becomes of an answer, and a number for it: seconds, or where it is cut."""


@dataclass
class Yard:
    """The far end of the wire."""

    fates: list[Fate] = field(default_factory=list)
    echoes: bool = False
    answers: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        clock = HandClock()
        self._sensor, self._responder = Sensor(1, clock), Responder("rtu")
        self._water = WaterMeter({"type": "cold_water", "address": "78330011223344"}, clock)

    async def connect(self, _line: object, hear: Any, end: Any) -> FakeWire:
        return FakeWire(self, hear, end)  # type: ignore[arg-type]

    def take(self, request: bytes, wire: FakeWire) -> None:
        loop = asyncio.get_running_loop()
        if self.echoes:
            loop.call_later(0.001, wire.bring, request)
        answer = self._answer(request)
        self.answers = [*self.answers[-5:], answer]
        fate, number = self.fates.pop(0) if self.fates else ("well", 0.0)
        if fate == "late":
            number *= 0.5 if request[0] == 1 else 1.75 if self._water.asked(request) else 1.0
        for delay, data in self._pieces(fate, number, answer):
            loop.call_later(0.05 + delay, wire.bring, data)

    def _answer(self, request: bytes) -> bytes:
        if self._water.asked(request):
            return self._water.answer(request) or b""
        if request[0] == 1:
            return self._responder.answer(self._sensor, request) or b""
        return packaged(request)

    def _pieces(self, fate: str, number: float, answer: bytes) -> list[tuple[float, bytes]]:
        at = int(number * 100)
        shapes: dict[str, list[tuple[float, bytes]]] = {
            "well": [(0, answer)],
            "late": [(number, answer)],
            "lost": [],
            "half": [(0, answer[: at % len(answer)])],
            "rest": [(0, answer[at % len(answer) :])],
            "hole": [(0, answer[: at % len(answer)] + answer[at % len(answer) + 1 :])],
            "bit": [(0, bytes(byte ^ (index == at % len(answer)) << at % 8 for index, byte in enumerate(answer)))],
            "twice": [(0, answer), (number / 50, answer)],
            "noise": [(0, b"\x68\x00\xfe\x68\x01"[: at % 5 + 1] + answer)],
            "old": [(0, self.answers[(at + len(self.fates)) % len(self.answers)]), (0.01, answer)],
            "slowly": [(index * 0.004, answer[index : index + 1]) for index in range(len(answer))],
        }
        return shapes[fate]


def devices() -> dict[str, Any]:
    profile = Profile.model_validate(YAML(typ="safe").load(Path("config/profiles/xy-md02.yaml")))
    only = ("volts", "amps", "power")
    return {
        "sensor": modbus.Device(1, profile),
        "mains": dlt645.Device("000000000161", only=only, every=2),
        "lift": dlt645.Device("000000000162", only=only, every=2, wakeup=0),
        "water": cjt188.Device("cold_water", "78330011223344", every=2),
    }


def lived(yard: Yard, seconds: float, monkeypatch: pytest.MonkeyPatch) -> tuple[Ledger, dict[str, Any]]:
    """So long a life of the line: what landed, and its status."""
    sink, told = Ledger(), {}

    async def story() -> None:
        monkeypatch.setattr("daemon.field.lines.connect", yard.connect)
        owner = LineOwner("yard", LINE, devices(), sink, LoopClock())
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(owner.run())
            await asyncio.sleep(seconds)
            told.update(owner.status())
            task.cancel()

    play(story)
    return sink, told


def check(sink: Ledger) -> None:
    """Everything was read at last, and nothing was ever read wrong."""
    for point, value in TRUTH.items():
        values = sink.values(point)
        assert {seen for seen, quality in values if quality != "BAD"} == {value}, point
        assert values[-1] == (value, "GOOD"), point


FATES = st.lists(
    st.tuples(
        st.sampled_from(["well", "late", "lost", "half", "rest", "hole", "bit", "twice", "noise", "old", "slowly"]),
        st.floats(0.3, 1.1),
    ),
    max_size=30,
)


@given(fates=FATES, echoes=st.booleans())
@example(fates=[("late", 0.9), ("old", 0.5)] * 12, echoes=True)
@example(fates=[("old", 0.5)] * 60, echoes=False)
@example(fates=[("bit", number / 100) for number in range(100)], echoes=False)
@example(fates=[("well", 0.3)] * 9 + [("late", 1.1), ("well", 0.3)] * 8, echoes=False)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happens_no_value_is_anothers(
    fates: list[Fate], echoes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Late means beyond the patience with that device and within its worst time."""
    yard = Yard(fates=fates, echoes=echoes)
    sink, _ = lived(yard, 90 + 4 * len(fates), monkeypatch)
    assert not yard.fates
    check(sink)


@pytest.mark.parametrize("echoes", [False, True])
def test_a_healthy_line_misses_nothing_and_learns_its_echo(echoes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    sink, status = lived(Yard(echoes=echoes), 60, monkeypatch)
    check(sink)
    assert status["echo"] is echoes
    assert sum(device["misses"] for device in status["devices"].values()) == 0
    assert status["stray_bytes"] == status["late_bytes"] == 0
    for device in status["devices"].values():
        assert (device["noise"], device["foreign"], device["crc"], device["half"]) == (0, 0, 0, 0)
        assert (device["echo"] > 0) is echoes


def test_a_late_meter_is_the_noise_of_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its answer falls into the quarantine; the others do not even see it."""
    sink, status = lived(Yard(fates=[("well", 0)] * 20 + [("late", 0.9)] * 3), 60, monkeypatch)
    check(sink)
    assert status["late_bytes"] > 0
    assert status["stray_bytes"] == 0
    assert {device["noise"] + device["foreign"] for device in status["devices"].values()} == {0}
