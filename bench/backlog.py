"""How fast a day of backlog is drained after an outage, and what the daemon's loop feels of it.

    python -m bench.backlog [--events 200000]

A journal on disk holds a day of a large estate; a subscriber of tier 3, who sees everything, has none of it. The broker
comes back; mosquitto_sub, a program of its own, takes what comes, and its numbers are checked afterwards. Meanwhile a
task of the same loop wakes every 5 ms: how late it wakes is how late a reading, a rule or an order would be. The second
time the loop has other work in pieces of 1 ms, for about half of its time, as the field of the large estate gives it.

Beside it in the same run: a bare paho loop that publishes the very same bytes from memory, 64 on their way at once.

What a day is, and where 200 000 comes from: bench/day.py.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from bench.day import DOORS, fill
from bench.subscriber import in_order, reader, verdict
from daemon.clock import SystemClock
from daemon.config.subscribers import Mqtt
from daemon.feeds.carrier import Parcel
from daemon.feeds.carriers import carrier
from daemon.feeds.feed import Feed
from daemon.journal.journal import Journal
from simulators.broker import HOST, Account, Broker, password

SITE = "bench"
TITLES = {f"doors.d{number}": f"{number}栋门" for number in range(DOORS)}
GOAL = 300.0
"""Seconds for a day."""
LOADS = {"idle": 0.0, "busy": 0.6}
_TICK = 0.005


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


class Measured(NamedTuple):
    """Events; seconds of the bare loop; seconds of ours by name of the subscriber; rows about lateness."""

    count: int
    bare: float
    ours: dict[str, float]
    rows: list[str]


async def measure(folder: Path, broker: Broker, secret: str, count: int) -> "Measured":
    """Drain by each of ours, then by the bare loop."""
    journal = Journal(folder / "j.db", SystemClock(), lambda _: None)
    ours, rows, who = dict[str, float](), list[str](), ("-u", "reader", "-P", secret)
    async with asyncio.TaskGroup() as tasks:
        writing = tasks.create_task(journal.run())
        await fill(journal, count)
        count = journal.head
        for name, share in LOADS.items():
            before, meanwhile = Lateness(), Lateness()
            async with field(share), reader(broker.port, folder / name, f"gatehouse/v1/{SITE}/{name}/events/#", *who):
                await before.over(3.0)
                ours[name] = await drain(name, journal, broker, secret, meanwhile)
            rows += [before.told(f"{name} loop, nothing to drain"), meanwhile.told(f"{name} loop, draining")]
        bodies = []
        for after in range(0, count, 1000):
            parcels = [Parcel(each, TITLES, 3, f"/gatehouse/v1/{SITE}") for each in await journal.read(after, 1000)]
            bodies += [("gatehouse/v1/bench/bare/events", parcel.cloudevent()) for parcel in parcels]
        print(f"broker {broker.program}, {count} events of {sum(len(body) for _, body in bodies) / count:.0f} bytes")
        async with reader(broker.port, folder / "bare", "gatehouse/v1/bench/bare/#", *who):
            theirs = await asyncio.to_thread(bare, broker.port, secret, bodies)
        await journal.close()
        writing.cancel()
    return Measured(count, theirs, ours, rows)


async def run(count: int) -> int:
    """Measure, print, and judge by the goal."""
    secret = password()
    accounts = [
        Account(user="writer", password=secret, reads=("gatehouse/+/+/+/refill",), writes=("gatehouse/#",)),
        Account(user="reader", password=secret, reads=("gatehouse/#",)),
    ]
    with tempfile.TemporaryDirectory() as name:
        broker = Broker(Path(name) / "broker", accounts)
        await broker.start()
        count, theirs, ours, rows = await measure(Path(name), broker, secret, count)
        await broker.stop()
        came = [in_order((Path(name) / each).read_bytes().splitlines()) for each in ours]
        whole = all(verdict(each, range(1, count + 1)).sound for each in came)
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
