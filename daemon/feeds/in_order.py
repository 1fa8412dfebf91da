"""The stream of all events in order, from the cursor on.

The cursor moves to an event only when the other side has acknowledged it and all before it. When a connection ends,
what was not acknowledged is sent again over the next one, from the cursor on, with the same ids: at least once and in
order. The first message on a channel travels alone, so a broker that refuses it (ACL) gets nothing of what comes after.
"""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from daemon.feeds.carrier import Answer, Connection
from daemon.feeds.dispatch import CHUNK, WINDOW, Dispatch
from gatehouse.events import Event

_READ = 64
"""Lines that are read from the journal at once: decoding them holds up all other threads."""


class _Sent(NamedTuple):
    event: Event
    epoch: str
    channel: str = ""
    answer: Answer | None = None  # None: nothing to send, the cursor passes


class InOrder:
    """Everything that a subscriber is owed, one after the other."""

    def __init__(self, dispatch: Dispatch) -> None:
        """Nothing is sent yet."""
        self.reached = 0
        """Events up to this number are confirmed, or on their way at present."""
        self.flown = ""
        """The last event that is on its way, or confirmed, without being in the journal."""
        self.flown_gravest: set[str] = set()
        """Of those, the ids of severity 1."""
        self.passes = 0
        """How often it began again at the cursor."""
        self._dispatch, self._journal = dispatch, dispatch.journal
        self._name, self._pace = dispatch.name, dispatch.pace
        self._halted = False
        self._told = ""  # the last event that was acknowledged without being in the journal
        self._on_way: asyncio.Queue[_Sent] = asyncio.Queue(WINDOW)

    @property
    def at_ease(self) -> bool:
        """All that is durable is on its way, or something refused is waited for."""
        return self._halted or self.reached >= self._journal.head

    async def run(self, connection: Connection) -> None:
        """Deliver over this connection until cancelled."""
        while True:
            self._begin()
            async with asyncio.TaskGroup() as pair:
                send = pair.create_task(self._send(connection))
                await self._settle(connection)
                send.cancel()

    def _begin(self) -> None:
        self._on_way = asyncio.Queue(WINDOW)
        self.passes += 1
        self._halted = False
        self.flown_gravest.clear()
        self.reached, self.flown = self._journal.cursor(self._name), self._told

    async def _send(self, connection: Connection) -> None:
        """Publish what comes after the cursor, in order, as far as the window allows."""
        epoch, at = self._journal.epoch, self.reached
        while True:
            self._dispatch.beat()
            if epoch != self._journal.epoch:  # it was opened, or begun anew: only now the cursor means something
                epoch, at = self._journal.epoch, self._journal.cursor(self._name)
                self.reached = at
                self.passes += 1
            for event in self._unsent(self.flown):
                if self._dispatch.wants(event):
                    await self._publish(connection, event, "")
                self.flown = event.id
            events = await self._journal.read(at, _READ)
            if epoch != self._journal.epoch:
                continue
            for some in range(0, len(events), CHUNK):
                await self._publish_all(connection, events[some : some + CHUNK], epoch)
            if events:
                at = self.reached = events[-1].number
                if not self._dispatch.wants(events[-1]):
                    await self._on_way.put(_Sent(events[-1], epoch))
            else:
                await self._wait_for_more(at, self.flown)

    async def _publish_all(self, connection: Connection, events: Sequence[Event], epoch: str) -> None:
        begun = asyncio.get_running_loop().time()
        for event in events:
            if self._dispatch.wants(event):
                await self._publish(connection, event, epoch)
        if self._journal.head - events[-1].number > WINDOW:
            await self._dispatch.breathe(begun)

    async def _wait_for_more(self, at: int, flown: str) -> None:
        if self._journal.head > at:  # it is there and cannot be read: the journal is in trouble
            await asyncio.sleep(self._pace.look)
        elif not self._unsent(flown):
            await self._journal.wait_beyond(at, self._pace.look)

    def _unsent(self, flown: str) -> Sequence[Event]:
        """While the journal is in trouble, what it could not write goes out at once, marked; later it comes again.

        After days of trouble a hundred thousand events wait: only those behind the last one sent may be looked at.
        """
        return self._journal.waiting(flown) if self._journal.trouble else ()

    async def _publish(self, connection: Connection, event: Event, epoch: str) -> None:
        """Send one; without an epoch it is not in the journal."""
        dispatch = self._dispatch
        parcel = dispatch.pack(event, journaled=bool(epoch))
        channel = connection.channel(parcel)
        if left := dispatch.shut_for(channel):
            await self._on_way.join()
            self._halted = True
            await dispatch.rest(left)
            self._halted = False
        proven = channel in dispatch.proven
        if not proven:
            await self._on_way.join()
            dispatch.tries(parcel.lane, channel)
        answer = await dispatch.hand_over(connection, parcel)
        self.reached = max(self.reached, parcel.number)
        if not epoch and event.severity == 1:
            self.flown_gravest.add(event.id)
        await self._on_way.put(_Sent(event, epoch, channel, answer))
        if not proven:
            await self._on_way.join()
            dispatch.proved(parcel.lane, channel)

    async def _settle(self, connection: Connection) -> None:
        """Move the cursor behind what was acknowledged, until something is refused."""
        dispatch = self._dispatch
        while True:
            sent = await self._on_way.get()
            if sent.answer is not None:
                receipt = await dispatch.receipt(connection, sent.answer)
                if receipt.verdict == "refused":
                    dispatch.refused(sent.channel)
                    dispatch.note("event", dispatch.complain(sent.channel, receipt.why))  # some brokers also hang up
                    return
                dispatch.delivered += 1
                dispatch.note("event", "")
            if not sent.epoch:
                self._told = sent.event.id
            elif sent.epoch == self._journal.epoch:
                self._journal.move(self._name, sent.event.number)
            self._on_way.task_done()
