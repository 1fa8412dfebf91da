"""What Debian's own client hears as the police and as the property office."""

import asyncio
import json
import shutil
import time

import pytest

from simulators.broker import HOST
from tests.acceptance.conftest import HouseMaker
from tests.acceptance.house import RESIDENT, STRANGER, House, until

pytestmark = pytest.mark.skipif(shutil.which("mosquitto_sub") is None, reason="apt-get install mosquitto-clients")

GRACE = 3.2
"""Seconds after arming in which a door that is opened is not yet forced."""
PEOPLE = ("李秀英", "李四", RESIDENT, STRANGER)


async def listen(house: House, name: str, topic: str, seconds: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        "mosquitto_sub", "-h", HOST, "-p", str(house.broker.port), "-u", name, "-P", house.passwords[name],
        "-V", "5", "-q", "1", "-t", topic, "-W", str(seconds), "-F", "%r %t %p",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def lines(process: asyncio.subprocess.Process) -> list[tuple[bool, str, dict]]:
    out, _ = await process.communicate()
    split = [line.split(" ", 2) for line in out.decode().splitlines()]
    return [(retained == "1", topic, json.loads(payload)) for retained, topic, payload in split]


async def test_police_and_property_hear_what_each_may_know(house: HouseMaker) -> None:
    estate = await house()
    await estate.guard()
    armed = time.monotonic()
    police, property_, nosy = [
        await listen(estate, name, topic, 7)
        for name, topic in (
            ("police", f"{estate.root('police')}/#"),
            ("property", f"{estate.root('property')}/#"),
            ("police", f"{estate.root('property')}/#"),
        )
    ]
    await estate.control.do("swipe", reader="north", number=RESIDENT)
    await estate.hears("property", lambda heard: heard.kind == "access.granted")
    await estate.control.do("swipe", reader="north", number=STRANGER)
    await estate.hears("property", lambda heard: heard.kind == "access.denied")
    await until(lambda: time.monotonic() > armed + GRACE, GRACE)
    await estate.control.do("door", door="east", do="force", seconds=0.5)
    await estate.alarm("doors.east.forced")
    assert (await estate.command("alarm", "ack", "doors.east.forced", "--by", "李四"))[0] == 0
    heard = {"police": await lines(police), "property": await lines(property_)}
    assert not await lines(nosy), "the police may not read the property office's topics"
    events = {
        name: {body["type"]: body for _, topic, body in said if "/events/" in topic} for name, said in heard.items()
    }
    assert events["property"]["gatehouse.access.granted"]["data"]["person"] == "李秀英"
    assert events["property"]["gatehouse.access.denied"]["data"]["card"] == STRANGER
    assert "李四" in events["property"]["gatehouse.alarm.acknowledged"]["data"]["by"]
    assert "gatehouse.access.granted" not in events["police"]
    denied, refused = events["police"]["gatehouse.access.denied"], events["property"]["gatehouse.access.denied"]
    assert denied["id"] == refused["id"]
    assert denied["data"]["reason"] == refused["data"]["reason"] == "unknown"
    assert events["police"]["gatehouse.alarm.raised"]["data"]["alarm"] == "doors.east.forced"
    assert "gatehouse.alarm.acknowledged" in events["police"]
    everything = json.dumps([body for _, _, body in heard["police"]], ensure_ascii=False)
    assert not [word for word in PEOPLE if word in everything]
    for said in heard.values():
        assert {topic.rpartition("/")[2] for retained, topic, _ in said if retained} == {"state", "status"}
        assert not [topic for retained, topic, _ in said if retained and "/events/" in topic], (
            "events are never retained"
        )
