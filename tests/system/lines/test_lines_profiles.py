"""The whole way in virtual time: a line at work, our Modbus driver, units that pymodbus makes of the profiles' YAML."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from daemon.config import site
from daemon.field import lines
from daemon.field.lines import Command, LineOwner
from drivers.modbus import Device
from drivers.modbus.profile import Profile
from simulators import profile_units
from simulators.profile_units import Unit
from tests.unit.daemon.bus import Bus, FakeWire, Ledger, LoopClock, play, until

PROFILES = Path(__file__).parents[3] / "config/profiles"


class Wire(Bus):
    """Units behind one RTU or ASCII line."""

    def __init__(self, units: dict[int, Unit], framing: str = "rtu") -> None:
        super().__init__()
        self.units, self.framing = units, framing
        self.silent: set[int] = set()

    def take(self, request: bytes, wire: FakeWire) -> None:
        number = int(request[1:3], 16) if self.framing == "ascii" else request[0]
        if number not in self.silent:
            answer = self.units[number].answer(self.framing, request)
            asyncio.get_running_loop().call_later(0.01, wire.bring, answer)


Story = Callable[[LineOwner, Ledger, Wire], Awaitable[None]]


@pytest.fixture
def on_line(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Run a story on a line with one device."""

    def perform(story: Story, device: Device, wire: Wire) -> None:
        async def whole() -> None:
            sink = Ledger()
            monkeypatch.setattr(lines, "connect", wire.connect)
            line = LineOwner("a", site.Line(serial="/dev/serial/by-id/x"), {"d": device}, sink, LoopClock())
            async with asyncio.TaskGroup() as tasks:
                running = tasks.create_task(line.run())
                await story(line, sink, wire)
                running.cancel()

        play(whole)

    return perform


def unit(name: str) -> tuple[dict[str, Any], Unit]:
    yaml = profile_units.load(PROFILES / f"{name}.yaml")
    made = Unit(yaml)
    made.fill(random.Random(name))
    return yaml, made


def test_a_map_that_is_not_the_profiles_is_out_of_service_and_says_why(on_line: Callable[..., None]) -> None:
    """Nothing of it is believed, nothing told to it; when it is exchanged for the right one, it serves."""
    yaml, alm = unit("homemaster/alm-173-r1")
    dice, refused = random.Random(1), list[str]()
    alm.settle(yaml["settle"][0], dice, well=False)

    async def story(line: LineOwner, sink: Ledger, wire: Wire) -> None:
        await asyncio.sleep(30)
        assert {(function, address) for function, address, _ in alm.asked} == {(4, 200)}
        assert 3 <= len(alm.asked) <= 6, "asked again every ten seconds, no more"
        ((device, online, why),) = sink.devices
        assert (device, online) == ("d", False)
        assert "input register 200 holds 1, expected a refusal" in why
        assert sink.landed == []
        order = Command(device="d", channel="acknowledge", value=True, priority=8, permit=str, done=refused.append)
        line.write(order)
        assert "expected a refusal" in refused[0]
        alm.settle(yaml["settle"][0], dice)
        await until(lambda: sink.devices[-1] == ("d", True, "answers"), 15)
        await asyncio.sleep(2)
        assert sink.values("d.input17")[-1][1] == "GOOD"
        line.write(order)
        await until(lambda: len(refused) == 2)
        assert refused[1] == ""
        assert alm.values["coil", 500] == 1

    on_line(story, Device(1, Profile.model_validate(yaml), also=("acknowledge",)), Wire({1: alm}))


def test_what_comes_back_is_settled_anew(on_line: Callable[..., None]) -> None:
    """Another product was put in its place while it was gone: no value of that one ever counts."""
    yaml, alm = unit("homemaster/alm-173-r1")

    async def story(line: LineOwner, sink: Ledger, wire: Wire) -> None:
        await until(lambda: sink.values("d.input1"))
        wire.silent = {1}
        await until(lambda: sink.devices[-1][1] is False)
        alm.settle(yaml["settle"][0], random.Random(1), well=False)
        alm.asked.clear()
        landed, wire.silent = len(sink.landed), set()
        await asyncio.sleep(15)
        assert "expected a refusal" in line.status()["devices"]["d"]["why"]
        assert sink.devices[-1][1] is False
        assert {quality for *_, quality in sink.landed[landed:]} <= {"BAD"}
        assert {address for _, address, _ in alm.asked[1:]} == {200}, "the first was the probe that it answered"

    on_line(story, Device(1, Profile.model_validate(yaml)), Wire({1: alm}))


def test_points_that_wait_say_why_and_the_others_serve(on_line: Callable[..., None]) -> None:
    yaml, breaker = unit("lingxun/lx47le-125")
    dice = random.Random(2)
    breaker.settle(yaml["settle"][0], dice, well=False)

    async def story(line: LineOwner, sink: Ledger, wire: Wire) -> None:
        await asyncio.sleep(25)
        assert sink.devices == [("d", True, "answers")]
        assert {quality for _, quality in sink.values("d.volts_a")} == {"BAD"}
        assert sink.values("d.current_residual")[-1][1] == "GOOD"
        breaker.settle(yaml["settle"][0], dice)
        await asyncio.sleep(45)
        assert sink.values("d.volts_a")[-1] == (breaker.values["input", 8], "GOOD")

    on_line(story, Device(1, Profile.model_validate(yaml)), Wire({1: breaker}))


