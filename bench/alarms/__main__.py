"""How long after an alarm register flips does an MQTT subscriber know, on a line that is slow and full.

    python -m bench.alarms [--seconds 120] [--dead 0,4,12] [--without node-red] [--strict]

32 units on one paced wire of 9600 baud, 20 ms of turn-round, each with one alarm register and nine measures that are
wanted every 10 s. One contestant after the other works on the same wire with the same flips, tells mosquitto, and a
subscriber in this process notes when it knew. Contestants are installed into `--cache` (a temporary folder without it).
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import quantiles

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from bench.alarms.contestant import Contestant, Place
from bench.alarms.floor import Floor
from bench.alarms.nodered import NodeRed
from bench.alarms.ours import Gatehouse
from bench.alarms.plain import Plain
from bench.alarms.street import UNITS
from bench.alarms.thingsboard import Thingsboard
from simulators.broker import free_port
from simulators.child import Child, module

CONTESTANTS: dict[str, Contestant] = {
    "gatehouse": Gatehouse(),
    "plain": Plain(),
    "plain-back-off": Plain(back_off=True),
    "node-red": NodeRed(),
    "thingsboard": Thingsboard(),
}
WARM_UP = 25.0
"""Seconds for a contestant to start, to find the dead, and to read everything once."""
TAIL = 8.0
"""Seconds after the last flip that is counted."""


class Subscriber:
    """Notes when each unit's alarm became known to be on or off."""

    def __init__(self, contestant: Contestant, broker: int) -> None:
        self.heard: dict[int, list[tuple[float, bool]]] = defaultdict(list)
        self._contestant = contestant
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._message
        self._client.connect("127.0.0.1", broker)
        for topic in contestant.topics:
            self._client.subscribe(topic, qos=1)
        self._client.loop_start()

    def _message(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        now = time.monotonic()
        if answer := self._contestant.reply(message.topic):
            self._client.publish(*answer, qos=1)
            return
        try:
            told = self._contestant.alarms(message.topic, json.loads(message.payload))
        except (ValueError, KeyError, TypeError, AttributeError):
            return  # something else that it says on these topics
        for unit, on in told.items():
            self.heard[unit].append((now, on))

    def close(self) -> None:
        """Hang up."""
        self._client.loop_stop()
        self._client.disconnect()


async def start(stack: AsyncExitStack, child: Child) -> Child:
    """A child that is stopped with the rest."""
    await child.start()
    stack.push_async_callback(child.stop)
    return child


async def wait_for(child: Child, word: str) -> None:
    """Until it has said so."""
    async with asyncio.timeout(15):
        while not any(word in line for line in child.tail()):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)


async def race(contestant: Contestant, dead: int, seconds: float, *, strict: bool) -> tuple[list[float], int, float]:
    """Delays of all alarms that rose, how many were never heard, and the share of a core that it took."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="street-")))
        port, link, flips = free_port(), folder / "port", folder / "flips"
        flips.touch()
        (folder / "mosquitto.conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
        await start(
            stack, Child("mosquitto", ["/usr/sbin/mosquitto", "-c", str(folder / "mosquitto.conf")], folder / "m.log")
        )
        street = Child(
            "street",
            module("bench.alarms.street", link, flips, "--dead", dead, *(["--strict"] if strict else [])),
            folder / "street.log",
        )
        await start(stack, street)
        await wait_for(street, "ready")
        (folder / "work").mkdir()
        command = contestant.command(Place(folder / "work", link, port))
        subscriber = Subscriber(contestant, port)
        stack.callback(subscriber.close)
        worker = await start(stack, Child(contestant.name, command, folder / "worker.log"))
        await asyncio.sleep(WARM_UP)
        before, begun = cpu(worker.pid), time.monotonic()
        os.kill(street.pid, signal.SIGUSR1)  # let the alarms begin
        await asyncio.sleep(seconds)
        if not worker.running:
            raise RuntimeError(f"{contestant.name} ended: {' / '.join(worker.tail(5))}")
        share = (cpu(worker.pid) - before) / (time.monotonic() - begun)
        end = time.monotonic()
        await asyncio.sleep(TAIL)
        return (*judged(flips, subscriber, end), share)


def cpu(pid: int) -> float:
    """Seconds of processor that a process and its children have used."""
    total = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            session = int(fields[3])
        except (OSError, IndexError):
            continue
        if session == pid:  # each child leads a session of its own
            total += (int(fields[11]) + int(fields[12])) / 100
    return total


def judged(flips: Path, subscriber: Subscriber, end: float) -> tuple[list[float], int]:
    """Each rise against the first news of it; a rise whose news never came before it fell again counts as missed."""
    mine = defaultdict(list)
    for line in flips.read_text().splitlines():
        flip = json.loads(line)
        mine[flip["unit"]].append((flip["at"], flip["on"]))
    delays, missed = [], 0
    for unit, changes in mine.items():
        for (at, on), following in zip(changes, [*changes[1:], (end + TAIL, False)], strict=True):
            if not on or at > end:
                continue
            until = following[0] + 1.0
            known = [when for when, what in subscriber.heard[unit] if what and at <= when <= until]
            if known:
                delays.append(known[0] - at)
            else:
                missed += 1
    return delays, missed


async def run(names: list[str], dead: list[int], seconds: float, cache: Path, *, strict: bool) -> None:
    """All races, and the table."""
    for name in names:
        print(f"- {name}: {CONTESTANTS[name].install(cache)}", flush=True)
    for count in dead:
        floor = Floor(UNITS - count)
        print(f"\n{UNITS} units, {count} dead{', strict' if strict else ''}; seconds from flip to subscriber")
        print(f"{'':30}     n missed    p50    p95    p99  worst p99/floor   core")
        row("floor of the wire", "", "", [floor.delay(share) for share in (0.5, 0.95, 0.99)], "")
        for name in names:
            delays, missed, share = await race(CONTESTANTS[name], count, seconds, strict=strict)
            cuts = quantiles(delays, n=100, method="inclusive") if len(delays) > 1 else [float("nan")] * 99
            figures = [cuts[49], cuts[94], cuts[98], max(delays, default=float("nan"))]
            ratio = f"{cuts[98] / floor.delay(0.99):9.2f} {100 * share:5.1f} %"
            row(CONTESTANTS[name].name, len(delays), missed, figures, ratio)


def row(name: str, count: object, missed: object, figures: list[float], rest: str) -> None:
    """One line of the table."""
    print(f"{name:30} {count!s:>5} {missed!s:>6} {' '.join(f'{each:6.2f}' for each in figures)} {rest}", flush=True)


def main() -> int:
    """From the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--dead", default="0,4,12")
    parser.add_argument("--only", nargs="*", choices=CONTESTANTS)
    parser.add_argument("--without", nargs="*", choices=CONTESTANTS, default=[])
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--strict", action="store_true", help="units want 3.5 characters of silence before a request")
    given = parser.parse_args()
    names = [name for name in given.only or CONTESTANTS if name not in given.without]
    dead = [int(word) for word in given.dead.split(",")]
    try:
        with tempfile.TemporaryDirectory(prefix="contestants-") as folder:
            asyncio.run(run(names, dead, given.seconds, given.cache or Path(folder), strict=given.strict))
    except (OSError, RuntimeError, TimeoutError) as error:
        print(f"could not measure: {error or type(error).__name__}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
