"""Simulated lines as strangers meet them: mbpoll (libmodbus), pymodbus's own client, and bare bytes on a pty."""

import asyncio
import os
import re
import shutil
import socket
import statistics
import termios
import time
import tty
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pymodbus import FramerType
from pymodbus.client import AsyncModbusTcpClient

from simulators.estate import Estate, standing
from simulators.modbus import checksum
from simulators.units.rdm6300 import frame

SITE = """
lines:
  gate: {{serial: /dev/x, baud: {baud}, format: "{form}"}}
  net:  {{tcp: "10.0.0.1:502", baud: {baud}}}
  far:  {{rtu_over_tcp: "10.0.0.1:4196", baud: {baud}}}
  door: {{serial: /dev/y}}
devices:
  io1: {{line: gate, driver: modbus, profile: waveshare/rtu-relay-d, unit: 1}}
  io2: {{line: gate, driver: modbus, profile: waveshare/rtu-relay, unit: 2}}
  b12: {{line: net, driver: modbus, profile: bender/rcms410, unit: 3}}
  far: {{line: far, driver: modbus, profile: waveshare/rtu-relay, unit: 1}}
  meter: {{line: far, driver: modbus, profile: eastron/sdm230, unit: 2}}
  north: {{line: door, driver: rdm6300}}
"""
READ = checksum(bytes.fromhex("020100000008"))
ANSWER = checksum(bytes.fromhex("02010100"))

Stand = Callable[..., Awaitable[Estate]]


@asynccontextmanager
async def estate(folder: Path, *, pace: bool = False, baud: int = 9600, form: str = "8N1") -> AsyncIterator[Estate]:
    site = folder / "site.yaml"
    site.write_text(SITE.format(baud=baud, form=form))
    async with standing(site, folder, pace=pace) as each:
        yield each


def port(estate: Estate, line: str) -> int:
    (address,) = estate.lines[line].port.address.values()
    return int(address.rpartition(":")[2])


def stands(link: Path) -> bool:
    return link.is_symlink()


class Bare:
    """A host with nothing but a file descriptor."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._fd)
        self.arrived: list[float] = []
        self._bytes = asyncio.Queue[bytes]()
        asyncio.get_running_loop().add_reader(self._fd, self._read)

    def _read(self) -> None:
        try:
            data = os.read(self._fd, 4096)
        except OSError:
            data = b""
            asyncio.get_running_loop().remove_reader(self._fd)
        self.arrived.extend([time.monotonic()] * len(data))
        self._bytes.put_nowait(data)

    def send(self, data: bytes) -> None:
        os.write(self._fd, data)

    async def receive(self, size: int, limit: float = 3.0) -> bytes:
        data = b""
        async with asyncio.timeout(limit):
            while len(data) < size:
                piece = await self._bytes.get()
                if not piece:
                    raise ConnectionResetError("unplugged")
                data += piece
        return data

    async def exchange(self, request: bytes, size: int) -> bytes:
        self.send(request)
        return await self.receive(size)

    async def silent(self, seconds: float) -> bool:
        try:
            return not await self.receive(1, seconds)
        except TimeoutError:
            return True

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._fd)
        os.close(self._fd)


@asynccontextmanager
async def bare(estate: Estate, line: str = "gate") -> AsyncIterator[Bare]:
    host = Bare(Path(estate.lines[line].port.address["serial"]))
    try:
        yield host
    finally:
        host.close()


async def mbpoll(*arguments: object) -> dict[int, str]:
    """Values by address, as libmodbus read them."""
    program = shutil.which("mbpoll")
    if program is None:
        pytest.skip("mbpoll is not installed: apt install mbpoll")
    run = await asyncio.create_subprocess_exec(
        program, "-0", "-1", *map(str, arguments), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await asyncio.wait_for(run.communicate(), 10)
    assert run.returncode == 0, output.decode()
    return {int(at): value for at, value in re.findall(r"^\[(\d+)\]:\s*(\S+)", output.decode(), re.MULTILINE)}


async def test_mbpoll_over_a_pty(tmp_path: Path) -> None:
    async with estate(tmp_path, pace=True) as here:
        here.units["io2"].write_coil(3, 0xFF00)
        serial = ("-m", "rtu", "-b", 9600, "-P", "none", here.lines["gate"].port.address["serial"])
        assert await mbpoll("-a", 2, "-t", 0, "-r", 0, "-c", 8, *serial) == dict(enumerate("00010000"))
        await mbpoll("-a", 2, "-t", 0, "-r", 5, *serial, 1)
        assert here.units["io2"].read_coils(0, 8) == [False, False, False, True, False, True, False, False]
        assert await mbpoll("-a", 2, "-t", "4:hex", "-r", 0x8000, *serial) == {0x8000: "0x00C8"}


async def test_mbpoll_over_tcp(tmp_path: Path) -> None:
    async with estate(tmp_path, pace=True) as here:
        here.units["b12"].values.set("rms2", 0.35)
        tcp = ("-m", "tcp", "-p", port(here, "net"), "127.0.0.1")
        assert (await mbpoll("-a", 3, "-t", "4:float", "-B", "-r", 1064, "-c", 4, *tcp))[1066] == "0.35"


@pytest.mark.parametrize("pace", [True, False])
async def test_pymodbus_on_both_kinds_of_tcp_line(tmp_path: Path, pace: bool) -> None:
    async with estate(tmp_path, pace=pace) as here:
        gateway = AsyncModbusTcpClient("127.0.0.1", port=port(here, "net"), timeout=1)
        through = AsyncModbusTcpClient("127.0.0.1", port=port(here, "far"), framer=FramerType.RTU, timeout=1)
        assert await through.connect()
        assert not (await through.write_coils(0, [True, False, True], device_id=1)).isError()
        assert (await through.read_coils(0, count=8, device_id=1)).bits[:3] == [True, False, True]
        assert (await through.read_discrete_inputs(0, count=8, device_id=1)).exception_code == 1
        assert await gateway.connect()
        assert (await gateway.read_holding_registers(999, count=1, device_id=3)).registers == [0]
        assert (await through.read_input_registers(0x46, count=2, device_id=2)).registers == [0x4248, 0]
        for client in (gateway, through):
            client.close()


@pytest.mark.parametrize(("baud", "form", "bits"), [(9600, "8N1", 10), (19200, "8E1", 11), (115200, "8N1", 10)])
async def test_a_paced_exchange_takes_the_time_that_the_wire_takes(
    tmp_path: Path, baud: int, form: str, bits: int
) -> None:
    """Request, turn-round, answer: the median of twenty is at the arithmetic's value, and none is faster."""
    async with estate(tmp_path, pace=True, baud=baud, form=form) as here, bare(here) as host:
        took = []
        for _ in range(20):
            start = time.monotonic()
            assert await host.exchange(READ, len(ANSWER)) == ANSWER
            took.append(time.monotonic() - start)
    expected = (len(READ) + len(ANSWER)) * bits / baud + 0.005
    assert min(took) >= expected
    assert statistics.median(took) < expected * 1.15 + 0.001


