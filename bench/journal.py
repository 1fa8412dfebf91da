"""How many events a second reach the disk, how soon they can be read, and what an append costs.

    python -m bench.journal [--folder DIR] [--seconds 4]

The peer in the same run: Python's own sqlite3, one row per commit, WAL, synchronous=FULL, no hash, no index, no thread.
The folder decides which disk is measured. Numbers of a shared machine move; the ratios move less.
"""

import argparse
import asyncio
import gc
import json
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import TypeVar

import apsw

from daemon.clock import SystemClock
from daemon.journal.chain import verify
from daemon.journal.journal import Filter, Journal
from gatehouse.events import Event

PRODUCERS = (1, 8, 64)
ROUNDS = 7
T = TypeVar("T")


def event(i: int) -> Event:
    """A card let in, as the access rule tells it."""
    content = {"card": "0012345678", "person": "李四", "reason": "resident", "door": "doors.north"}
    return Event(
        id=f"0123456789ab-{i}",
        at=datetime.now(UTC),
        kind="access.granted",
        subject="doors.north",
        actor="rule:doors.north.access",
        content=content,
    )


def plain_loop(path: Path, seconds: float) -> float:
    """One row, one commit, with the standard library."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE events (number INTEGER PRIMARY KEY, at TEXT, kind TEXT, subject TEXT, body TEXT)")
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        one = event(count)
        body = json.dumps({"id": one.id, "actor": one.actor, "content": one.content})
        row = (one.at.isoformat(), one.kind, one.subject, body)
        database.execute("INSERT INTO events (at, kind, subject, body) VALUES (?, ?, ?, ?)", row)
        count += 1
    rate = count / (time.perf_counter() - start)
    database.close()
    return rate


async def with_journal(path: Path, work: Callable[[Journal], Awaitable[T]]) -> T:
    """Measure a running journal."""
    journal = Journal(path, SystemClock(), lambda why: print("trouble:", why) if why else None)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(journal.run())
        await journal.standing()
        result = await work(journal)
        await journal.close()
        task.cancel()
    return result


async def producers(journal: Journal, number: int, seconds: float) -> tuple[float, list[float]]:
    """So many producers, each waiting for its own event to be durable before the next one."""
    latencies: list[float] = []
    appended, end = journal.head, time.perf_counter() + seconds

    async def produce() -> None:
        nonlocal appended
        while time.perf_counter() < end:
            start = time.perf_counter()
            journal.append(event(appended))
            appended += 1
            mine = appended
            while journal.head < mine:
                await journal.wait_beyond(mine - 1, 5)
            latencies.append(time.perf_counter() - start)

    before, start = journal.head, time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(number):
            group.create_task(produce())
    return (journal.head - before) / (time.perf_counter() - start), latencies


async def readable(journal: Journal, seconds: float) -> list[float]:
    """From append until a reader has the event in his hands, at 200 events a second, as a feed reads."""
    latencies: list[float] = []
    end, at = time.perf_counter() + seconds, journal.head
    while time.perf_counter() < end:
        start = time.perf_counter()
        journal.append(event(at))
        found: list[Event] = []
        while not found:
            await journal.wait_beyond(at, 5)
            found = await journal.read(at)
        latencies.append(time.perf_counter() - start)
        at = found[-1].number
        await asyncio.sleep(0.005)
    return latencies


async def appends(journal: Journal) -> list[float]:
    """What the loop pays for one append while the disk is busy with the last ones; nobody waits for it."""
    costs: list[float] = []
    for i in range(200):
        batch = [event(i * 50 + j) for j in range(50)]
        start = time.perf_counter()
        for one in batch:
            journal.append(one)
        costs.append((time.perf_counter() - start) / 50)
        await asyncio.sleep(0.001)
    return costs


async def restored(journal: Journal) -> float:
    """What a burst of waiting events, as after trouble, needs to reach the disk: events a second."""
    before, start = journal.head, time.perf_counter()
    for i in range(50_000):
        journal.append(event(i))
    while journal.head < before + 50_000:
        await journal.wait_beyond(journal.head, 5)
    return 50_000 / (time.perf_counter() - start)


async def search(journal: Journal) -> tuple[float, float]:
    """Seconds for the newest 20 of a rare kind, and for a word that is nowhere."""
    start = time.perf_counter()
    await journal.query(0, 20, Filter(kinds=("alarm.*",)), newest=True)
    middle = time.perf_counter()
    await journal.query(0, 20, Filter(text="nowhere"))
    return middle - start, time.perf_counter() - middle


def spread(seconds: list[float], unit: float = 1e3, name: str = "ms") -> str:
    """The middle and the bad end."""
    return f"p50 {median(seconds) * unit:7.3f} {name}   p99 {quantiles(seconds, n=100)[98] * unit:7.3f} {name}"


def say(what: str, *found: str) -> None:
    """One line of the result."""
    print(f"{what:40}", *found, sep="  ", flush=True)


async def main(folder: Path, seconds: float) -> None:
    """Measure everything. The rates take turns, so that a busy neighbour hits all of them alike."""
    say("SQLite", f"{apsw.sqlite_lib_version()} (ours), {sqlite3.sqlite_version} (plain loop); folder {folder}")
    path = folder / "journal.db"
    plain: list[float] = []
    rates: dict[int, list[float]] = {number: [] for number in PRODUCERS}
    latencies: dict[int, list[float]] = {number: [] for number in PRODUCERS}
    for turn in range(ROUNDS):
        plain.append(plain_loop(folder / f"plain{turn}.db", seconds / ROUNDS))
        for number in PRODUCERS:
            gc.collect()
            rate, spent = await with_journal(path, lambda it, n=number: producers(it, n, seconds / ROUNDS))
            rates[number].append(rate)
            latencies[number] += spent
    say("plain sqlite3, 1 row per commit", f"{median(plain):9.0f} durable events/s")
    for number in PRODUCERS:
        ratio = median(one / peer for one, peer in zip(rates[number], plain, strict=True))
        rate = f"{median(rates[number]):9.0f} durable events/s"
        say(f"journal, producers: {number}", rate, f"{ratio:5.1f} x plain", spread(latencies[number]))
    say("append -> in a reader's hands, 200/s", spread(await with_journal(path, lambda it: readable(it, seconds))))
    say("append, cost for the loop", spread(await with_journal(path, appends), 1e6, "us"))
    say("50 000 waiting events, in order", f"{await with_journal(path, restored):9.0f} durable events/s")
    start = time.perf_counter()
    verdict = verify(path)
    took = time.perf_counter() - start
    lines = verdict.checked
    size = path.stat().st_size / lines
    say("verify", f"{lines / took:9.0f} lines/s", f"{lines} lines, {size:.0f} bytes each, {verdict.faults} faults")
    rare, nowhere = await with_journal(path, search)
    say("search, newest of a rare kind", f"{rare * 1e3:7.1f} ms")
    say("search, a word that is nowhere", f"{nowhere * 1e3:7.1f} ms", f"in {lines} lines")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="on the disk to be measured; default: a temporary one")
    parser.add_argument("--seconds", type=float, default=4.0, help="for each measurement")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        asyncio.run(main(Path(name), arguments.seconds))
