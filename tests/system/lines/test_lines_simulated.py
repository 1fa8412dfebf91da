"""Our drivers and lines against the simulated devices, which share none of our code, on wires at their real pace."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from daemon.clock import SystemClock
from daemon.config import site
from daemon.field.lines import Command, LineOwner
from drivers import rdm6300
from drivers.modbus import Device
from drivers.modbus.profile import Profile
from gatehouse.demands import Pulse
from simulators.estate import Estate, standing
from tests.system.lines.conftest import until
from tests.unit.daemon.bus import Ledger

ROOT = Path(__file__).parents[3]
SITE = ROOT / "config/small/site.yaml"


class Field:
    """The small estate's field layer at work."""

    def __init__(self, estate: Estate, wires: dict[str, dict[str, str]]) -> None:
        yaml = YAML(typ="safe")
        yaml.constructor.add_constructor("!secret", lambda _loader, node: node.value)
        config = yaml.load(SITE)
        self.estate, self.sink = estate, Ledger()
        self.lines: dict[str, LineOwner] = {}
        for name, wire in wires.items():
            settings = site.Line.model_validate({**wire, "baud": config["lines"][name].get("baud", 9600)})
            devices = {
                device: self.device(entry, "tcp" if "tcp" in wire else "serial")
                for device, entry in config["devices"].items()
                if entry["line"] == name
            }
            self.lines[name] = LineOwner(name, settings, devices, self.sink, SystemClock())

    def device(self, entry: dict[str, Any], wire: Any) -> Any:
        if entry["driver"] == "rdm6300":
            return rdm6300.Device()
        profile = Profile.model_validate(YAML(typ="safe").load(ROOT / f"config/profiles/{entry['profile']}.yaml"))
        return Device(entry["unit"], profile, wire=wire)

    def value(self, point: str) -> object:
        values = self.sink.values(point)
        return values[-1][0] if values and values[-1][1] == "GOOD" else None

    def faults(self, line: str, device: str) -> Any:
        return self.estate.lines[line].sockets[device].faults


@asynccontextmanager
async def field(folder: Path) -> AsyncIterator[Field]:
    async with standing(SITE, folder, pace=True) as estate:
        work = Field(estate, YAML(typ="safe").load(folder / "wires.yaml"))
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(line.run()) for line in work.lines.values()]
            yield work
            for task in running:
                task.cancel()


@pytest.fixture
async def small(tmp_path: Path) -> AsyncIterator[Field]:
    async with field(tmp_path) as work:
        yield work


async def test_every_point_of_the_small_estate_is_read_and_makes_sense(small: Field) -> None:
    wanted = {"io1.input8", "io2.relay4", "relays.relay1", "mains.temperature_a", "mains.closed", "meter.volts"}
    wanted |= {"climate.temperature", "b12.rms1", "mains.trip_reason", "meter.energy", "b12.dc4"}
    await until(lambda: all(small.value(point) is not None for point in wanted), 15)
    assert small.value("mains.closed") is True
    assert small.value("mains.trip_reason") == "none"
    assert 180 < small.value("meter.volts") < 260
    assert 0 <= small.value("b12.rms1") < 0.3
    assert 0 < small.value("mains.temperature_n") < 80
    assert 10 < small.value("climate.temperature") < 40
    bad = {point for _, point, _, quality in small.sink.landed if quality == "BAD"}
    assert all(point.startswith(("mains.volts", "mains.amps")) for point in bad), "they wait for their settling reads"


async def test_a_pulse_falls_by_itself(small: Field) -> None:
    await until(lambda: small.value("io1.relay1") is False, 10)
    answers: list[str] = []
    pulse = Pulse(True, 0.7)
    small.lines["gate"].write(
        Command(device="io1", channel="relay1", value=pulse, permit=str, done=answers.append, priority=2)
    )
    await until(lambda: answers)
    assert answers == [""]
    await until(lambda: small.value("io1.relay1") is True)
    await until(lambda: small.value("io1.relay1") is False)


async def test_an_input_is_seen_within_two_tenths_of_a_second(small: Field) -> None:
    """io1.input8 is the fire contact; three boards share 9600 baud."""
    await until(lambda: small.value("io1.input8") is False and small.value("io2.input8") is False, 10)
    await until(lambda: not small.lines["gate"].status()["orders_waiting"])
    board = small.estate.lines["gate"].sockets["io1"].unit
    loop = asyncio.get_running_loop()
    for pressed in (True, False) * 5:
        began = loop.time()
        board.inputs[7] = pressed
        await until(lambda: small.value("io1.input8") is pressed)  # noqa: B023 - awaited in the same round
        assert loop.time() - began < 0.2


async def test_a_silent_board_leaves_the_others_their_pace(small: Field) -> None:
    await until(lambda: small.value("io1.input1") is not None and small.value("relays.relay1") is not None, 10)
    small.faults("gate", "relays").silent = True
    await until(lambda: ("relays", False, "no answer") in small.sink.devices, 15)
    begin = asyncio.get_running_loop().time()
    await asyncio.sleep(4)
    instants = [at for at in small.sink.renewals("io1.input8") if at > begin]
    gaps = [b - a for a, b in itertools.pairwise(instants)]
    assert max(gaps) < 0.5
    assert sorted(gaps)[len(gaps) * 9 // 10] < 0.15
    small.faults("gate", "relays").silent = False
    await until(lambda: small.sink.devices[-1] == ("relays", True, "answers"), 10)


async def test_the_fault_kit_gives_no_wrong_value(tmp_path: Path) -> None:
    """An estate for each fault; they spend their time waiting for a slow line, so they wait together."""
    async with asyncio.TaskGroup() as estates:
        for shape in ("corrupt", "half", "lost", "doubled", "foreign"):
            estates.create_task(_no_wrong_value(shape, tmp_path / shape))


async def _no_wrong_value(shape: str, folder: Path) -> None:
    async with field(folder) as small:
        await until(
            lambda: small.value("meter.volts") is not None and small.value("climate.temperature") is not None, 20
        )
        before = {point for _, point, value, _ in small.sink.landed if value is not None}
        truth = {point: small.value(point) for point in before if point.startswith("climate.")}
        for device in ("mains", "meter", "climate"):
            setattr(small.faults("power", device), shape, 1 if device == "climate" else 3)
        await until(
            lambda: not any(getattr(small.faults("power", d), shape) for d in ("mains", "meter", "climate")), 30
        )
        assert truth
        for point, value in truth.items():
            assert {seen for seen, _ in small.sink.values(point)} == {value}, shape


async def test_a_card_is_heard(small: Field) -> None:
    await until(lambda: ("north", True, "port open") in small.sink.devices)
    reader = small.estate.lines["reader-n"].speakers["north"]
    reader.swipe("0001234567")
    await until(lambda: small.sink.values("north.card"))
    assert small.sink.values("north.card") == [("0001234567", "GOOD")]