async def test_characters_come_one_by_one(tmp_path: Path) -> None:
    """At 9600 baud an answer is no lump: most gaps are below 1.5 characters and its length is right."""
    async with estate(tmp_path, pace=True) as here, bare(here) as host:
        gaps: list[float] = []
        for _ in range(10):
            host.arrived.clear()
            await host.exchange(READ, len(ANSWER))
            gaps += [b - a for a, b in zip(host.arrived, host.arrived[1:], strict=False)]
    character = 10 / 9600
    assert statistics.median(gaps) == pytest.approx(character, rel=0.25)
    assert sum(gap < 1.5 * character for gap in gaps) > 0.8 * len(gaps)


async def test_without_pace_only_the_turn_round_is_left(tmp_path: Path) -> None:
    async with estate(tmp_path, baud=1200) as here, bare(here) as host:
        here.socket("io2").faults.delay = 0.0
        start = time.monotonic()
        await host.exchange(READ, len(ANSWER))
        assert time.monotonic() - start < 0.1  # on the wire: 0.12 s


async def test_a_gateway_takes_one_exchange_at_a_time(tmp_path: Path) -> None:
    """Two hosts ask at once; the second waits for the first one's exchange on the wire behind the gateway."""
    request = bytes.fromhex("0001 0000 0006 03 03 0428 0008")
    async with estate(tmp_path, pace=True) as here:
        hosts = [await asyncio.open_connection("127.0.0.1", port(here, "net")) for _ in range(2)]
        start = time.monotonic()
        for _, writer in hosts:
            writer.write(request)
        took = []
        for reader, writer in hosts:
            assert (await asyncio.wait_for(reader.readexactly(25), 3))[:8] == bytes.fromhex("0001 0000 0013 03 03")
            took.append(time.monotonic() - start)
            writer.close()
    one = (8 + 21) * 10 / 9600 + 2 * 38.5 / 9600 + 0.005
    assert took[0] >= one
    assert took[1] >= 2 * one
    assert took[1] < 2 * one * 1.3 + 0.005


async def test_silent_units_and_unknown_ones_are_not_heard_and_the_others_are(tmp_path: Path) -> None:
    async with estate(tmp_path) as here, bare(here) as host:
        here.socket("io2").faults.silent = True
        host.send(READ)
        assert await host.silent(0.08)
        host.send(checksum(bytes.fromhex("070100000008")))
        assert await host.silent(0.08)
        here.socket("io2").faults.silent = False
        assert await host.exchange(READ, len(ANSWER)) == ANSWER


