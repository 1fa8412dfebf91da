"""Feeds: for each subscriber a cursor over the journal, a filter, a mask, and a connection of its own.

The cursor moves to an event only when the broker has acknowledged it and all before it. When a connection ends, what
was not acknowledged is published again over the next one, from the cursor on, with the same ids: at least once and in
order. The first message on a topic travels alone, so a broker that refuses it (ACL) gets nothing of what comes after.
"""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from daemon.clock import Clock
from daemon.config.secrets import SecretError
from daemon.config.subscribers import Mqtt as Subscriber
from daemon.feeds.catalogue import published
from daemon.feeds.envelope import (
    CONTENT_TYPE,
    LARGEST,
    Topics,
    event_message,
    state_message,
    state_view,
    status_message,
)
from daemon.feeds.mqtt import WINDOW, Answer, Broker, Connection, Dialler, Receipt, UnreachableError
from gatehouse.events import Event


class Source(Protocol):
    """What a feed needs of the journal."""

    @property
    def head(self) -> int:
        """Number of the newest durable event."""

    @property
    def head_hash(self) -> str:
        """Hash of its line."""

    @property
    def epoch(self) -> str:
        """Empty until it is open; another one means that the numbers began anew."""

    @property
    def trouble(self) -> str:
        """Why it cannot write; empty when it can."""

    async def read(self, after: int, limit: int = 256) -> list[Event]:
        """Durable events."""

    def waiting(self, after: str = "") -> Sequence[Event]:
        """Events that are not durable yet, oldest first; only those behind the one of this id, where it is there."""

    async def wait_beyond(self, number: int, timeout: float) -> None:  # noqa: ASYNC109 - the journal's own contract
        """Return on a greater number, on a change of trouble or waiting, or after the time."""

    def cursor(self, subscriber: str) -> int:
        """The number up to which it has everything."""

    def move(self, subscriber: str, number: int) -> None:
        """Set the cursor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds."""

    away: float = 30.0  # without a lasting connection, then it is trouble
    lasting: float = 5.0  # a connection younger than this may be one of a row that fail
    first_pause: float = 0.5  # before the second attempt to connect; doubled up to
    longest_pause: float = 10.0
    refused: float = 10.0  # before a refused event is tried again
    acknowledge: float = 15.0  # the broker may take for the message that has waited longest
    look: float = 1.0  # between two looks at the state
    heartbeat: float = 10.0  # between two states when nothing changes
    farewell: float = 0.5  # for each of the last two steps: saying offline, hanging up


class _Sent(NamedTuple):
    event: Event
    epoch: str
    topic: str = ""
    answer: Answer | None = None  # None: nothing to send, the cursor passes


def _text(password: bytes, name: str | None) -> str:
    try:
        return password.decode()
    except UnicodeDecodeError:
        raise UnreachableError(f"the secret {name} is no password: it is not UTF-8 text") from None


