"""One connection to a fire monitoring centre: send and confirm, request and answer, heartbeats.

A message waits for its confirmation before the next one goes, but fire waits for nothing: it has a way of its own.
What is not confirmed in time goes out three times more; then the connection is over. What is denied goes out again,
too, since the bytes may have suffered; denied to the last, it is refused.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from daemon.clock import Clock
from daemon.config.subscribers.gb26875 import Gb26875
from daemon.feeds.carrier import Answer, Lane, Parcel, Receipt, Standing, answered
from daemon.feeds.gb26875.answers import Answers
from daemon.feeds.gb26875.memory import Memory
from daemon.feeds.gb26875.said import Says, Unit, systems_unit
from daemon.feeds.gb26875.transport import Pipe
from drivers._gb26875_frames import Command, Frame, Piece, find
from drivers._gb26875_units import State

_ATTEMPTS = 4
"""Once, and three times more (6.5)."""
_ROOM = 256
"""Messages that may wait here; the streams of a feed bring fewer."""
_SHAKY = 5.0
"""Seconds between heartbeats while the centre had to be told something twice."""
_FLOOD = 200
"""Messages of the centre's own within a second, from which it is no centre."""
_PIECE, _RUBBISH = 1024, 16_384
"""Bytes that are looked at in one go; bytes without a sound frame among them, from which it is no centre either."""
_REMEMBERED = 16
"""Orders of the centre that are known again when it repeats them."""
_REPEATS = 60.0
"""Seconds in which it may repeat one."""
_LATER = (Lane.IN_ORDER, Lane.REFILL)


class _Waiting(NamedTuple):
    parcel: Parcel | None
    units: Iterable[Unit]
    answer: Answer


