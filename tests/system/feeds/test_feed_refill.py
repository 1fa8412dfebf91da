"""Asking again: mosquitto_pub asks, mosquitto_sub hears; and severity 1 past a topic that a real ACL forbids."""

import asyncio
import json
import signal
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

ROOT = "gatehouse/v1/lvdinan/police"


async def wait_for(true: Callable[[], object], limit: float = 20.0) -> None:
    """Wait for a condition, not for luck."""
    async with asyncio.timeout(limit):
        while not true():  # noqa: ASYNC110 - the condition is another process's
            await asyncio.sleep(0.01)


async def ask(port: int, text: str, *more: str, user: str = "station", password: str = "st4tion") -> str:
    """Publish a request with mosquitto's own client; what it complains of."""
    who = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(port), "-u", user, "-P", password, "-V", "mqttv5", "-q", "1"]
    command = [*who, "-t", f"{ROOT}/refill", "-m", text, *more]
    process = await asyncio.create_subprocess_exec(*command, stderr=subprocess.PIPE)
    return (await process.communicate())[1].decode()


def told(receiver: Any, topic: str) -> list[dict[str, Any]]:
    """What came on one topic; what was asked on another one need not be JSON."""
    lines = receiver.output.read_bytes().rpartition(b"\n")[0].decode().splitlines()
    return [json.loads(line.split("\t", 2)[2]) for line in lines if line.startswith(f"{ROOT}/{topic}\t")]


async def test_a_range_comes_again_in_order_masked_and_with_the_same_ids(
    broker: Any, receive: Any, feeding: Any, journal: Any, alarm: Any
) -> None:
    """In the middle of it the connection breaks; the request goes on over the next one."""
    await broker.start()
    receiver = await receive()
    for number in range(400):
        alarm(number)
        journal.append("access.granted", "doors.north", content={"person": "李四", "card": "0012345678"})
    async with feeding() as running:
        await wait_for(lambda: journal.cursor("police") == 800)
        assert await ask(broker.port, json.dumps({"id": "r1", "from": 101, "to": 700})) == ""
        await wait_for(lambda: len(told(receiver, "refill/events")) > 40)
        running.feed._connection.drop("a test")
        await wait_for(lambda: any(reply["state"] == "done" for reply in told(receiver, "refill/reply")))
    again = told(receiver, "refill/events")
    ids = list(dict.fromkeys(event["id"] for event in again))
    wanted = [event for event in journal.events[100:700] if event.kind == "alarm.raised"]
    assert ids == [event.id for event in wanted]
    assert {event["refill"] for event in again} == {"r1"}
    assert "李四" not in receiver.output.read_text()
    replies = told(receiver, "refill/reply")
    assert [(reply["id"], reply["state"]) for reply in replies] == [("r1", "accepted"), ("r1", "done")]
    assert replies[-1]["events"] == 300
    assert (replies[0]["from"], replies[0]["to"]) == (101, 700)


async def test_what_must_not_be_obeyed_is_answered_with_the_reason(
    broker: Any, receive: Any, feeding: Any, journal: Any, alarm: Any
) -> None:
    """Retained, expired, repeated, from nowhere, no JSON; and a user to whom the ACL does not give it."""
    await broker.start()
    receiver = await receive()
    alarm()
    good = {"id": "g", "from": 1, "to": 1}
    await ask(broker.port, json.dumps(good | {"id": "kept"}), "-r")
    async with feeding():
        await wait_for(lambda: told(receiver, "refill/reply"))
        await ask(broker.port, "", "-r")  # takes the retained one away
        late = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
        for request in (good, good, good | {"id": "late", "expires": late}, good | {"id": "far", "from": 2, "to": 9}):
            await ask(broker.port, json.dumps(request))
        await ask(broker.port, "[1, 2")
        await ask(broker.port, json.dumps(good | {"id": "x"}), user="watcher", password="w4tcher")
        await wait_for(lambda: len(told(receiver, "refill/reply")) >= 8)
        await asyncio.sleep(0.2)
    replies = [(reply["id"], reply.get("why", reply["state"])) for reply in told(receiver, "refill/reply")]
    assert replies[:2] == [("kept", "retained"), ("", "form")]
    assert sorted(replies[2:]) == sorted(
        [("g", "accepted"), ("g", "done"), ("g", "repeated"), ("late", "expired"), ("far", "beyond"), ("", "form")]
    )
    assert all(reply["text"]["zh"] for reply in told(receiver, "refill/reply") if reply["state"] == "refused")


async def test_severity_1_passes_a_topic_that_the_acl_forbids(
    broker: Any, receive: Any, feeding: Any, journal: Any
) -> None:
    """The administrator forgot a topic: the fire goes out within a second, and everything once it is mended."""
    forbidden = "\ntopic deny gatehouse/v1/lvdinan/police/events/device/#\n"
    text = (broker.folder / "acl").read_text()
    broker.acl(text.replace("user property", f"{forbidden}user property"))
    await broker.start()
    receiver = await receive()
    async with feeding() as running:
        await wait_for(lambda: running.feed.status()["connected"])
        journal.append("device.offline", "devices.io1")
        await wait_for(lambda: running.troubles)
        loop = asyncio.get_running_loop()
        begun = loop.time()
        fire = journal.append("alarm.raised", severity=1, content={"alarm_kind": "fire"})
        await wait_for(lambda: receiver.events)
        assert loop.time() - begun < 1.0
        assert (receiver.events[0]["id"], receiver.events[0]["ahead"]) == (fire.id, True)
        broker.acl(text)
        broker.tell(signal.SIGHUP)
        await wait_for(lambda: journal.cursor("police") == 2)
        await wait_for(lambda: len(receiver.events) == 3)
    assert [event["id"] for event in receiver.events[1:]] == [event.id for event in journal.events]
    assert "ahead" not in receiver.events[2]
