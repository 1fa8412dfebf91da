"""The wire to all patrol phones: one connection to their broker, cards and states out, commands in, replies out."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import msgspec
import structlog

from daemon.channels.message import Message, ReceiptState, Recipient
from daemon.channels.sender import Fate, SendError
from daemon.clock import Clock
from daemon.config.secrets import SecretError
from daemon.feeds.broker import Broker
from daemon.feeds.carrier import Answer, UnreachableError
from daemon.feeds.envelope import status_message
from daemon.feeds.mqtt import Connection, Dialler, Heard
from daemon.patrol.card import Card
from daemon.patrol.command import TOPIC
from daemon.patrol.patrol import FRESH, Patrol, Reply
from daemon.recorder import drilled
from gatehouse.alarms import Alarm

log = structlog.get_logger()
_encoder = msgspec.json.Encoder()

_PAUSES = (0.5, 15.0)
"""Seconds before the next try to connect; doubled."""
_STATE_EVERY, _BEAT = 1.0, 60.0
"""Seconds between two states at least, and at most: a card that is older than its `expires` may be wrong."""
_CARDS, _REPLIES = 512, 256
"""Changes and replies that may wait, the gravest changes longest; the state tells all that is left out here."""
_GRAVEST = (False, 1)
_SHOWN, _LARGEST = 40, 49_152
"""Cards in a state, and its bytes."""
_CONNECTED = 4.0
"""Seconds in which a look at the channel waits for the connection to come up."""

Hear = Callable[[str, bytes, bool], Reply | None]


class Link:
    """The sender of the channel, and all else that goes over the same connection."""

    room = 4000

    def __init__(  # noqa: PLR0917 - all that a connection is made of
        self, broker: Callable[[], Broker], site: str, guards: Iterable[str], least: int, patrol: Patrol,
        hear: Hear, clock: Clock,
    ) -> None:  # fmt: skip
        """`hear(guard, body, retained)` answers with the reply. Nothing is opened yet."""
        self.root = f"gatehouse/v1/{site}/{TOPIC}"
        self.guards = tuple(guards)
        self.gone: set[str] = set()
        """Former guards, whose states the broker must forget."""
        self.seen: dict[str, str] = {}
        """When each phone last said something."""
        self._dialler, self._least, self._patrol = Dialler(broker), least, patrol
        self._hear, self._clock, self._site = hear, clock, site
        self._connection: Connection | None = None
        self._up, self._stir = asyncio.Event(), asyncio.Event()
        self._why = "not connected yet"
        self._refusal = ""
        self._changes: dict[str, tuple[str, Alarm]] = {}
        self._replies: deque[tuple[str, bytes]] = deque(maxlen=_REPLIES)
        self._states: deque[str] = deque()
        self._shown: dict[str, Any] = {}
        self._restate = True
        self._stated = float("-inf")

    # As a sender

    async def send(self, message: Message, recipient: Recipient) -> ReceiptState:
        """Put a call on one phone; SENT when the broker has taken it."""
        connection = self._connection
        if connection is None:
            raise SendError(Fate.UNREACHED, f"not reached: {self._why}")
        now = self._clock.utc()
        alarm = self._patrol.cards.find(message.occurrence) if message.occurrence else None
        if message.drill and message.occurrence and alarm is None:
            raise SendError(Fate.REFUSED, "the drill is over", channel=False)
        call = {
            "type": "call", "key": message.key, "title": message.title, "text": message.text,
            "severity": int(message.severity), "drill": message.drill, "occurrence": message.occurrence,
            "at": now, "expires": now + timedelta(seconds=message.valid),
        }  # fmt: skip
        if alarm is not None:
            call["card"] = self._patrol.cards.card(alarm, now + FRESH)
        answer = await connection.publish(f"{self.root}/{recipient.address}/cards", _encoder.encode(call))
        receipt = await answer
        if receipt.verdict == "accepted":
            return ReceiptState.SENT
        if receipt.verdict == "refused":
            raise SendError(Fate.REFUSED, f"refused by the other end: {receipt.why}")
        raise SendError(Fate.AGAIN, "the connection broke before an answer came; it may have arrived")

    async def probe(self) -> None:
        """Whether the broker is there and lets us read and write."""
        try:
            async with asyncio.timeout(_CONNECTED):
                await self._up.wait()
        except TimeoutError:
            raise SendError(Fate.UNREACHED, f"not reached: {self._why}") from None
        if self._refusal:
            raise SendError(Fate.REFUSED, self._refusal)

    async def close(self) -> None:
        """Say goodbye, so that the last will is not published."""
        connection, self._connection = self._connection, None
        self._up.clear()
        if connection is None:
            return
        try:
            async with asyncio.timeout(1.0):
                offline = status_message(online=False, at=self._clock.utc())
                await (await connection.publish(f"{self.root}/status", offline, retain=True))
                await connection.close(0.5)
        except TimeoutError:
            connection.drop("stopped")

    # All else

    def changed(self, kind: str, alarm: Alarm) -> None:
        """An alarm has changed; never waits."""
        if alarm.condition.severity > self._least:
            return
        self._restate = True
        self._changes[alarm.occurrence] = (drilled(kind) if alarm.drill else kind, alarm)
        if len(self._changes) > _CARDS:
            del self._changes[max(self._changes, key=self._urgency)]
        self._stir.set()

    @property
    def connected(self) -> bool:
        """Whether phones can be reached at all."""
        return self._up.is_set()

    async def run(self) -> None:
        """For ever."""
        pause = _PAUSES[0]
        while True:
            try:
                connection = await self._dialler.dial(_nothing)
            except (UnreachableError, SecretError) as error:
                self._why = str(error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _PAUSES[1])
                continue
            pause = _PAUSES[0]
            self._connection, self._refusal = connection, ""
            await self._serve(connection)
            self._connection, self._why = None, connection.why
            self._up.clear()

    async def _serve(self, connection: Connection) -> None:
        """Over this connection, until it ends."""
        if why := await connection.subscribe(f"{self.root}/+/commands", self._heard):
            self._refusal = f"the broker does not let us read {self.root}/+/commands: {why}"
            log.warning("guards cannot be heard", topic=f"{self.root}/+/commands", why=why)
        online = status_message(online=True, at=self._clock.utc())
        self._watch(await connection.publish(f"{self.root}/status", online, retain=True))
        self._restate, self._stated = True, float("-inf")
        self._states.clear()
        self._up.set()
        while not connection.ended.done():
            self._stir.clear()
            if await self._tell(connection):
                continue
            try:
                async with asyncio.timeout(0.25):
                    await self._stir.wait()
            except TimeoutError:
                continue

    async def _tell(self, connection: Connection) -> bool:
        """The next thing to tell: what is P1, answers to phones, what else has changed, then states. False for none."""
        first = min(self._changes, key=self._urgency, default=None)
        if first is not None and (not self._replies or self._urgency(first) == _GRAVEST):
            await self._card(connection, *self._changes.pop(first))
        elif self._replies:
            guard, reply = self._replies.popleft()
            await self._publish(connection, f"{guard}/replies", reply)
        elif self._states or self._due():
            await self._state(connection, self._states.popleft())
        else:
            return False
        return True

    async def _card(self, connection: Connection, kind: str, alarm: Alarm) -> None:
        card = self._patrol.cards.card(alarm, self._clock.utc() + FRESH)
        body = _encoder.encode({"type": "card", "event": kind, "card": card, "at": self._clock.utc()})
        for guard in self.guards:
            await self._publish(connection, f"{guard}/cards", body)
        await asyncio.sleep(0)

    def _urgency(self, occurrence: str) -> tuple[bool, int]:
        """What is real before what is played, the gravest first."""
        _, alarm = self._changes[occurrence]
        return bool(alarm.drill), alarm.condition.severity

    def _due(self) -> bool:
        """Whether states are to be told now: to whom is in `_states` then."""
        now = self._clock.monotonic()
        if now - self._stated < (_STATE_EVERY if self._restate else _BEAT):
            return False
        self._restate, self._stated = False, now
        utc = self._clock.utc()
        alarms = self._patrol.cards.open(self._least)
        cards = _fitting([self._patrol.cards.card(alarm, utc + FRESH) for alarm in alarms[:_SHOWN]])
        causes = {word: {"zh": text.zh, "en": text.en} for word, text in self._patrol.causes.items()}
        self._shown = {"site": self._site, "cards": cards, "more": len(alarms) - len(cards), "causes": causes,
                       "at": utc, "expires": utc + FRESH}  # fmt: skip
        self._states.extend((*self.guards, *self.gone))
        return bool(self._states)

    async def _state(self, connection: Connection, guard: str) -> None:
        """All that one phone shows. Each waits for the one before it, so that a call never stands behind many."""
        if guard in self.gone:
            self.gone.discard(guard)
            body = b""
        else:
            body = _encoder.encode({"guard": guard, "on_shift": self._patrol.on_shift(guard), **self._shown})
        answer = await connection.publish(f"{self.root}/{guard}/state", body, retain=True)
        self._watch(answer)
        await answer

    async def _publish(self, connection: Connection, topic: str, body: bytes, *, retain: bool = False) -> None:
        self._watch(await connection.publish(f"{self.root}/{topic}", body, retain=retain))

    def _watch(self, answer: Answer) -> None:
        answer.add_done_callback(self._answered)

    def _answered(self, answer: Answer) -> None:
        if not answer.cancelled() and answer.result().verdict == "refused":
            self._refusal = f"refused by the other end: {answer.result().why}"

    def _heard(self, heard: Heard) -> None:
        """A phone says something, or somebody in its place."""
        guard = heard.topic.split("/")[-2]
        reply = self._hear(guard, heard.body, heard.retained)
        if reply is not None:
            self._replies.append((guard, _encoder.encode(reply)))
            self._stir.set()


def _fitting(cards: list[Card]) -> list[Card]:
    """As many as a state may hold."""
    size, fitting = 0, []
    for card in cards:
        size += len(_encoder.encode(card))
        if size > _LARGEST:
            break
        fitting.append(card)
    return fitting


def _nothing() -> None:
    """Nobody watches the beat of a channel."""
