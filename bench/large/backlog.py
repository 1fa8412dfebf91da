"""A day of broker outage is drained at the large estate: what does its field feel of it?

The daemon starts with a day of events in its journal that its one subscriber has never got, and without that
subscriber's broker. Ages, processor and memory are looked at in the same way while the broker is away, while the day is
drained, and afterwards; each look costs the daemon a while, in all three alike.
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

import httpx2

from bench.alarms.__main__ import cpu, start
from bench.day import fill
from bench.large.estate import DESK, ages, field, guard, memory, site, total
from bench.large.gateways import UNITS
from bench.mosquitto import listening, mosquitto
from bench.subscriber import Verdict, in_order, newest, reader, verdict
from daemon.clock import SystemClock
from daemon.feeds.catalogue import published
from daemon.journal.journal import Journal
from daemon.journal.query import query
from simulators.broker import HOST, free_port
from simulators.child import Child

DAY, GOAL = 200_000, 300.0
"""Events, and the seconds for them."""
TOUCHED = 1.1
"""So many times as old as while the broker is away may one value in a thousand be while the day is drained."""
_SETTLES = 30.0
_SPACING = 6.0
"""Seconds between two looks: at 3 s they took 20 % of the main thread, the day being drained 8 %."""
_GIVES_UP = 900.0
_TOPIC = f"gatehouse/v1/large/{DESK}/events/#"
_PAGE = 5000


class Phase(NamedTuple):
    """What was seen in a while."""

    name: str
    seconds: float
    ages: dict[str, list[float]]
    """Of each class, youngest first."""
    core: float
    memory: float
    rate: float
    """Exchanges a second."""

    def age(self, kind: str, share: float) -> float:
        """The age that so many of the values do not exceed."""
        return self.ages[kind][min(len(self.ages[kind]) - 1, int(len(self.ages[kind]) * share))]

    def told(self) -> str:
        """One row."""
        kinds = (
            f"{kind} {self.age(kind, 0.5):5.2f} {self.age(kind, 0.999):5.2f} {self.ages[kind][-1]:5.2f} s"
            for kind in self.ages
        )
        return (
            f"{self.name:<12} {self.seconds:5.0f} s   {'   '.join(kinds)}   "
            f"{self.rate:5.0f} exchanges/s   {100 * self.core:3.0f} % of a core   {self.memory:4.0f} MB"
        )


def times(before: Phase, meanwhile: Phase) -> dict[str, float]:
    """How much older one value in a thousand is meanwhile, for each class."""
    return {kind: meanwhile.age(kind, 0.999) / before.age(kind, 0.999) for kind in before.ages}


async def watch(name: str, http: httpx2.AsyncClient, pid: int, over: Awaitable[None]) -> Phase:
    """Look now and then until `over` is."""
    found: dict[str, list[float]] = {"safety": [], "measure": []}
    polls, size, used, since = list[tuple[float, int]](), memory(pid), cpu(pid), time.monotonic()
    waiting = asyncio.ensure_future(over)
    while not waiting.done() or len(polls) < 2:
        document = (await http.get("/v1/status", params={"only": "lines"})).json()
        ages(document, found)
        polls.append((time.monotonic(), total(document)))
        size = max(size, memory(pid))
        await asyncio.wait([waiting], timeout=_SPACING)
    await waiting
    took = time.monotonic() - since
    for values in found.values():
        values.sort()
    rate = (polls[-1][1] - polls[0][1]) / (polls[-1][0] - polls[0][0])
    return Phase(name, took, found, (cpu(pid) - used) / took, size, rate)


async def prepared(state: Path, count: int) -> int:
    """A journal with a day in it that the subscriber has not got; how many events that is."""
    state.mkdir(mode=0o700)  # noqa: ASYNC240 - nothing else happens meanwhile
    journal = Journal(state / "journal.db", SystemClock(), print)
    async with asyncio.TaskGroup() as tasks:
        writing = tasks.create_task(journal.run())
        await journal.standing()
        journal.cursor(DESK)  # known from now on, and at 0
        filled = await fill(journal, count)
        await journal.close()
        writing.cancel()
    return filled


def owed(journal: Path, tier: int, upto: int) -> list[int]:
    """Numbers that a subscriber of this tier must get."""
    found, after = list[int](), 0
    while after < upto and (page := query(journal, after, _PAGE)):
        found += [event.number for event in page if event.number <= upto and published(event.kind, tier)]
        after = page[-1].number
    return found


class Drain:
    """When the first of a backlog came to its reader, and when the last."""

    def __init__(self, output: Path, last: int) -> None:
        """`output`: where the reader writes; `last`: the number that ends it."""
        self._output, self._last = output, last
        self._begun = time.monotonic()
        self.first = self.whole = 0.0
        """Seconds."""

    async def over(self) -> None:
        """Wait until the last has come. TimeoutError when it does not."""
        async with asyncio.timeout(_GIVES_UP):
            while (number := newest(self._output)) < self._last:
                self.first = self.first or (time.monotonic() - self._begun if number else 0.0)
                await asyncio.sleep(0.2)
        self.whole = time.monotonic() - self._begun


async def known(folder: Path, broker: Child, port: int) -> tuple[str, ...]:
    """Let the broker know the reader before it goes away, so that nothing is missed when both come back."""
    who = ("-c", "-i", "reader")
    await broker.start()
    await listening(port)
    command = ["mosquitto_sub", "-h", HOST, "-p", str(port), *who, "-q", "1", "-t", _TOPIC, "-E"]
    subscribing = Child("mosquitto_sub", command, folder / "subscribing.log")
    await subscribing.start()
    async with asyncio.timeout(10):
        while subscribing.running:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)
    await broker.stop()
    return who


async def run(gateways: int, seconds: float, period: str, count: int, tier: int) -> int:
    """Measure, print; 1 when the day takes too long, is not whole, or is felt by the field."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="large-")))
        port, output = free_port(), folder / "came"
        broker = mosquitto(folder / "broker", port, keeps=True)
        who = await known(folder, broker, port)
        filled = await prepared(folder / "state", count)
        last = owed(folder / "state" / "journal.db", tier, filled)[-1]
        await field(stack, folder, gateways)
        file = site(folder, gateways, period, f"broker: 'mqtt://{HOST}:{port}', tier: {tier}")
        child, http, took = await guard(stack, folder, file)
        print(f"{gateways} gateways, {gateways * UNITS} units, {filled} events; armed {took:.1f} s after its start")
        await asyncio.sleep(_SETTLES)
        phases = [await watch("away", http, child.pid, asyncio.sleep(seconds))]
        drain = Drain(output, last)
        await start(stack, broker)
        await listening(port)
        async with reader(port, output, _TOPIC, *who):
            phases.append(await watch("draining", http, child.pid, drain.over()))
            phases.append(await watch("drained", http, child.pid, asyncio.sleep(seconds)))
        lines = output.read_bytes().splitlines()
        came = in_order(lines)
        found = verdict(came, owed(folder / "state" / "journal.db", tier, came[-1]))
        ahead = sum(b'"ahead":true' in line for line in lines)
        return report(phases, drain.first, drain.whole, filled, found, len(came), ahead)


def report(  # noqa: PLR0917 - all that was seen
    phases: list[Phase], first: float, whole: float, filled: int, found: Verdict, came: int, ahead: int
) -> int:
    """Print, and judge by the goals; a shorter backlog by what a day would have taken."""
    print("ages: median, one in a thousand, oldest", *(phase.told() for phase in phases), sep="\n")
    older = times(phases[0], phases[1])
    day = first + (whole - first) * DAY / filled
    print(f"{filled} events drained {whole:.0f} s after the broker came, the first after {first:.0f} s; ", end="")
    print(f"{filled / (whole - first):.0f} a second")
    print(f"{came} received in their order, {ahead} ahead of it besides; {found}")
    print("one value in a thousand, draining to away:", ", ".join(f"{kind} {by:.2f}" for kind, by in older.items()))
    reached = {
        "whole and in order": found.sound,
        f"a day in {day:.0f} s, less than {GOAL:g} s": day < GOAL,
        f"field older by less than {TOUCHED - 1:.0%}": max(older.values()) < TOUCHED,
    }
    for goal, so in reached.items():
        print(f"goal: {goal}: {'reached' if so else 'MISSED'}")
    return 0 if all(reached.values()) else 1
