"""Gateways on loopback, each with units behind it on a serial line that takes its time; one request after the other.

    python -m bench.large.gateways FIRST_PORT COUNT [--instant] [--still]

Written for little work, so that what is measured is the daemon: no Modbus library, answers made in advance.
"""

import argparse
import asyncio
import struct
from collections import deque

import uvloop

UNITS = 32
REGISTERS = 10
"""Of each unit: the alarm, then nine measures."""
TURN = 0.010
"""Seconds from the end of a request to the beginning of its answer on the serial side."""
CHARACTER = 10 / 19200
SILENCE = 3.5 * 10 / 19200


class Gateway(asyncio.Protocol):
    """One connection and the serial line behind it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, instant: bool, still: bool) -> None:
        """`instant`: as if the serial line behind took no time; `still`: no measure ever changes."""
        self._loop = loop
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
        registers = [0, *(220 + (self._served + index) % 3 for index in range(1, REGISTERS))][address : address + count]
        data = struct.pack(f">{count}H", *registers)
        head = request[:4] + struct.pack(">H", 3 + len(data)) + request[6:8]
        self._transport.write(head + bytes((len(data),)) + data)  # type: ignore[attr-defined]
        self._next()


async def serve(first: int, count: int, *, instant: bool, still: bool) -> None:
    """For ever."""
    loop = asyncio.get_running_loop()
    for port in range(first, first + count):
        await loop.create_server(lambda: Gateway(loop, instant=instant, still=still), "127.0.0.1", port)
    print("ready", flush=True)
    await asyncio.Event().wait()


def main() -> None:
    """From the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("--instant", action="store_true")
    parser.add_argument("--still", action="store_true")
    given = parser.parse_args()
    uvloop.run(serve(given.first, given.count, instant=given.instant, still=given.still))


if __name__ == "__main__":
    main()
