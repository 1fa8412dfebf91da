"""An evil third-party driver on a real pty beside an honest device: it ends out of service, and nobody else notices."""

from itertools import pairwise
from pathlib import Path

import pytest

from daemon.config import site, thirdparty
from daemon.plugins.process import Patience
from drivers.modbus import Device
from tests.system.lines.conftest import Cable, Libmodbus, Owner, profile, until
from tests.unit.daemon.plugins.evil import driver

ASK = "return Question(request=bytes.fromhex('010300000001840A'), find=find, expected=7, patience=0.1, worst=0.2)"
"""A question that libmodbus answers, so that `find` has something to misuse."""
HONEST = {"r": {"address": 42, "period": "100ms"}}
ENDS = {
    "hangs": ("while True: pass", "stopped 2 times within an hour"),
    "raises": ("raise SystemExit", "SystemExit"),
    "reaches out": ("import socket; socket.create_connection(('127.0.0.1', 9))", "wants socket."),
}


@pytest.mark.parametrize("name", ENDS)
async def test_it_is_out_of_service_and_the_others_are_read_on(
    name: str, tmp_path: Path, cable: Cable, unit: Libmodbus, running: Owner
) -> None:
    deed, says = ENDS[name]
    file = driver(tmp_path, ask=ASK, find=deed)
    file.write_text(file.read_text().replace("period=1.0", "period=0.2"))
    evil = thirdparty.of_path(file, [], Patience(pause=0.05, strikes=2)).build(address=9)
    settings = site.Line(serial=cable.near, baud=115200)
    async with running(settings, good=Device(1, profile(HONEST)), evil=evil) as (line, sink):
        await until(lambda: line.status()["devices"]["evil"]["why"].startswith("driver fault"), 20.0)
        said = line.status()["devices"]["evil"]["why"]
        before = len(sink.renewals("good.r"))
        await until(lambda: len(sink.renewals("good.r")) > before + 5)
        assert line.status()["devices"]["good"]["online"]
    gaps = [later - earlier for earlier, later in pairwise(sink.renewals("good.r"))]
    assert max(gaps) < 1.0, "a tenth of a second for the call, the rest after the miss, and slack for a busy machine"
    assert set(sink.values("good.r")) <= {(42, "GOOD"), (42, "UNCERTAIN")}
    assert sink.values("evil.level") == []
    assert says in said
    evil.close()
