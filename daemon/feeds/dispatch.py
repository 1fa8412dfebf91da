"""What all streams of one feed share: who may see what, what was refused, and a receipt for everything sent."""

import asyncio
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase

from daemon.config.subscribers import Subscriber
from daemon.feeds.carrier import Answer, Carrier, Connection, Lane, Parcel, Receipt
from daemon.feeds.catalogue import published
from daemon.feeds.source import Pace, Source
from gatehouse.events import Event

WINDOW = 64
"""Most events of one stream on their way at once; a carrier may take fewer."""


class Dispatch:
    """One subscriber's filter and mask, and how its events fare."""

    def __init__(  # noqa: PLR0917 - all that it is made of
        self,
        name: str,
        settings: Subscriber,
        carrier: Carrier,
        journal: Source,
        site: str,
        titles: Mapping[str, str],
        pace: Pace,
        beat: Callable[[], None],
        note: Callable[[str, str], None],
    ) -> None:
        """`beat` says that work goes on; `note(stream, why)` what ails a stream, "" that it is well."""
        self.name, self.journal, self.pace = name, journal, pace
        self.beat, self.note = beat, note
        self.delivered = 0
        self.proven: set[str] = set()
        """Channels that have taken a message on this connection."""
        self._settings, self._carrier, self._titles = settings, carrier, titles
        self._source = f"/gatehouse/v1/{site}"
        self._wanted: dict[str, bool] = {}

    def wants(self, event: Event) -> bool:
        """Whether the subscriber gets events of this kind."""
        kind = event.kind
        if kind not in self._wanted:
            matches = any(fnmatchcase(kind, pattern) for pattern in self._settings.kinds)
            self._wanted[kind] = matches and published(kind, self._settings.tier) and self._carrier.carries(kind)
        return self._wanted[kind]

    def pack(self, event: Event, lane: Lane = Lane.IN_ORDER, *, journaled: bool = True, refill: str = "") -> Parcel:
        """The event as this subscriber may see it."""
        return Parcel(event, self._titles, self._settings.tier, self._source, lane, journaled, refill)

    async def receipt(self, connection: Connection, answer: Answer) -> Receipt:
        """Accepted or refused; nothing any more when the connection is over, which ends whoever waits here."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.pace.acknowledge
        while not answer.done():
            if loop.time() >= deadline:
                connection.drop(f"the other side acknowledged nothing for {self.pace.acknowledge:g} s")
                await asyncio.Event().wait()
            await asyncio.wait([answer], timeout=min(1.0, self.pace.acknowledge))
            self.beat()
        receipt = answer.result()
        if receipt.verdict == "lost":
            await asyncio.Event().wait()
        return receipt

    def complain(self, channel: str, why: str) -> str:
        """A refusal, in words for people."""
        again = f"nothing is lost, it is tried again every {self.pace.refused:g} s"
        return f"{self._carrier.complain(channel, why)}; {again}"

    async def rest(self, seconds: float) -> None:
        """Wait, and show that this is meant."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while (left := end - loop.time()) > 0:
            self.beat()
            await asyncio.sleep(min(left, 1.0))
