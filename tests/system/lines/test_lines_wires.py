"""Every kind of wire, every rate and format, against libmodbus and mbpoll."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from daemon.config import site
from daemon.field.lines import Command
from drivers.modbus import Device
from gatehouse.demands import Pulse
from tests.system.lines.conftest import Cable, Libmodbus, Owner, profile, until

EVERYTHING = profile(
    {
        "coil": {"table": "coil", "address": 3, "count": 9, "writable": True, "flash_on": {"address": 200}},
        "input": {"table": "discrete", "address": 5, "count": 20},
        "register": {"table": "input", "address": 7, "count": 125},
        "setting": {"address": 11, "count": 3, "writable": True},
        "wide": {"address": 300, "form": "u32"},
    }
)


async def conversation(line: object, sink: object, unit: Libmodbus) -> None:
    """Functions 1 to 6 with values, and what they do on the other side."""
    unit.inputs[6] = 1
    points = {point.name for point in Device(1, EVERYTHING).points()}
    await until(lambda: {name for _, name, *_ in sink.landed} == {f"a.{point}" for point in points})
    assert sink.values("a.register125")[-1] == (131, "GOOD")
    assert sink.values("a.wide")[-1] == ((300 << 16) + 301, "GOOD")
    await until(lambda: sink.values("a.input2")[-1] == (True, "GOOD"))
    assert sink.values("a.input1")[-1] == (False, "GOOD")
    answers: list[str] = []
    for channel, value in (("coil9", True), ("setting3", 777), ("coil2", Pulse(True, 0.7))):
        line.write(Command(device="a", channel=channel, value=value, permit=str, done=answers.append, priority=8))
    await until(lambda: len(answers) == 3)
    assert answers[:2] == ["", ""]
    assert unit.coils[11] == 1
    assert unit.holding[13] == 777
    await until(lambda: sink.values("a.coil9")[-1] == (True, "GOOD"))
    await until(lambda: sink.values("a.setting3")[-1] == (777, "GOOD"))
    # libmodbus knows no flash-on: it takes only 0xFF00 and 0x0000, and says so. The frame itself is the golden one.
    assert "illegal data value" in answers[2]
    assert any(request[-7:-2].hex() == "0500c90007" or request[7:].hex() == "0500c90007" for request in unit.requests)


@pytest.mark.parametrize("baud", [300, 9600, 19200, 115200])
@pytest.mark.parametrize("form", ["8N1", "8E1", "8O2"])
async def test_every_rate_and_format_opens_and_talks(
    baud: int, form: str, cable: Cable, unit: Libmodbus, running: Owner
) -> None:
    settings = site.Line(serial=cable.near, baud=baud, format=form)
    async with running(settings, a=Device(1, profile({"r": {"address": 42}}))) as (_, sink):
        await until(lambda: sink.values("a.r"))
        assert sink.values("a.r")[0] == (42, "GOOD")


async def test_serial(cable: Cable, unit: Libmodbus, running: Owner) -> None:
    async with running(site.Line(serial=cable.near, baud=115200), a=Device(1, EVERYTHING)) as (line, sink):
        await conversation(line, sink, unit)


async def test_tcp(tcp_unit: tuple[Libmodbus, int], running: Owner) -> None:
    unit, port = tcp_unit
    async with running(site.Line(tcp=f"127.0.0.1:{port}"), a=Device(1, EVERYTHING, wire="tcp")) as (line, sink):
        await conversation(line, sink, unit)


@asynccontextmanager
async def serial_server(cable: Cable) -> AsyncIterator[int]:
    """A box that passes bytes between a TCP port and the cable, unchanged: socat."""
    process = await asyncio.create_subprocess_exec(
        "socat",
        "-d",
        "-d",
        "TCP-LISTEN:0,bind=127.0.0.1",
        f"OPEN:{cable.near},raw,echo=0",
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    async with asyncio.timeout(5):
        while b"listening on" not in (text := await process.stderr.readline()):
            assert text
    yield int(text.rsplit(b":", 1)[1])
    if process.returncode is None:
        process.kill()
    await process.communicate()


@pytest.mark.skipif(shutil.which("socat") is None, reason="socat is not installed: apt-get install socat")
async def test_rtu_over_tcp(cable: Cable, unit: Libmodbus, running: Owner) -> None:
    async with serial_server(cable) as port:
        settings = site.Line(rtu_over_tcp=f"127.0.0.1:{port}", baud=115200)
        async with running(settings, a=Device(1, EVERYTHING)) as (line, sink):
            await conversation(line, sink, unit)


async def test_an_illegal_address_is_said_in_words(cable: Cable, unit: Libmodbus, running: Owner) -> None:
    beyond = profile({"r": {"address": 60000}})
    async with running(site.Line(serial=cable.near), a=Device(1, beyond)) as (_, sink):
        await until(lambda: sink.landed)
        assert sink.values("a.r")[0] == (None, "BAD")
        assert sink.devices == [("a", True, "answers")]


async def test_a_gateway_that_hangs_up_is_called_again(tcp_unit: tuple[Libmodbus, int], running: Owner) -> None:
    unit, port = tcp_unit
    device = Device(1, profile({"r": {"address": 42}}), wire="tcp")
    async with running(site.Line(tcp=f"127.0.0.1:{port}"), a=device) as (line, sink):
        await until(lambda: sink.values("a.r"))
        unit.c.modbus_close(unit.context)
        unit._connected = False
        await until(lambda: line.status()["opened"] == 2)
        settled = asyncio.get_running_loop().time()
        await until(lambda: sink.renewals("a.r")[-1] > settled)
        assert sink.lines == [("line", True, "open")]
        assert line.status()["why"].startswith("open anew: ")
        assert {value for value, _ in sink.values("a.r")} == {42}
