"""A drill in a real estate: its door really opens, its people are really called, police gets `drill` alone, a kill
in the middle changes nothing; a walk test wakes nobody; and a real fire in the middle of a drill is real."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

from simulators.ear import Heard
from tests.acceptance.conftest import HouseMaker
from tests.acceptance.house import House, until
from tests.acceptance.test_escalation import Desk, desk, guarded

__all__ = ["desk"]


async def lock(estate: House) -> bool:
    """Whether the relay of the north door is on, at the simulated board itself."""
    return bool((await estate.status())["points"]["io1.relay1"]["value"])


def of_the_zone(heard: list[Heard], mark: int) -> list[str]:
    """Kinds of what police got about the zone, its doors, and ladders."""
    return [each.kind for each in heard[mark:] if each.subject.startswith(("zones.", "doors.north"))]


async def comes(wanted: Callable[[], Awaitable[bool]], limit: float = 5) -> None:
    async with asyncio.timeout(limit):
        while not await wanted():  # noqa: ASYNC110 - another process makes it true
            await asyncio.sleep(0.02)


async def told(estate: House, output: str) -> object:
    return (await estate.status())["outputs"][output]["told"]


async def test_a_drill_through_a_kill_then_a_walk_then_a_fire_in_a_drill(
    house: HouseMaker, desk: Desk, tmp_path: Path
) -> None:
    zone = {"title": "12栋", "fire": ["io1.input8"], "release": ["doors.north", "doors.east"], "sirens": ["siren"],
            "drill": ["doors.north", "siren"]}  # fmt: skip
    estate = await guarded(house, desk, zones={"b12": zone})
    police = estate.ears["police"]
    mark = police.mark()
    assert not await lock(estate)
    said = await estate.order("drills", "b12", "start", by="李经理", minutes="10", reason="季度演练")
    assert "北门" in said
    await until(lambda: desk.told("wang"), 5)
    assert all(each["drill"] for each in desk.got)
    assert str(desk.told("wang")[0]["title"]).startswith("【演练】")
    await comes(lambda: lock(estate))
    os.kill(estate.daemon.pid, signal.SIGKILL)
    await until(lambda: not estate.daemon.running, 5)
    await estate.guard()
    assert await told(estate, "doors.north") == "open"
    (run,) = (await estate.get("/v1/exercises"))["drills"]
    assert run["outputs"][0]["confirmed"]
    await estate.order("alarms", "drills.b12", "on-site", by="王班长")
    await estate.order("drills", "b12", "stop", by="李经理")
    await estate.hears("police", lambda heard: heard.kind == "drill.ended", mark)
    assert of_the_zone(police.heard, mark) == ["drill.started", "drill.ended"]
    await comes(lambda: shut(estate))
    await estate.settled()
    report = await estate.get("/v1/exercises/drill/report")
    (wang,) = [row for row in report["people"] if row["person"] == "王班长"]
    assert 0 <= wang["delivered"] < 2
    assert wang["on_site"] > wang["delivered"]
    (north, siren) = report["outputs"]
    assert 0 <= north["delay"] < 1
    assert north["told"] < 0.1
    assert siren["relay"] is not None
    sheet = tmp_path / "report.xlsx"
    status, _ = await estate.command("drill", "report", "b12", "--xlsx", str(sheet))
    assert (status, sheet.read_bytes()[:2]) == (0, b"PK")

    mark = police.mark()
    walked = await estate.order("walktests", "b12", "start", by="王班长", minutes="10", reason="季度测试")
    assert "1 heads" in walked
    calls = len(desk.got)
    await estate.control.do("fire", zone="b12", on=True)
    await comes(lambda: ticked(estate))
    await estate.control.do("fire", zone="b12", on=False)
    assert await told(estate, "doors.north") == "closed"
    assert await told(estate, "outputs.siren") is False
    await comes(lambda: released(estate))
    await estate.order("walktests", "b12", "stop", by="王班长")
    assert len(desk.got) == calls
    await estate.hears("police", lambda heard: heard.data.get("alarm_kind") == "zone_under_test", mark)
    assert {each.data.get("alarm_kind") for each in police.heard[mark:] if each.kind == "alarm.raised"} == {
        "zone_under_test"
    }

    await estate.order("drills", "b12", "start", by="李经理", minutes="10", reason="再来一次")
    mark, calls = police.mark(), len(desk.got)
    await estate.control.do("fire", zone="b12", on=True)
    raised = await estate.hears("police", lambda heard: heard.kind == "alarm.raised", mark)
    assert (raised.data["alarm"], raised.event["data"]["severity"]) == ("zones.b12.fire", 1)
    ended = await estate.hears("police", lambda heard: heard.kind == "drill.ended", mark)
    assert ended.data["why"] == "real"
    await until(lambda: any(not each["drill"] for each in desk.got[calls:]), 5)
    real = next(each for each in desk.got[calls:] if not each["drill"])
    assert real["title"] == "【真实报警】P1 火警：12栋"
    assert await told(estate, "doors.east") == "open"
    assert (await estate.status())["outputs"]["doors.north"]["priority"] == 2
    staged = [each for each in police.heard if each.kind.startswith(("drill.", "walk."))]
    assert {each.kind for each in staged} == {"drill.started", "drill.ended"}


async def shut(estate: House) -> bool:
    return not await lock(estate)


async def ticked(estate: House) -> bool:
    (walk,) = (await estate.get("/v1/exercises"))["walks"]
    return [head["count"] for head in walk["heads"]] == [1]


async def released(estate: House) -> bool:
    (walk,) = (await estate.get("/v1/exercises"))["walks"]
    return not walk["heads"][0]["tripped"]
