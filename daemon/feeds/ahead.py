"""The stream that passes: severity 1 goes out ahead of whatever holds back the events before it.

A topic that is refused, a long backlog after an outage, a burst: an event of severity 1 that is not on its way in its
order within a moment is sent at once, marked `ahead`. It comes again in its order, without the mark and with the same
id, so the cursor stays true, nothing has to be remembered over a restart, and the ordered stream has no holes.
"""

import asyncio
from collections.abc import Iterable
from math import inf
from typing import NamedTuple

from daemon.feeds.carrier import Answer, Connection, Lane, Parcel
from daemon.feeds.dispatch import CHUNK, WINDOW, Dispatch
from daemon.feeds.in_order import InOrder
from daemon.journal.file import JournalError
from daemon.journal.query import Filter
from gatehouse.events import Event

_GRAVEST = Filter(severity=1)
_REMEMBERED = 20_000
"""Events that need not go ahead a second time; one that is forgotten only comes once more."""


class _Sent(NamedTuple):
    parcel: Parcel
    channel: str
    answer: Answer


class Ahead:
    """Events of severity 1 that cannot wait for their turn."""

    def __init__(self, dispatch: Dispatch, in_order: InOrder) -> None:
        """`in_order` says what is on its way without us."""
        self._dispatch, self._in_order, self._journal = dispatch, in_order, dispatch.journal
        self._epoch, self._passes = "", 0
        self._seen = 0  # looked at up to this number
        self._scanned = ""  # the last event that was looked at without being in the journal
        self._again = inf  # when to look at all once more, since some were refused
        self._gone: dict[str, None] = {}  # ids that were accepted, oldest first

    async def run(self, connection: Connection) -> None:
        """Watch over severity 1 on this connection until cancelled."""
        self._look_anew()
        while True:
            self._dispatch.beat()
            await self._journal.wait_beyond(self._seen, self._dispatch.pace.look)
            await asyncio.sleep(self._dispatch.pace.grace)
            loop_time = asyncio.get_running_loop().time()
            if loop_time >= self._again or (self._epoch, self._passes) != (self._journal.epoch, self._in_order.passes):
                self._look_anew()
            try:
                await self._durable(connection)
            except JournalError:  # said elsewhere; what cannot be read is read later
                await asyncio.sleep(self._dispatch.pace.look)
            if self._journal.trouble:
                await self._undurable(connection)
            if self._again == inf:
                self._dispatch.note("ahead", "")

    def _look_anew(self) -> None:
        if self._epoch != self._journal.epoch:
            self._gone.clear()
        self._epoch, self._passes = self._journal.epoch, self._in_order.passes
        self._seen, self._scanned, self._again = self._journal.cursor(self._dispatch.name), "", inf

    async def _durable(self, connection: Connection) -> None:
        head, after = self._journal.head, max(self._seen, self._in_order.reached)
        while self._epoch and after < head:
            found = await self._journal.query(after, WINDOW, _GRAVEST)
            if self._epoch != self._journal.epoch:
                return
            await self._send(connection, (event for event in found if event.number > self._in_order.reached))
            after = found[-1].number if len(found) == WINDOW else head
        self._seen = max(self._seen, head)

    async def _undurable(self, connection: Connection) -> None:
        waiting = self._journal.waiting(self._scanned or self._in_order.flown)
        flown = self._in_order.flown_gravest
        grave = (event for event in waiting if event.severity == 1 and event.id not in flown)
        await self._send(connection, grave, journaled=False)
        if waiting:
            self._scanned = waiting[-1].id

    async def _send(self, connection: Connection, events: Iterable[Event], *, journaled: bool = True) -> None:
        dispatch, on_way = self._dispatch, list[_Sent]()
        for event in events:
            if event.id in self._gone or not dispatch.wants(event):
                continue
            parcel = dispatch.pack(event, Lane.AHEAD, journaled=journaled)
            channel = connection.channel(parcel)
            if left := dispatch.shut_for(channel):
                self._again = min(self._again, asyncio.get_running_loop().time() + left)
                continue
            proven = channel in dispatch.proven
            if not proven or len(on_way) >= WINDOW:
                await self._settle(connection, on_way)
            if not proven:
                dispatch.tries(Lane.AHEAD, channel)
            on_way.append(_Sent(parcel, channel, await dispatch.hand_over(connection, parcel)))
            if not proven:
                await self._settle(connection, on_way)
            if len(on_way) % CHUNK == CHUNK - 1:
                await asyncio.sleep(0)
        await self._settle(connection, on_way)

    async def _settle(self, connection: Connection, on_way: list[_Sent]) -> None:
        dispatch = self._dispatch
        for sent in on_way:
            receipt = await dispatch.receipt(connection, sent.answer)
            if receipt.verdict == "refused":
                dispatch.refused(sent.channel)
                dispatch.note("ahead", dispatch.complain(sent.channel, receipt.why))
                self._again = min(self._again, asyncio.get_running_loop().time() + dispatch.pace.refused)
                continue
            dispatch.delivered += 1
            dispatch.proved(Lane.AHEAD, sent.channel)
            self._gone[sent.parcel.id] = None
            if len(self._gone) > _REMEMBERED:
                self._gone.pop(next(iter(self._gone)))
        on_way.clear()
