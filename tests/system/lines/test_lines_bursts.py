"""Seven of ten units die at once behind a Modbus TCP gateway and on a serial line, both as slow as their wire."""

import asyncio
import itertools
from pathlib import Path
from typing import Any

import pytest

from daemon.config import site
from drivers.modbus import Device
from simulators import wire
from simulators.clock import FineClock
from simulators.segment import Pace
from simulators.units.xy_md02 import Device as Sensor
from tests.system.lines.conftest import Owner, profile, until

PATIENCE, WORST, PERIOD = 0.1, 0.2, 0.4
NAMES = [f"u{number:02}" for number in range(1, 11)]


@pytest.mark.parametrize("form", ["tcp", "serial"])
async def test_the_living_are_read_while_the_others_die(
    form: Any, tmp_path: Path, running: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "_GATEWAY_WAITS", PATIENCE)
    clock = FineClock()
    line = wire.build("l", form, clock, Pace(baud=115200), tmp_path / "port")
    for number, name in enumerate(NAMES, 1):
        line.attach(name, Sensor(number, clock))
    await line.port.plug()
    points = {"t": {"table": "input", "address": 1, "kind": "safety", "period": f"{PERIOD * 1000:.0f}ms"}}
    devices = {n: Device(u, profile(points, usual="10ms", worst="200ms"), wire=form) for u, n in enumerate(NAMES, 1)}
    dead = {name for number, name in enumerate(NAMES) if number % 4}
    async with running(site.Line.model_validate({**line.port.address, "baud": 115200}), **devices) as (owner, sink):
        await until(lambda: {name for name, up, _ in sink.devices if up} == set(NAMES))
        await asyncio.sleep(PERIOD)
        for name in dead:
            line.sockets[name].faults.silent = True
        died = asyncio.get_running_loop().time()
        await until(lambda: {name for name, up, _ in sink.devices if not up} == dead, 20)
        assert asyncio.get_running_loop().time() - died < 10
        await asyncio.sleep(2 * PERIOD)
        assert owner.status()["opened"] == 1
        for name in sorted(set(NAMES) - dead):
            gaps = [(a, b - a) for a, b in itertools.pairwise(sink.renewals(f"{name}.t")) if b > died]
            assert max(gap for _, gap in gaps) < PERIOD + len(dead) * (PATIENCE + WORST), "it is not known yet who died"
            sure = [gap for at, gap in gaps if at > died + PERIOD + 3 * (PATIENCE + WORST)]
            assert max(sure) < PERIOD + 2 * (PATIENCE + WORST), "one exchange in vain, and what a busy machine needs"
    line.unplug()
    clock.close()
