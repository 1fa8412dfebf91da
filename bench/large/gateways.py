"""Gateways on loopback, each with units behind it on a serial line that takes its time; one request after the other.

    python -m bench.large.gateways FIRST_PORT COUNT [--instant] [--still] [--flood SECONDS]

With `--flood`, at SIGUSR1 every unit's alarm rises once at a random moment of so many seconds; `port unit second` is
printed for each. Written for little work, so that what is measured is the daemon: no Modbus library, answers made in
advance.
"""

import argparse
import asyncio
import random
import signal
import struct
import time
from collections import deque

import uvloop

UNITS = 32
REGISTERS = 10
"""Of each unit: the alarm, then nine measures."""
ALARM = 800
TURN = 0.010
"""Seconds from the end of a request to the beginning of its answer on the serial side."""
CHARACTER = 10 / 19200
SILENCE = 3.5 * 10 / 19200


class Gateway(asyncio.Protocol):
    """One connection and the serial line behind it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, rises: dict[int, float], *, instant: bool, still: bool) -> None:
        """`instant`: as if the serial line behind took no time; `still`: no measure ever changes; `rises`: when the
        alarm of a unit does."""
        self._loop, self._rises = loop, rises
        self._still = still
        self._instant = instant
        self._received = b""
        self._waiting: deque[bytes] = deque()
        self._busy = False
        self._served = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A master has come."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Requests of twelve bytes: read registers is all that these units know."""
        self._received += data
        while len(self._received) >= 12:
            self._waiting.append(self._received[:12])
            self._received = self._received[12:]
        if not self._busy:
            self._next()

    def _next(self) -> None:
        self._busy = bool(self._waiting)
        if not self._busy:
            return
        request = self._waiting.popleft()
        address, count = struct.unpack(">HH", request[8:])
        if self._instant:
            self._answer(request, address, count)
            return
        takes = (8 + 5 + 2 * count) * CHARACTER + SILENCE + TURN
        self._loop.call_later(takes, self._answer, request, address, count)

    def _answer(self, request: bytes, address: int, count: int) -> None:
        self._served += not self._still
        alarm = ALARM if self._rises and time.monotonic() >= self._rises[request[6]] else 0
        registers = [alarm, *(220 + (self._served + index) % 3 for index in range(1, REGISTERS))][
            address : address + count
        ]
        data = struct.pack(f">{count}H", *registers)
        head = request[:4] + struct.pack(">H", 3 + len(data)) + request[6:8]
        self._transport.write(head + bytes((len(data),)) + data)  # type: ignore[attr-defined]
        self._next()


async def serve(first: int, count: int, flood: float, *, instant: bool, still: bool) -> None:
    """For ever."""
    loop = asyncio.get_running_loop()
    rises: dict[int, dict[int, float]] = {port: {} for port in range(first, first + count)}

    def begin() -> None:
        now = time.monotonic()
        for port, its in rises.items():
            its |= {unit: now + random.uniform(0, flood) for unit in range(1, UNITS + 1)}
            for unit, at in its.items():
                print(port, unit, at)
        print("begun", flush=True)

    loop.add_signal_handler(signal.SIGUSR1, begin)
    for port, risen in rises.items():
        await loop.create_server(lambda its=risen: Gateway(loop, its, instant=instant, still=still), "127.0.0.1", port)
    print("ready", flush=True)
    await asyncio.Event().wait()


def main() -> None:
    """From the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("--instant", action="store_true")
    parser.add_argument("--still", action="store_true")
    parser.add_argument("--flood", type=float, default=0)
    given = parser.parse_args()
    uvloop.run(serve(given.first, given.count, given.flood, instant=given.instant, still=given.still))


if __name__ == "__main__":
    main()
