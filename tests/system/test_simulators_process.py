"""`python -m simulators SITE --dir DIR` as a process of its own, moved over its control face."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pymodbus import FramerType
from pymodbus.client import AsyncModbusTcpClient
from ruamel.yaml import YAML

from simulators.client import Control, ControlRefusedError

SITE = """
lines: {gate: {rtu_over_tcp: "10.0.0.1:4196"}, door: {serial: /dev/x}}
devices:
  io1: {line: gate, driver: modbus, profile: waveshare/rtu-relay-d, unit: 1}
  north: {line: door, driver: rdm6300}
doors: {north: {lock: io1.relay1, contact: io1.input1, exit: io1.input2, reader: north}}
lanes: {in: {open: io1.relay3, close: io1.relay4, presence: io1.input3, up: io1.input4, down: io1.input5}}
zones: {b12: {fire: [io1.input8]}}
subscribers: {police: {password: !secret police}}
"""


def command(site: Path, folder: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "simulators", str(site), "--dir", str(folder), *options]


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@asynccontextmanager
async def simulated(
    site: Path, folder: Path, *options: str
) -> AsyncIterator[tuple[Control, asyncio.subprocess.Process]]:
    process = await asyncio.create_subprocess_exec(*command(site, folder, *options), stdout=subprocess.PIPE)
    try:
        async with await Control.find(folder) as control:
            yield control, process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.communicate(), 5)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    file = tmp_path / "site.yaml"
    file.write_text(SITE)
    return file


async def host(folder: Path) -> AsyncModbusTcpClient:
    """A host on the gate's line that has told the board not to link inputs to relays."""
    wires = YAML(typ="safe").load(folder / "wires.yaml")
    address = wires["gate"]["rtu_over_tcp"]
    client = AsyncModbusTcpClient(
        "127.0.0.1", port=int(address.rpartition(":")[2]), framer=FramerType.RTU, timeout=0.3, retries=3
    )
    assert await client.connect()
    assert not (await client.write_registers(0x1000, [0] * 8, device_id=1)).isError()
    return client


async def test_a_person_is_let_in(site: Path, tmp_path: Path) -> None:
    folder = tmp_path / "wires"
    async with simulated(site, folder) as (control, _):
        client = await host(folder)
        assert not (await control.do("door", door="north", do="push"))["door"]["open"]
        await client.write_coil(0, True, device_id=1)
        await control.happened("doors.north", "unlocked")
        assert (await control.do("door", door="north", do="push", seconds=0.2))["door"]["open"]
        assert (await client.read_discrete_inputs(0, count=8, device_id=1)).bits[0]
        await control.happened("doors.north", "shut")
        assert not (await client.read_discrete_inputs(0, count=8, device_id=1)).bits[0]
        client.close()


async def test_a_boom_travels_and_lets_a_car_through(site: Path, tmp_path: Path) -> None:
    folder = tmp_path / "wires"
    async with simulated(site, folder, "--no-pace") as (control, _):
        client = await host(folder)
        await control.do("car", lane="in", do="arrives")
        await control.do("car", lane="in", do="drives")
        await client.write_coil(2, True, device_id=1)
        rises = await control.happened("lanes.in", "rises")
        up = await control.happened("lanes.in", "up", limit=8)
        assert 3.9 < up["at"] - rises["at"] < 4.3
        state = await control.until(lambda state: state["lanes"]["in"]["through"] == 1)
        assert not state["hit"]
        assert (await client.read_discrete_inputs(0, count=8, device_id=1)).bits[2:5] == [False, True, False]
        client.close()


async def test_lines_come_and_go_over_the_control_face(site: Path, tmp_path: Path) -> None:
    folder = tmp_path / "wires"
    async with simulated(site, folder) as (control, _):
        door = folder / "door.port"
        before = door.readlink()
        assert not (await control.do("line", line="door", plugged=False))["line"]["plugged"]
        with pytest.raises(FileNotFoundError):
            door.readlink()
        assert (await control.do("line", line="door", plugged=True))["line"]["plugged"]
        assert door.readlink().parent == before.parent
        with pytest.raises(ControlRefusedError, match="no line 'dor'; there are: gate, door"):
            await control.do("line", line="dor", plugged=True)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
async def test_it_ends_at_once_and_leaves_nothing(site: Path, tmp_path: Path, end: signal.Signals) -> None:
    folder = tmp_path / "wires"
    async with simulated(site, folder) as (control, process):
        await control.state()
        client = await host(folder)
        process.send_signal(end)
        output, _ = await asyncio.wait_for(process.communicate(), 3)
        client.close()
    assert process.returncode == 0
    assert "gate" in output.decode()
    assert names(folder) == []


async def test_what_a_killed_one_left_is_taken_over(site: Path, tmp_path: Path) -> None:
    folder = tmp_path / "wires"
    async with simulated(site, folder) as (_, process):
        process.kill()
        await process.wait()
    assert names(folder) == ["control.json", "door.port", "wires.yaml"]
    (folder / "wires.yaml").unlink()  # so that `simulated` waits for the new one
    async with simulated(site, folder) as (control, _):
        assert (await control.state())["lines"]["door"]["plugged"]


async def test_it_is_light(tmp_path: Path) -> None:
    """The small estate at rest: below five per cent of a core, and below 80 MB."""
    async with simulated(Path("config/small/site.yaml"), tmp_path / "wires") as (_, process):
        begun = processor_seconds(process.pid)
        await asyncio.sleep(2)  # the span that is measured
        assert (processor_seconds(process.pid) - begun) / 2 < 0.05
        assert resident_bytes(process.pid) < 80e6


def test_a_site_that_cannot_be_simulated_is_refused_with_what_can(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(SITE.replace("waveshare/rtu-relay-d", "waveshare/rtu-relai"))
    run = subprocess.run(command(site, tmp_path / "wires"), capture_output=True, text=True, timeout=20, check=False)
    assert run.returncode == 2
    assert "devices.io1.profile: 'waveshare/rtu-relai' cannot be simulated" in run.stderr
    assert "waveshare/rtu-relay-d" in run.stderr
    assert "Traceback" not in run.stderr
