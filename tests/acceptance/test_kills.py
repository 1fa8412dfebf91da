"""Power goes, twenty times, in the middle of everything: nothing confirmed is lost, nothing is told twice as new."""

import asyncio
import os
import random
import signal

from tests.acceptance.conftest import HouseMaker
from tests.acceptance.house import DRIVER, RESIDENT, STRANGER, House, until

KILLS = 20
SEED = int(os.environ.get("GATEHOUSE_SEED", "12"))


async def life(estate: House, dice: random.Random) -> None:
    """Cards, leakage that comes and goes, doors that are forced: several events a second."""
    deeds = [
        ("swipe", {"reader": "north", "number": RESIDENT}),
        ("swipe", {"reader": "north", "number": STRANGER}),
        ("swipe", {"reader": "lane-in", "number": DRIVER}),
        ("door", {"door": "east", "do": "force", "seconds": 0.2}),
        ("door", {"door": "unit12", "do": "exit"}),
        ("set", {"device": "b12", "field": "rms1", "value": 0.62}),
        ("set", {"device": "b12", "field": "rms1", "value": 0.04}),
    ]
    while True:
        verb, keys = dice.choice(deeds)
        await estate.control.do(verb, **keys)
        await asyncio.sleep(dice.uniform(0.02, 0.15))


async def guard_until_killed(estate: House, dice: random.Random) -> bool:
    """One life of the daemon; whether it came so far as to be armed. Two of three are killed some time after that."""
    mark = estate.ears["property"].mark()
    await estate.daemon.start()
    armed = False
    if dice.random() < 0.67:
        await estate.hears("property", lambda heard: heard.kind == "daemon.armed", mark, 15)
        armed = True
        await asyncio.sleep(dice.uniform(0, 0.6))
    else:
        await asyncio.sleep(dice.uniform(0.4, 1.6))
    os.kill(estate.daemon.pid, signal.SIGKILL)
    await until(lambda: not estate.daemon.running, 5)
    return armed


async def test_killed_twenty_times_in_the_middle_of_it_all(house: HouseMaker) -> None:
    estate = await house()
    dice = random.Random(SEED)
    async with asyncio.TaskGroup() as group:
        living = group.create_task(life(estate, dice))
        armed = [await guard_until_killed(estate, dice) for _ in range(KILLS)]
        await estate.guard()
        await asyncio.sleep(0.5)
        living.cancel()
    assert sum(armed) >= KILLS // 3
    await estate.settled()
    for name in estate.ears:
        await estate.compare(name)
    assert any(ear.repeats for ear in estate.ears.values()), "no kill fell between a delivery and its note: kill more"
    status, seconds = await estate.end(signal.SIGTERM)
    assert (status, seconds < 2.0) == (0, True)
    await estate.verified()
    lines = estate.journal()
    assert lines[-1]["kind"] == "daemon.stopped"
    assert sum(line["kind"].startswith("access.") for line in lines) > KILLS
    assert sum(line["kind"] == "daemon.started" for line in lines) >= KILLS // 2
    assert not (await estate.control.state())["hit"]