class CentreLink:
    """From the first confirmed message to the first that is not."""

    version = "GB/T 26875.3-2011"

    def __init__(self, settings: Gb26875, says: Says, memory: Memory, answers: Answers, clock: Clock) -> None:
        """Not connected: `pipe` is to be opened."""
        self.pipe = Pipe(self.hear, self.drop)
        self._settings, self._says, self._memory, self._answers, self._clock = settings, says, memory, answers, clock
        self._ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._pending: dict[int, asyncio.Future[bool]] = {}
        self._queues: dict[Lane, deque[_Waiting]] = {lane: deque() for lane in Lane}
        self._open: set[Answer] = set()
        self._stir, self._hurry = asyncio.Event(), asyncio.Event()
        self._room = asyncio.Semaphore(_ROOM)
        self._busy = self._shaky = self._wordy = False
        self._received, self._rubbish = b"", 0
        self._orders: deque[tuple[float, int, bytes, bool]] = deque(maxlen=_REMEMBERED)
        self._asked: deque[float] = deque(maxlen=_FLOOD)
        self._last = asyncio.get_running_loop().time()
        self._shown: tuple[int, dict[tuple[int, int], State]] | None = None

    async def run(self) -> str:
        """Work until something is not confirmed, or the centre hangs up."""
        try:
            async with asyncio.TaskGroup() as tasks:
                workers = [tasks.create_task(work()) for work in (self._work, self._hasten, self._beat)]
                await asyncio.wait([self._ended])
                for worker in workers:
                    worker.cancel()
        finally:
            self.drop("")
            for answer in list(self._open):
                _give(answer, Receipt("lost", self._ended.result()))
            await self.farewell()
        return self._ended.result()

    async def farewell(self) -> None:
        """Hang up."""
        self.pipe.close()

    def channel(self, parcel: Parcel) -> str:
        """A centre may know some kinds of event and deny others."""
        return f"events of kind {parcel.kind}"

    async def publish(self, parcel: Parcel) -> Answer:
        """Tell it in its turn; severity 1 does not wait for the one that is under way."""
        units = self._says.event(parcel, self._says.systems(self._memory.view))
        if not units:
            return answered("accepted")
        if self._busy and parcel.lane is Lane.IN_ORDER and parcel.severity == 1:
            self._put(Lane.AHEAD, _Waiting(parcel, units, asyncio.get_running_loop().create_future()))
        return await self._queue(parcel.lane, parcel, units)

    async def greet(self) -> Answer:
        """Already done by dialling."""
        return answered("accepted")

    async def show(self, standing: Standing) -> Answer:
        """The state of this box and of each system, when they are others than before."""
        self._memory.view = standing.view
        stamp = self._says.stamp(self._clock.utc())
        device = self._says.device(standing.view, stamp)
        systems = dict.fromkeys(self._memory.systems, State.NORMAL) | self._says.systems(standing.view)
        shown = (device.objects[0].state, systems)
        if shown == self._shown:
            return answered("accepted")
        self._shown = shown
        units = [device, *([systems_unit(systems, stamp)] if systems else [])]
        return await self._queue(Lane.IN_ORDER, None, units)

    async def reply(self, reply: Mapping[str, Any]) -> Answer:
        """A centre asks in its own form, and is answered at once."""
        return answered("refused", "the protocol has no inquiries of this form")

    def drop(self, why: str) -> None:
        """End it at once."""
        if not self._ended.done():
            self._ended.set_result(why)

    async def close(self, limit: float) -> None:
        """The protocol has no goodbye."""
        self.drop("closed")

    async def tell(self, data: bytes) -> Receipt:
        """Send a data unit, or a heartbeat without one, until it is confirmed or denied to the last."""
        sequence = self._memory.next()
        raw = self._frame(sequence, Command.SEND, data).packed(self._settings.check)
        denied = False
        try:
            for attempt in range(_ATTEMPTS):
                self._pending[sequence] = future = asyncio.get_running_loop().create_future()
                self.pipe.send(raw)
                await asyncio.wait([future, self._ended], timeout=self._settings.timeout,
                                   return_when=asyncio.FIRST_COMPLETED)  # fmt: skip
                if self._ended.done():
                    return Receipt("lost", self._ended.result())
                if future.done() and future.result():
                    self._shaky, self._last = attempt > 0, asyncio.get_running_loop().time()
                    return Receipt("accepted")
                denied, self._shaky = future.done(), True
        finally:
            self._pending.pop(sequence, None)
        if denied:
            return Receipt("refused", "the centre denies it (command 6)")
        why = f"the centre confirmed nothing, {_ATTEMPTS} times in {_ATTEMPTS * self._settings.timeout:g} s"
        self.drop(why)
        return Receipt("lost", why)

    # Queues

    async def _queue(self, lane: Lane, parcel: Parcel | None, units: Iterable[Unit]) -> Answer:
        await self._room.acquire()
        answer: Answer = asyncio.get_running_loop().create_future()
        answer.add_done_callback(self._settled)
        if self._ended.done():
            answer.set_result(Receipt("lost", self._ended.result()))
        else:
            self._open.add(answer)
            self._put(lane, _Waiting(parcel, units, answer))
        return answer

    def _put(self, lane: Lane, waiting: _Waiting) -> None:
        queue = self._queues[lane]
        queue.append(waiting) if waiting.parcel is not None else queue.appendleft(
            waiting
        )  # how things stand goes first
        (self._hurry if lane is Lane.AHEAD else self._stir).set()

    def _settled(self, answer: Answer) -> None:
        self._room.release()
        self._open.discard(answer)

    async def _work(self) -> None:
        while True:
            self._busy = False
            if not any(self._queues[lane] for lane in _LATER):
                self._stir.clear()
                await self._stir.wait()
            self._busy = True
            lane = next(lane for lane in _LATER if self._queues[lane])
            await self._say(lane)

    async def _hasten(self) -> None:
        """Fire, beside all else."""
        while True:
            if not self._queues[Lane.AHEAD]:
                self._hurry.clear()
                await self._hurry.wait()
            await self._say(Lane.AHEAD)

    async def _say(self, lane: Lane) -> None:
        waiting = self._queues[lane].popleft()
        receipt = Receipt("accepted")
        for unit in waiting.units:
            receipt = await self.tell(unit.data)
            if receipt.verdict != "accepted":
                break
            self._memory.told(unit)
        _give(waiting.answer, receipt)
        if receipt.verdict == "refused" and lane is Lane.IN_ORDER and waiting.parcel is not None:
            behind = list(self._queues[lane])
            self._queues[lane].clear()
            for each in behind:
                _give(each.answer, Receipt("refused", "one before it was refused"))

    async def _beat(self) -> None:
        """A heartbeat whenever nothing else was confirmed for a while."""
        loop = asyncio.get_running_loop()
        while True:
            due = self._last + (_SHAKY if self._shaky else self._settings.heartbeat)
            if (left := due - loop.time()) > 0:
                await asyncio.sleep(min(left, 1.0))
                continue
            await self.beat()

    async def beat(self) -> Receipt:
        """Field practice is an empty message; a centre that denies it is told our state instead, which it cannot."""
        data = self._says.device(self._memory.view, self._says.stamp(self._clock.utc())).data if self._wordy else b""
        receipt = await self.tell(data)
        self._last = asyncio.get_running_loop().time()
        self._wordy = self._wordy or receipt.verdict == "refused"
        return receipt

    # What comes

    def hear(self, data: bytes) -> None:
        """Bytes came."""
        for at in range(0, len(data), _PIECE):
            self._received += data[at : at + _PIECE]
            while self._received and (piece := find(self._received, self._settings.check)) and not self._ended.done():
                self._received = self._received[piece.used :]
                self._rubbish = self._rubbish + piece.used if piece.frame is None else 0
                self._heard(piece)
            if self._rubbish > _RUBBISH:
                self.drop(f"{self._rubbish} bytes without a frame: no centre says that")
            if self._ended.done():
                return

    def _heard(self, piece: Piece) -> None:
        frame = piece.frame
        if frame is None:
            if piece.denied is not None and piece.denied.version == 1 and not self._floods():
                self._answer(piece.denied, Command.DENY)
        elif frame.command in {Command.CONFIRM, Command.DENY}:
            if {frame.source, frame.destination} != {self._settings.address, self._settings.centre_address}:
                return  # of another device's message: it moves nothing here
            future = self._pending.get(frame.sequence)
            if future is not None and not future.done():
                future.set_result(frame.command == Command.CONFIRM)
        elif not self._floods():
            self._asks(frame)

    def _asks(self, frame: Frame) -> None:
        data: bytes | None = None
        if (frame.source, frame.destination) != (self._settings.centre_address, self._settings.address):
            self._answer(frame, Command.DENY)
        elif frame.command == Command.CONTROL:
            self._answer(frame, Command.CONFIRM if self._obeyed(frame) else Command.DENY)
        elif frame.command == Command.REQUEST and (data := self._answers.read(frame)) is not None:
            self._answer(frame, Command.ANSWER, data)
        else:
            self._answer(frame, Command.DENY)

    def _obeyed(self, frame: Frame) -> bool:
        """Once only, however often it comes."""
        now = asyncio.get_running_loop().time()
        for at, sequence, data, verdict in self._orders:
            if now - at < _REPEATS and (sequence, data) == (frame.sequence, frame.data):
                return verdict
        verdict = self._answers.obey(frame)
        self._orders.append((now, frame.sequence, frame.data, verdict))
        return verdict

    def _answer(self, frame: Frame, command: Command, data: bytes = b"") -> None:
        stamp = self._says.stamp(self._clock.utc())
        self.pipe.send(frame.answered(command, stamp, data).packed(self._settings.check))

    def _floods(self) -> bool:
        now = asyncio.get_running_loop().time()
        self._asked.append(now)
        if len(self._asked) == _FLOOD and now - self._asked[0] < 1.0:
            self.drop(f"{_FLOOD} questions within a second: no centre does that")
            return True
        return False

    def _frame(self, sequence: int, command: Command, data: bytes) -> Frame:
        settings = self._settings
        return Frame(
            sequence=sequence,
            command=command,
            source=settings.address,
            destination=settings.centre_address,
            data=data,
            stamp=self._says.stamp(self._clock.utc()),
            user_version=settings.user_version,
        )


def _give(answer: Answer, receipt: Receipt) -> None:
    if not answer.done():
        answer.set_result(receipt)
