"""What the daemon itself costs: card -> unlock, start -> armed, memory; the small estate, real processes.

    python -m bench.daemon [--cards 300] [--starts 5]

Card -> unlock: the bench holds both serial ports. All fourteen bytes of a card lie in the reader's port at one
instant; the order is there when its first bytes come out of the port of the doors' line, between which and the
simulated boards the bench only hands bytes on. When an exchange with another board is under way at that instant, the
order has to wait for its end and for 3.5 characters of silence: that is the wire's part; the rest is our own (0 when
the order was ready before the wire was). The first start meets boards as they leave the factory, with all settings yet
to be written; the later ones find them set.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import sys
import tempfile
import time
import tty
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import quantiles

from simulators.ear import Ear
from simulators.stage import Pace, SiteCopy, Stage, shipped
from simulators.units.rdm6300 import frame

OWN_GOAL, MEMORY_GOAL, START_GOAL = 0.020, 120.0, 3.0
UNLOCK = bytes((1, 5, 2, 0))
"""Board 1, write one coil, flash-on of relay 1: the lock of the north door."""
SILENCE = 38.5 / 9600
CARDS = [f"00081{number:05d}" for number in range(60)]


class Port:
    """A pty whose other end the daemon has."""

    def __init__(self, link: Path) -> None:
        self.master, slave = os.openpty()
        os.set_blocking(self.master, False)
        tty.setraw(slave)
        link.symlink_to(os.ttyname(slave))
        self._slave = slave  # kept open: a pty without a host hangs up

    def close(self) -> None:
        """Give both ends back."""
        os.close(self.master)
        os.close(self._slave)


class Tap:
    """Between the daemon and the boards' port: hands bytes on and remembers when they came."""

    def __init__(self, ours: Port, boards: Path) -> None:
        self._ours = ours
        self._boards = os.open(boards, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._boards)
        self.unlocked = asyncio.Event()
        self.unlocked_at = 0.0
        self.answered_at = 0.0
        """When the last byte of an answer had come before the order."""
        loop = asyncio.get_running_loop()
        loop.add_reader(ours.master, self._from_daemon)
        loop.add_reader(self._boards, self._from_boards)

    def _from_daemon(self) -> None:
        with contextlib.suppress(BlockingIOError):
            data = os.read(self._ours.master, 4096)
            now = time.monotonic()
            os.write(self._boards, data)
            if data.startswith(UNLOCK) and not self.unlocked.is_set():
                self.unlocked_at = now
                self.unlocked.set()

    def _from_boards(self) -> None:
        with contextlib.suppress(BlockingIOError):
            data = os.read(self._boards, 4096)
            if not self.unlocked.is_set():
                self.answered_at = time.monotonic()
            os.write(self._ours.master, data)

    def close(self) -> None:
        """Let go."""
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._ours.master)
        loop.remove_reader(self._boards)
        os.close(self._boards)


def made(folder: Path, *, paced: bool) -> Stage:
    """An estate with many cards."""
    folder.mkdir()
    copy = SiteCopy(shipped(), folder / "site")
    copy.quicken(Pace())
    with (copy.folder / "cards.csv").open("a", encoding="utf-8") as cards:
        cards.writelines(f"{number},持卡人{number},north,2025-01-01,2099-12-31,\n" for number in CARDS)
    return Stage(folder, copy, paced=paced)


async def armed(stage: Stage) -> float:
    """Start the daemon; the seconds until its subscriber hears that it has armed."""
    ear: Ear = stage.ears["property"]
    mark, began = ear.mark(), time.monotonic()
    await stage.daemon.start()
    heard = await ear.until(lambda heard: heard.kind == "daemon.armed", mark, 30)
    return heard.at - began


