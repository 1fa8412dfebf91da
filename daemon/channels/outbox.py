"""One channel's outbox: takes messages without waiting, sends them in a task of its own, and tells their fate.

P1 goes ahead of everything, has a way out that nothing else may occupy, and a part of the channel's rate to itself. It
is tried even while a channel in trouble rests. Where a service would take longer than a minute for all that waits, many
are told in one message; of P1 only as many as it can name one by one. What is not sent in its time has failed.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import structlog

from daemon.channels.digest import digest, named
from daemon.channels.health import Health
from daemon.channels.message import Message, Receipt, ReceiptState, Recipient, Report
from daemon.channels.queue import Item, Queue
from daemon.channels.rates import Allowance, Rate, Shares
from daemon.channels.sender import Fate, Sender, SendError
from daemon.channels.text import marked
from daemon.clock import Clock
from daemon.feeds.texts import Language

log = structlog.get_logger()
T = TypeVar("T")

FULL = "the queue of the channel is full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How much, how fast. Seconds, unless said otherwise."""

    rates: Sequence[Rate] = ()
    each: Sequence[Rate] = ()  # the same for each recipient by itself
    limit: float = 5.0  # for one try; the sender keeps it too, so the outbox is the second fence
    size: int = 4096  # messages that may wait
    lanes: int = 4  # tries at the same time; the last one is for P1 alone
    first_pause: float = 1.0  # before the second try; doubled up to
    longest_pause: float = 15.0
    urgent_pause: float = 5.0  # the same for P1
    unanswered: int = 3  # tries after which a message that may have arrived is not sent once more
    probe: float = 300.0  # between two looks whether the other end can be reached
    probe_again: float = 30.0  # the same while it cannot
    language: Language = "zh"


class _Batch(NamedTuple):
    items: list[Item]
    message: Message
    recipient: Recipient

    @property
    def urgent(self) -> bool:
        return self.items[0].urgent


