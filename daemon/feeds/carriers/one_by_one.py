"""Connections of protocols that know one message at a time: who waits, who goes first, who gets which receipt."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, NamedTuple

from daemon.feeds.carrier import Answer, Lane, Parcel, Receipt, Standing, UnreachableError, answered
from daemon.feeds.carriers.dialling import beating

ROOM = 2
"""Messages of one lane that may wait here. Few: what waits here cannot be overtaken by severity 1 any more."""


class _Waiting(NamedTuple):
    parcel: Parcel
    answer: Answer


class OneByOne:
    """Severity 1 before the ordered stream, that before what was asked for again. A protocol says how one is sent."""

    version = ""
    beside = False
    """True: severity 1 has a way of its own and waits for no answer to another message."""

    def __init__(self) -> None:
        """Nothing waits yet."""
        self._ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._lanes: dict[Lane, deque[_Waiting]] = {lane: deque() for lane in Lane}
        self._rooms = {lane: asyncio.Semaphore(ROOM) for lane in Lane}
        self._open: set[Answer] = set()
        self._stir, self._hurry = asyncio.Event(), asyncio.Event()
        self._busy = False

    # What a protocol adds

    async def send(self, parcel: Parcel) -> Receipt:
        """Bring one event over; "lost" ends the connection."""
        raise NotImplementedError

    async def idle(self) -> None:
        """Called when nothing waits, at least every second: heartbeats."""

    async def farewell(self) -> None:
        """Let go of what is open."""

    # Connection

    async def begin(self, hello: Coroutine[Any, Any, Receipt], beat: Callable[[], None]) -> None:
        """Try it with a first message; UnreachableError, with nothing left open, when that is not accepted."""
        works = False
        try:
            receipt = await beating(hello, beat)
            works = receipt.verdict == "accepted"
        finally:
            if not works:
                await self.farewell()
        if not works:
            raise UnreachableError(receipt.why)

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
            for answer in self._open.copy():
                _give(answer, Receipt("lost", self._ended.result()))
            await self.farewell()
        return self._ended.result()

    async def publish(self, parcel: Parcel) -> Answer:
        """Put it into its lane; waits while that is full."""
        if self.beside and self._busy and parcel.lane is Lane.IN_ORDER and parcel.severity == 1:
            self._lanes[Lane.AHEAD].append(_Waiting(parcel.hurried(), asyncio.get_running_loop().create_future()))
            self._hurry.set()
        room = self._rooms[parcel.lane]
        await room.acquire()
        answer: Answer = asyncio.get_running_loop().create_future()
        answer.add_done_callback(self._open.discard)
        answer.add_done_callback(lambda _: room.release())
        if self._ended.done():
            answer.set_result(Receipt("lost", self._ended.result()))
        else:
            self._open.add(answer)
            self._lanes[parcel.lane].append(_Waiting(parcel, answer))
            (self._hurry if self.beside and parcel.lane is Lane.AHEAD else self._stir).set()
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

    async def _work(self) -> None:
        lanes = [Lane.IN_ORDER, Lane.REFILL] if self.beside else [Lane.AHEAD, Lane.IN_ORDER, Lane.REFILL]
        while True:
            lane = next((lane for lane in lanes if self._lanes[lane]), None)
            self._busy = lane is not None
            if lane is not None:
                await self._bring(lane)
                continue
            self._stir.clear()
            await self.idle()
            try:
                async with asyncio.timeout(1.0):
                    await self._stir.wait()
            except TimeoutError:
                continue

    async def _hasten(self) -> None:
        while True:
            if not self._lanes[Lane.AHEAD]:
                self._hurry.clear()
                await self._hurry.wait()
            await self._bring(Lane.AHEAD)

    async def _bring(self, lane: Lane) -> None:
        """Send the next of a lane; what stands behind a refusal in its order is not sent, the feed begins anew."""
        waiting = self._lanes[lane].popleft()
        receipt = await self.send(waiting.parcel)
        if receipt.verdict == "lost":
            self.drop(receipt.why)
        _give(waiting.answer, receipt)
        if receipt.verdict == "refused" and lane is Lane.IN_ORDER:
            behind = list(self._lanes[lane])
            self._lanes[lane].clear()
            for each in behind:
                _give(each.answer, Receipt("refused", "one before it was refused"))


def _give(answer: Answer, receipt: Receipt) -> None:
    if not answer.done():
        answer.set_result(receipt)
