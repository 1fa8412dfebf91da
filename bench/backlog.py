"""How fast a day of backlog is drained after an outage, and what the daemon's loop feels of it.

    python -m bench.backlog [--events 200000]

A journal on disk holds a day of a large estate; a subscriber of tier 3, who sees everything, has none of it. The broker
comes back; mosquitto_sub, a program of its own, takes what comes, and its numbers are checked afterwards. Meanwhile a
task of the same loop wakes every 5 ms: how late it wakes is how late a reading, a rule or an order would be. The second
time the loop has other work in pieces of 1 ms, for about half of its time, as the field of the large estate gives it.

Beside it in the same run: a bare paho loop that publishes the very same bytes from memory, 64 on their way at once.

Where 200 000 comes from: 4 000 households, 10 000 people who pass a door or barrier four times a day, five events each
(let in, told open, confirmed, told closed, confirmed).
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles

import msgspec
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from daemon.clock import SystemClock
from daemon.config.subscribers import Mqtt
from daemon.feeds.carrier import Parcel
from daemon.feeds.carriers import carrier
from daemon.feeds.feed import Feed
from daemon.journal.journal import Journal
from gatehouse.events import Event
from simulators.broker import HOST, Account, Broker, password

SITE = "bench"
TITLES = {f"doors.d{number}": f"{number}栋门" for number in range(300)}
GOAL = 300.0
"""Seconds for a day."""
LOADS = {"idle": 0.0, "busy": 0.6}
_TICK = 0.005


def passing(number: int) -> list[Event]:
    """Somebody lets himself in: five events."""
    door, first = f"doors.d{number % 300}", number * 5
    by = f"rule:{door}.access"
    order = {"value": "open", "priority": 10, "issuer": f"{door}.access", "reason": "card"}
    contents = [
        ("access.granted", {"card": f"{number % 10_000:010d}", "person": "某人", "reason": "", "door": door}),
        ("output.told", order), ("output.confirmed", order),
        ("output.told", order | {"value": "closed"}), ("output.confirmed", order | {"value": "closed"}),
    ]  # fmt: skip
    return [
        Event(id=f"0123456789ab-{first + at}", at=datetime.now(UTC), kind=kind, subject=door, actor=by, content=content)
        for at, (kind, content) in enumerate(contents)
    ]


async def fill(journal: Journal, count: int) -> None:
    """Write a day."""
    for number in range(count // 5):
        for event in passing(number):
            journal.append(event)
        if number % 200 == 0:
            await asyncio.sleep(0.02)
    while journal.head < count // 5 * 5:
        await journal.wait_beyond(journal.head, 1.0)


class Lateness:
    """How late a task of the loop wakes."""

    def __init__(self) -> None:
        self.late: list[float] = []

    async def over(self, seconds: float) -> None:
        """Measure for a while."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.run()

    async def run(self) -> None:
        """Measure until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _TICK
            await asyncio.sleep(_TICK)
            self.late.append(loop.time() - due)

    def told(self, name: str) -> str:
        """One row."""
        cuts = quantiles(self.late, n=1000)
        values = f"p50 {cuts[499] * 1e3:5.2f} ms   p99 {cuts[989] * 1e3:5.2f} ms   p99.9 {cuts[998] * 1e3:5.2f} ms"
        return f"{name:<34}{values}   worst {max(self.late) * 1e3:5.1f} ms"


@asynccontextmanager
async def field(share: float) -> AsyncIterator[None]:
    """Something else that the loop has to do, for so much of its time."""

    async def work() -> None:
        while True:
            end = time.perf_counter() + 0.001
            while time.perf_counter() < end:
                pass
            await asyncio.sleep(0.001 * (1 - share) / share)

    async with asyncio.TaskGroup() as tasks:
        working = tasks.create_task(work()) if share else None
        yield
        if working:
            working.cancel()


@asynccontextmanager
async def reader(broker: Broker, secret: str, output: Path, topic: str) -> AsyncIterator[None]:
    """mosquitto_sub, which writes down everything that comes."""
    who = ["-h", HOST, "-p", str(broker.port), "-u", "reader", "-P", secret]
    with output.open("wb") as file:
        process = await asyncio.create_subprocess_exec("mosquitto_sub", *who, "-q", "1", "-t", topic, stdout=file)
        await asyncio.sleep(0.5)
        try:
            yield
        finally:
            size = -1
            while os.path.getsize(output) != size:  # noqa: ASYNC240, PTH202 - until it has what the broker still holds
                size = os.path.getsize(output)  # noqa: ASYNC240, PTH202
                await asyncio.sleep(0.5)
            process.terminate()
            await process.wait()


def numbers(output: Path) -> list[int]:
    """The numbers in the order in which they came."""
    lines = output.read_bytes().splitlines()
    return [int(msgspec.json.decode(line)["sequence"]) for line in lines if b'"sequence"' in line]


async def drain(name: str, journal: Journal, broker: Broker, secret: str, lateness: Lateness) -> float:
    """Seconds in which the cursor comes from nothing to the end."""
    clock = SystemClock()
    settings = Mqtt.model_construct(broker=f"mqtt://{HOST}:{broker.port}", tier=3, user="writer", password="writer")
    way = carrier(name, settings, SITE, lambda _: secret.encode(), clock)
    feed = Feed(name, settings, way, journal, SITE, TITLES, dict, lambda _: None, clock)
    async with asyncio.TaskGroup() as tasks:
        begun = time.monotonic()
        running = [tasks.create_task(feed.run()), tasks.create_task(lateness.run())]
        while journal.cursor(name) < journal.head:  # noqa: ASYNC110 - the feed moves it
            await asyncio.sleep(0.05)
        took = time.monotonic() - begun
        for task in running:
            task.cancel()
    return took


def bare(port: int, secret: str, bodies: list[tuple[str, bytes]]) -> float:
    """A plain loop over paho: seconds until the broker has acknowledged all."""
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.username_pw_set("writer", secret)
    client.max_inflight_messages_set(64)
    client.connect(HOST, port)
    client.loop_start()
    begun = time.monotonic()
    flying = deque[paho.MQTTMessageInfo]()  # paho itself holds at most 65 535
    for topic, body in bodies:
        flying.append(client.publish(topic, body, qos=1))
        if len(flying) > 1000:
            flying.popleft().wait_for_publish(60)
    flying[-1].wait_for_publish(60)
    took = time.monotonic() - begun
    client.disconnect()
    client.loop_stop()
    return took


async def measure(folder: Path, broker: Broker, secret: str, count: int) -> tuple[float, dict[str, float], list[str]]:
    """Seconds of the bare loop, seconds of ours by name of the subscriber, rows about lateness."""
    journal = Journal(folder / "j.db", SystemClock(), lambda _: None)
    ours, rows = dict[str, float](), list[str]()
    async with asyncio.TaskGroup() as tasks:
        writing = tasks.create_task(journal.run())
        await fill(journal, count)
        for name, share in LOADS.items():
            before, meanwhile = Lateness(), Lateness()
            async with field(share), reader(broker, secret, folder / name, f"gatehouse/v1/{SITE}/{name}/events/#"):
                await before.over(3.0)
                ours[name] = await drain(name, journal, broker, secret, meanwhile)
            rows += [before.told(f"{name} loop, nothing to drain"), meanwhile.told(f"{name} loop, draining")]
        bodies = []
        for after in range(0, count, 1000):
            parcels = [Parcel(each, TITLES, 3, f"/gatehouse/v1/{SITE}") for each in await journal.read(after, 1000)]
            bodies += [("gatehouse/v1/bench/bare/events", parcel.cloudevent()) for parcel in parcels]
        print(f"broker {broker.program}, {count} events of {sum(len(body) for _, body in bodies) / count:.0f} bytes")
        async with reader(broker, secret, folder / "bare", "gatehouse/v1/bench/bare/#"):
            theirs = await asyncio.to_thread(bare, broker.port, secret, bodies)
        await journal.close()
        writing.cancel()
    return theirs, ours, rows


async def run(count: int) -> int:
    """Measure, print, and judge by the goal."""
    secret, count = password(), count // 5 * 5
    accounts = [
        Account(user="writer", password=secret, reads=("gatehouse/+/+/+/refill",), writes=("gatehouse/#",)),
        Account(user="reader", password=secret, reads=("gatehouse/#",)),
    ]
    with tempfile.TemporaryDirectory() as name:
        broker = Broker(Path(name) / "broker", accounts)
        await broker.start()
        theirs, ours, rows = await measure(Path(name), broker, secret, count)
        await broker.stop()
        whole = all(numbers(Path(name) / each) == list(range(1, count + 1)) for each in ours)
    print(f"{'a bare paho loop, from memory':<34}{theirs:7.1f} s   {count / theirs:7.0f} a second")
    for each, took in ours.items():
        print(
            f"{f'gatehouse, {each} loop':<34}{took:7.1f} s   {count / took:7.0f} a second   {took / theirs:.1f} times"
        )
    print(*rows, sep="\n")
    longest = max(ours.values()) / count * 200_000
    print(f"in order and complete: {'yes' if whole else 'NO'}; 200 000 in {longest:.0f} s at most, goal {GOAL:g} s")
    return 0 if whole and longest < GOAL else 1


def main() -> int:
    """From the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=200_000)
    return asyncio.run(run(parser.parse_args().events))


if __name__ == "__main__":
    sys.exit(main())
