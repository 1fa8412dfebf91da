"""How much of a wire's possible polls per second is reached, what an exchange costs in CPU, how long an order waits.

    python -m bench.lines [--seconds 10]

The wire and the units are the simulators', in a process of their own: a pty that takes the time that the baud rate
takes, and units that begin to answer 5 ms after a request. The floor is arithmetic: both frames, those 5 ms, and 3.5
characters of silence.
"""

import argparse
import asyncio
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvloop
from ruamel.yaml import YAML

from daemon.clock import SystemClock
from daemon.config import site
from daemon.field.lines import Command, LineOwner
from drivers.modbus import Device
from drivers.modbus.profile import Profile
from gatehouse.driver import Scan

TURN = 0.005
SITE = """
site: {{id: bench, name: bench, timezone: Asia/Shanghai}}
lines: {{wire: {{serial: /dev/serial/by-id/bench, baud: {baud}}}}}
devices:
  unit: {{line: wire, driver: modbus, profile: bender/rcms410, unit: 1}}
  board: {{line: wire, driver: modbus, profile: waveshare/rtu-relay, unit: 2}}
"""


class Restless(Device):
    """A unit that is asked without pause, more often than any profile may want."""

    def scans(self) -> list[Scan]:
        """The same, a thousand times a second and more."""
        return [replace(scan, period=0.0001) for scan in super().scans()]


def profile(**points: dict[str, Any]) -> Profile:
    """A made-up product."""
    title = {"zh": "点", "en": "point"}
    entries = {name: {"title": title, "kind": "safety", "period": "20ms", **entry} for name, entry in points.items()}
    head = {"maker": "m", "model": "m", "title": title, "source": [{"text": "bench"}], "hardware": False, "grade": "B"}
    return Profile.model_validate({**head, "points": entries})


class Count:
    """A sink that only counts."""

    polls = 0

    def land(self, *_: object) -> None:
        """One poll."""
        self.polls += 1

    def same(self, *_: object) -> None:
        """One poll."""
        self.polls += 1

    def device(self, *_: object) -> None:
        """Nothing to count."""

    def line(self, *_: object) -> None:
        """Nothing to count."""


async def measure(port: str, baud: int, seconds: float) -> None:
    """Poll ten registers for a while, then send orders into the full line."""
    ten = profile(r={"table": "holding", "address": 1056, "count": 10})
    relay = profile(relay={"table": "coil", "address": 0, "writable": True, "optional": False, "period": "10s"})
    devices = {"unit": Restless(1, ten), "board": Device(2, relay)}
    sink = Count()
    line = LineOwner("wire", site.Line(serial=port, baud=baud), devices, sink, SystemClock())
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(line.run())
        await asyncio.sleep(1)
        polls, cpu, began = sink.polls, time.process_time(), time.perf_counter()
        await asyncio.sleep(seconds)
        took = time.perf_counter() - began
        rate = (sink.polls - polls) / took
        cost = (time.process_time() - cpu) / (sink.polls - polls)
        waits = [await order(line) for _ in range(200)]
        running.cancel()
    character = 10 / baud
    silence = 3.5 * character if baud <= 19200 else 0.00175
    exchange = (8 + 25) * character + TURN
    floor = 1 / (exchange + silence)
    waits.sort()
    print(
        f"{baud:7} {rate:8.1f} {floor:8.1f} {100 * rate / floor:6.1f} % {1e6 * cost:9.0f}"
        f" {1000 * waits[100]:9.1f} {1000 * waits[197]:9.1f} {1000 * (exchange + silence):9.1f}"
    )


async def order(line: LineOwner) -> float:
    """Seconds from the order, at any moment of the line's work, to its first byte."""
    await asyncio.sleep(random.uniform(0.02, 0.1))
    began = time.perf_counter()
    sent: list[float] = []
    done = asyncio.get_running_loop().create_future()

    def permit() -> str:
        sent.append(time.perf_counter())
        return ""

    line.write(
        Command(device="board", channel="relay", value=True, permit=permit, done=done.set_result, priority=8)
    )  # fmt: skip
    await done
    return sent[0] - began


def main() -> None:
    """One line of the table per rate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    seconds = parser.parse_args().seconds
    print("   baud  polls/s    floor   share  us CPU   order p50  p99 ms  exchange ms")
    for baud in (9600, 19200, 115200):
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            (place / "site.yaml").write_text(SITE.format(baud=baud))
            command = [sys.executable, "-m", "simulators", str(place / "site.yaml"), "--dir", str(place / "run")]
            with subprocess.Popen(command, stdout=subprocess.PIPE) as simulator:
                try:
                    assert simulator.stdout is not None
                    while not simulator.stdout.readline().startswith(b"control"):
                        assert simulator.poll() is None, "the simulator ended"
                    wires = YAML(typ="safe").load(place / "run/wires.yaml")
                    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # the daemon's own
                        runner.run(measure(wires["wire"]["serial"], baud, seconds))
                finally:
                    simulator.terminate()


if __name__ == "__main__":
    main()
