"""Delivery: everything arrives, in order, however the broker behaves; a repeat carries the same id."""

import asyncio
import random
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from gatehouse.events import Event

PASSWORD = "p0lice"
ROOT = "gatehouse/v1/lvdinan/police"
ACL = """
user police
topic write gatehouse/v1/lvdinan/police/#
user watcher
topic read #
"""


async def wait_for(true: Callable[[], object], limit: float = 20.0) -> None:
    """Wait for a condition, not for luck."""
    async with asyncio.timeout(limit):
        while not true():  # noqa: ASYNC110 - the condition is another process's
            await asyncio.sleep(0.01)


def firsts(ids: list[str]) -> list[str]:
    """Each id once, where it first came."""
    return list(dict.fromkeys(ids))


async def test_events_arrive_in_order_with_the_fields_of_the_tier(
    broker: Any, receive: Any, feeding: Any, journal: Any, alarm: Callable[..., Event]
) -> None:
    """Three hundred events, a third of them not for this tier: the rest comes in order, the cursor passes them all."""
    await broker.start()
    receiver = await receive()
    for number in range(100):
        alarm(number)
        journal.append("access.granted", "doors.north", content={"person": "李四", "card": "0012345678"})
        journal.append("device.offline", "devices.io1", content={"why": "silent"})
    async with feeding() as running:
        await wait_for(lambda: len(receiver.events) >= 200)
        await wait_for(lambda: journal.cursor("police") == 300)
        assert running.feed.status()["behind"] == 0
        assert running.troubles == []
    assert receiver.ids == [event.id for event in journal.events if event.kind != "access.granted"]
    assert [int(event["sequence"]) for event in receiver.events] == [n for n in range(1, 301) if n % 3 != 2]
    assert not any(kept for topic, kept, _ in receiver.messages if "/events/" in topic)
    assert "李四" not in receiver.output.read_text()


async def test_a_killed_broker_loses_nothing_and_breaks_no_order(
    broker: Any, receive: Any, feeding: Any, journal: Any, alarm: Callable[..., Event]
) -> None:
    """kill -9 and restart in the middle of a stream, with messages on their way."""
    broker.acl(f"{ACL}\npattern read #\n")  # mosquitto 2.0 forgets the user lines for a session that it restored
    await broker.start()
    receiver = await receive()
    await broker.remember("watcher")
    async with feeding() as running:
        for _ in range(4):
            start = len(journal.events)
            for number in range(300):
                alarm(number)
            await wait_for(lambda: journal.cursor("police") > start + 50)  # noqa: B023
            broker.kill()
            await broker.start()
            # What it acknowledged and has not passed on dies with it: no kill while the receiver is away.
            await wait_for(lambda: len(set(receiver.ids)) == len(journal.events))
        assert running.feed.status()["connections"] >= 5
    assert firsts(receiver.ids) == [event.id for event in journal.events]
    assert len(receiver.ids) - 1200 <= 4 * 64, "only what was on its way comes again"


