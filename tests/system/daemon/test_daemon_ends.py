"""However the daemon ends, it ends quickly and the journal is whole; and another one takes over where it was."""

import asyncio
import signal

import pytest

from simulators.child import DiedError
from tests.system.daemon.conftest import Guarded, ends


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_ends_within_two_seconds_with_all_journaled(guarded: Guarded, number: signal.Signals) -> None:
    daemon = await guarded.start()
    await guarded.armed(daemon)
    assert await guarded.open("north")
    async with asyncio.TaskGroup() as group:
        follower = group.create_task(guarded.command("events", "--follow", "--json", "--state", guarded.state))
        await guarded.followed()
        status, took = await ends(daemon, number)
    assert (status, took < 2) == (0, True), f"{took:.2f} s {daemon.tail()}"
    assert follower.result()[0] == 3
    kinds = [line["kind"] for line in await guarded.journal()]
    assert kinds[0] == "daemon.started"
    assert kinds[-1] == "daemon.stopped"
    assert "operator.command" in kinds
    assert not guarded.socket.exists()
    assert not any("Traceback" in line for line in daemon.tail(1000)), daemon.tail(1000)


async def test_after_a_kill_the_next_one_replaces_the_socket_and_goes_on_counting(guarded: Guarded) -> None:
    first = await guarded.start()
    await guarded.armed(first)
    head = (await guarded.armed(first))["journal"]["head"]
    assert (await ends(first, signal.SIGKILL))[0] == -signal.SIGKILL
    assert guarded.socket.exists(), "the dead one left it behind"
    second = await guarded.start()
    await guarded.armed(second)
    assert await guarded.open("north")
    await ends(second, signal.SIGTERM)
    lines = await guarded.journal()
    assert [line["number"] for line in lines] == list(range(1, len(lines) + 1))
    assert len(lines) > head


async def test_of_two_daemons_on_one_state_folder_the_second_gives_way(guarded: Guarded) -> None:
    first = await guarded.start()
    await guarded.armed(first)
    second = await guarded.start()
    with pytest.raises(DiedError, match="exit status 2"):
        await asyncio.wait_for(second.watch(), 10)
    said = " ".join(second.tail())
    assert f"已有另一个 gatehouse（进程 {first.pid}）" in said
    assert f"Another gatehouse, process {first.pid}" in said
    assert "Traceback" not in said
    assert await guarded.open("east"), "the first goes on as if nothing had been"
