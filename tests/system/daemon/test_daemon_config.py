"""A bad edit of the site file never leaves a site unguarded, and is told until it is mended."""

import os
import signal

import pytest

from tests.system.daemon.conftest import Guarded, ends, says
from tests.unit.daemon import small

BROKEN = small.SITE.replace("lock: io1.relay2", "lok: io1.relay2")


def faulty(status: dict) -> dict | None:
    return next((alarm for alarm in status["alarms"] if alarm["id"] == "config.faulty"), None)


async def test_without_a_good_copy_a_faulty_site_ends_with_2_and_all_its_faults(guarded: Guarded) -> None:
    small.write(guarded.site.parent, BROKEN.replace("io1.input8", "io1.input99"))
    status, said = await guarded.command("run", guarded.site, "--state", guarded.state, "--wires", guarded.wires)
    assert status == 2
    assert "doors.east.lok" in said
    assert "io1.input99" in said
    assert "未启动" in said


async def test_a_faulty_site_runs_its_last_good_copy_until_it_is_mended(guarded: Guarded) -> None:
    first = await guarded.start()
    await guarded.armed(first)
    await ends(first, signal.SIGTERM)
    small.write(guarded.site.parent, BROKEN)
    second = await guarded.start()
    await guarded.armed(second)
    alarm = faulty(await guarded.status(faulty))
    assert alarm["active"] is True
    assert alarm["evidence"]["why_zh"].startswith(f"{guarded.site}:")
    assert alarm["evidence"]["why"].startswith(f"{guarded.site}:")
    assert await guarded.open("east"), "the door of the faulty entry is guarded as it was"
    events = await guarded.ask(lambda client: client.get("/v1/events", kinds="alarm.raised", text="config.faulty"))
    assert events[-1]["text"]["zh"].startswith("config：配置有误（")
    assert "lock" in events[-1]["text"]["zh"]
    await ends(second, signal.SIGTERM)
    small.write(guarded.site.parent)
    third = await guarded.start()
    await guarded.status(lambda status: (faulty(status) or {}).get("state") == "returned-unacknowledged", third)


async def test_sighup_applies_a_good_file_and_only_tells_of_a_faulty_one(guarded: Guarded) -> None:
    daemon = await guarded.start()
    await guarded.armed(daemon)
    small.write(guarded.site.parent, BROKEN)
    os.kill(daemon.pid, signal.SIGHUP)
    alarm = faulty(await guarded.status(faulty, daemon))
    assert "doors.east" in alarm["evidence"]["why"]
    await says(daemon, "site file is faulty, going on with what runs")
    assert await guarded.open("east")
    small.write(guarded.site.parent, small.SITE.replace("title: 东门", "title: 新东门"))
    os.kill(daemon.pid, signal.SIGHUP)
    status = await guarded.status(lambda status: status["outputs"]["doors.east"]["title"] == "新东门", daemon)
    assert not (faulty(status) or {"active": False})["active"]
    await says(daemon, "doors.east: title 东门 → 新东门")
    assert (await ends(daemon, signal.SIGTERM))[0] == 0


@pytest.mark.parametrize("times", [1, 20])
async def test_sighup_of_an_unchanged_file_does_nothing_however_often(guarded: Guarded, times: int) -> None:
    daemon = await guarded.start()
    await guarded.armed(daemon)
    for _ in range(times):
        os.kill(daemon.pid, signal.SIGHUP)
    await says(daemon, "says nothing new")
    assert faulty(await guarded.armed(daemon)) is None
    assert await guarded.open("north")