class Feed:
    """One subscriber's feed over MQTT."""

    def __init__(  # noqa: PLR0917 - all that a feed is made of
        self,
        name: str,
        settings: Subscriber,
        journal: Source,
        site_id: str,
        titles: Mapping[str, str],
        secrets: Callable[[str], bytes],
        state: Callable[[], Mapping[str, object]],
        on_trouble: Callable[[str], None],
        clock: Clock,
        pace: Pace = Pace(),
    ) -> None:
        """`state` is asked once a second for what `envelope.state_view` lists; `on_trouble("")` says well again."""
        self.progress = 0
        """Grows at least every two seconds while the feed does its work, connected or not."""
        self._name, self._settings, self._journal, self._titles = name, settings, journal, titles
        self._site, self._secrets, self._state, self._clock, self._pace = site_id, secrets, state, clock, pace
        self._on_trouble = on_trouble
        self._topics = Topics(site_id, name)
        self._wanted: dict[str, bool] = {}
        url = urlsplit(settings.broker)
        self._tls = url.scheme == "mqtts"
        self._host, self._port = url.hostname or "", url.port or (8883 if self._tls else 1883)
        self._dialler = Dialler(self._broker, self._beat)
        self._connection: Connection | None = None
        self._connected_at = self._well_at = 0.0
        self._error = "no answer yet"
        self._troubles = {"event": "", "state": "", "away": ""}
        self._told_trouble = ""
        self._proven: set[str] = set()
        self._told = ""  # the last event that was acknowledged without being in the journal
        self._on_way: asyncio.Queue[_Sent] = asyncio.Queue(WINDOW)
        self._delivered = self._connections = 0

    def status(self) -> dict[str, Any]:
        """For people and programs on the box."""
        cursor = self._journal.cursor(self._name)
        return {
            "broker": f"{self._host}:{self._port}",
            "tls": self._tls,
            "tier": self._settings.tier,
            "connected": self._connection is not None,
            "mqtt": self._connection.version if self._connection else "",
            "connections": self._connections,
            "delivered": self._delivered,
            "cursor": cursor,
            "behind": self._journal.head - cursor,
            "trouble": self._trouble(),
            "last_error": self._error if self._connection is None else "",
        }

    async def run(self) -> None:
        """Deliver for ever; when cancelled, say goodbye to the broker."""
        self._well_at = asyncio.get_running_loop().time()
        pause = self._pace.first_pause
        while True:
            try:
                connection = await self._dialler.dial()
            except (UnreachableError, SecretError) as error:
                self._error = str(error)
            else:
                if await self._serve(connection) >= self._pace.lasting:
                    pause = self._pace.first_pause
            await self._rest(pause * random.uniform(0.8, 1.0))  # noqa: S311 - spreads the load, keeps no secret
            pause = min(pause * 2, self._pace.longest_pause)

    def _broker(self) -> Broker:
        def secret(name: str | None) -> bytes | None:
            return None if name is None else self._secrets(name)

        settings, password = self._settings, secret(self._settings.password)
        return Broker(
            host=self._host,
            port=self._port,
            client_id=f"gatehouse-{self._site}-{self._name}",
            will_topic=self._topics.status,
            will=status_message(online=False),
            tls=self._tls,
            ca=secret(settings.ca),
            client=secret(settings.client),
            user=settings.user,
            password=None if password is None else _text(password, settings.password),
        )

    async def _serve(self, connection: Connection) -> float:
        """Use a connection until it ends; answers how many seconds it lasted."""
        loop = asyncio.get_running_loop()
        self._connection, self._connected_at = connection, loop.time()
        self._connections += 1
        self._proven.clear()
        try:
            await self._work(connection)
        except asyncio.CancelledError:
            await self._say_goodbye(connection)
            raise
        finally:
            connection.drop("")
            self._connection = None
        return loop.time() - self._connected_at

    async def _work(self, connection: Connection) -> None:
        """No task of these raises: a TaskGroup that is cancelled while one falls forgets the cancellation."""
        async with asyncio.TaskGroup() as tasks:
            both = [tasks.create_task(self._show_state(connection)), tasks.create_task(self._deliver(connection))]
            await asyncio.wait([connection.ended])
            for task in both:
                task.cancel()
        self._error = connection.why

    async def _say_goodbye(self, connection: Connection) -> None:
        try:
            async with asyncio.timeout(self._pace.farewell):
                offline = status_message(online=False, at=self._clock.utc())
                await (await connection.publish(self._topics.status, offline, retain=True))
        except TimeoutError:
            return  # the last will says it for us
        await connection.close(self._pace.farewell)

    # Events

    async def _deliver(self, connection: Connection) -> None:
        while True:
            self._on_way = asyncio.Queue(WINDOW)
            async with asyncio.TaskGroup() as pair:
                send = pair.create_task(self._send(connection))
                await self._settle(connection)
                send.cancel()
            self._proven.clear()
            await self._rest(self._pace.refused)

    async def _send(self, connection: Connection) -> None:
        """Publish what comes after the cursor, in order, as far as the window allows."""
        epoch, at = self._journal.epoch, self._journal.cursor(self._name)
        flown = self._told
        while True:
            self._beat()
            if epoch != self._journal.epoch:  # it was opened, or begun anew: only now the cursor means something
                epoch, at = self._journal.epoch, self._journal.cursor(self._name)
            for event in self._unsent(flown):
                flown = event.id
                if self._wants(event):
                    await self._publish(connection, event, "")
            events = await self._journal.read(at)
            if epoch != self._journal.epoch:
                continue
            for event in events:
                if self._wants(event):
                    await self._publish(connection, event, epoch)
            if events:
                at = events[-1].number
                if not self._wants(events[-1]):
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
        topic = self._topics.event(event.kind)
        largest = min(LARGEST, connection.largest - 512) if connection.largest else LARGEST
        message = event_message(
            event, self._titles, self._settings.tier, self._topics.source, unjournaled=not epoch, largest=largest
        )
        proven = topic in self._proven
        if not proven:
            await self._on_way.join()
        answer = await connection.publish(topic, message, content=CONTENT_TYPE)
        await self._on_way.put(_Sent(event, epoch, topic, answer))
        if not proven:
            await self._on_way.join()
            self._proven.add(topic)

    async def _settle(self, connection: Connection) -> None:
        """Move the cursor behind what was acknowledged, until something is refused."""
        while True:
            sent = await self._on_way.get()
            if sent.answer is not None:
                receipt = await self._receipt(connection, sent.answer)
                if receipt.verdict == "refused":
                    self._note("event", self._complain(sent.topic, receipt.why))  # at once: some brokers also hang up
                    return
                self._delivered += 1
                self._note("event", "")
            if not sent.epoch:
                self._told = sent.event.id
            elif sent.epoch == self._journal.epoch:
                self._journal.move(self._name, sent.event.number)
            self._on_way.task_done()

    async def _receipt(self, connection: Connection, answer: Answer) -> Receipt:
        """What the broker says to it; nothing any more when the connection is over, which ends whoever waits here."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._pace.acknowledge
        while not answer.done():
            if loop.time() >= deadline:
                connection.drop(f"the broker acknowledged nothing for {self._pace.acknowledge:g} s")
                await asyncio.Event().wait()
            await asyncio.wait([answer], timeout=min(1.0, self._pace.acknowledge))
            self._beat()
        receipt = answer.result()
        if receipt.verdict == "lost":
            await asyncio.Event().wait()
        return receipt

    def _wants(self, event: Event) -> bool:
        kind = event.kind
        if kind not in self._wanted:
            matches = any(fnmatchcase(kind, pattern) for pattern in self._settings.kinds)
            self._wanted[kind] = matches and published(kind, self._settings.tier)
        return self._wanted[kind]

    def _complain(self, topic: str, why: str) -> str:
        user = f"user {self._settings.user}" if self._settings.user else "this client"
        return (
            f"{self._host}:{self._port} refused topic {topic}: {why}; its ACL must let {user} write "
            f"{self._topics.root}/#; nothing is lost, it is tried again every {self._pace.refused:g} s"
        )

    # State

    async def _show_state(self, connection: Connection) -> None:
        await self._retain(connection, self._topics.status, status_message(online=True, at=self._clock.utc()))
        loop = asyncio.get_running_loop()
        shown: dict[str, Any] | None = None
        due = 0.0
        while True:
            view = state_view(self._state(), self._titles, self._settings.tier)
            if view != shown or loop.time() >= due:
                head, digest = self._journal.head, self._journal.head_hash
                await self._retain(connection, self._topics.state, state_message(view, self._clock.utc(), head, digest))
                shown, due = view, loop.time() + self._pace.heartbeat
            self._judge_connection()
            await asyncio.sleep(self._pace.look)

    async def _retain(self, connection: Connection, topic: str, message: bytes) -> None:
        receipt = await self._receipt(connection, await connection.publish(topic, message, retain=True))
        self._note("state", self._complain(topic, receipt.why) if receipt.verdict == "refused" else "")

    # How it goes

    async def _rest(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while (left := end - loop.time()) > 0:
            self._beat()
            await asyncio.sleep(min(left, 1.0))

    def _beat(self) -> None:
        self.progress += 1
        self._judge_connection()

    def _judge_connection(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._connection is not None and now - self._connected_at >= self._pace.lasting:
            self._well_at = now
            self._note("away", "")
        elif now - self._well_at >= self._pace.away and not self._troubles["away"]:
            self._note("away", f"no lasting connection for {self._pace.away:g} s: {self._error}")

    def _note(self, what: str, why: str) -> None:
        self._troubles[what] = why
        if (trouble := self._trouble()) != self._told_trouble:
            self._told_trouble = trouble
            self._on_trouble(trouble)

    def _trouble(self) -> str:
        return next((why for why in self._troubles.values() if why), "")
