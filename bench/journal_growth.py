"""How inserting, verifying, proving, searching and cutting change while a journal grows.

    python -m bench.journal_growth [--folder DIR] [--most 10000000]

Lines as a large estate writes them: access, orders, devices, a few alarms. Every measure is taken on one file as it
passes 10 thousand, 100 thousand, 1 million and 10 million lines. The last takes 5 GB and some ten minutes.
"""

import argparse
import random
import resource
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles

import msgspec

from bench.journal import event, plain_loop, say
from daemon.clock import SystemClock
from daemon.journal.calendar import KEY, Entry
from daemon.journal.chain import verify
from daemon.journal.line import Line, write
from daemon.journal.prove import Head, prove
from daemon.journal.query import Filter, query
from daemon.journal.store import Store
from daemon.journal.trim import Trimmer
from gatehouse.events import Event

BATCH = 1000
SINGLE = 400
STEPS = 100
_KINDS = ("access.granted", "output.told", "output.confirmed", "device.offline", "alarm.raised")
_WEIGHTS = (45, 26, 26, 2, 1)
_START = datetime(2026, 1, 1, tzinfo=UTC)


def lines(chance: random.Random, first: int, count: int) -> list[Line]:
    """The next lines."""
    kinds = chance.choices(_KINDS, _WEIGHTS, k=count)
    return [write(_event(first + i, kind)) for i, kind in enumerate(kinds)]


def _event(i: int, kind: str) -> Event:
    made = event(i)
    return msgspec.structs.replace(
        made,
        at=_START + timedelta(seconds=i),
        kind=kind,
        subject=f"doors.d{i % 312}",
        severity=2 if kind == "alarm.raised" else 0,
    )


def timed(work: Callable[[], object]) -> float:
    """Seconds that it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def singles(store: Store, chance: random.Random, first: int) -> list[float]:
    """Seconds of each commit of one line."""
    return [timed(lambda one=one: store.commit([one], {}, {})) for one in lines(chance, first, SINGLE)]


def fill(store: Store, chance: random.Random, upto: int) -> float:
    """Grow to so many lines in commits of a thousand; lines a second over the last tenth of the way."""
    assert store.known is not None
    taken = counted = 0.0
    last_tenth = upto - (upto - store.known.head) // 10
    while store.known.head < upto:
        batch = lines(chance, store.known.head, min(BATCH, upto - store.known.head))
        took = timed(lambda batch=batch: store.commit(batch, {}, {}))
        store.tidy()
        if store.known.head > last_tenth:
            taken, counted = taken + took, counted + len(batch)
    return counted / taken if taken else 0.0


def cuts(store: Store, upto: int) -> tuple[list[float], int]:
    """Seconds of each of some steps of retention on this journal, and how many lines went; the rest stays."""
    assert store.known is not None
    today = int(datetime.now(UTC).timestamp() // 86400)
    store.commit([], {}, {}, {KEY: msgspec.json.encode([Entry(today - 300, upto // 2), Entry(today, upto)])})
    trimmer, before = Trimmer(SystemClock()), store.known.head
    number = iter(range(10**9))

    def line(kind: str, content: dict[str, object]) -> Line:
        return write(
            Event(id=f"cut-{next(number)}", at=datetime.now(UTC), kind=kind, subject="journal", content=content)
        )

    spent = []
    while len(spent) < STEPS:
        start = time.perf_counter()
        if not store.trim(trimmer, line):
            break
        spent.append(time.perf_counter() - start)
        store.tidy()
    return spent, store.known.head - before


def at_size(store: Store, path: Path, chance: random.Random, upto: int) -> Iterator[str]:
    """All that is measured at one size."""
    rate = fill(store, chance, upto)
    yield f"{rate:9.0f} lines/s by the thousand"
    one = singles(store, chance, upto)
    yield f"one by one p50 {median(one) * 1e3:5.2f} ms p99 {quantiles(one, n=100)[98] * 1e3:6.2f} ms"
    assert store.known is not None
    kept = Head(store.known.head, store.known.hash.hex())
    verdict = verify(path)
    assert verdict.clean
    took = timed(lambda: verify(path))
    yield f"verify {verdict.checked / took:8.0f} lines/s = {took:6.1f} s"
    _, (proof,) = prove(path, [kept])
    assert proof.said == "proved"
    rare = timed(lambda: query(path, 0, 20, Filter(kinds=("alarm.*",)), newest=True))
    yield f"newest 20 alarms {rare * 1e3:6.1f} ms"
    yield f"{path.stat().st_size / 1e6:7.0f} MB, {path.stat().st_size / verdict.checked:.0f} bytes a line"
    yield f"RSS {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"


def main(folder: Path, most: int) -> None:
    """Measure at every size."""
    plain = plain_loop(folder / "plain.db", 2.0)
    say("plain sqlite3, 1 row per commit", f"{plain:9.0f} durable events/s (sqlite {sqlite3.sqlite_version})")
    path, chance = folder / "journal.db", random.Random(4)
    store = Store(path, lambda: datetime.now(UTC))
    store.open()
    size = 10_000
    while size <= most:
        for found in at_size(store, path, chance, size):
            say(f"{size:,} lines", found)
        size *= 10
    spent, told = cuts(store, store.known.head if store.known else 0)
    worst = f"p50 {median(spent) * 1e3:5.1f} ms p99 {quantiles(spent, n=100)[98] * 1e3:5.1f} ms"
    say("steps of retention, 200 lines each", worst, f"{len(spent)} steps, {told} lines written about them")
    took = timed(lambda: verify(path))
    say("verify with gaps", f"{took:6.1f} s")
    store.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="on the disk to be measured; default: a temporary one")
    parser.add_argument("--most", type=int, default=10_000_000, help="lines")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        main(Path(name), arguments.most)
