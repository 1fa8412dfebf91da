"""A daemon that ends or is restarted keeps faith with people who need a way out."""

import asyncio
import os
import signal

from tests.acceptance.conftest import HouseMaker
from tests.acceptance.house import RESIDENT, House, until

DOORS = ("doors.north", "doors.east", "doors.unit12")


async def free(estate: House, limit: float = 8) -> None:
    """All doors unlocked, all booms up."""

    def all_free(state: dict) -> bool:
        return all(door["unlocked"] for door in state["doors"].values()) and all(
            boom["position"] == 1 for boom in state["lanes"].values()
        )

    await estate.control.until(all_free, limit)


async def test_a_release_stands_through_kill_and_restart(house: HouseMaker) -> None:
    """Also when the contact opened while nobody watched: only a person ends it."""
    await asyncio.gather(
        _burn_and_restart(await house(), burning=True), _burn_and_restart(await house(), burning=False)
    )


async def _burn_and_restart(estate: House, *, burning: bool) -> None:
    await estate.guard()
    await estate.control.do("fire", zone="b12", on=True)
    await free(estate)
    await estate.alarm("zones.b12.fire")
    mark = (await estate.control.state())["number"]
    os.kill(estate.daemon.pid, signal.SIGKILL)
    await until(lambda: not estate.daemon.running, 5)
    if not burning:
        await estate.control.do("fire", zone="b12", on=False)
    await estate.guard()
    await asyncio.sleep(1.5)  # three looks at everything: whatever would lock would have
    refused, said = await estate.command("lane", "in", "close", "--reason", "试", "--by", "李四")
    assert refused == 1, said
    done = await estate.control.log(mark)
    assert not [line for line in done if line["what"] in {"locked", "falls", "off"}], done
    await free(estate, 0.1)
    status = await estate.status()
    assert "zones.b12.fire" in {alarm["id"] for alarm in status["alarms"]}
    if burning:
        refused, said = await estate.command("zone", "b12", "reset", "--by", "王敏")
        assert refused == 1, said
        await estate.control.do("fire", zone="b12", on=False)
        await estate.alarm("zones.b12.fire", "alarm.returned")
    assert (await estate.command("zone", "b12", "reset", "--by", "王敏"))[0] == 0
    for door in DOORS:
        await estate.control.happened(door, "locked", mark)
    state = await estate.control.until(lambda state: all(lane["position"] == 0 for lane in state["lanes"].values()), 10)
    assert not state["hit"]
    await estate.settled()
    await estate.verified()
    await estate.compare("property")


async def test_sigterm_ends_it_at_once_with_everything_written(house: HouseMaker) -> None:
    """Cards are being swiped while it is told to end."""
    estate = await house()
    await estate.guard()
    for number in range(20):
        await estate.control.do("swipe", reader="north", number=RESIDENT if number % 2 else f"000000{number:04d}")
    status, seconds = await estate.end(signal.SIGTERM)
    assert status == 0, estate.daemon.tail()
    assert seconds < 2.0
    await estate.verified()
    lines = estate.journal()
    assert lines[-1]["kind"] == "daemon.stopped"
    told = {heard.event["id"] for heard in estate.ears["property"].heard}
    assert told <= {line["id"] for line in lines}


async def test_a_second_daemon_on_the_same_state_is_refused(house: HouseMaker) -> None:
    estate = await house()
    await estate.guard()
    status, said = await estate.command_line(
        "run", estate.copy.path, "--state", estate.state, "--wires", estate.wires / "wires.yaml"
    )
    assert status == 2, said
    assert "Another gatehouse" in said
    assert (await estate.status())["armed"]
