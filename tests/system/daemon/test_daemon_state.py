"""No disk, no journal, a part that breaks: the doors are guarded all the same, and it is told."""

import asyncio
import os
import signal

import pytest

from daemon import main
from daemon.config import load as config
from daemon.config.secrets import Secrets
from daemon.field.lines import LineOwner
from daemon.reload.source import Source
from tests.system.daemon.conftest import Guarded, ends, says


def alarms(status: dict) -> dict[str, str]:
    return {alarm["id"]: alarm["state"] for alarm in status["alarms"]}


async def test_without_a_state_folder_doors_are_guarded_and_once_it_is_there_all_is_made_good(guarded: Guarded) -> None:
    """As root and without: a file stands where the folder should be."""
    guarded.state.write_text("in the way")
    daemon = await guarded.start()
    await says(daemon, "照常守护")
    await says(daemon, '"part":"api"')
    await says(daemon, '"event":"armed"')
    await guarded.world.do("press", device="io1", channel="input2")
    await guarded.world.happened("doors.north", "unlocked")
    guarded.state.unlink()
    guarded.state.mkdir(mode=0o700)
    status = await guarded.status(lambda status: status["armed"] and not status["journal"]["trouble"], daemon)
    assert {"api.failed", "journal.trouble"} <= alarms(status).keys()
    status = await guarded.status(lambda status: alarms(status).get("journal.trouble") == "returned-unacknowledged")
    assert await guarded.open("north")
    await ends(daemon, signal.SIGTERM)
    kinds = [line["kind"] for line in await guarded.journal()]
    assert kinds[0] == "daemon.started", "what happened before there was a disk is in it"
    assert kinds[-1] == "daemon.stopped"


async def test_a_part_that_breaks_does_not_stop_the_others(guarded: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process, where the reader's line can be broken from outside."""
    whole, broken = LineOwner.run, asyncio.Event()

    async def run(self: LineOwner) -> None:
        if self.name == "reader" and not broken.is_set():
            raise ZeroDivisionError("a bug")
        await whole(self)

    monkeypatch.setattr(LineOwner, "run", run)
    plan = config.load(guarded.site, wires=guarded.wires)
    guarded.state.mkdir()
    async with asyncio.TaskGroup() as group:
        source = Source(guarded.site, guarded.state, Secrets([]), guarded.wires)
        daemon = group.create_task(main.run(plan, Secrets([]), guarded.socket, source))
        status = await guarded.status(lambda status: "lines.reader.failed" in alarms(status))
        assert await guarded.open("north")
        broken.set()
        await guarded.status(lambda status: status["lines"]["reader"]["devices"]["north"]["online"])
        assert not daemon.done()
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(daemon, 5)
    (alarm,) = [alarm for alarm in status["alarms"] if alarm["id"] == "lines.reader.failed"]
    assert alarm["evidence"] == {"why": "ZeroDivisionError('a bug')"}
    assert alarm["place"] == "reader"
