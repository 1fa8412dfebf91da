"""An adapter is pulled out and put back: that is an alarm, and in ten seconds all is as before."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable

from simulators.ear import Heard
from simulators.stage import Pace
from tests.acceptance.conftest import HouseMaker
from tests.acceptance.house import RESIDENT, House, until

LINES = ("gate", "reader-n", "building12")
BACK = 10.0


def _is(kind: str, subject: str) -> Callable[[Heard], bool]:
    return lambda heard: (heard.kind, heard.subject) == (kind, subject)


def _refusals(estate: House, mark: int) -> list[Heard]:
    return [heard for heard in estate.ears["property"].after(mark) if heard.kind == "command.refused"]


async def test_lines_unplugged_and_plugged_again(house: HouseMaker) -> None:
    estate = await house()
    await estate.guard()
    mark = estate.ears["property"].mark()
    for line in LINES:
        await estate.control.do("line", line=line, plugged=False)
    await asyncio.gather(*(estate.alarm(f"lines.{line}.down", mark=mark) for line in LINES))
    await estate.hears("property", _is("device.offline", "devices.io1"), mark)
    assert (await estate.command("door", "north", "open", "--reason", "停线时", "--by", "李四"))[0] == 0
    before = (await estate.control.state())["number"]
    ordered = time.monotonic()
    await until(lambda: _refusals(estate, mark), 5)
    await until(lambda: time.monotonic() > ordered + Pace().unlock, 5)
    lost = {heard.subject for heard in estate.ears["property"].after(mark) if heard.kind == "device.offline"}
    began, replugged = time.monotonic(), estate.ears["property"].mark()
    for line in LINES:
        await estate.control.do("line", line=line, plugged=True)
    await asyncio.gather(
        *(estate.alarm(f"lines.{line}.down", "alarm.returned", replugged, BACK) for line in LINES),
        *(estate.hears("property", _is("device.online", subject), replugged, BACK) for subject in lost),
    )
    assert time.monotonic() - began < BACK
    done = {line["what"] for line in await estate.control.log(before)}
    assert "unlocked" not in done, "an order went out after its time"
    per_board = Counter(heard.subject for heard in _refusals(estate, mark))
    assert max(per_board.values()) <= 6, "an order that is tried every second is told once, not every second"
    mark = estate.ears["property"].mark()
    await estate.control.do("swipe", reader="north", number=RESIDENT)
    await estate.hears("property", lambda heard: heard.kind == "access.granted", mark)
    await estate.control.happened("doors.north", "unlocked", before)
    await estate.control.do("set", device="b12", field="rms1", value=0.4)
    await estate.alarm("b12-leakage.warning", mark=mark)
    await estate.settled()
    await estate.verified()
    await estate.compare("property")
