"""What all streams of one feed share: who may see what, what was refused, and a receipt for everything sent."""

import asyncio
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase

import structlog

from daemon.config.subscribers import Subscriber
from daemon.feeds.carrier import Answer, Carrier, Connection, Lane, Parcel, Receipt, answered
from daemon.feeds.catalogue import published, staged
from daemon.feeds.source import Pace, Source
from gatehouse.events import Event

log = structlog.get_logger()

WINDOW = 64
"""Most events of one stream on their way at once; a carrier may take fewer."""
CHUNK = 8
"""Events of a backlog that are sent between two breaths: about a millisecond of work."""
_LONGEST_BREATH = 0.003
"""Seconds; the work may have been waiting for a slow link."""
_STRIKES = 2
_FOR_ALL = frozenset({"journal.head"})
"""Kinds that no filter keeps back: the more who hold a hash, the less can be rewritten."""


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
        self._tried: dict[Lane, str] = {}  # channels whose first message on this connection is on its way
        self._strikes: dict[str, int] = {}  # how often the other side hung up on it
        self._shut: dict[str, float] = {}  # channels that were refused -> when they are tried again
        self._settings, self._carrier, self._titles = settings, carrier, titles
        self._source = f"/gatehouse/v1/{site}"
        self._wanted: dict[str, bool] = {}

    def wants(self, event: Event) -> bool:
        """Whether the subscriber gets events of this kind."""
        kind = event.kind
        if kind not in self._wanted:
            matches = kind in _FOR_ALL or any(fnmatchcase(kind, pattern) for pattern in self._settings.kinds)
            matches = matches and not (self._settings.outsider and staged(kind))
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

    async def hand_over(self, connection: Connection, parcel: Parcel) -> Answer:
        """Give it to the carrier. One event that it stumbles over is refused, and holds back no fire behind it."""
        try:
            return await connection.publish(parcel)
        except Exception as error:
            log.exception("a carrier could not send an event", subscriber=self.name, id=parcel.id, kind=parcel.kind)
            return answered("refused", f"carrier fault: {type(error).__name__}: {error}")

    async def breathe(self, begun: float) -> None:
        """Let the field have the loop: after some work that began then, leave it twice as long to the others."""
        worked = asyncio.get_running_loop().time() - begun
        await asyncio.sleep(min(_LONGEST_BREATH, 2 * worked))

    def begin(self) -> None:
        """A new connection: nothing is proven on it. Twice hung up upon the same channel counts as a refusal: there
        are brokers that answer so, and no word else."""
        self.proven.clear()
        for channel in set(self._tried.values()):
            self._strikes[channel] = self._strikes.get(channel, 0) + 1
            if self._strikes[channel] >= _STRIKES:
                self.refused(channel)
                self.note("event", self.complain(channel, "it hangs up on it"))
        self._tried.clear()

    def tries(self, lane: Lane, channel: str) -> None:
        """The first message on this channel goes out, alone in its lane."""
        self._tried[lane] = channel

    def proved(self, lane: Lane, channel: str) -> None:
        """It was accepted: others may follow."""
        self._tried.pop(lane, None)
        self._strikes.pop(channel, None)
        self.proven.add(channel)

    def refused(self, channel: str) -> None:
        """Nothing more on this channel for a while."""
        self._tried = {lane: tried for lane, tried in self._tried.items() if tried != channel}
        self._strikes.pop(channel, None)
        self.proven.discard(channel)
        now = asyncio.get_running_loop().time()
        self._shut = {each: until for each, until in self._shut.items() if until > now}
        self._shut[channel] = now + self.pace.refused

    def shut_for(self, channel: str) -> float:
        """Seconds for which nothing is sent on this channel, since it was refused; 0 when it is open."""
        return max(0.0, self._shut.get(channel, 0.0) - asyncio.get_running_loop().time())

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
