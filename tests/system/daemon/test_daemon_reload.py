"""A changed site in the running process, on a wire that takes its time: what is the same is asked on as before."""

import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from simulators.client import Control
from simulators.control import facing
from simulators.estate import standing
from tests.system.daemon.conftest import Guarded, ends
from tests.unit.daemon import small

IO2 = "  io2:   {line: gate, driver: modbus, profile: waveshare/rtu-relay-d, unit: 2}\n"
METER = "  meter: {line: gate, driver: modbus, profile: xy-md02, unit: 3}\n"
HEAT = "rules:\n  heat: {kind: electrical_fire, temperatures: [meter.temperature], hot: 60 °C, for: 1s}\nsubscribers:"
BEFORE = small.SITE.replace("  north: {line", METER + "  north: {line", 1).replace("subscribers:", HEAT)
AFTER = BEFORE.replace("  north: {line", IO2 + "  north: {line", 1).replace("hot: 60 °C", "hot: 20 °C")
PERIOD, EXCHANGE, SILENCE = 0.08, 0.045, 0.4
"""Seconds: of the contacts' scan; the longest exchange on this wire; how long nobody may speak after the question that
this board leaves unanswered when it has just been switched on, because its answer might still come."""


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[Guarded]:
    """The world has all devices from the start; the site file learns of them."""
    world_file = small.write(tmp_path / "world", AFTER)
    site = small.write(tmp_path / "site", BEFORE)
    async with AsyncExitStack() as stack:
        estate = await stack.enter_async_context(standing(world_file, tmp_path / "wires", pace=True))
        world = await stack.enter_async_context(Control(await stack.enter_async_context(facing(estate, tmp_path))))
        yield Guarded(tmp_path, site, world, stack)


async def reload(guarded: Guarded, text: str, seconds: float = 5) -> tuple[int, str]:
    small.write(guarded.site.parent, text)
    return await guarded.command("reload", "--yes", "--by", "王敏", "--watch", seconds, "--state", guarded.state)


def oldest(status: dict) -> float:
    """How old the fire contact has been at the worst, as the line itself measured it."""
    scans = status["lines"]["gate"]["devices"]["io1"]["scans"].values()
    return max(scan["worst_age"] for scan in scans if scan["kind"] == "safety")


async def test_a_device_comes_a_threshold_moves_and_what_makes_things_worse_is_taken_back(guarded: Guarded) -> None:
    daemon = await guarded.start()
    await guarded.armed(daemon)
    before = await guarded.status(lambda status: status["points"]["meter.temperature"]["quality"] == "good")
    assert "heat.alarm" not in {alarm["id"] for alarm in before["alarms"]}

    status, said = await reload(guarded, AFTER)
    assert status == 0, said
    for words in ("+ devices.io2  新增", "~ rules.heat", "60.0", "20.0", "已保留"):
        assert words in said
    after = await guarded.status(lambda status: status["points"]["io2.input1"]["quality"] == "good")
    assert after["lines"]["gate"]["opened"] == 1, "the port was never closed"
    assert {alarm["id"] for alarm in after["alarms"]} >= {"heat.alarm"}
    assert oldest(after) <= PERIOD + SILENCE + 4 * EXCHANGE, "no scan of the old board was left out"

    replace = (
        "replace",
        "io1",
        "--unit",
        9,
        "--untried",
        "--yes",
        "--by",
        "王敏",
        "--watch",
        5,
        "--state",
        guarded.state,
    )
    status, said = await guarded.command(*replace)
    assert status == 1
    for words in ("unit: 9", "已自动回退", "io1.input8: 从未读到", "已恢复"):
        assert words in said
    assert guarded.site.read_text(encoding="utf-8") == AFTER
    again = await guarded.status(lambda status: status["points"]["io1.input8"]["quality"] == "good", daemon)
    assert "config.rolled_back" in {alarm["id"] for alarm in again["alarms"]}
    assert await guarded.open("north")
    assert (await ends(daemon, signal.SIGTERM))[0] == 0
    kinds = [(event["kind"], event["content"].get("by", "")[:2]) for event in await guarded.journal()]
    assert [kind for kind in kinds if kind[0].startswith("config.")] == [
        ("config.applied", "王敏"), ("config.kept", "王敏"), ("config.applied", "王敏"), ("config.rolled_back", "王敏"),
    ]  # fmt: skip
