"""The daemon with 150 gateways and 4 800 units: how old its points get, what it takes of processor and memory.

    python -m bench.large [--seconds 60] [--gateways 150]

The daemon is the real process with its real site file: a rule for every unit, a journal on disk, one subscriber whose
broker is not there. Gateways run in two other processes and take the time that 19 200 baud and 10 ms take. Ages are
looked at over its local API, several times after processor and memory were measured: each look costs it a while.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2

from bench.alarms.__main__ import cpu, start, wait_for
from bench.large.gateways import REGISTERS, UNITS
from simulators.child import Child, module

FIRST = 21_000
LOOKS = 12
SETTLES = 30.0
"""Seconds after it guards, before anything is measured."""
GOALS = {"safety": 2.0, "measure": 10.0, "core": 0.5, "memory": 300.0}
"""Seconds, seconds (asked for a little more often than that: the wire needs its turn), share of a core, MB."""
_PROFILE = """
maker: bench
model: sensor
title: {{zh: 探测器, en: sensor}}
source: [{{text: "bench/large/gateways.py"}}]
hardware: false
grade: B
points:
  alarm:
    {{title: {{zh: 报警, en: alarm}}, table: input, address: 0, unit: mA, low: 0, high: 5000,
      kind: safety, period: {period}}}
  volts:
    {{title: {{zh: 测量, en: measure}}, table: input, address: 1, count: {count}, unit: V, low: 0, high: 500,
      kind: measure, period: 8.5s}}
"""


def site(folder: Path, gateways: int, period: str) -> Path:
    """Write it."""
    (folder / "profiles").mkdir()
    (folder / "profiles" / "sensor.yaml").write_text(_PROFILE.format(count=REGISTERS - 1, period=period))
    lines, devices, rules = [], [], []
    for gateway in range(gateways):
        lines.append(f"  g{gateway}: {{tcp: '127.0.0.1:{FIRST + gateway}', baud: 19200}}")
        for unit in range(1, UNITS + 1):
            name = f"g{gateway}u{unit}"
            devices.append(f"  {name}: {{line: g{gateway}, driver: modbus, profile: sensor, unit: {unit}}}")
            rules.append(f"  a-{name}: {{kind: electrical_fire, current: {name}.alarm, alarm: 500 mA, for: 0s}}")
    file = folder / "site.yaml"
    file.write_text("\n".join([
        "site: {id: large, name: large, timezone: Asia/Shanghai}", "lines:", *lines, "devices:", *devices,
        "rules:", *rules, "subscribers: {desk: {broker: 'mqtt://127.0.0.1:1', tier: 1}}",
    ]))  # fmt: skip
    return file


def ages(document: dict[str, Any], found: dict[str, list[float]]) -> None:
    """Add how old each scan's values are just now, by its class."""
    for line in document["lines"].values():
        for device in line["devices"].values():
            for scan in device["scans"].values():
                found[scan["kind"]].append(scan["age"])


async def looks(http: httpx2.AsyncClient) -> dict[str, list[float]]:
    """All ages, looked at now and then."""
    found: dict[str, list[float]] = {"safety": [], "measure": []}
    for _ in range(LOOKS):
        ages((await http.get("/v1/status")).json(), found)
        await asyncio.sleep(1.7)
    return found


def memory(pid: int) -> float:
    """MB of a process in memory, and its children's none: it has none."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in text.splitlines() if line.startswith("VmRSS"))) / 1024


async def run(gateways: int, seconds: float, period: str) -> int:
    """Measure, print; 1 when a goal is missed."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="large-")))
        half = -(-gateways // 2)
        for number, (first, count) in enumerate(((FIRST, half), (FIRST + half, gateways - half))):
            child = await start(
                stack, Child("gateways", module("bench.large.gateways", first, count), folder / f"g{number}")
            )
            await wait_for(child, "ready")
        file, socket = site(folder, gateways, period), folder / "api"
        command = module("console.cli", "run", file, "--state", folder / "state", "--socket", socket)
        began = time.monotonic()
        daemon = await start(stack, Child("gatehouse", command, folder / "log"))
        http = httpx2.AsyncClient(
            transport=httpx2.AsyncHTTPTransport(uds=str(socket)), base_url="http://gatehouse", timeout=60
        )
        stack.push_async_callback(http.aclose)
        async with asyncio.timeout(180):
            while not await armed(http, daemon):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.5)
        print(f"{gateways} gateways, {gateways * UNITS} units; armed {time.monotonic() - began:.1f} s after its start")
        await asyncio.sleep(SETTLES)
        polls, used, since = await answered(http), cpu(daemon.pid), time.monotonic()
        await asyncio.sleep(seconds)
        used, took = cpu(daemon.pid) - used, time.monotonic() - since
        rate = (await answered(http) - polls) / took
        size = memory(daemon.pid)
        return report(await looks(http), used / took, size, rate)


async def armed(http: httpx2.AsyncClient, daemon: Child) -> bool:
    """Whether it guards. RuntimeError when it has ended."""
    if not daemon.running:
        raise RuntimeError(f"gatehouse ended: {' / '.join(daemon.tail(5))}")
    try:
        return bool((await http.get("/v1/status")).json()["armed"])
    except (httpx2.TransportError, KeyError):
        return False


def total(document: dict[str, Any]) -> int:
    """Exchanges so far."""
    return sum(device["polls"] for line in document["lines"].values() for device in line["devices"].values())


async def answered(http: httpx2.AsyncClient) -> int:
    """Exchanges so far."""
    return total((await http.get("/v1/status")).json())


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
    given = parser.parse_args()
    try:
        return asyncio.run(run(given.gateways, given.seconds, given.period))
    except (OSError, RuntimeError, TimeoutError) as error:
        print(f"could not measure: {error or type(error).__name__}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
