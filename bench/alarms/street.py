"""The wire of this benchmark: 32 units on a pty as slow as 9600 baud; some of them dead, the others raising alarms.

    python -m bench.alarms.street LINK FLIPS --dead 4 [--strict]

With `--strict` the units take a request that begins less than 3.5 characters after the last answer for a part of it, as
the Modbus serial line guide (V1.02, 2.5.1.1) has it; without, they are as patient as units can be.
From SIGUSR1 on alarm registers flip at random instants, each of which is written to FLIPS. The units answer with
pymodbus's framer and packets, which is nobody's code who is measured here but plain pymodbus's own.
"""

import argparse
import asyncio
import json
import random
import signal
from pathlib import Path

from simulators.clock import FineClock
from simulators.segment import Pace
from simulators.unit import Unit
from simulators.wire import StreamLine

UNITS = 32
TURN = 0.02
"""Seconds from the last character of a request to the first of its answer."""
BAUD = 9600
MEASURES = 9
PERIOD = 10.0
"""Seconds in which every measure is wanted once."""
UP = (4.0, 8.0)
"""Seconds for which an alarm register stays as it is."""


class Sensor(Unit):
    """Register 0 is the alarm, 1000 or 0; registers 1 to 9 are measures."""

    alarm = 0

    def read_registers(self, address: int, count: int) -> list[int]:
        """FC04."""
        return [self.alarm, *range(220, 220 + MEASURES)][address : address + count]


class Strict(StreamLine):
    """A wire on which everybody hears everybody: frames that no silence parts are one, which nobody understands."""

    _answered = float("-inf")
    lost = 0

    def _from_host(self, data: bytes) -> None:
        begins = self._segment.heard + self.pace.character < self.clock.now()
        if begins and self.clock.now() < self._answered + 0.9 * self.pace.silence:
            self.lost += 1
            data = b"\xff" + data
        super()._from_host(data)

    def _to_host(self, data: bytes) -> None:
        self._answered = self.clock.now()
        super()._to_host(data)


def dead(count: int) -> list[int]:
    """Addresses of the dead, spread over the line."""
    return [1 + index * UNITS // count for index in range(count)] if count else []


async def _flip(unit: Sensor, dice: random.Random, flips: Path, clock: FineClock) -> None:
    while True:
        await asyncio.sleep(dice.uniform(*UP))
        unit.alarm = 0 if unit.alarm else 1000
        line = json.dumps({"unit": unit.address, "on": bool(unit.alarm), "at": clock.now()})
        with flips.open("a") as file:
            file.write(line + "\n")


async def stand(link: Path, flips: Path, silent: list[int], seed: int, *, strict: bool) -> None:
    """Until cancelled."""
    clock = FineClock()
    line = (Strict if strict else StreamLine)("street", clock, Pace(BAUD), link)
    units = [Sensor(address, clock) for address in range(1, UNITS + 1)]
    for unit in units:
        name = f"u{unit.address}"
        line.attach(name, unit)
        line.sockets[name].faults.delay = TURN
        line.sockets[name].faults.silent = unit.address in silent
    await line.replug()
    go = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, go.set)
    print("ready", flush=True)
    await go.wait()
    dice = random.Random(seed)
    await asyncio.gather(*(_flip(unit, dice, flips, clock) for unit in units if unit.address not in silent))


def main() -> None:
    """From the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("link", type=Path)
    parser.add_argument("flips", type=Path)
    parser.add_argument("--dead", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--strict", action="store_true")
    given = parser.parse_args()
    asyncio.run(stand(given.link, given.flips, dead(given.dead), given.seed, strict=given.strict))


if __name__ == "__main__":
    main()