async def test_late_corrupt_doubled_and_foreign_answers(tmp_path: Path) -> None:
    async with estate(tmp_path) as here, bare(here) as host:
        faults = here.socket("io2").faults
        faults.late = 0.2
        start = time.monotonic()
        assert await host.exchange(READ, len(ANSWER)) == ANSWER
        assert 0.2 < time.monotonic() - start < 0.35
        faults.late = 0.0
        faults.corrupt = 1
        corrupt = await host.exchange(READ, len(ANSWER))
        assert corrupt != checksum(corrupt[:-2])
        faults.doubled = 1
        assert await host.exchange(READ, 2 * len(ANSWER)) == ANSWER * 2
        faults.foreign = 1
        assert (await host.exchange(READ, len(ANSWER)))[0] == 3
        assert await host.exchange(READ, len(ANSWER)) == ANSWER


async def test_a_cut_line_is_silent_both_ways_and_an_echoing_stick_repeats(tmp_path: Path) -> None:
    async with estate(tmp_path) as here, bare(here) as host:
        line = here.lines["gate"]
        line.faults.cut = True
        host.send(READ)
        assert await host.silent(0.08)
        line.faults.cut = False
        line.faults.echo = True
        assert await host.exchange(READ, len(READ) + len(ANSWER)) == READ + ANSWER
        line.faults.echo = False
        line.faults.noise = 1.0
        data = await host.exchange(READ, len(ANSWER) + 1)
        assert data.endswith(ANSWER) or ANSWER.startswith(data[1:4])


async def test_a_broadcast_is_obeyed_and_not_answered(tmp_path: Path) -> None:
    async with estate(tmp_path) as here, bare(here) as host:
        here.units["io1"].hears()
        host.send(checksum(bytes.fromhex("00050004FF00")))
        assert await host.silent(0.08)
        assert here.units["io2"].read_coils(4, 1) == [True]


async def test_an_unplugged_adapter_hangs_up_and_returns_under_its_name(tmp_path: Path) -> None:
    async with estate(tmp_path) as here:
        line = here.lines["gate"]
        path = Path(line.port.address["serial"])
        async with bare(here) as host:
            assert await host.exchange(READ, len(ANSWER)) == ANSWER
            line.unplug()
            with pytest.raises(ConnectionResetError):
                await host.receive(1)
            assert not stands(path)
        await line.replug()
        async with bare(here) as host:
            assert await host.exchange(READ, len(ANSWER)) == ANSWER


async def test_an_unplugged_tcp_port_returns_under_its_number(tmp_path: Path) -> None:
    async with estate(tmp_path) as here:
        line, number = here.lines["far"], port(here, "far")
        reader, writer = await asyncio.open_connection("127.0.0.1", number)
        line.unplug()
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(reader.readexactly(1), 3)
        writer.close()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", number)
        await line.replug()
        reader, writer = await asyncio.open_connection("127.0.0.1", number)
        writer.write(checksum(bytes.fromhex("010100000008")))
        assert await asyncio.wait_for(reader.readexactly(6), 3) == checksum(bytes.fromhex("01010100"))
        writer.close()


async def test_what_one_host_left_is_not_for_the_next(tmp_path: Path) -> None:
    """Cards swiped while nobody listens are lost, as on a real port."""
    async with estate(tmp_path) as here:
        reader = here.readers["north"]
        async with bare(here, "door") as host:
            reader.swipe("0004712345", 0.01)
            assert await host.receive(14) == frame("0004712345")
            reader.swipe("0004712346", 0.01)
        reader.swipe("0004712347", 0.01)
        await asyncio.sleep(0.1)  # no condition tells that nothing will come
        async with bare(here, "door") as host:
            assert await host.silent(0.1)
            reader.swipe("0004712348", 0.01)
            assert await host.receive(14) == frame("0004712348")


async def test_a_host_that_takes_the_port_for_itself_can_come_again(tmp_path: Path) -> None:
    async with estate(tmp_path) as here:
        for _ in range(3):
            async with bare(here) as host:
                assert await host.exchange(READ, len(ANSWER)) == ANSWER


async def test_a_host_that_connects_and_says_nothing_or_nonsense_harms_nobody(tmp_path: Path) -> None:
    async with estate(tmp_path) as here:
        for line in ("net", "far"):
            with socket.create_connection(("127.0.0.1", port(here, line))) as host:
                host.sendall(bytes(range(256)) * 20)
        client = AsyncModbusTcpClient("127.0.0.1", port=port(here, "net"), timeout=1)
        assert await client.connect()
        assert (await client.read_holding_registers(999, count=1, device_id=3)).registers == [0]
        client.close()


def test_raw_mode_is_what_a_pty_is_left_in() -> None:
    """The premise of the pty: what tty.setraw does on the slave holds after the slave is closed."""
    master, slave = os.openpty()
    name = os.ttyname(slave)
    tty.setraw(slave)
    os.close(slave)
    again = os.open(name, os.O_RDWR | os.O_NOCTTY)
    assert not termios.tcgetattr(again)[3] & (termios.ICANON | termios.ECHO)
    os.close(again)
    os.close(master)
