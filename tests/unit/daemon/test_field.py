"""Who comes back slower than before speaks into the others' answers: a wire on which two that speak at once spoil both.

Two reads of each unit that nothing but their order tells apart, as on every Modbus RTU line. Virtual time.
"""

import asyncio
import itertools
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from daemon.config import site
from daemon.field.lines import LineOwner
from drivers import modbus
from drivers.modbus.profile import Profile
from tests.unit.daemon.bus import FakeWire, Ledger, LoopClock, play

PATIENCE, TURN = 0.3, 0.02


def profile(worst: float, period: float) -> Profile:
    def point(address: int, seconds: float) -> dict[str, Any]:
        return {"title": {"zh": "值", "en": "value"}, "table": "holding", "address": address, "kind": "safety",
                "period": seconds}  # fmt: skip

    return Profile.model_validate({
        "maker": "x", "model": "x", "title": {"zh": "板", "en": "board"}, "source": [{"text": "made up"}],
        "hardware": False, "grade": "B", "limits": {"patience": PATIENCE, "worst": worst},
        "points": {"a": point(0, period), "b": point(500, 5.0)},
    })  # fmt: skip


def checksum(data: bytes) -> bytes:
    """CRC-16/MODBUS, bit by bit."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc.to_bytes(2, "little")


class Pair:
    """The wire, and its units 1 to `units`: each register holds its unit's number and its own."""

    def __init__(self, units: int, baud: int) -> None:
        self.turns = dict.fromkeys(range(1, units + 1), TURN)
        self.dead: set[int] = set()
        self.wire: FakeWire | None = None
        self._character = 10 / baud
        self._random = random.Random(units)
        self._spoken: list[tuple[float, bytearray]] = []
        self._busy = dict.fromkeys(self.turns, 0.0)

    async def connect(self, _line: object, hear: Any, end: Any) -> FakeWire:
        self.wire = FakeWire(self, hear, end)  # type: ignore[arg-type]
        return self.wire

    def take(self, request: bytes, wire: FakeWire) -> None:
        self.wire = wire
        asyncio.get_running_loop().call_at(*self._speak(request, self._asked))

    def noise(self) -> None:
        assert self.wire is not None
        asyncio.get_running_loop().call_at(*self._speak(b"\x00\x55", self.wire.bring))

    def _speak(self, data: bytes, then: Any) -> tuple[float, Any]:
        """When it is out, and what is to be called then; whoever speaks meanwhile is as garbled as this."""
        now, sent = asyncio.get_running_loop().time(), bytearray(data)
        self._spoken = [(end, other) for end, other in self._spoken if end > now]
        for _, other in self._spoken:
            for spoilt in (sent, other):
                spoilt[-1] ^= self._random.randrange(1, 256)
        end = now + len(data) * self._character
        self._spoken.append((end, sent))
        return end, lambda: then(bytes(sent))

    def _asked(self, request: bytes) -> None:
        loop, unit = asyncio.get_running_loop(), request[0]
        whole = checksum(request[:-2]) == request[-2:]
        if whole and unit in self.turns and unit not in self.dead and self._busy[unit] <= loop.time():
            self._busy[unit] = loop.time() + self.turns[unit]
            loop.call_at(self._busy[unit], self._answer, unit, int.from_bytes(request[2:4]))

    def _answer(self, unit: int, address: int) -> None:
        if unit not in self.dead and self.wire is not None:
            body = bytes([unit, 3, 2]) + (unit * 1000 + address).to_bytes(2)
            asyncio.get_running_loop().call_at(*self._speak(body + checksum(body), self.wire.bring))


def check(sink: Ledger) -> None:
    """No value was ever another's."""
    for _, point, value, quality in sink.landed:
        unit, channel = number(point), point[-1]
        assert quality == "BAD" or value == unit * 1000 + (500 if channel == "b" else 0), point


def number(name: str) -> int:
    return int(name[1:].partition(".")[0].rstrip("_"))


