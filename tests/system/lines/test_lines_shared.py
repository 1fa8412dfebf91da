"""A Modbus unit, electricity meters, a water and a heat meter on one RS-485 line at its real pace.

One of the electricity meters is the PyPI package dlt645; the Modbus unit answers by pymodbus's framing.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from dlt645 import DLT645Protocol, MeterServerService

from daemon.clock import SystemClock
from daemon.config.load import load
from daemon.field.lines import LineOwner
from simulators.estate import Estate, standing
from simulators.meter import Meter
from simulators.wire import Socket
from tests.system.lines.conftest import until
from tests.unit.daemon.bus import Ledger

PROFILES = Path(__file__).parents[3] / "config/profiles"
SITE = """
site: {id: yard, name: 院子}
lines:
  yard: {serial: /dev/serial/by-id/x, baud: 19200, format: "8E1"}
devices:
  climate: {line: yard, driver: modbus, profile: xy-md02, unit: 104}
  mains:   {line: yard, driver: dlt645, address: "000000000161", only: [volts, power], every: 2}
  lift:    {line: yard, driver: dlt645, address: "000000000162", phases: 3, only: [amps_a], every: 2, wakeup: 0}
  water:   {line: yard, driver: cjt188, type: cold_water, address: "78330011223344", every: 2}
  heat:    {line: yard, driver: cjt188, type: heat, code: 0x25, address: "00312718241912", every: 2}
"""
TRUTH = {
    "climate.temperature": 24.6, "climate.humidity": 51.3, "mains.volts": 229.8, "mains.power": -0.7012,
    "lift.amps_a": 12.871, "water.volume": 1234.56, "water.valve_shut": False, "heat.energy": 54427.88,
    "heat.supply": 48.15,
}  # fmt: skip


class Packaged(Meter):
    """A meter of the package dlt645: its parser, its answers."""

    def __init__(self, settings: dict[str, Any], clock: Any) -> None:
        super().__init__(settings, clock)
        self.service = MeterServerService(None, bytearray.fromhex(self.address)[::-1])  # type: ignore[arg-type]
        for identifier, channel in ((0x02010100, "volts"), (0x02030000, "power")):
            assert self.service.set_02(identifier, TRUTH[f"mains.{channel}"])

    def asked(self, frame: bytes) -> bool:
        try:
            return bytes(DLT645Protocol.deserialize(frame).addr) == bytes(self.service.address)
        except ValueError:
            return False

    def answer(self, frame: bytes) -> bytes | None:
        return bytes(self.service.handle_request(DLT645Protocol.deserialize(frame)))

    def disguised(self, answer: bytes) -> bytes:
        frame = DLT645Protocol.deserialize(answer)
        return bytes(DLT645Protocol.build_frame(b"\x63\x01\0\0\0\0", frame.ctrl_code, frame.data))


class Yard:
    """The line at work, and the other end of it."""

    def __init__(self, estate: Estate, owner: LineOwner, sink: Ledger) -> None:
        self.wire, self.owner, self.sink = estate.lines["yard"], owner, sink

    def counted(self, *names: str) -> int:
        return sum(device[name] for device in self.owner.status()["devices"].values() for name in names)

    async def well(self, limit: float = 20) -> None:
        """Everything has been read anew, and is trusted."""
        began = asyncio.get_running_loop().time()
        await until(lambda: all(self._fresh(point, began) for point in TRUTH), limit)

    def _fresh(self, point: str, since: float) -> bool:
        renewals = self.sink.renewals(point)
        return bool(renewals) and renewals[-1] > since and self.sink.values(point)[-1][1] == "GOOD"

    def check(self) -> None:
        """Nothing was ever read wrong."""
        for point, value in TRUTH.items():
            for seen, quality in self.sink.values(point):
                assert seen == value or (seen is None and quality == "BAD"), point


@pytest.fixture
def yard(tmp_path: Path) -> Callable[..., Any]:
    """Let it stand, with or without an adapter that echoes."""

    @asynccontextmanager
    async def stand(*, echo: bool = False) -> AsyncIterator[Yard]:
        file = tmp_path / "site.yaml"
        file.write_text(SITE, encoding="utf-8")
        often = (PROFILES / "xy-md02.yaml").read_text(encoding="utf-8").replace("period: 5s", "period: 2s")
        (tmp_path / "profiles").mkdir()
        (tmp_path / "profiles" / "xy-md02.yaml").write_text(often, encoding="utf-8")
        async with standing(file, tmp_path / "wires") as estate:
            wire = estate.lines["yard"]
            wire.faults.echo = echo
            wire.sockets["mains"] = Socket(
                Packaged({"address": "000000000161"}, estate.clock), wire.sockets["mains"].faults
            )
            estate.units["lift"].values.set("amps_a", TRUTH["lift.amps_a"])
            for socket in wire.sockets.values():
                socket.faults.delay = 0.02
            plan, sink = load(file, wires=tmp_path / "wires" / "wires.yaml"), Ledger()
            owner = LineOwner("yard", plan.site.lines["yard"], plan.devices, sink, SystemClock())
            async with asyncio.TaskGroup() as tasks:
                task = tasks.create_task(owner.run())
                here = Yard(estate, owner, sink)
                await here.well()
                yield here
                here.check()
                task.cancel()

    return stand


async def test_a_healthy_line_of_three_protocols_behind_a_stick_that_echoes(yard: Any) -> None:
    async with yard(echo=True) as here:
        assert here.owner.status()["echo"] is True
        assert here.counted("misses", "noise", "foreign", "crc", "half") == 0
        assert here.owner.status()["stray_bytes"] == 0


async def test_no_fault_gives_a_wrong_value(yard: Any) -> None:
    """Late means by more than the patience with that meter, and less than its worst time."""
    async with yard() as here:
        here.wire.faults.noise = 0.3
        faults = {name: socket.faults for name, socket in here.wire.sockets.items()}
        faults["heat"].late = 1.3  # before the others: where many miss at once nobody is waited for so long
        await until(lambda: here.owner.status()["devices"]["heat"]["misses"], 20)
        faults["heat"].late = 0.0
        faults["climate"].corrupt = faults["mains"].half = faults["lift"].foreign = faults["water"].doubled = 1
        await here.well()
        assert here.owner.status()["late_bytes"] > 0
        for name in ("crc", "half", "foreign", "noise"):
            assert here.counted(name), name
