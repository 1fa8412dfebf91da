"""The contract of a carrier: what brings a feed's events to a subscriber, by any protocol (docs/writing-a-feed.md).

A carrier knows addresses, bytes and answers. Cursor, filter, mask, order, repeats and refusals are the feed's business.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, NamedTuple, Protocol

from daemon.feeds.catalogue import View, see
from daemon.feeds.envelope import LARGEST, event_message
from gatehouse.events import Event


class Receipt(NamedTuple):
    """What became of a message."""

    verdict: Literal["accepted", "refused", "lost"]
    why: str = ""


Answer = asyncio.Future[Receipt]


def answered(verdict: Literal["accepted", "refused", "lost"], why: str = "") -> Answer:
    """An answer that is known at once."""
    answer: Answer = asyncio.get_running_loop().create_future()
    answer.set_result(Receipt(verdict, why))
    return answer


class UnreachableError(Exception):
    """No connection came about; the text says why."""


class Lane(StrEnum):
    """Why an event is sent now."""

    IN_ORDER = "in order"
    AHEAD = "ahead"
    """Severity 1, past all that waits; it comes again in its order."""
    REFILL = "refill"
    """The subscriber asked for it again."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One event on its way. A carrier may send of it what `view` and `cloudevent` show, and nothing else."""

    _event: Event
    _titles: Mapping[str, str]
    _tier: int
    _source: str
    lane: Lane = Lane.IN_ORDER
    journaled: bool = True
    """False: the journal is broken; the event comes again with its number when it is well."""
    refill: str = ""
    """Id of the request that is answered with it."""

    @property
    def id(self) -> str:
        """The same in every repeat."""
        return self._event.id

    @property
    def kind(self) -> str:
        """Word of the catalogue."""
        return self._event.kind

    @property
    def at(self) -> datetime:
        """When it happened, UTC."""
        return self._event.at

    @property
    def severity(self) -> int:
        """1 to 4, 0 for what is no alarm."""
        return self._event.severity

    @property
    def number(self) -> int:
        """Its place in the journal; 0 while it has none."""
        return self._event.number if self.journaled else 0

    @property
    def view(self) -> View:
        """All of it that this subscriber may see."""
        return see(self._event, self._titles, self._tier)

    def hurried(self) -> "Parcel":
        """The same as one that goes ahead of its order: for carriers in which it would wait."""
        return replace(self, lane=Lane.AHEAD)

    def cloudevent(self, largest: int = LARGEST) -> bytes:
        """As CloudEvents 1.0 in JSON; where that would be larger, without its free content."""
        return event_message(
            self._event,
            self._titles,
            self._tier,
            self._source,
            unjournaled=not self.journaled,
            largest=min(largest, LARGEST),
            ahead=self.lane is Lane.AHEAD,
            refill=self.refill,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How things stand, as this subscriber may see it; also the heartbeat."""

    view: Mapping[str, Any]
    """`envelope.state_view`."""
    at: datetime
    newest: int
    """The journal's newest number."""
    hash: str
    """Of that line."""


class Inquiry(NamedTuple):
    """What a subscriber asks for, as it came: nothing in it has been looked at."""

    body: bytes
    stale: str = ""
    """Why it must not be obeyed although it is well said: it was kept by a broker."""


class Connection(Protocol):
    """One connection, from dialling to its end. Everything belongs to the loop's thread; no method raises.

    An answer is given to every parcel in any case: "lost" to what was open when the connection ended.
    """

    version: str
    """Of the protocol, for people."""

    async def run(self) -> str:
        """Work until the connection is over; answers why."""

    async def publish(self, parcel: Parcel) -> Answer:
        """Send it as soon as the window allows; parcels of one lane stay in order."""

    async def greet(self) -> Answer:
        """Say that we are here; accepted at once where the protocol has no word for it."""

    async def show(self, standing: Standing) -> Answer:
        """Send the state; accepted at once where the protocol has none."""

    async def reply(self, reply: Mapping[str, Any]) -> Answer:
        """Say what became of an inquiry; refused where the protocol has no inquiries."""

    def channel(self, parcel: Parcel) -> str:
        """What would be refused together with it: a topic, an address."""

    def drop(self, why: str) -> None:
        """End it at once."""

    async def close(self, limit: float) -> None:
        """Say goodbye, as far as the protocol has words for it, and end it; at most about `limit` seconds per step."""


class Carrier(Protocol):
    """One subscriber's way."""

    address: str
    """For people: host:port."""

    def carries(self, kind: str) -> bool:
        """Whether the protocol has words for this kind of event; what it has none for is passed over."""

    async def dial(self, beat: Callable[[], None], hear: Callable[[Inquiry], None]) -> Connection:
        """Open a connection, within half a minute; UnreachableError or SecretError when that fails.

        `beat` is called at least every second meanwhile; `hear` takes what the subscriber asks, and never waits.
        """

    def complain(self, channel: str, why: str) -> str:
        """A refusal in words, with what would help; `status` and `state` are the channels of greeting and state."""

    def status(self) -> Mapping[str, Any]:
        """For people and programs on the box."""
