"""The shapes in which an RTU line misbehaves: none of them ever gives a wrong value.

Four reads at 0, 100, 200 and 300; every register holds its own address, so an answer taken for another's shows at once.
"""

import asyncio
from collections.abc import Callable

import pytest

from daemon.config import site
from daemon.field.lines import Command
from drivers.modbus import Device
from tests.system.lines.conftest import Cable, Libmodbus, Owner, profile, until

Shape = Callable[[bytes], list[tuple[float, bytes]]]
FOUR = profile({f"r{address}": {"address": address} for address in (0, 100, 200, 300)})


def foreign(answer: bytes) -> bytes:
    """The same under another unit's address, with its checksum: made here, not by our codec."""
    body = bytes((9,)) + answer[1:-2]
    value = 0xFFFF
    for byte in body:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (0xA001 if value & 1 else 0)
    return body + value.to_bytes(2, "little")


SHAPES: dict[str, list[Shape]] = {
    "the first answer 0.2 s late": [lambda a: [(0.2, a)]],
    "two answers 0.15 s late": [lambda a: [(0.15, a)]] * 2,
    "five answers 0.25 s late": [lambda a: [(0.25, a)]] * 5,
    "two bytes of noise before": [lambda a: [(0, b"\x00\xff" + a)]] * 6,
    "a wrong checksum": [lambda a: [(0, a[:-1] + bytes((a[-1] ^ 1,)))]] * 3,
    "the answer of another unit": [lambda a: [(0, foreign(a))]] * 3,
    "half an answer": [lambda a: [(0, a[: len(a) // 2])]] * 3,
    "pieces of 3 bytes, 4 ms apart": [lambda a: [(n * 0.004, a[3 * n : 3 * n + 3]) for n in range(3)]] * 12,
    "a doubled answer": [lambda a: [(0, a + a)]] * 6,
    "a doubled answer, 2 ms later": [lambda a: [(0, a), (0.001, a)]] * 6,
    "foreign traffic around it": [lambda a: [(0, foreign(a) + a + foreign(a))]] * 6,
}
MISSING = {
    "the first answer 0.2 s late", "two answers 0.15 s late", "five answers 0.25 s late",
    "a wrong checksum", "the answer of another unit", "half an answer",
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
async def test_no_fault_shape_gives_a_wrong_value(name: str, cable: Cable, unit: Libmodbus, running: Owner) -> None:
    settings = site.Line(serial=cable.near, baud=115200)
    async with running(settings, a=Device(1, FOUR)) as (line, sink):
        await until(lambda: len({point for _, point, *_ in sink.landed}) == 4)
        cable.faults = list(SHAPES[name])
        await until(lambda: not cable.faults, 10)
        settled = asyncio.get_running_loop().time() + 0.4

        def well() -> bool:
            points = [f"a.r{address}" for address in (0, 100, 200, 300)]
            return all(max(sink.renewals(p)) > settled and sink.values(p)[-1][1] == "GOOD" for p in points)

        await until(well, 10)
        for address in (0, 100, 200, 300):
            values = sink.values(f"a.r{address}")
            assert {value for value, _ in values} == {address}
            assert values[-1] == (address, "GOOD")
        counted = line.status()["devices"]["a"]
        assert (counted["misses"] > 0) is (name in MISSING)
        doubts = [quality for _, _, _, quality in sink.landed if quality == "UNCERTAIN"]
        assert bool(doubts) is (name in MISSING), "what follows a miss is in doubt, and nothing else is"


async def test_a_stick_that_echoes_reads_and_writes(cable: Cable, unit: Libmodbus, running: Owner) -> None:
    cable.echo = True
    board = profile({"relay": {"table": "coil", "address": 3, "writable": True}})
    async with running(site.Line(serial=cable.near), a=Device(1, FOUR), b=Device(1, board)) as (line, sink):
        await until(lambda: len({point for _, point, *_ in sink.landed}) == 5)
        assert line.status()["echo"] is True
        answers: list[str] = []
        line.write(Command(device="b", channel="relay", value=True, permit=str, done=answers.append, priority=2))
        await until(lambda: answers)
        assert answers == [""]
        assert unit.coils[3] == 1
        await until(lambda: sink.values("b.relay")[-1] == (True, "GOOD"))
        assert {value for value, _ in sink.values("a.r200")} == {200}


async def test_an_echo_of_a_dead_unit_is_no_yes(cable: Cable, running: Owner) -> None:
    cable.echo = True
    board = profile({"relay": {"table": "coil", "address": 3, "writable": True}})
    async with running(site.Line(serial=cable.near), b=Device(1, board)) as (line, _):
        await until(lambda: line.status()["echo"])
        answers: list[str] = []
        line.write(Command(device="b", channel="relay", value=True, permit=str, done=answers.append, priority=2))
        await until(lambda: answers)
        assert answers == ["no answer"]


async def test_unplugged_and_plugged_again(cable: Cable, unit: Libmodbus, running: Owner) -> None:
    async with running(site.Line(serial=cable.near), a=Device(1, FOUR)) as (line, sink):
        await until(lambda: len(sink.landed) >= 4)
        cable.unplug()
        await until(lambda: len(sink.devices) == 2)
        assert sink.lines[1][:2] == ("line", False)
        assert sink.devices[1][:2] == ("a", False)
        assert "is the adapter plugged in" in line.status()["why"]
        cable.plug()
        await until(lambda: len(sink.devices) == 3)
        assert sink.lines[2] == ("line", True, "open")
        await until(lambda: sink.values("a.r300")[-1] == (300, "GOOD"))


async def test_a_second_master_is_refused_in_words(cable: Cable, unit: Libmodbus, running: Owner) -> None:
    async with running(site.Line(serial=cable.near), a=Device(1, FOUR)) as (_, first):
        await until(lambda: first.landed)
        async with running(site.Line(serial=cable.near), a=Device(1, FOUR)) as (_, second):
            await until(lambda: second.lines)
            assert "a line has one master" in second.lines[0][2]