def test_gaps_that_are_refused_are_learnt_and_cost_no_reading(on_line: Callable[..., None]) -> None:
    """LX47LE: no register stands between some of its amps and volts; the line finds out once."""
    yaml, breaker = unit("lingxun/lx47le-125")
    ours = Device(1, Profile.model_validate(yaml))
    planned = len(ours.scans())

    async def story(line: LineOwner, sink: Ledger, wire: Wire) -> None:
        await asyncio.sleep(60)
        assert len(ours.scans()) > planned
        for channel in ("amps_a", "volts_c", "watts", "current_residual"):
            assert sink.values(f"d.{channel}")[-1][1] == "GOOD"
        refusals = [entry for entry in line.ring.entries() if entry.kind == "answer" and entry.data[1] & 0x80]
        assert 1 <= len(refusals) <= 6

    on_line(story, ours, Wire({1: breaker}))


def test_values_that_are_multiplied_wait_for_their_factors_only(on_line: Callable[..., None]) -> None:
    yaml, meter = unit("acrel/dtsd1352")
    meter.put([("holding", 0x8D), ("holding", 0x8E), ("holding", 0x61)], [100, 40, 2301])

    async def story(line: LineOwner, sink: Ledger, wire: Wire) -> None:
        await asyncio.sleep(25)
        assert sink.values("d.volts1")[-1] == (23010.0, "GOOD")
        meter.put([("holding", 0x8D)], [10])  # nothing but the ratio changes
        await asyncio.sleep(75)
        assert sink.values("d.volts1")[-1] == (2301.0, "GOOD")
        assert {quality for _, quality in sink.values("d.ct")} == {"GOOD"}

    on_line(story, Device(1, Profile.model_validate(yaml)), Wire({1: meter}))


def test_an_ascii_line(on_line: Callable[..., None]) -> None:
    yaml, sensor = unit("greystone/cmd5b4-ascii")
    sensor.put([("holding", 1)], [35])

    async def story(line: LineOwner, sink: Ledger, wire: Wire) -> None:
        await until(lambda: ("d.co", 35) in [(name, value) for _, name, value, _ in sink.landed])
        await asyncio.sleep(5)
        assert len(sink.renewals("d.co")) > 3

    on_line(story, Device(1, Profile.model_validate(yaml)), Wire({1: sensor}, "ascii"))


RIDING = """
maker: m
model: m
title: {zh: 探测器, en: sensor}
source: [{text: "an invented one, for this test"}]
hardware: false
grade: B
points:
  alarm: {title: {zh: 报警, en: alarm}, table: input, address: 0, enum: {0: false, 1: true}, kind: safety, period: 1s}
  volts: {title: {zh: 电压, en: volts}, table: input, address: 1, count: 3, unit: V, low: 0, high: 500, kind: measure,
          period: 4s}
"""


def test_an_alarm_that_comes_along_with_the_measures_is_never_an_old_one(
    on_line: Callable[..., None], tmp_path: Path
) -> None:
    """Whichever of the two reads brings it, and whatever both said before: the image has what the register says."""
    (tmp_path / "sensor.yaml").write_text(RIDING)
    yaml = profile_units.load(tmp_path / "sensor.yaml")
    sensor, dice = Unit(yaml), random.Random(7)
    ours = Device(1, Profile.model_validate(yaml))
    assert [(scan.points, scan.also) for scan in ours.scans()] == [
        (("alarm",), ()), (("volts1", "volts2", "volts3"), ("alarm",)),
    ]  # fmt: skip

    async def story(line: LineOwner, sink: Ledger, wire: Wire) -> None:
        for _ in range(150):
            sensor.values["input", 0] = dice.randrange(2)
            for address in (1, 2, 3):
                sensor.values["input", address] = dice.choice((229, 230, 230, 230))
            await asyncio.sleep(1.2)
            assert sink.values("d.alarm")[-1] == (bool(sensor.values["input", 0]), "GOOD")
            if dice.random() < 0.3:
                await asyncio.sleep(dice.uniform(4.2, 9))
                for number in (1, 2, 3):
                    assert sink.values(f"d.volts{number}")[-1] == (sensor.values["input", number], "GOOD")
        times = sink.renewals("d.alarm")
        assert max(after - before for before, after in pairwise(times)) < 1.2
        scans = [entry.scan for entry in line.ring.entries() if entry.kind == "sent"]
        assert sum("every 4 s" in name for name in scans) >= 10
        assert len(scans) < 70, "a read that brings both spares the other"

    on_line(story, ours, Wire({1: sensor}))


def test_where_both_together_are_refused_each_is_asked_by_itself(on_line: Callable[..., None], tmp_path: Path) -> None:
    (tmp_path / "sensor.yaml").write_text(RIDING)
    yaml = profile_units.load(tmp_path / "sensor.yaml")
    sensor = Unit(yaml)
    sensor.fill(random.Random(3))
    ours = Device(1, Profile.model_validate(yaml))
    sensor.yaml = {**yaml, "limits": {"registers": 3}}  # which nobody has told the profile

    async def story(line: LineOwner, sink: Ledger, wire: Wire) -> None:
        await asyncio.sleep(20)
        assert [scan.also for scan in ours.scans()] == [(), ()]
        for channel in ("alarm", "volts1", "volts3"):
            assert sink.values(f"d.{channel}")[-1][1] == "GOOD"

    on_line(story, ours, Wire({1: sensor}))
