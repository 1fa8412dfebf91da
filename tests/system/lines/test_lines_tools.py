"""The technician's commands as he types them: simulated units on real ptys and sockets, a real daemon or none."""

import asyncio
import fcntl
import io
import json
import os
import socket
import sys
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from console import cli, direct
from simulators.clock import FineClock
from simulators.estate import Estate, standing
from simulators.modbus import Responder
from simulators.units.xy_md02 import Device as Sensor
from tests.system.lines.conftest import until

ROOT = Path(__file__).parents[3]
SITE = """\
site: {id: small, name: 小站, timezone: Asia/Shanghai}
lines:
  power:  {serial: /dev/serial/by-id/usb-absent, baud: 115200}
  gate12: {tcp: "10.20.12.8:502"}
devices:
  meter: {line: power, driver: modbus, profile: eastron/sdm230, unit: 2}
  b12:   {line: gate12, driver: modbus, profile: bender/rcms410, unit: 3}
"""
HIDDEN = "  sensor: {line: power, driver: modbus, profile: xy-md02, unit: 5}\n"
"""On the wire, and not in the site file."""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "site.yaml").write_text(SITE, encoding="utf-8")
    (tmp_path / "field.yaml").write_text(SITE + HIDDEN, encoding="utf-8")
    return tmp_path / "site.yaml"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few profiles to compare with, and no rests between questions."""
    few = [each for each in direct.shelf(ROOT) if each.name in {"xy-md02", "eastron/sdm230", "bender/rcms410"}]
    monkeypatch.setattr(direct, "shelf", lambda _: few)
    monkeypatch.setattr("daemon.field.survey._BREATH", 0.0)


@pytest.fixture
async def estate(site: Path, tmp_path: Path) -> AsyncIterator[Estate]:
    async with standing(tmp_path / "field.yaml", tmp_path / "wires", pace=False) as made:
        yield made


async def typed(folder: Path, *words: object) -> tuple[int, list[dict[str, Any]]]:
    """Exit status, and what it says in JSON."""
    status, text = await said(folder, *words, "--json")
    return status, [json.loads(line) for line in text.splitlines()]


async def said(folder: Path, *words: object) -> tuple[int, str]:
    """Exit status and output of a command, in a thread: the units live in this loop."""

    def run() -> tuple[int, str]:
        out = io.StringIO()
        argv = ["gatehouse", *map(str, words), "--state", str(folder / "state")]
        quiet = redirect_stdout(out), redirect_stderr(out)
        with patch.object(sys, "argv", argv), quiet[0], quiet[1], pytest.raises(SystemExit) as end:
            cli.main()
        return int(end.value.code or 0), out.getvalue()

    return await asyncio.wait_for(asyncio.to_thread(run), 60)


def answers(path: Path) -> bool:
    """Somebody takes calls there."""
    with socket.socket(socket.AF_UNIX) as caller:
        return caller.connect_ex(str(path)) == 0


@asynccontextmanager
async def guarding(site: Path) -> AsyncIterator[None]:
    """A daemon at work, until it is armed and its socket is there."""
    folder = site.parent
    command = ("-m", "console.cli", "run", site, "--wires", folder / "wires/wires.yaml", "--state", folder / "state")
    process = await asyncio.create_subprocess_exec(
        sys.executable, *map(str, command), cwd=ROOT, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(20):
            while b'"armed"' not in await process.stderr.readline():
                pass
        await until(lambda: answers(folder / "state/api.sock"), 10)
        yield
    finally:
        process.terminate()
        await asyncio.wait_for(process.communicate(), 10)


def of(kind: str, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in events if event["event"] == kind]


@pytest.mark.usefixtures("quick")
async def test_without_a_daemon(site: Path, tmp_path: Path, estate: Estate) -> None:
    wires = tmp_path / "wires/wires.yaml"
    status, events = await typed(
        tmp_path, "scan", "power", site, "--wires", wires, "--units", "4-6", "--patience", "40", "--no-meters"
    )
    assert status == 0
    assert [(each["unit"], each["device"]) for each in of("found", events)] == [(5, "")]
    (sensor,) = of("identified", events)
    assert sensor["proposal"]["entry"] == {"line": "power", "driver": "modbus", "profile": "xy-md02", "unit": 5}

    status, events = await typed(tmp_path, "probe", "meter", site, "--wires", wires)
    shown = {point["channel"]: point for event in of("read", events) for point in event["points"]}
    assert status == 0
    assert shown["volts"]["value"] == pytest.approx(230.4)
    assert shown["volts"]["raw"] == "0x0000: 4366 6666"

    status, text = await said(tmp_path, "probe", "meter")
    assert status == 3
    assert "Or name the site file" in text


async def test_with_a_daemon_at_work(site: Path, tmp_path: Path, estate: Estate) -> None:
    async with guarding(site):
        _, scanned = await typed(tmp_path, "scan", "power", "--units", "2,5", "--no-meters")
        _, probed = await typed(tmp_path, "probe", "b12")
        _, traced = await typed(tmp_path, "trace", "power", "--last")
        assert [each["unit"] for each in of("found", scanned)] == [5]
        assert of("identified", scanned)[0]["proposal"]["name"] == "xy-md02-5"
        assert of("end", probed)[0]["answered"] == len(of("read", probed)) > 1
        assert {"open", "sent", "answer"} <= {each["kind"] for each in traced}
        assert any(each["text"]["zh"].startswith("2 号：读") for each in traced if each["kind"] == "sent")

        estate.lines["power"].unplug()
        await until(lambda: list((tmp_path / "state/traces").glob("*-power-*.jsonl")), 10)
        (saved,) = (tmp_path / "state/traces").glob("*-power-*.jsonl")
        status, kept = await typed(tmp_path, "trace", "--saved", saved.name)
        assert status == 0
        assert any(each["text"]["zh"].startswith("2 号：") for each in kept)
        _, heads = await typed(tmp_path, "trace", "--saved")
        assert [head["why"] for head in heads] == ["line.down"]


class Wire:
    """A pty at whose other end a unit understands one baud rate only, as the port was set by whoever opened it."""

    def __init__(self, folder: Path, baud: int) -> None:
        self.master, slave = os.openpty()
        self.port = os.ttyname(slave)
        self._kept = slave  # while nobody else has it open, the other end must not fall shut
        self._speed = getattr(termios, f"B{baud}")
        self._unit, self._responder = Sensor(5, FineClock()), Responder("rtu")
        self.bauds: list[int] = []
        os.set_blocking(self.master, False)
        asyncio.get_running_loop().add_reader(self.master, self._read)
        (folder / "site.yaml").write_text(SITE.replace("/dev/serial/by-id/usb-absent", self.port), encoding="utf-8")

    def _read(self) -> None:
        request, speed = os.read(self.master, 4096), termios.tcgetattr(self.master)[5]
        self.bauds.append(speed)
        if speed == self._speed and request[0] == 5 and (answer := self._responder.answer(self._unit, request)):
            os.write(self.master, answer)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self.master)
        os.close(self.master)
        os.close(self._kept)


@pytest.mark.usefixtures("quick")
async def test_the_baud_of_a_unit_is_found_at_the_port_itself(tmp_path: Path) -> None:
    wire = Wire(tmp_path, 19200)
    (tmp_path / "wires.yaml").write_text(json.dumps({"power": {"serial": wire.port}, "gate12": {"tcp": "127.0.0.1:1"}}))
    try:
        status, events = await typed(
            tmp_path, "scan", "power", tmp_path / "site.yaml", "--wires", tmp_path / "wires.yaml",
            "--bauds", "9600,19200", "--units", "4-6", "--patience", "40", "--no-meters",
        )  # fmt: skip
    finally:
        wire.close()
    assert status == 0
    (found,) = of("found", events)
    assert (found["unit"], found["setting"]) == (5, "19200 8N1")
    assert of("identified", events)[0]["likely"][0]["profile"] == "xy-md02"
    assert {termios.B9600, termios.B19200} == set(wire.bauds)


async def test_a_port_that_another_program_has_is_said_and_left_alone(tmp_path: Path) -> None:
    wire = Wire(tmp_path, 9600)
    (tmp_path / "wires.yaml").write_text(json.dumps({"power": {"serial": wire.port}, "gate12": {"tcp": "127.0.0.1:1"}}))
    other = os.open(wire.port, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)  # as every owner of a line of ours has it
    try:
        words = ("scan", "power", tmp_path / "site.yaml", "--wires", tmp_path / "wires.yaml", "--units", "5")
        _, events = await typed(tmp_path, *words)
        _, probed = await typed(tmp_path, "probe", "meter", *words[2:5])
    finally:
        os.close(other)
        wire.close()
    assert "端口被别的程序占用" in events[-1]["why"]["zh"]
    assert "端口被别的程序占用" in probed[-1]["error"]["zh"]
    assert not wire.bauds
