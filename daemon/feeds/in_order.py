"""The stream of all events in order, from the cursor on.

The cursor moves to an event only when the other side has acknowledged it and all before it. When a connection ends,
what was not acknowledged is sent again over the next one, from the cursor on, with the same ids: at least once and in
order. The first message on a channel travels alone, so a broker that refuses it (ACL) gets nothing of what comes after.
"""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from daemon.feeds.carrier import Answer, Connection
from daemon.feeds.dispatch import WINDOW, Dispatch
from gatehouse.events import Event


class _Sent(NamedTuple):
    event: Event
    epoch: str
    channel: str = ""
    answer: Answer | None = None  # None: nothing to send, the cursor passes


class InOrder:
    """Everything that a subscriber is owed, one after the other."""

    def __init__(self, dispatch: Dispatch) -> None:
        """Nothing is sent yet."""
        self._dispatch, self._journal = dispatch, dispatch.journal
        self._name, self._pace = dispatch.name, dispatch.pace
        self._told = ""  # the last event that was acknowledged without being in the journal
        self._on_way: asyncio.Queue[_Sent] = asyncio.Queue(WINDOW)

    async def run(self, connection: Connection) -> None:
        """Deliver over this connection until cancelled."""
        while True:
            self._on_way = asyncio.Queue(WINDOW)
            async with asyncio.TaskGroup() as pair:
                send = pair.create_task(self._send(connection))
                await self._settle(connection)
                send.cancel()
            self._dispatch.proven.clear()
            await self._dispatch.rest(self._pace.refused)

    async def _send(self, connection: Connection) -> None:
        """Publish what comes after the cursor, in order, as far as the window allows."""
        epoch, at = self._journal.epoch, self._journal.cursor(self._name)
        flown = self._told
        while True:
            self._dispatch.beat()
            if epoch != self._journal.epoch:  # it was opened, or begun anew: only now the cursor means something
                epoch, at = self._journal.epoch, self._journal.cursor(self._name)
            for event in self._unsent(flown):
                flown = event.id
                if self._dispatch.wants(event):
                    await self._publish(connection, event, "")
            events = await self._journal.read(at)
            if epoch != self._journal.epoch:
                continue
            for event in events:
                if self._dispatch.wants(event):
                    await self._publish(connection, event, epoch)
            if events:
                at = events[-1].number
                if not self._dispatch.wants(events[-1]):
                    await self._on_way.put(_Sent(events[-1], epoch))
            else:
                await self._wait_for_more(at, flown)

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
        parcel = self._dispatch.pack(event, journaled=bool(epoch))
        channel = connection.channel(parcel)
        proven = channel in self._dispatch.proven
        if not proven:
            await self._on_way.join()
        answer = await connection.publish(parcel)
        await self._on_way.put(_Sent(event, epoch, channel, answer))
        if not proven:
            await self._on_way.join()
            self._dispatch.proven.add(channel)

    async def _settle(self, connection: Connection) -> None:
        """Move the cursor behind what was acknowledged, until something is refused."""
        dispatch = self._dispatch
        while True:
            sent = await self._on_way.get()
            if sent.answer is not None:
                receipt = await dispatch.receipt(connection, sent.answer)
                if receipt.verdict == "refused":
                    dispatch.note("event", dispatch.complain(sent.channel, receipt.why))  # some brokers also hang up
                    return
                dispatch.delivered += 1
                dispatch.note("event", "")
            if not sent.epoch:
                self._told = sent.event.id
            elif sent.epoch == self._journal.epoch:
                self._journal.move(self._name, sent.event.number)
            self._on_way.task_done()
