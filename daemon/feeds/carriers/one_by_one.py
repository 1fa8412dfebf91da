"""Connections of protocols that know one message at a time: who waits, who goes first, who gets which receipt."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from daemon.feeds.carrier import Answer, Lane, Parcel, Receipt, Standing, answered

Say = Callable[[], Coroutine[Any, Any, Receipt]]


class Waiting(NamedTuple):
    """An event in its lane."""

    parcel: Parcel
    answer: Answer


class OneByOne:
    """Severity 1 before the ordered stream, that before what was asked for again. A protocol says how one is sent."""

    version = ""
    beside = False
    """True: severity 1 has a way of its own and waits for no answer to another message."""
    room = 2
    """Events of one lane that may wait here. Few: what waits here is overtaken by severity 1 only with `beside`."""

    def __init__(self) -> None:
        """Nothing waits yet."""
        self._ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.lanes: dict[Lane, deque[Waiting]] = {lane: deque() for lane in Lane}
        self._own: deque[tuple[Say, Answer]] = deque()
        self._rooms = {lane: asyncio.Semaphore(self.room) for lane in Lane}
        self._own_room = asyncio.Semaphore(self.room)
        self._open: set[Answer] = set()
        self._stir, self._hurry = asyncio.Event(), asyncio.Event()
        self._busy = False

    # What a protocol adds

    async def send(self, parcel: Parcel) -> Receipt:
        """Bring one event over; "lost" ends the connection."""
        raise NotImplementedError

    async def bring(self, lane: Lane) -> bool:
        """Send the first of a lane; False when what stands behind it must not follow: the feed begins anew."""
        waiting = self.lanes[lane].popleft()
        receipt = await self.send(waiting.parcel)
        self.conclude([waiting.answer], receipt)
        if receipt.verdict == "refused" and lane is Lane.IN_ORDER:
            behind = [each.answer for each in self.lanes[lane]]
            self.lanes[lane].clear()
            self.conclude(behind, Receipt("refused", "one before it was refused"))
            return False
        return receipt.verdict != "lost"

    async def idle(self) -> None:
        """Called when nothing waits, at least every second: heartbeats."""

    async def farewell(self) -> None:
        """Let go of what is open."""

    # Connection

    async def run(self) -> str:
        """Send what comes until something is lost."""
        try:
            async with asyncio.TaskGroup() as tasks:
                workers = [tasks.create_task(self._work())]
                if self.beside:
                    workers.append(tasks.create_task(self._hasten()))
                await asyncio.wait([self._ended])
                for worker in workers:
                    worker.cancel()
        finally:
            self.drop("")
            self.conclude(self._open.copy(), Receipt("lost", self._ended.result()))
            await self.farewell()
        return self._ended.result()

    async def publish(self, parcel: Parcel) -> Answer:
        """Put it into its lane; waits while that is full."""
        if self.beside and self._busy and parcel.lane is Lane.IN_ORDER and parcel.severity == 1:
            self.lanes[Lane.AHEAD].append(Waiting(parcel.hurried(), asyncio.get_running_loop().create_future()))
            self._hurry.set()
        answer = await self._place(self._rooms[parcel.lane])
        if not answer.done():
            self.lanes[parcel.lane].append(Waiting(parcel, answer))
            (self._hurry if self.beside and parcel.lane is Lane.AHEAD else self._stir).set()
        return answer

    async def tell(self, say: Say) -> Answer:
        """Send what is no event before all events that wait, but those that hurry."""
        answer = await self._place(self._own_room)
        if not answer.done():
            self._own.append((say, answer))
            self._stir.set()
        return answer

    async def greet(self) -> Answer:
        """Dialling has done it."""
        return answered("accepted")

    async def show(self, standing: Standing) -> Answer:
        """There is no word for the state of all."""
        return answered("accepted")

    async def reply(self, reply: Mapping[str, Any]) -> Answer:
        """There are no questions either."""
        return answered("refused", "the protocol has no questions")

    def drop(self, why: str) -> None:
        """End it at once."""
        if not self._ended.done():
            self._ended.set_result(why)

    async def close(self, limit: float) -> None:
        """There is no goodbye; what has no answer yet comes again."""
        self.drop("closed")
        await self.farewell()

    # One after the other

    async def _place(self, room: asyncio.Semaphore) -> Answer:
        await room.acquire()
        answer: Answer = asyncio.get_running_loop().create_future()
        answer.add_done_callback(self._open.discard)
        answer.add_done_callback(lambda _: room.release())
        if self._ended.done():
            answer.set_result(Receipt("lost", self._ended.result()))
        else:
            self._open.add(answer)
        return answer

    async def _work(self) -> None:
        while not self._ended.done():
            self._busy = True
            if not self.beside and self.lanes[Lane.AHEAD]:
                await self.bring(Lane.AHEAD)
            elif self._own:
                say, answer = self._own.popleft()
                self.conclude([answer], await say())
            elif lane := next((lane for lane in (Lane.IN_ORDER, Lane.REFILL) if self.lanes[lane]), None):
                await self.bring(lane)
            else:
                await self._rest()

    async def _rest(self) -> None:
        """Until something comes, a second at most."""
        self._stir.clear()
        await self.idle()
        self._busy = False
        with suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await self._stir.wait()

    async def _hasten(self) -> None:
        while not self._ended.done():
            if not self.lanes[Lane.AHEAD]:
                self._hurry.clear()
                await self._hurry.wait()
            await self.bring(Lane.AHEAD)

    def conclude(self, answers: Iterable[Answer], receipt: Receipt) -> None:
        """Say what became of messages; one that is lost ends the connection."""
        if receipt.verdict == "lost":
            self.drop(receipt.why)
        for answer in answers:
            if not answer.done():
                answer.set_result(receipt)
