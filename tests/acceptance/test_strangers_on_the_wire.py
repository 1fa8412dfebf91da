"""Other people's programs on the wire: they read what they should, and the daemon does not notice."""

import asyncio
import json
import re
import shutil
from pathlib import Path

import pytest

from simulators.child import Child
from simulators.stage import gatehouse
from tests.acceptance.conftest import HouseMaker
from tests.acceptance.house import RESIDENT, until

BENCH = """
site: {id: bench, name: 试验台}
lines: {bench: {tcp: "10.0.0.9:502"}}
devices: {meter: {line: bench, driver: modbus, profile: eastron/sdm230, unit: 7}}
"""


async def volts(port: str) -> float:
    """What mbpoll reads in the meter's first register pair."""
    polling = await asyncio.create_subprocess_exec(
        "mbpoll", "-m", "tcp", "-p", port, "-a", "7", "-t", "3:float", "-B", "-r", "1", "-c", "1", "-1", "127.0.0.1",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await asyncio.wait_for(polling.communicate(), 5)
    found = re.search(rb"\[1\]:\s+([0-9.]+)", said)
    assert found, said.decode()
    return float(found[1])


@pytest.mark.skipif(shutil.which("mbpoll") is None, reason="apt-get install mbpoll")
async def test_mbpoll_reads_a_unit_while_the_daemon_runs_on_other_lines(house: HouseMaker, tmp_path: Path) -> None:
    estate = await house()
    site, folder = tmp_path / "bench.yaml", tmp_path / "bench"
    site.write_text(BENCH, encoding="utf-8")
    bench = Child("bench", gatehouse("simulate", site, "--dir", folder), tmp_path / "bench.log")
    await bench.start()
    try:
        await estate.guard()
        await until((folder / "wires.yaml").exists, 10)
        port = json.loads((folder / "wires.yaml").read_text())["bench"]["tcp"].partition(":")[2]
        assert 180 < await volts(port) < 260
        await estate.control.do("swipe", reader="north", number=RESIDENT)
        assert 180 < await volts(port) < 260
        await estate.hears("property", lambda heard: heard.kind == "access.granted")
        assert (await estate.status())["lines"]["gate"]["up"]
    finally:
        assert await bench.stop() == 0