async def swipes(folder: Path, count: int, *, paced: bool) -> tuple[list[float], list[float], float]:
    """Seconds from card to order in all, and without the wire's part; and the daemon's memory in MB afterwards."""
    stage = made(folder, paced=paced)
    async with AsyncExitStack() as stack:
        await stage.raise_curtain(stack)
        gate, reader = Port(folder / "gate.tap"), Port(folder / "reader.tap")
        wires = json.loads((stage.wires / "wires.yaml").read_text())
        tap = Tap(gate, Path(wires["gate"]["serial"]))
        for each in (gate, reader, tap):
            stack.callback(each.close)
        wires |= {"gate": {"serial": str(folder / "gate.tap")}, "reader-n": {"serial": str(folder / "reader.tap")}}
        (stage.wires / "wires.yaml").write_text(json.dumps(wires))
        await armed(stage)
        dice = random.Random(1)
        whole, own = [], []
        for number in range(count):
            await asyncio.sleep(dice.uniform(0.05, 0.15))
            tap.unlocked.clear()
            begun = time.monotonic()
            os.write(reader.master, frame(CARDS[number % len(CARDS)]))
            async with asyncio.timeout(5):
                await tap.unlocked.wait()
            whole.append(tap.unlocked_at - begun)
            wire = max(0.0, tap.answered_at + SILENCE - begun)
            own.append(max(0.0, whole[-1] - wire))
        return whole, own, memory(stage.daemon.pid)


def memory(pid: int) -> float:
    """Resident megabytes, at most so far."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise OSError(f"/proc/{pid}/status has no VmHWM")


async def starts(folder: Path, count: int) -> list[float]:
    """Seconds from the start of the process to armed, on paced lines and a journal that grows."""
    stage = made(folder, paced=True)
    async with AsyncExitStack() as stack:
        await stage.raise_curtain(stack)
        took = []
        for _ in range(count):
            took.append(await armed(stage))
            await stage.daemon.stop()
        return took


def told(what: str, values: list[float]) -> float:
    """A line of the table; the 99th hundredth."""
    cuts = quantiles([value * 1000 for value in values], n=100, method="inclusive")
    print(f"{what:52} {cuts[49]:7.2f} {cuts[89]:7.2f} {cuts[98]:7.2f} {max(values) * 1000:7.2f}")
    return cuts[98] / 1000


async def run(cards: int, count: int) -> int:
    """Measure, print, judge by the goals; 1 when one is missed."""
    with tempfile.TemporaryDirectory(prefix="gatehouse-bench-") as name:
        folder = Path(name)
        paced = await swipes(folder / "paced", cards, paced=True)
        free = await swipes(folder / "unpaced", cards, paced=False)
        began = await starts(folder / "starts", count)
    print(f"{cards} cards each, ms{'':38} {'p50':>7} {'p90':>7} {'p99':>7} {'worst':>7}")
    told("card -> order, 9600 baud, all of it", paced[0])
    own = told("card -> order, 9600 baud, without the wire's part", paced[1])
    told("card -> order, bytes take no time, all of it", free[0])
    told("card -> order, bytes take no time, without silences", free[1])
    heavy = max(paced[2], free[2])
    print(f"memory of the daemon after {cards} cards: {heavy:.1f} MB resident at most")
    print(f"start -> armed, new boards {began[0]:.2f} s, then {', '.join(f'{each:.2f}' for each in began[1:])} s")
    goals = {
        f"own time p99 under {OWN_GOAL * 1000:.0f} ms": own < OWN_GOAL,
        f"memory under {MEMORY_GOAL:.0f} MB": heavy < MEMORY_GOAL,
        f"armed within {START_GOAL:.0f} s": max(began) < START_GOAL,
    }
    for goal, reached in goals.items():
        print(f"goal: {goal}: {'reached' if reached else 'MISSED'}")
    return 0 if all(goals.values()) else 1


def main() -> int:
    """From the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cards", type=int, default=300)
    parser.add_argument("--starts", type=int, default=5)
    given = parser.parse_args()
    try:
        return asyncio.run(run(given.cards, given.starts))
    except (TimeoutError, OSError) as error:
        print(f"could not measure: {error or type(error).__name__}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
