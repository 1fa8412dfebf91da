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
        _burn_and_restart(await house(), burning=True),
        _burn_and_restart(await house(), burning=False),
        _burn_and_lose_the_journal(await house()),
    )


async def _burn_and_restart(estate: House, *, burning: bool) -> None:
    await estate.guard()
    await estate.control.do("set", device="b12", field="rms1", value=0.35)
    await estate.alarm("b12-leakage.warning")
    await estate.control.do("fire", zone="b12", on=True)
    await free(estate)
    await estate.alarm("zones.b12.fire")
    mark = (await estate.control.state())["number"]
    before = await _people_at_work(estate)
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
    assert await _alarms(estate) == before, "who knew, who went, what is set apart until when: all as it was"
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
    (case,) = (await estate.get("/v1/alarms"))["cases"]
    assert (case["id"], case["acknowledged_by"].split()[0]) == ("zones.b12.fire", "张三")
    await estate.order("alarms", case["occurrence"], "verify", verdict="test", by="张三")
    await estate.order("alarms", case["occurrence"], "close", by="李四")
    assert not (await estate.get("/v1/alarms"))["cases"]
    await estate.settled()
    await estate.verified()
    await estate.compare("property")


async def _burn_and_lose_the_journal(estate: House) -> None:
    """The file of the journal is destroyed while nobody guards: the release stands, and is told under its own id."""
    await estate.guard()
    await estate.control.do("fire", zone="b12", on=True)
    await free(estate)
    raised = await estate.alarm("zones.b12.fire")
    await estate.control.do("fire", zone="b12", on=False)
    await estate.alarm("zones.b12.fire", "alarm.returned")
    await estate.settled()
    await until(lambda: b"alarm.returned" in (estate.state / "latched.json").read_bytes(), 5)
    mark = (await estate.control.state())["number"]
    await estate.end(signal.SIGKILL)
    for file in estate.state.glob("journal.db-*"):
        file.unlink()
    (estate.state / "journal.db").write_text("这不是数据库" * 100, "utf-8")
    await estate.guard()
    await estate.settled()
    assert not [line for line in await estate.control.log(mark) if line["what"] in {"locked", "falls", "off"}]
    await free(estate, 0.1)
    again = {line["id"]: line for line in estate.journal() if line["content"].get("alarm") == "zones.b12.fire"}
    assert [line["kind"] for line in again.values()] == ["alarm.raised", "alarm.returned"]
    assert again[raised.event["id"]]["at"] == raised.event["time"]
    assert [each.event["id"] for each in estate.ears["property"].repeats] == list(again), "a subscriber knows them"
    assert (await estate.command("zone", "b12", "reset", "--by", "王敏"))[0] == 0
    await estate.verified()


async def _people_at_work(estate: House) -> dict[str, object]:
    """One goes there, one shelves a warning, one disables a sensor; how alarms stand then."""
    await estate.order("alarms", "b12.fire", "on-site", by="张三")
    await estate.order("alarms", "b12-leakage.warning", "shelve", by="李四", reason="查线中", **{"for": "2h"})
    await estate.order("alarms", "devices.climate", "disable", by="王工", reason="换传感器", **{"for": "3d"})
    await estate.settled()
    found = await _alarms(estate)
    assert found["zones.b12.fire"]["handling"]["on_site_by"].startswith("张三")
    assert found["b12-leakage.warning"]["state"] == "shelved"
    return found


async def _alarms(estate: House) -> dict[str, object]:
    """What people have done about the fire and the warning, and what is disabled."""
    document = await estate.get("/v1/alarms")
    kept = ("occurrence", "incident", "state", "raised", "count", "acknowledged_by", "handling", "apart", "silenced_by")
    alarms = {alarm["id"]: {key: alarm[key] for key in kept} for alarm in document["alarms"]}
    fire, warning = alarms["zones.b12.fire"], alarms["b12-leakage.warning"]
    fire["state"] = "acknowledged or latched"  # which of both depends on the contact, not on people
    return {"zones.b12.fire": fire, "b12-leakage.warning": warning, "disabled": document["disabled"]}


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
