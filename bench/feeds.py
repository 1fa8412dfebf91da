"""How soon a subscriber has what the journal has: event durable -> received, over a real broker on loopback.

    python -m bench.feeds [--events 400] [--pause 0.02]

Two feeds (tier 1 and 2) on one journal with a real file; the receiver is paho in a thread of its own, over MQTT 3.1.1.
The floor in the same run: the same messages published by a bare paho client, without journal, mask or cursor.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from daemon.clock import SystemClock
from daemon.config.subscribers import Mqtt
from daemon.feeds.carriers import carrier
from daemon.feeds.feed import Feed
from daemon.journal.journal import Journal
from gatehouse.events import Event
from simulators.broker import HOST, Account, Broker, password
from simulators.ear import Ear

ROOT = "gatehouse/v1/bench"
READERS = {"police": 1, "property": 2}


def event(number: int) -> Event:
    """An alarm, which both tiers see."""
    content = {"alarm": "doors.north.held", "alarm_kind": "door_held", "state": "unacknowledged", "count": 1}
    return Event(
        id=f"0123456789ab-{number}", at=datetime.now(UTC), kind="alarm.raised", subject="doors.north", severity=3,
        actor="rule:doors.north.door_held", content=content,
    )  # fmt: skip


def told(name: str, delays: list[float], expected: int) -> None:
    """One row of the table."""
    cuts = quantiles(delays, n=100)
    print(
        f"{name:<34}{len(delays):>6} of {expected}   p50 {cuts[49] * 1e3:6.2f} ms   p99 {cuts[98] * 1e3:6.2f} ms"
        f"   worst {max(delays) * 1e3:6.2f} ms"
    )


async def through_feeds(folder: Path, broker: Broker, secret: str, count: int, pause: float) -> dict[str, list[float]]:
    """Append events one by one; the time from durable to the hands of each reader."""
    clock = SystemClock()
    journal = Journal(folder / "journal.db", clock, lambda _: None)
    ears = {name: Ear(name, f"{ROOT}/{name}") for name in READERS}
    feeds = []
    for name, tier in READERS.items():
        settings = Mqtt.model_construct(
            broker=f"mqtt://{HOST}:{broker.port}", tier=tier, title=name, user="writer", password=name, client=None,
            ca=None, plaintext=False, kinds=["*"],
        )  # fmt: skip
        way = carrier(name, settings, "bench", lambda _: secret.encode(), clock)
        feeds.append(Feed(name, settings, way, journal, "bench", {}, dict, lambda _: None, clock))
    durable: dict[str, float] = {}
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(part.run()) for part in (journal, *feeds)]
        for ear in ears.values():
            await ear.open(HOST, broker.port, "reader", secret)
        async with asyncio.timeout(20):
            while not all(feed.status()["connected"] for feed in feeds):  # noqa: ASYNC110 - once, before anything counts
                await asyncio.sleep(0.05)
        for number in range(1, count + 1):
            journal.append(event(number))
            while journal.head < number:
                await journal.wait_beyond(number - 1, 5.0)
            durable[f"0123456789ab-{number}"] = time.monotonic()
            await asyncio.sleep(pause)
        async with asyncio.timeout(20):
            while any(len(ear.heard) < count for ear in ears.values()):  # noqa: ASYNC110 - other threads count
                await asyncio.sleep(0.05)
        for ear in ears.values():
            await ear.close()
        for task in tasks:
            task.cancel()
    await journal.close()
    return {name: [each.at - durable[each.event["id"]] for each in ear.heard] for name, ear in ears.items()}


async def bare(broker: Broker, secret: str, count: int, pause: float) -> list[float]:
    """The floor: publish -> received, with nothing of ours between."""
    ear = Ear("floor", f"{ROOT}/floor")
    await ear.open(HOST, broker.port, "reader", secret)
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.username_pw_set("writer", secret)
    await asyncio.to_thread(client.connect, HOST, broker.port)
    client.loop_start()
    sent = {}
    for number in range(count):
        sent[str(number)] = time.monotonic()
        client.publish(f"{ROOT}/floor/events/x", f'{{"id": "{number}", "pad": "{"x" * 600}"}}', qos=1)
        await asyncio.sleep(pause)
    async with asyncio.timeout(20):
        while len(ear.heard) < count:  # noqa: ASYNC110 - another thread counts
            await asyncio.sleep(0.05)
    await asyncio.to_thread(client.disconnect)
    client.loop_stop()
    await ear.close()
    return [each.at - sent[each.event["id"]] for each in ear.heard]


async def run(count: int, pause: float) -> int:
    """Measure both, print, and judge by the goal."""
    secret = password()
    accounts = [
        Account(user="writer", password=secret, writes=(f"{ROOT}/#",)),
        Account(user="reader", password=secret, reads=(f"{ROOT}/#",)),
    ]
    with tempfile.TemporaryDirectory() as name:
        broker = Broker(Path(name) / "broker", accounts)
        await broker.start()
        try:
            floor = await bare(broker, secret, count, pause)
            delays = await through_feeds(Path(name), broker, secret, count, pause)
        finally:
            await broker.stop()
    print(f"broker {broker.program}, {count} events, one every {pause * 1e3:g} ms")
    told("floor: bare paho to the reader", floor, count)
    for reader, each in delays.items():
        told(f"durable -> {reader} (tier {READERS[reader]})", each, count)
    ours, theirs = (quantiles(each, n=100)[49] for each in (delays["police"], floor))
    print(f"p50 against the floor: {ours / theirs:.1f} times")
    return 0 if all(len(each) == count for each in delays.values()) else 1


def main() -> int:
    """From the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=400)
    parser.add_argument("--pause", type=float, default=0.02)
    given = parser.parse_args()
    return asyncio.run(run(given.events, given.pause))


if __name__ == "__main__":
    sys.exit(main())
