"""Numbers that a subscriber asks for again: checked, bounded, behind everything live, and told how it went.

A request is `{"id": …, "from": …, "to": …}`, with `expires` where it may come late. What is asked for goes out in
order, masked as it always was, and marked with the request's id; after a lost connection or a restart it goes on.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any, NamedTuple

import msgspec

from daemon.clock import Clock
from daemon.feeds.carrier import Answer, Connection, Inquiry, Lane
from daemon.feeds.dispatch import CHUNK, Dispatch
from daemon.feeds.in_order import InOrder
from daemon.feeds.refill_words import WHY
from gatehouse.events import Event

_LARGEST = 2048
"""Bytes of a request."""
_WAITING = 4
_PER_MINUTE = 12
_REPLIES = 32
"""Replies that wait to be sent; who asks faster than he can be answered is not answered."""
_REMEMBERED = 200
"""Ids of the latest requests, so that none is obeyed twice."""
_BATCH = 4 * CHUNK
_KEPT_EVERY = 2.0
"""Seconds."""


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is asked for."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")]
    first: Annotated[int, msgspec.Meta(ge=1, le=2**53)] = msgspec.field(name="from")
    last: Annotated[int, msgspec.Meta(ge=1, le=2**53)] = msgspec.field(name="to")
    expires: datetime | None = None
    """RFC 3339 with a zone."""


class _Work(msgspec.Struct, kw_only=True):
    """One request and how far it is."""

    id: str
    first: int
    last: int
    at: int
    """Answered up to this number."""
    epoch: str
    events: int = 0
    cut: int = 0
    """Numbers that are not in the journal any more."""


class _Memory(msgspec.Struct, kw_only=True):
    """What outlives a restart."""

    work: list[_Work] = []
    ids: list[str] = []


class _Sent(NamedTuple):
    event: Event
    answer: Answer | None  # None: it is not for this subscriber


class Refill:
    """One subscriber's requests."""

    def __init__(self, dispatch: Dispatch, in_order: InOrder, clock: Clock) -> None:
        """`in_order` goes first."""
        self._dispatch, self._in_order, self._clock = dispatch, in_order, clock
        self._journal = dispatch.journal
        self._key = f"refill.{dispatch.name}"
        self._memory: _Memory | None = None
        self._asked: deque[float] = deque(maxlen=_PER_MINUTE)
        self._replies: deque[dict[str, Any]] = deque()
        self._inquiries: deque[Inquiry] = deque()
        self._stir = asyncio.Event()
        self._kept_at = 0.0

    def hear(self, inquiry: Inquiry) -> None:
        """Take a request; never waits, never raises."""
        if len(self._inquiries) + len(self._replies) < _REPLIES:
            self._inquiries.append(inquiry)
            self._stir.set()

    def status(self) -> Mapping[str, Any]:
        """What is being answered."""
        work = self._memory.work if self._memory else []
        return {"refills": [{"id": one.id, "from": one.first, "to": one.last, "at": one.at} for one in work]}

    async def run(self, connection: Connection) -> None:
        """Answer over this connection until cancelled."""
        await self._remember()
        while True:
            self._dispatch.beat()
            self._judge_all()
            await self._tell(connection)
            if self._memory and self._memory.work and self._in_order.at_ease:
                await self._answer(connection, self._memory.work[0])
                continue
            self._stir.clear()
            if not self._inquiries:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._pause):
                        await self._stir.wait()

    @property
    def _pause(self) -> float:
        """Between two looks whether everything live is sent; without a request only for the watchdog."""
        return min(0.1, self._dispatch.pace.look) if self._memory and self._memory.work else 1.0

    async def _remember(self) -> None:
        if self._memory is not None:
            return
        while not self._journal.epoch:
            await self._dispatch.rest(self._dispatch.pace.look)
        try:
            kept = (await self._journal.kept(self._key)).get(self._key)
            self._memory = _Memory() if kept is None else msgspec.msgpack.decode(kept, type=_Memory)
        except (OSError, msgspec.DecodeError):  # of another version: who misses something asks again
            self._memory = _Memory()
        self._kept_at = asyncio.get_running_loop().time()

    def _keep(self) -> None:
        if self._memory is not None:
            self._kept_at = asyncio.get_running_loop().time()
            self._journal.keep(self._key, msgspec.msgpack.encode(self._memory))

    # Judging

    def _judge_all(self) -> None:
        while self._inquiries:
            self._judge(self._inquiries.popleft())

    def _judge(self, inquiry: Inquiry) -> None:
        memory = self._memory
        try:
            request = msgspec.json.decode(inquiry.body[: _LARGEST + 1], type=Request, strict=True)
        except (msgspec.DecodeError, RecursionError):
            self._refuse("", "form")
            return
        if memory is None:
            self._refuse(request.id, "not_ready")
        elif why := inquiry.stale or self._objection(request, memory):
            self._refuse(request.id, why)
        else:
            memory.ids = [*memory.ids, request.id][-_REMEMBERED:]
            last = min(request.last, self._journal.head)
            work = _Work(id=request.id, first=request.first, last=last, at=request.first - 1, epoch=self._journal.epoch)
            memory.work.append(work)
            self._keep()
            self._replies.append({"id": work.id, "state": "accepted", "from": work.first, "to": last})

    def _objection(self, request: Request, memory: _Memory) -> str:
        """Why it is not obeyed; a word of `refill_words.WHY`."""
        now = asyncio.get_running_loop().time()
        often = len(self._asked) == _PER_MINUTE and now - self._asked[0] < 60.0
        if not often:
            self._asked.append(now)
        if request.id in memory.ids:
            return "repeated"
        if request.expires is not None and not self._lasts(request.expires):
            return "expired"
        if often:
            return "too_often"
        if request.last < request.first:
            return "form"
        if request.first > self._journal.head:
            return "beyond"
        return "too_many" if len(memory.work) >= _WAITING else ""

    def _lasts(self, expires: datetime) -> bool:
        return expires.tzinfo is not None and expires >= self._clock.utc()

    def _refuse(self, identity: str, why: str) -> None:
        said = WHY[why]
        self._replies.append({"id": identity, "state": "refused", "why": why, "text": {"zh": said.zh, "en": said.en}})

    # Answering

    async def _tell(self, connection: Connection) -> None:
        while self._replies:
            await self._dispatch.receipt(connection, await connection.reply(self._replies[0]))
            self._replies.popleft()  # refused, too: who may not be answered may not ask

    async def _answer(self, connection: Connection, work: _Work) -> None:
        """The next few events of a request."""
        if work.epoch != self._journal.epoch:
            self._end(work, "began_anew")
            return
        events = [event for event in await self._journal.read(work.at, _BATCH) if event.number <= work.last]
        if work.epoch != self._journal.epoch:
            return
        if not events and self._journal.trouble:
            await self._dispatch.rest(self._dispatch.pace.look)
            return
        if not await self._settle(connection, await self._send(connection, events, work), work):
            self._end(work, "turned_away")
        elif not events or work.at >= work.last:
            work.cut += work.last - work.at
            self._end(work)
        elif asyncio.get_running_loop().time() - self._kept_at >= _KEPT_EVERY:
            self._keep()

    async def _send(self, connection: Connection, events: list[Event], work: _Work) -> list[_Sent]:
        dispatch, sent = self._dispatch, list[_Sent]()
        begun = asyncio.get_running_loop().time()
        for event in events:
            answer = None
            if dispatch.wants(event):
                answer = await dispatch.hand_over(connection, dispatch.pack(event, Lane.REFILL, refill=work.id))
            sent.append(_Sent(event, answer))
            if len(sent) % CHUNK == 0:
                await dispatch.breathe(begun)
                begun = asyncio.get_running_loop().time()
        return sent

    async def _settle(self, connection: Connection, sent: list[_Sent], work: _Work) -> bool:
        """False when one was refused."""
        for event, answer in sent:
            if answer is not None:
                receipt = await self._dispatch.receipt(connection, answer)
                if receipt.verdict == "refused":
                    return False
                work.events += 1
            work.cut += event.number - work.at - 1
            work.at = event.number
        return True

    def _end(self, work: _Work, why: str = "") -> None:
        assert self._memory is not None  # noqa: S101 - there is no work without it
        self._memory.work.remove(work)
        self._keep()
        if why:
            self._refuse(work.id, why)
            self._replies[-1]["at"] = work.at
            return
        done = {"id": work.id, "state": "done", "from": work.first, "to": work.last, "events": work.events}
        self._replies.append(done | ({"cut": work.cut} if work.cut else {}))
