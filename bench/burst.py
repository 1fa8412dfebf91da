"""Two thousand alarms in a minute: is one lost, does P1 go first, does memory stay bounded?

    python -m bench.burst [--gateways 63] [--seconds 60]

The daemon as a process with 63 gateways of 32 units, each with a rule of its own; one unit in 32 is P1. At a signal
every unit's alarm rises once within the minute. Counted: alarms in the journal, at a subscriber behind a mosquitto,
and P1 at a phone's web address, beside one that answers slowly and one that never does; delays from the rise.
"""

import argparse
import asyncio
import json
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from contextlib import AsyncExitStack, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import quantiles
from typing import Any

import httpx2
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from bench.alarms.__main__ import start, wait_for
from bench.large.estate import armed, memory, wired
from bench.mosquitto import listening, mosquitto
from simulators.broker import free_port
from simulators.child import Child, module

FIRST = 24_000
SLOW = 4.0
TAIL = 40.0
"""Seconds after the last rise in which everything must have arrived."""


class Phone(ThreadingHTTPServer):
    """A web address that takes messages, `pause` seconds each; notes when each came."""

    daemon_threads = True

    def __init__(self, pause: float = 0.0) -> None:
        self.pause, self.came = pause, []
        super().__init__(("127.0.0.1", 0), Taker)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Taker(BaseHTTPRequestHandler):
    """Says yes to everything."""

    server: Phone

    def do_POST(self) -> None:
        """Note it, and answer after a while."""
        now = time.monotonic()
        self.server.came.append((now, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
        time.sleep(self.server.pause)
        with suppress(BrokenPipeError):  # it did not wait for the slow one
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Nothing on the screen."""


def site(folder: Path, gateways: int, broker: int, phones: dict[str, int]) -> Path:
    """A rule for each unit, a third of a minute's messages for whoever wants them."""
    lines, devices, names = wired(folder, gateways, "1.5s", FIRST)
    rules = []
    for name in names:
        grave = f"kind: expression, when: {name}.alarm > 500.0, priority: 1, text: 燃气{name}."
        plain = f"kind: electrical_fire, current: {name}.alarm, alarm: 500 mA, for: 0s"
        rules.append(f"  a-{name}: {{{grave if name.endswith('u1') else plain}}}")
    hooks = [f"  {name}: {{kind: webhook, url: 'http://127.0.0.1:{port}/'}}" for name, port in phones.items()]
    text = [
        "site: {id: burst, name: burst, timezone: Asia/Shanghai}",
        "lines:", *lines, "devices:", *devices, "rules:", *rules,
        f"subscribers: {{desk: {{broker: 'mqtt://127.0.0.1:{broker}', tier: 2}}}}", "channels:", *hooks,
        "people:", "  wang: {name: 王, addresses: {quick: wang}}", "  li: {name: 李, addresses: {slow: li}}",
        "  chen: {name: 陈, addresses: {dead: chen}}", "ladders:",
        "  life:", "    severity: [P1]", "    steps:", "      - {ring: [wang], by: [quick]}",
        "      - {ring: [li], by: [slow]}", "      - {ring: [chen], by: [dead]}",
        "  rest: {severity: [P2, P3], steps: [{ring: [li], by: [slow]}, {ring: [wang], by: [quick]}]}",
    ]  # fmt: skip
    file = folder / "site.yaml"
    file.write_text("\n".join(text))
    return file


class Desk:
    """A subscriber: when it first heard of each alarm that was raised."""

    def __init__(self, port: int) -> None:
        self.heard: dict[str, float] = {}
        self.count = 0
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._message
        self._client.connect("127.0.0.1", port)
        self._client.subscribe("gatehouse/v1/burst/desk/events/#", qos=1)
        self._client.loop_start()

    def _message(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        told = json.loads(message.payload)
        if told["type"].endswith("alarm.raised"):
            self.count += 1
            self.heard.setdefault(told["data"]["alarm"], time.monotonic())

    def close(self) -> None:
        """Hang up."""
        self._client.loop_stop()
        self._client.disconnect()


def deaf() -> tuple[Any, int]:
    """A port that takes connections and never says a word."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    return listener, listener.getsockname()[1]


async def run(gateways: int, seconds: float) -> int:
    """Measure, print; 1 when something is lost."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="burst-")))
        port = free_port()
        await start(stack, mosquitto(folder / "broker", port))
        await listening(port)
        command = module("bench.large.gateways", FIRST, gateways, "--flood", seconds)
        units = await start(stack, Child("gateways", command, folder / "units"))
        await wait_for(units, "ready")
        quick, slow, (listener, dead) = Phone(), Phone(SLOW), deaf()
        stack.callback(listener.close)
        phones = {"quick": quick.server_port, "slow": slow.server_port, "dead": dead}
        file, api = site(folder, gateways, port, phones), folder / "api"
        desk = Desk(port)
        stack.callback(desk.close)
        command = module("console.cli", "run", file, "--state", folder / "state", "--socket", api)
        daemon = await start(stack, Child("gatehouse", command, folder / "log"))
        transport = httpx2.AsyncHTTPTransport(uds=str(api))
        http = httpx2.AsyncClient(transport=transport, base_url="http://gatehouse", timeout=60)
        stack.push_async_callback(http.aclose)
        async with asyncio.timeout(180):
            while not await armed(http, daemon):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.5)
        await asyncio.sleep(10)
        before = peak = memory(daemon.pid)
        os.kill(units.pid, signal.SIGUSR1)
        end = time.monotonic() + seconds + TAIL
        while time.monotonic() < end:
            await asyncio.sleep(0.5)
            peak = max(peak, memory(daemon.pid))
        words = [line.split() for line in (folder / "units").read_text().splitlines()]
        rises = {f"g{int(w[0]) - FIRST}u{w[1]}": float(w[2]) for w in words if len(w) == 3}
        journal = await raised(http)
        return report(rises, desk, quick, journal, before, peak)


async def raised(http: httpx2.AsyncClient) -> list[str]:
    """The alarm of every `alarm.raised` in the journal."""
    found, after = [], 0
    while True:
        query = {"kinds": "alarm.raised", "after": after, "limit": 5000}
        page = (await http.get("/v1/events", params=query)).raise_for_status().json()
        found += [event["content"]["alarm"] for event in page]
        if len(page) < query["limit"]:
            return found
        after = page[-1]["number"]


def report(  # noqa: PLR0917 - all that was seen
    rises: dict[str, float], desk: Desk, quick: Phone, journal: list[str], before: float, peak: float
) -> int:
    """Print what was lost and how late the rest was."""

    def unit(alarm: str) -> str:
        return alarm.partition(".")[0].removeprefix("a-")

    kept = {unit(alarm) for alarm in journal} & rises.keys()
    told = {unit(alarm): at for alarm, at in desk.heard.items() if unit(alarm) in rises}
    grave = {name for name in rises if name.endswith("u1")}
    rung: dict[str, float] = {}
    for at, body in quick.came:
        for name in grave:
            if body["severity"] == 1 and f"燃气{name}." in body["title"]:
                rung.setdefault(name, at)
    print(f"{len(rises)} alarms, {len(grave)} of them P1; {len(quick.came)} messages at the quick address")
    lost = len(rises) - len(kept), len(rises) - len(told), len(grave) - len(rung)
    print(f"lost: {lost[0]} in the journal, {lost[1]} at the subscriber, {lost[2]} P1 at the phone")
    print(f"memory {before:.0f} MB before, {peak:.0f} MB at its peak")
    for what, delays in (
        ("rise -> subscriber", [told[name] - rises[name] for name in told]),
        ("P1 rise -> subscriber", [told[name] - rises[name] for name in told if name in grave]),
        ("P1 rise -> phone", [rung[name] - rises[name] for name in rung]),
    ):
        cuts = quantiles(delays, n=100, method="inclusive") if len(delays) > 1 else [float("nan")] * 99
        print(f"{what:24} p50 {cuts[49]:6.2f} s, p99 {cuts[98]:6.2f} s, worst {max(delays, default=0):6.2f} s")
    return 1 if any(lost) else 0


def main() -> int:
    """From the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gateways", type=int, default=63)
    parser.add_argument("--seconds", type=float, default=60)
    given = parser.parse_args()
    try:
        return asyncio.run(run(given.gateways, given.seconds))
    except (TimeoutError, OSError, RuntimeError, httpx2.HTTPError) as error:
        print(f"could not measure: {error or type(error).__name__}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
