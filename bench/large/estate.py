"""The large estate as processes: its site file, its gateways, its daemon, and looks at how that fares."""

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2

from bench.alarms.__main__ import start, wait_for
from bench.large.gateways import REGISTERS, UNITS
from simulators.child import Child, module

FIRST = 21_000
DESK = "desk"
NOBODY = "broker: 'mqtt://127.0.0.1:1', tier: 1"
"""A subscriber whose broker is not there."""
PROFILE = """
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


def wired(folder: Path, gateways: int, period: str, first: int = FIRST) -> tuple[list[str], list[str], list[str]]:
    """Write the profile; lines and devices for a site file, and the devices' names. `first`: port of the first line."""
    (folder / "profiles").mkdir()
    (folder / "profiles" / "sensor.yaml").write_text(PROFILE.format(count=REGISTERS - 1, period=period))
    lines, devices, names = [], [], []
    for gateway in range(gateways):
        lines.append(f"  g{gateway}: {{tcp: '127.0.0.1:{first + gateway}', baud: 19200}}")
        for unit in range(1, UNITS + 1):
            names.append(f"g{gateway}u{unit}")
            devices.append(f"  {names[-1]}: {{line: g{gateway}, driver: modbus, profile: sensor, unit: {unit}}}")
    return lines, devices, names


def site(folder: Path, gateways: int, period: str, subscriber: str = NOBODY) -> Path:
    """Write it; `subscriber`: settings of the one that there is."""
    lines, devices, names = wired(folder, gateways, period)
    rules = [f"  a-{name}: {{kind: electrical_fire, current: {name}.alarm, alarm: 500 mA, for: 0s}}" for name in names]
    file = folder / "site.yaml"
    file.write_text("\n".join([
        "site: {id: large, name: large, timezone: Asia/Shanghai}", "lines:", *lines, "devices:", *devices,
        "rules:", *rules, f"subscribers: {{{DESK}: {{{subscriber}}}}}",
    ]))  # fmt: skip
    return file


def ages(document: dict[str, Any], found: dict[str, list[float]]) -> None:
    """Add how old each scan's values are just now, by its class."""
    for line in document["lines"].values():
        for device in line["devices"].values():
            for scan in device["scans"].values():
                found[scan["kind"]].append(scan["age"])


def memory(pid: int) -> float:
    """MB of a process in memory, and its children's none: it has none."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in text.splitlines() if line.startswith("VmRSS"))) / 1024


async def field(stack: AsyncExitStack, folder: Path, gateways: int) -> None:
    """Gateways in two processes."""
    half = -(-gateways // 2)
    for number, (first, count) in enumerate(((FIRST, half), (FIRST + half, gateways - half))):
        child = Child("gateways", module("bench.large.gateways", first, count), folder / f"g{number}")
        await wait_for(await start(stack, child), "ready")


async def guard(stack: AsyncExitStack, folder: Path, file: Path) -> tuple[Child, httpx2.AsyncClient, float]:
    """The daemon when it guards, a client of its API, and the seconds that it took. TimeoutError, RuntimeError."""
    socket = folder / "api"
    command = module("console.cli", "run", file, "--state", folder / "state", "--socket", socket)
    began = time.monotonic()
    child = await start(stack, Child("gatehouse", command, folder / "log"))
    http = httpx2.AsyncClient(
        transport=httpx2.AsyncHTTPTransport(uds=str(socket)), base_url="http://gatehouse", timeout=60
    )
    stack.push_async_callback(http.aclose)
    async with asyncio.timeout(180):
        while not await armed(http, child):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.5)
    return child, http, time.monotonic() - began


async def armed(http: httpx2.AsyncClient, daemon: Child) -> bool:
    """Whether it guards. RuntimeError when it has ended."""
    if not daemon.running:
        raise RuntimeError(f"gatehouse ended: {' / '.join(daemon.tail(5))}")
    try:
        return bool((await http.get("/v1/status", params={"only": "lines"})).json()["armed"])
    except (httpx2.TransportError, KeyError):
        return False


def total(document: dict[str, Any]) -> int:
    """Exchanges so far."""
    return sum(device["polls"] for line in document["lines"].values() for device in line["devices"].values())


async def answered(http: httpx2.AsyncClient) -> int:
    """Exchanges so far."""
    return total((await http.get("/v1/status", params={"only": "lines"})).json())
