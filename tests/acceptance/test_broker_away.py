"""The broker goes away for a while: the field does not notice, and afterwards everything is there, in order."""

import asyncio

from tests.acceptance.conftest import HouseMaker
from tests.acceptance.house import LONG, RESIDENT
from tests.acceptance.test_restarts import free

AWAY = 60.0 if LONG else 8.0
SOON = 1.0
"""Seconds in which a release must be at the devices; how soon it really is, the benches measure."""


async def test_fire_and_cards_while_the_broker_is_away(house: HouseMaker) -> None:
    estate = await house()
    await estate.guard()
    await estate.settled()
    await estate.broker.stop()
    loop = asyncio.get_running_loop()
    back = loop.time() + AWAY
    mark = (await estate.control.state())["number"]
    await estate.control.do("swipe", reader="north", number=RESIDENT)
    assert (await estate.control.happened("doors.north", "unlocked", mark))["at"]
    burning = (await estate.control.do("fire", zone="b12", on=True))["at"]
    await free(estate)
    done = {
        line["subject"]: line for line in await estate.control.log(mark) if line["what"] in {"unlocked", "rises", "on"}
    }
    assert {"doors.east", "doors.unit12", "lanes.in", "lanes.out", "outputs.siren"} <= set(done)
    assert max(line["at"] - burning for line in done.values()) < SOON
    strangers = 0
    while loop.time() < back:
        strangers += 1
        await estate.control.do("swipe", reader="north", number=f"00099{strangers:05d}")
        assert (await estate.status())["armed"]
        await asyncio.sleep(0.6)  # the reader repeats a card for 0.3 s
    if LONG:
        alarms = {alarm["id"] for alarm in (await estate.status())["alarms"]}
        assert {"feeds.police.trouble", "feeds.property.trouble"} <= alarms
    await estate.broker.start()
    await estate.settled(30)
    for name in estate.ears:
        await estate.compare(name)
    kinds = [heard.kind for heard in estate.ears["property"].heard]
    assert kinds.count("access.denied") == strangers > AWAY / 2
    assert "alarm.raised" in kinds
    await estate.verified()
