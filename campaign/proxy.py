"""A wire of ours between the daemon and its broker, that can be slow, stutter, fall silent or break."""

import asyncio
import random
import socket
import struct
from contextlib import suppress
from typing import Literal

from simulators.broker import HOST, Broker

Mood = Literal["well", "slow", "lossy", "half open", "cut"]
_PIECE = 4096


class Proxy:
    """Hands bytes on, in the mood that it is told to be in."""

    def __init__(self) -> None:
        self.port = 0
        self.mood: Mood = "well"
        self.dice = random.Random(0)
        self.cuts = 0
        """How many connections were reset."""
        self._broker: Broker | None = None
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.StreamWriter, bool] = {}

    async def open(self, broker: Broker) -> None:
        """Listen on a port of our own, before a broker that may come and go."""
        self._broker = broker
        self._server = await asyncio.start_server(self._serve, HOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """End it, and every connection."""
        if self._server is not None:
            self._server.close()
        self.reset()
        await asyncio.sleep(0)

    def reset(self) -> None:
        """Break every connection with an RST in both directions, in the middle of whatever is under way."""
        for writer in list(self._open):
            sock = writer.get_extra_info("socket")
            if sock is not None:
                with suppress(OSError):
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            self.cuts += 1

    def freeze(self) -> None:
        """The connections of now stay open for ever and carry nothing any more, as behind a dead router; new ones may
        go through."""
        for writer in self._open:
            self._open[writer] = True

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open[writer] = self.mood == "half open"
        there: asyncio.StreamWriter | None = None
        try:
            if self.mood == "cut" or self._broker is None:
                return
            back, there = await asyncio.open_connection(HOST, self._broker.port)
            self._open[there] = self._open[writer]
            async with asyncio.TaskGroup() as pair:
                up = pair.create_task(self._pump(reader, there, writer))
                down = pair.create_task(self._pump(back, writer, writer))
                await asyncio.wait([up, down], return_when=asyncio.FIRST_COMPLETED)
                up.cancel()
                down.cancel()
        except OSError:
            pass  # the broker is away: the daemon sees its connection end
        finally:
            for each in (writer, there):
                if each is not None:
                    self._open.pop(each, None)
                    each.close()

    async def _pump(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, ours: asyncio.StreamWriter
    ) -> None:
        while True:
            try:
                data = await source.read(_PIECE)
                if not data:
                    return
                while self._open.get(ours):  # swallowed: neither end hears of it
                    data = await source.read(_PIECE) or await asyncio.sleep(3600, b"")
                await self._delay()
                target.write(data)
                await target.drain()
            except OSError:
                return

    async def _delay(self) -> None:
        if self.mood == "slow":
            await asyncio.sleep(self.dice.uniform(0.05, 0.4))
        elif self.mood == "lossy":
            chance = self.dice.random()
            if chance < 0.03:
                self.reset()
            elif chance < 0.25:  # as TCP makes of a lost packet: silence until it is sent again
                await asyncio.sleep(self.dice.choice((0.2, 0.4, 0.8, 1.6)))