class Outbox:
    """Of one channel. It lives in the loop's thread."""

    confirmed = False
    """Whether `delivered` or `failed` always follows `sent`."""

    def __init__(
        self, name: str, sender: Sender, clock: Clock, on_trouble: Callable[[str], None], pace: Pace = Pace()
    ) -> None:
        """`on_trouble(why)` hears when messages do not get out, `on_trouble("")` when they do."""
        self.name, self.pace = name, pace
        self._sender, self._clock = sender, clock
        self._health = Health(name, on_trouble, pace.first_pause, pace.longest_pause)
        self._queue = Queue(pace.size)
        self._allowance = Allowance(pace.rates)
        self._shares = Shares(pace.each)
        self._wake = asyncio.Event()
        self._flying: list[_Batch] = []
        self._swept = 0.0
        self._last_sent = ""
        self.counts = {"sent": 0, "failed": 0, "dropped": 0, "condensed": 0, "tries": 0}
        """Since the start: messages, but `tries`, which are requests to the service."""

    def put(self, message: Message, recipient: Recipient, report: Report) -> None:
        """Take a message and return at once; `report` hears `queued` before this returns, and its end later."""
        self._wait(Item(message, recipient, [report], self._clock.monotonic() + message.valid))

    async def run(self) -> None:
        """Send for ever. What was on its way when this is cancelled waits again, for the next run."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._look())
                while True:
                    self._wake.clear()
                    batch, seconds = self._choose(self._clock.monotonic())
                    if batch is None:
                        await self._doze(seconds)
                    else:
                        group.create_task(self._try(batch))
        finally:
            self._land_all()
            await self._sender.close()

    def take_over(self, old: "Outbox") -> None:
        """Go on with what waits in an outbox that runs no more."""
        for item in old._empty():  # noqa: SLF001 - its own kind
            self._wait(item)

    def abandon(self) -> None:
        """Give up all that waits: the channel is no more."""
        for item in self._empty():
            self._end(item, ReceiptState.FAILED, "the channel was taken out of the site")

    @property
    def trouble(self) -> str:
        """Why messages do not get out; empty when they do, as far as is known."""
        return self._health.trouble

    def status(self) -> dict[str, Any]:
        """For people and programs on the box; no address, no text of a message."""
        return {
            "waiting": len(self._queue),
            "sending": sum(len(batch.items) for batch in self._flying),
            **self.counts,
            "last_sent": self._last_sent,
            "trouble": self._health.trouble,
            "last_error": self._health.last_error,
        }

    async def _doze(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(min(seconds, 1.0) if len(self._queue) else None):
                await self._wake.wait()
        except TimeoutError:
            pass  # time to look again

    def _choose(self, now: float) -> tuple[_Batch | None, float]:
        """What to send now, taken out of the queue; else the seconds after which it is worth asking again."""
        if now - self._swept >= 0.25:
            self._swept = now
            self._sweep(now)
        if len(self._flying) >= self.pace.lanes:
            return None, 1.0
        item = self._next(now)
        if item is None:
            return None, max(0.01, min((i.not_before - now for i in self._queue if i.not_before > now), default=1.0))
        wait = self._allowance.wait(now, urgent=item.urgent)
        if not item.urgent:
            wait = max(wait, self._health.rests_until - now)
        return (None, wait) if wait > 0 else (self._depart(item, now), 0.0)

    def _sweep(self, now: float) -> None:
        for late in self._queue.over(now):
            why = self._health.last_error if late.tries else ""
            seconds = f"{late.message.valid:g}"
            self._end(late, ReceiptState.FAILED, f"not sent within {seconds} s" + (f": {why}" if why else ""))

    def _next(self, now: float) -> Item | None:
        """The first that may go. Below P1: one at a time to each recipient, in order, and never on the last lane."""
        taken = [batch.recipient.address for batch in self._flying if not batch.urgent]
        closed = len(taken) >= max(1, self.pace.lanes - 1)
        for item in self._queue:
            if not item.urgent and closed:
                return None
            if item.not_before > now or (not item.urgent and item.recipient.address in taken):
                continue
            if not self._shares.wait(item.recipient.address, now, urgent=item.urgent):
                return item
        return None

    def _depart(self, item: Item, now: float) -> _Batch:
        items, urgent, room = [item], item.urgent, self._sender.room
        like = self._queue.like(item) if self._too_many(item) else items
        if len(like) > 1:
            items = like[: named([each.message for each in like], room)] if urgent else like
        message = item.message
        if len(items) > 1:
            message = digest([each.message for each in items], self.pace.language, room)
        for each in items:
            self._queue.remove(each)
        self._allowance.take(now)
        self._shares.take(item.recipient.address, now)
        batch = _Batch(items, marked(message, self.pace.language), item.recipient)
        self._flying.append(batch)
        return batch

    def _too_many(self, item: Item) -> bool:
        """More wait than the service takes in a minute, of all or for this one recipient."""
        urgent = item.urgent
        if self._queue.count(urgent=urgent) > self._allowance.per_minute(urgent=urgent):
            return True
        return bool(self.pace.each) and len(self._queue.like(item)) > self._shares.per_minute(urgent=urgent)

    async def _try(self, batch: _Batch) -> None:
        self.counts["tries"] += 1
        try:
            state = await self._fenced(self._sender.send(batch.message, batch.recipient))
        except SendError as error:
            self._flying.remove(batch)
            self._failed(batch, error)
        else:
            self._flying.remove(batch)
            self._sent(batch, state)
        self._wake.set()

    async def _fenced(self, doing: Awaitable[T]) -> T:
        """What a sender does, with an end, and with no other error than SendError."""
        try:
            async with asyncio.timeout(self.pace.limit + 0.5):
                return await doing
        except SendError:
            raise
        except TimeoutError:
            why = f"no answer within {self.pace.limit:g} s; it may have arrived"
            raise SendError(Fate.UNKNOWN, why) from None
        except Exception as error:  # noqa: BLE001 - the edge of a plug-in: one channel's bug stays in that channel
            where = "".join(traceback.format_tb(error.__traceback__))  # without its text, which may hold a secret
            log.error("a sender has a bug", channel=self.name, error=type(error).__name__, where=where)
            raise SendError(Fate.AGAIN, f"fault of the program: {type(error).__name__}") from None

    def _sent(self, batch: _Batch, state: ReceiptState) -> None:
        self._last_sent = self._clock.utc().isoformat()
        self._health.well()
        others, shown = len(batch.items) - 1, len(batch.items)
        if others:
            self.counts["condensed"] += len(batch.items)
            shown = named([item.message for item in batch.items], self._sender.room)
        for number, item in enumerate(batch.items):
            why = f"told in one message with {others} others" if others else ""
            if number >= shown:
                why = f"counted, not named, in one message with {others} others"
            self._end(item, state, why)

    def _failed(self, batch: _Batch, error: SendError) -> None:
        now = self._clock.monotonic()
        if error.channel:
            self._health.failed(error, now)
        for item in batch.items:
            item.tries += 1
            item.unanswered += error.fate is Fate.UNKNOWN
            pause = max(self._pause_of(item), error.after)
            if error.fate is Fate.REFUSED or item.unanswered >= self.pace.unanswered or now + pause >= item.ends:
                self._end(item, ReceiptState.FAILED, error.why)
            else:
                item.not_before = now + pause
                self._wait(item, error.why)

    def _pause_of(self, item: Item) -> float:
        longest = self.pace.urgent_pause if item.urgent else self.pace.longest_pause
        return float(min(self.pace.first_pause * 2 ** min(item.tries - 1, 10), longest))

    async def _look(self) -> None:
        """Find out that a channel is dead before somebody needs it."""
        while True:
            try:
                await self._fenced(self._sender.probe())
            except SendError as error:
                self._health.failed(error, self._clock.monotonic())
            else:
                self._health.reached()
            await asyncio.sleep(self.pace.probe_again if self._health.failures else self.pace.probe)

    def _wait(self, item: Item, why: str = "") -> None:
        gone = self._queue.put(item)
        if gone is not item:
            item.tell(self._receipt(ReceiptState.QUEUED, why))
        if gone is not None:
            self.counts["dropped"] += 1
            self._end(gone, ReceiptState.FAILED, FULL)
        self._wake.set()

    def _land_all(self) -> None:
        for batch in self._flying:
            for item in batch.items:
                self._wait(item)
        self._flying.clear()

    def _empty(self) -> list[Item]:
        items = list(self._queue)
        for item in items:
            self._queue.remove(item)
        return items

    def _end(self, item: Item, state: ReceiptState, why: str) -> None:
        self.counts["failed" if state is ReceiptState.FAILED else "sent"] += 1
        item.tell(self._receipt(state, why))

    def _receipt(self, state: ReceiptState, why: str = "") -> Receipt:
        return Receipt(state, why, self._clock.utc())
