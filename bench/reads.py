"""How many Modbus TCP reads a second one core does: ours, landed in the image, beside pymodbus, dropped.

    python -m bench.reads [--connections 50] [--seconds 5] [--rounds 3] [--loop uvloop] [--changing]

Both read ten registers over the same connections' number from the same server in another process, on the same kind of
loop, in turns within one run; the server answers at once. Ours is the whole way: scheduler, exchange, ring, driver,
engine, image. pymodbus's answer is thrown away. Registers stay as they are, as they mostly do; with `--changing` nine
of ten change with every answer.
"""

import argparse
import asyncio
import contextlib
import logging
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop
from pymodbus.client import AsyncModbusTcpClient

from bench.alarms.__main__ import wait_for
from bench.lines import Restless, profile
from daemon.arbiter import Arbiter
from daemon.clock import SystemClock
from daemon.config import site
from daemon.engine import Engine
from daemon.field.lines import LineOwner
from daemon.image import LiveImage
from daemon.recorder import Recorder
from gatehouse.points import Point
from simulators.child import Child, module

FIRST = 22_000
REGISTERS = 10


class Rig:
    """An engine with an image of all points, and a line for each connection."""

    def __init__(self, connections: int) -> None:
        ten = profile(r={"table": "holding", "address": 0, "count": REGISTERS, "scale": 0.1, "low": 0, "high": 500})
        clock = SystemClock()
        devices = {f"d{number}": Restless(1, ten, wire="tcp") for number in range(connections)}
        points = [Point(name=f"{name}.{point.name}", low=point.low, high=point.high)
                  for name, device in devices.items() for point in device.points()]  # fmt: skip
        points += [Point(name=f"{name}.online") for name in devices]
        self.engine = Engine(
            LiveImage(points), [], Arbiter([], []), {}, Recorder(lambda _: None, clock), clock, "Asia/Shanghai"
        )
        self.lines = [
            LineOwner(name, site.Line(tcp=f"127.0.0.1:{FIRST + number}"), {name: device}, self.engine, clock)
            for number, (name, device) in enumerate(devices.items())
        ]

    def polls(self) -> int:
        """Reads that have landed so far."""
        return sum(device["polls"] for line in self.lines for device in line.status()["devices"].values())


async def ours(connections: int, seconds: float) -> tuple[float, float]:
    """Reads a second, and microseconds of processor for one."""
    rig = Rig(connections)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(line.run()) for line in rig.lines]
        await asyncio.sleep(1)
        rate = await measured(seconds, rig.polls)
        for task in tasks:
            task.cancel()
    return rate


async def theirs(connections: int, seconds: float) -> tuple[float, float]:
    """The same of pymodbus."""
    done, over = 0, False

    async def ask(number: int) -> None:
        nonlocal done
        client = AsyncModbusTcpClient("127.0.0.1", port=FIRST + number)
        await client.connect()
        with contextlib.closing(client):
            while not over:  # it may take a cancellation for a time-out, and go on
                await client.read_holding_registers(0, count=REGISTERS, device_id=1)
                done += 1

    async with asyncio.TaskGroup() as group:
        for number in range(connections):
            group.create_task(ask(number))
        await asyncio.sleep(1)
        rate = await measured(seconds, lambda: done)
        over = True
    return rate


async def measured(seconds: float, count: Callable[[], int]) -> tuple[float, float]:
    """What is counted in a while: per second, and microseconds of processor each."""
    before, used, since = count(), time.process_time(), time.perf_counter()
    await asyncio.sleep(seconds)
    done, used, took = count() - before, time.process_time() - used, time.perf_counter() - since
    return done / took, 1e6 * used / done


async def serving(folder: Path, connections: int, *, changing: bool) -> Child:
    """The other end, in a process of its own."""
    words = ["--instant"] if changing else ["--instant", "--still"]
    server = Child("server", module("bench.large.gateways", FIRST, connections, *words), folder / "server.log")
    await server.start()
    await wait_for(server, "ready")
    return server


async def run(connections: int, seconds: float, rounds: int, *, changing: bool) -> None:
    """In turns; the median of the ratios is what counts."""
    contestants: dict[str, Callable[[int, float], Awaitable[tuple[float, float]]]]
    contestants = {"gatehouse": ours, "pymodbus": theirs}
    with tempfile.TemporaryDirectory(prefix="reads-") as folder:
        server = await serving(Path(folder), connections, changing=changing)
        try:
            ratios, costs = [], []
            for _ in range(rounds):
                found = {name: await contest(connections, seconds) for name, contest in contestants.items()}
                for name, (rate, cost) in found.items():
                    print(f"{name:12} {rate:9.0f} reads/s {cost:7.1f} us of processor each", flush=True)
                ratios.append(found["gatehouse"][0] / found["pymodbus"][0])
                costs.append(found["pymodbus"][1] / found["gatehouse"][1])
        finally:
            await server.stop()
    middle = sorted(ratios)[rounds // 2], sorted(costs)[rounds // 2]
    print(f"reads a second {middle[0]:.2f} times pymodbus's, processor for one read {middle[1]:.2f} times less")


def main() -> None:
    """From the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--loop", choices=["uvloop", "asyncio"], default="uvloop")
    parser.add_argument("--changing", action="store_true")
    given = parser.parse_args()
    logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)  # it complains when it is stopped in the middle
    runner = uvloop.run if given.loop == "uvloop" else asyncio.run
    runner(run(given.connections, given.seconds, given.rounds, changing=given.changing))


if __name__ == "__main__":
    main()