async def test_links_that_cut_and_stall_lose_nothing(
    broker: Any, receive: Any, feeding: Any, journal: Any, alarm: Callable[..., Event]
) -> None:
    """A proxy between feed and broker cuts, resets or stalls every link after a while, for two thousand events."""
    await broker.start()
    receiver = await receive()
    chance = random.Random(7)
    proxy = Proxy(broker.port, chance)
    server = await asyncio.start_server(proxy.carry, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with feeding(broker=f"mqtt://127.0.0.1:{port}") as running:
        for number in range(2000):
            alarm(number)
            if number % 4 == 0:
                await asyncio.sleep(0.003)
        await wait_for(lambda: journal.cursor("police") == 2000, 60)
        connections = running.feed.status()["connections"]
    server.close()
    await wait_for(lambda: proxy.carried == 0)
    await wait_for(lambda: len(set(receiver.ids)) == 2000)
    assert firsts(receiver.ids) == [event.id for event in journal.events]
    assert connections >= 4, "the links were not disturbed enough to prove anything"
    assert len(receiver.ids) > 2000, "no acknowledgement was ever lost, so repeats were not tried"


class Proxy:
    """Carries bytes both ways for a while, then hangs up, resets, or goes quiet without a word."""

    def __init__(self, port: int, chance: random.Random) -> None:
        self._port, self._chance = port, chance
        self.carried = 0

    async def carry(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        self.carried += 1
        far, forth = await asyncio.open_connection("127.0.0.1", self._port)
        end = asyncio.get_running_loop().time() + self._chance.uniform(0.1, 0.4)
        how = self._chance.choice(["hang up", "reset", "quiet", "deaf"])
        try:
            async with asyncio.timeout_at(end), asyncio.TaskGroup() as both:
                both.create_task(self._pump(near, forth, True))
                both.create_task(self._pump(far, back, how != "deaf"))  # deaf: acknowledgements never come
        except* (TimeoutError, OSError):
            if how in {"quiet", "deaf"}:
                await asyncio.sleep(2.0)  # longer than the feed waits for an acknowledgement
        for writer in (back, forth):
            if how == "reset":
                writer.transport.abort()
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        self.carried -= 1

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, passes: bool) -> None:
        first = True
        while data := await source.read(4096):
            if passes or first:  # the first answer is the CONNACK
                target.write(data)
                await target.drain()
            first = False


async def test_what_the_broker_refuses_stops_the_feed_and_is_told(
    broker: Any, receive: Any, feeding: Any, journal: Any, alarm: Callable[..., Event]
) -> None:
    """An ACL without the alarm topic: no later event overtakes; after the repair everything comes, once, in order."""
    broker.acl(ACL.replace("police/#", "police/events/device/#\ntopic write gatehouse/v1/lvdinan/police/+"))
    await broker.start()
    receiver = await receive()
    journal.append("device.offline", "devices.io1")
    alarm()
    journal.append("device.online", "devices.io1")
    async with feeding() as running:
        await wait_for(lambda: running.troubles)
        assert f"{ROOT}/events/alarm/raised" in running.troubles[0]
        assert "ACL must let user police write" in running.troubles[0]
        assert PASSWORD not in running.troubles[0]
        await wait_for(lambda: running.feed.progress > 10)
        assert journal.cursor("police") == 1
        assert "" not in running.troubles  # on a busy machine a lost connection may be a second trouble, never the end
        await wait_for(lambda: receiver.events)
        assert [event["type"] for event in receiver.events] == ["gatehouse.device.offline"]
        broker.acl(ACL)
        broker.tell(signal.SIGHUP)
        await wait_for(lambda: journal.cursor("police") == 3)
        await wait_for(lambda: running.troubles[-1] == "")
    await wait_for(lambda: len(receiver.ids) == 3)
    assert receiver.ids == [event.id for event in journal.events]


async def test_a_broker_that_comes_late_gets_everything(
    broker: Any, receive: Any, feeding: Any, journal: Any, alarm: Callable[..., Event]
) -> None:
    """Absent at the start for longer than is tolerated: trouble, and then all is delivered and well."""
    async with feeding() as running:
        for number in range(20):
            alarm(number)
        await wait_for(lambda: running.troubles)
        assert "Connection refused" in running.troubles[0]
        beats = running.feed.progress
        await broker.start()
        receiver = await receive("-R")
        await wait_for(lambda: running.troubles[-1] == "")
        await wait_for(lambda: journal.cursor("police") == 20)
        assert running.feed.progress > beats
    assert receiver is not None
    assert len(running.troubles) == 2


async def test_a_broker_that_stops_answering_is_left_and_found_again(
    broker: Any, receive: Any, feeding: Any, journal: Any, alarm: Callable[..., Event]
) -> None:
    """Half open: the broker is stopped, its sockets stay open; the feed gives up on it in time, loses nothing."""
    await broker.start()
    receiver = await receive()
    async with feeding() as running:
        alarm(1)
        await wait_for(lambda: journal.cursor("police") == 1)
        broker.tell(signal.SIGSTOP)
        alarm(2)
        await wait_for(lambda: not running.feed.status()["connected"], 5)
        assert "acknowledged nothing" in running.feed.status()["last_error"]
        broker.tell(signal.SIGCONT)
        await wait_for(lambda: journal.cursor("police") == 2)
    await wait_for(lambda: len(set(receiver.ids)) == 2)
    assert firsts(receiver.ids) == [event.id for event in journal.events]


async def test_while_the_journal_cannot_write_events_go_out_marked_and_come_again(
    broker: Any, receive: Any, feeding: Any, journal: Any, alarm: Callable[..., Event]
) -> None:
    """The disk fails: each event goes out once, marked; when it is well again, the same ids come with a number."""
    await broker.start()
    receiver = await receive()
    async with feeding() as running:
        alarm(1)
        await wait_for(lambda: len(receiver.events) == 1)
        journal.fail("disk full")
        alarm(2)
        alarm(3)
        await wait_for(lambda: len(receiver.events) == 3)
        assert [event.get("unjournaled") for event in receiver.events] == [None, True, True]
        assert "sequence" not in receiver.events[1]
        alarm(4)
        await wait_for(lambda: len(receiver.events) == 4)
        journal.recover()
        await wait_for(lambda: journal.cursor("police") == 4)
        await wait_for(lambda: len(receiver.events) == 7)
        assert running.troubles == []
    assert receiver.ids[4:] == receiver.ids[1:4]
    assert [int(event["sequence"]) for event in receiver.events[4:]] == [2, 3, 4]


async def test_only_requests_are_subscribed_to(
    broker: Any, receive: Any, feeding: Any, journal: Any, alarm: Any
) -> None:
    """The broker's own log: this client asks for the topic of its requests and for no other."""
    await broker.start()
    receiver = await receive()
    async with feeding() as running:
        alarm()
        await wait_for(lambda: len(receiver.events) == 1)
        assert running.feed.status()["version"] == "MQTT 5"
        log = (broker.folder / "mosquitto.log").read_text()
    assert "Received PUBLISH from gatehouse-lvdinan-police" in log
    asked = [line for line in log.splitlines() if "gatehouse-lvdinan-police 1 " in line]
    assert [line.rpartition(" ")[2] for line in asked] == [f"{ROOT}/refill"]
    assert log.count("SUBSCRIBE from gatehouse") == 1
