"""A line at which a fire panel calls: plain sockets at the other end, bytes of the published frames."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from daemon.clock import SystemClock
from daemon.config import site
from daemon.field.lines import LineOwner
from drivers.gb26875 import Channel, Device
from drivers.rdm6300 import Device as Reader
from tests.unit.drivers.gb26875_vectors import FRAMES, by_hand


class Sink:
    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.there: list[tuple[bool, str]] = []
        self.lines: list[bool] = []

    def land(self, device: str, samples: Any, now: float) -> None:
        self.values |= {name: sample.value for name, sample in samples.items()}

    def same(self, device: str, channels: Any, now: float) -> None:
        """Not by a listener."""

    def device(self, device: str, online: bool, why: str, now: float) -> None:
        self.there.append((online, why))

    def line(self, name: str, up: bool, why: str, now: float) -> None:
        self.lines.append(up)


def panel(**more: Any) -> Device:
    return Device(address=889, centre=88888, channels={"stair": Channel(place="10-2")}, **({"ask": False} | more))


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until(true: Any, limit: float = 10.0) -> None:
    async with asyncio.timeout(limit):
        while not true():  # noqa: ASYNC110 - the condition is the other side's
            await asyncio.sleep(0.005)


@asynccontextmanager
async def listening(its: Any, port: int, **more: Any) -> AsyncIterator[tuple[LineOwner, Sink]]:
    sink = Sink()
    line = site.Line(listen=f"127.0.0.1:{port}", **({"peer": "127.0.0.1"} | more))
    owner = LineOwner("panel", line, {"panel": its}, sink, SystemClock())
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(owner.run())
        await until(lambda: owner.up is not None)
        try:
            yield owner, sink
        finally:
            task.cancel()


async def test_a_panel_calls_and_is_answered() -> None:
    """The line is up before; the device is there with its first sound frame, and each frame is confirmed."""
    port = free_port()
    async with listening(panel(), port) as (owner, sink):
        assert owner.up
        assert sink.there == []
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"junk" + FRAMES["smoke"][:20])
        await asyncio.sleep(0)
        writer.write(FRAMES["smoke"][20:] + FRAMES["mains fault"])
        answers = [await reader.readexactly(30) for _ in range(2)]
        assert [answer[26] for answer in answers] == [3, 3]
        assert all(answer[-3] == by_hand(answer) for answer in answers)
        assert sink.values["fire"] is True
        assert sink.values["stair"] is True
        assert sink.there == [(True, "answers")]
        writer.write(FRAMES["smoke"][:-3] + b"\x00##")
        assert (await reader.readexactly(30))[26] == 6
        writer.close()


async def test_a_new_call_takes_the_place_of_the_old_one() -> None:
    """Half a frame of the old call spoils nothing of the new one; the device is asked anew."""
    port = free_port()
    async with listening(panel(ask=True), port) as (_, sink):
        old_reader, old = await asyncio.open_connection("127.0.0.1", port)
        assert (await old_reader.readexactly(33))[26] == 4
        old.write(FRAMES["smoke"][:30])
        await old.drain()
        reader, new = await asyncio.open_connection("127.0.0.1", port)
        assert (await reader.readexactly(33))[26] == 4
        new.write(FRAMES["mains fault"])
        await until(lambda: sink.values.get("fire") is False)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await old_reader.readexactly(4096)
        old.close()
        new.close()
    assert all(online for online, _ in sink.there)


async def test_strangers_are_refused_and_do_not_disturb() -> None:
    """From another address than the panel's: not a byte is read, and the panel's call goes on."""
    port = free_port()
    async with listening(panel(), port, peer="127.0.0.2") as (_, sink):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.0.2", 0))
        writer.write(FRAMES["mains fault"])
        await reader.readexactly(30)
        stranger, knocking = await asyncio.open_connection("127.0.0.1", port)
        knocking.write(FRAMES["smoke"])
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await stranger.readexactly(1)
        assert sink.values["fire"] is False
        writer.write(FRAMES["smoke"])
        assert (await reader.readexactly(30))[26] == 3
        assert sink.values["fire"] is True
        writer.close()
        knocking.close()


async def test_a_silent_panel_is_lost_and_comes_back() -> None:
    """Open or not, its connection says nothing; a heartbeat does."""
    its = panel()
    its.silence = 0.3
    port = free_port()
    async with listening(its, port) as (_, sink):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(FRAMES["mains fault"])
        await reader.readexactly(30)
        await until(lambda: sink.there[-1:] == [(False, "nothing sound heard for 0.3 s")])
        writer.write(FRAMES["smoke"])
        await reader.readexactly(30)
        assert sink.there[-1] == (True, "answers")
        writer.close()


async def test_datagrams() -> None:
    """One frame each, answered to where it came from; a stranger's is not read."""
    port, loop = free_port(socket.SOCK_DGRAM), asyncio.get_running_loop()
    async with listening(panel(), port, udp=True, peer="127.0.0.2") as (_, sink):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.setblocking(False)
            await loop.sock_sendto(stranger, FRAMES["smoke"], ("127.0.0.1", port))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
            caller.setblocking(False)
            caller.bind(("127.0.0.2", 0))
            await loop.sock_sendto(caller, FRAMES["mains fault"], ("127.0.0.1", port))
            async with asyncio.timeout(5):
                raw, _ = await loop.sock_recvfrom(caller, 2048)
        assert raw[26] == 3
        assert sink.values["fire"] is False


async def test_a_taken_port_is_told_and_tried_again() -> None:
    """As any line that cannot be opened."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        async with listening(panel(), taken.getsockname()[1]) as (owner, sink):
            assert owner.up is False
            assert "listen 127.0.0.1" in owner.status()["why"]
            taken.close()
            await until(lambda: owner.up)
    assert sink.lines[:2] == [False, True]


async def test_other_devices_that_speak_unasked_may_call_too() -> None:
    """A card reader behind a serial server that calls: it is there while the call is."""
    port = free_port()
    async with listening(Reader(), port) as (_, sink):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(bytes.fromhex("02 30 41 31 32 33 34 35 36 37 38 30 32 03"))
        await until(lambda: sink.values.get("card") == "0305419896")
        writer.close()
        await until(lambda: [online for online, _ in sink.there] == [True, False])
