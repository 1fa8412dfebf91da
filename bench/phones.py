"""Thirty patrol phones and two hundred alarms in ten seconds: does each get every P1, first, beside a slow one and one
that is away?

    python -m bench.phones [--phones 30] [--seconds 10]

The daemon as a process, seven gateways of 32 units; every fourth unit is P1 and rings every guard, the others are P2.
A real mosquitto. Phones answer each call with a signed `delivered` and `read`; one takes half a second for each
message, one is away until all is over. Delays are from the rise at the unit to the first message of it on a phone.
"""

import argparse
import asyncio
import json
import os
import re
import signal
import sys
import tempfile
import threading
import time
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import quantiles
from typing import Any

import httpx2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench.alarms.__main__ import start, wait_for
from bench.burst import FIRST
from bench.large.estate import armed, memory, wired
from bench.mosquitto import listening, mosquitto
from console.phone import Heard, Phone, Way, public, utc
from simulators.broker import HOST, free_port
from simulators.child import Child, module

GATEWAYS = 7
TAIL, SLOW = 20.0, 0.5
SLOWEST, AWAY = 0, 1
"""Numbers of two phones that are not as the others."""
_UNIT = re.compile(r"g\d+u\d+")


class Pocket:
    """One phone, and when it first heard of each unit."""

    def __init__(self, number: int, port: int) -> None:
        self.number, self.name, key = number, f"guard{number}", Ed25519PrivateKey.generate()
        self.public, self.first = public(key), dict[str, float]()
        self.state: dict[str, Any] = {}
        self.phone = Phone("phones", self.name, key, Way(broker=f"mqtt://{HOST}:{port}"), utc)

    def hear(self, heard: Heard, at: float) -> None:
        """Note it; confirm a call as a phone does."""
        if heard.topic == "state":
            self.state = heard.body
        elif heard.topic == "cards" and (unit := _UNIT.search(json.dumps(heard.body["card"]))):
            self.first.setdefault(unit[0], at)
            if heard.body["type"] == "call":
                self.phone.say("delivered", key=heard.body["key"])
                self.phone.say("read", key=heard.body["key"])

    def open(self) -> None:
        """Hear from now on."""
        self.phone.open()
        threading.Thread(target=self._carry, daemon=True).start()

    def _carry(self) -> None:
        while True:
            self.hear(self.phone.heard.get(), time.monotonic())
            if self.number == SLOWEST:
                time.sleep(SLOW)


def grave(unit: str) -> bool:
    """Whether its alarm is P1."""
    return int(unit.partition("u")[2]) % 4 == 1


def site(folder: Path, broker: int, pockets: list[Pocket]) -> Path:
    """Rules for all units; P1 rings everybody."""
    lines, devices, units = wired(folder, GATEWAYS, "1.5s", FIRST)
    rules = []
    for unit in units:
        which = f"when: {unit}.alarm > 500.0, priority: {1 if grave(unit) else 2}"
        rules.append(f"  a-{unit}: {{kind: expression, {which}, text: {unit}.}}")
    guards = ", ".join(f"{its.name}: '{its.public}'" for its in pockets)
    file = folder / "site.yaml"
    file.write_text("\n".join([
        "site: {id: phones, name: phones, timezone: Asia/Shanghai}",
        "lines:", *lines, "devices:", *devices, "rules:", *rules,
        f"channels: {{phones: {{kind: patrol, broker: 'mqtt://{HOST}:{broker}', guards: {{{guards}}}}}}}",
        "people:", *(f"  {its.name}: {{name: {its.name}, roles: [patrol]}}" for its in pockets),
        "ladders: {life: {severity: [P1], steps: [{ring: [patrol], by: [phones]}]}}",
    ]))  # fmt: skip
    return file


async def run(count: int, seconds: float) -> int:
    """Measure, print; 1 when a phone that is there lacks a P1."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="phones-")))
        port = free_port()
        await start(stack, mosquitto(folder / "broker", port))
        await listening(port)
        pockets = [Pocket(number, port) for number in range(count)]
        here = [its for its in pockets if its.number != AWAY]
        flood = module("bench.large.gateways", FIRST, GATEWAYS, "--flood", seconds)
        units = await start(stack, Child("gateways", flood, folder / "units"))
        await wait_for(units, "ready")
        api = folder / "api"
        words = module("console.cli", "run", site(folder, port, pockets), "--state", folder / "state", "--socket", api)
        daemon = await start(stack, Child("gatehouse", words, folder / "log"))
        http = httpx2.AsyncClient(transport=httpx2.AsyncHTTPTransport(uds=str(api)), base_url="http://box", timeout=60)
        stack.push_async_callback(http.aclose)
        async with asyncio.timeout(120):
            while not await armed(http, daemon):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.5)
        for its in here:
            its.open()
            stack.callback(its.phone.close)
        await asyncio.sleep(5)
        before = peak = memory(daemon.pid)
        os.kill(units.pid, signal.SIGUSR1)
        end = time.monotonic() + seconds + TAIL
        while time.monotonic() < end:
            await asyncio.sleep(0.25)
            peak = max(peak, memory(daemon.pid))
        status = (await http.get("/v1/status")).json()["channels"]["phones"]
        late = pockets[AWAY]
        late.open()
        stack.callback(late.phone.close)
        await asyncio.sleep(3)
        said = [line.split() for line in (folder / "units").read_text().splitlines()]
        rises = {f"g{int(w[0]) - FIRST}u{w[1]}": float(w[2]) for w in said if len(w) == 3}
        print(f"memory {before:.0f} MB, {peak:.0f} MB at its peak; {status['sent']} calls, {status['failed']} failed")
        return report(rises, [its for its in here if its.number != SLOWEST], pockets[SLOWEST], late)


def report(rises: dict[str, float], quick: list[Pocket], slow: Pocket, late: Pocket) -> int:
    """Print what is lacking and how late the rest was."""
    first = [unit for unit in rises if grave(unit)]
    rest = [unit for unit in rises if not grave(unit)]
    lacks = sum(unit not in its.first for its in quick for unit in first)
    shown = [card["severity"] for card in late.state["cards"]]
    print(f"{len(rises)} alarms, {len(first)} of them P1; {len(quick)} phones: {lacks} P1 have not come")
    print(
        f"by then {len(slow.first)} on the slow one; {len(shown)} cards, {shown.count(1)} P1, on the one that was away"
    )
    for what, units in (("P1", first), ("others", rest)):
        delays = [its.first[unit] - rises[unit] for its in quick for unit in units if unit in its.first]
        cuts = quantiles(delays, n=100, method="inclusive")
        print(f"{what:7} p50 {cuts[49]:.2f} s, p99 {cuts[98]:.2f} s, worst {max(delays):.2f} s, {len(delays)} came")
    return 1 if lacks else 0


def main() -> int:
    """From the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--phones", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=10)
    given = parser.parse_args()
    return asyncio.run(run(given.phones, given.seconds))


if __name__ == "__main__":
    sys.exit(main())
