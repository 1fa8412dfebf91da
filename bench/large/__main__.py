"""The daemon with 150 gateways and 4 800 units: how old its points get, what it takes of processor and memory.

    python -m bench.large [--seconds 60] [--gateways 150] [--backlog 200000 [--tier 3]]

The daemon is the real process with its real site file: a rule for every unit, a journal on disk, one subscriber whose
broker is not there. Gateways run in two other processes and take the time that 19 200 baud and 10 ms take. Ages are
looked at over its local API, several times after processor and memory were measured: each look costs it a while.
With `--backlog` the broker comes back after a day: bench/large/backlog.py.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

import httpx2

from bench.alarms.__main__ import cpu
from bench.large import backlog as drain
from bench.large.estate import ages, answered, field, guard, memory, site
from bench.large.gateways import UNITS

LOOKS = 12
SETTLES = 30.0
"""Seconds after it guards, before anything is measured."""
GOALS = {"safety": 2.0, "measure": 10.0, "core": 0.5, "memory": 300.0}
"""Seconds, seconds (asked for a little more often than that: the wire needs its turn), share of a core, MB."""


async def looks(http: httpx2.AsyncClient) -> dict[str, list[float]]:
    """All ages, looked at now and then."""
    found: dict[str, list[float]] = {"safety": [], "measure": []}
    for _ in range(LOOKS):
        ages((await http.get("/v1/status", params={"only": "lines"})).json(), found)
        await asyncio.sleep(1.7)
    return found


async def run(gateways: int, seconds: float, period: str) -> int:
    """Measure, print; 1 when a goal is missed."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="large-")))
        await field(stack, folder, gateways)
        child, http, took = await guard(stack, folder, site(folder, gateways, period))
        print(f"{gateways} gateways, {gateways * UNITS} units; armed {took:.1f} s after its start")
        await asyncio.sleep(SETTLES)
        polls, used, since = await answered(http), cpu(child.pid), time.monotonic()
        await asyncio.sleep(seconds)
        used, took = cpu(child.pid) - used, time.monotonic() - since
        rate = (await answered(http) - polls) / took
        size = memory(child.pid)
        return report(await looks(http), used / took, size, rate)


def report(found: dict[str, list[float]], core: float, size: float, rate: float) -> int:
    """Print, and judge by the goals."""
    print(f"{rate:.0f} exchanges/s, {100 * core:.0f} % of a core, {1e6 * core / rate:.0f} us each, {size:.0f} MB")
    for kind, values in found.items():
        values.sort()
        middle = values[len(values) // 2]
        late = values[len(values) * 999 // 1000]
        print(
            f"{len(values)} ages of {kind} scans: median {middle:.2f} s, p99.9 {late:.2f} s, oldest {values[-1]:.2f} s"
        )
    reached = {
        "safety": found["safety"][-1] <= GOALS["safety"], "measure": found["measure"][-1] <= GOALS["measure"],
        "core": core < GOALS["core"], "memory": size < GOALS["memory"],
    }  # fmt: skip
    print(json.dumps({"goals": GOALS, "reached": reached}))
    return 0 if all(reached.values()) else 1


def main() -> int:
    """From the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--gateways", type=int, default=150)
    parser.add_argument("--period", default="1.5s", help="of the alarm registers")
    parser.add_argument("--backlog", type=int, default=0, help="events that a subscriber has not got; 200000 are a day")
    parser.add_argument("--tier", type=int, default=3, help="of that subscriber; 3 gets all events")
    given = parser.parse_args()
    try:
        if given.backlog:
            return asyncio.run(drain.run(given.gateways, given.seconds, given.period, given.backlog, given.tier))
        return asyncio.run(run(given.gateways, given.seconds, given.period))
    except (OSError, RuntimeError, TimeoutError) as error:
        print(f"could not measure: {error or type(error).__name__}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