def all_online(owner: LineOwner) -> bool:
    return all(device["online"] for device in owner.status()["devices"].values())


@pytest.mark.parametrize(("units", "dead", "slower"), [(16, 8, 0.1), (32, 12, 0.05), (32, 12, 0.1)])
def test_many_that_come_back_slower_at_once_are_found_and_cost_nobody_else(
    units: int, dead: int, slower: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first of them shows how much slower; the others are given that time, and speak into no answer."""
    pair, sink, gone = Pair(units, 9600), Ledger(), set(range(1, dead + 1))

    async def story() -> None:
        monkeypatch.setattr("daemon.field.lines.connect", pair.connect)
        boards = {f"u{unit}": modbus.Device(unit, profile(0.6, 2.0)) for unit in pair.turns}
        owner = LineOwner("l", site.Line(serial="/dev/ttyS0", baud=9600), boards, sink, LoopClock())
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(owner.run())
            await asyncio.sleep(15)
            pair.dead = set(gone)
            await asyncio.sleep(45)
            pair.dead, back = set(), LoopClock().monotonic()
            for unit in gone:
                pair.turns[unit] += slower
            await asyncio.sleep(10)
            assert all_online(owner)
            for unit in {*pair.turns} - gone:
                instants = [at for at in sink.renewals(f"u{unit}.a") if at > back - 3]
                assert max(b - a for a, b in itertools.pairwise(instants)) < 7.5
            running.cancel()

    play(story)
    check(sink)
    assert {number(name) for name, up, _ in sink.devices if not up} == gone


@given(
    units=st.integers(1, 6),
    baud=st.sampled_from([2400, 9600, 115200]),
    worst=st.sampled_from([0.4, 0.6, 2.0]),
    steps=st.lists(
        st.tuples(st.sampled_from(["die", "back", "noise", "unplug", "reload", "rename"]), st.integers(1, 6),
                  st.floats(0, 0.27), st.sampled_from([0.05, 0.2, 1.0, 12.0])),
        min_size=4, max_size=14,
    ),
)  # fmt: skip
@example(  # a reload while a late answer was on its way was once its end: the successor took it for its own
    units=1, baud=115200, worst=2.0,
    steps=[("die", 1, 0.0, 12.0), ("back", 1, 0.1, 0.2), ("rename", 1, 0.0, 1.0), ("reload", 1, 0.0, 0.2),
           ("unplug", 1, 0.0, 0.2), ("unplug", 1, 0.0, 1.0), ("reload", 1, 0.0, 0.05)],
)  # fmt: skip
@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whoever_dies_and_comes_back_no_value_is_anothers_and_all_are_found(
    units: int, baud: int, worst: float, steps: list[tuple[str, int, float, float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    pair, sink = Pair(units, baud), Ledger()

    async def story() -> None:
        monkeypatch.setattr("daemon.field.lines.connect", pair.connect)
        board = profile(worst, 1.0)
        boards = {f"u{unit}": modbus.Device(unit, board) for unit in pair.turns}
        owner = LineOwner("l", site.Line(serial="/dev/ttyS0", baud=baud), boards, sink, LoopClock())
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(owner.run())
            await asyncio.sleep(3)
            for what, which, slower, pause in steps:
                unit = (which - 1) % units + 1
                if what == "die":
                    pair.dead.add(unit)
                elif what == "back":
                    pair.dead.discard(unit)
                    pair.turns[unit] = TURN + slower
                elif what == "noise":
                    pair.noise()
                elif what == "unplug" and pair.wire is not None:
                    pair.wire.lose("unplugged")
                else:
                    boards = {name: one for name, one in boards.items() if number(name) != unit}
                    boards[f"u{unit}" if what == "reload" else f"u{unit}_"] = modbus.Device(unit, board)
                    owner.change(boards)
                await asyncio.sleep(pause)
            pair.dead = set()
            await asyncio.sleep(60)
            assert all_online(owner)
            running.cancel()

    play(story)
    check(sink)
