"""A subscriber behind an MQTT broker: a branch of topics of its own, state and status retained, events never."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import structlog

from daemon.clock import Clock
from daemon.config.subscribers import Mqtt
from daemon.feeds.broker import Broker
from daemon.feeds.carrier import Answer, Inquiry, Lane, Parcel, Standing, UnreachableError
from daemon.feeds.envelope import CONTENT_TYPE, LARGEST, Topics, reply_message, state_message, status_message
from daemon.feeds.mqtt import Connection, Dialler, Heard

log = structlog.get_logger()


class MqttCarrier:
    """One subscriber's broker."""

    def __init__(self, name: str, settings: Mqtt, site: str, secrets: Callable[[str], bytes], clock: Clock) -> None:
        """Nothing is opened yet."""
        self.topics = Topics(site, name)
        self._name, self._settings, self._site = name, settings, site
        self._secrets, self._clock = secrets, clock
        url = urlsplit(settings.broker)
        self._tls = url.scheme == "mqtts"
        self._host, self._port = url.hostname or "", url.port or (8883 if self._tls else 1883)
        self.address = f"{self._host}:{self._port}"
        self._dialler = Dialler(self._broker)
        self._certificate_ends: datetime | None = None

    def carries(self, kind: str) -> bool:
        """Every kind has a topic."""
        return True

    async def dial(self, beat: Callable[[], None], hear: Callable[[Inquiry], None]) -> "MqttLink":
        """Open a connection; UnreachableError or SecretError when that fails."""
        connection = await self._dialler.dial(beat)
        self._certificate_ends = connection.certificate_ends
        return MqttLink(connection, self.topics, self._clock, hear)

    def complain(self, channel: str, why: str) -> str:
        """A refusal in words, with what the broker's ACL must say."""
        user = f"user {self._settings.user}" if self._settings.user else "this client"
        topic = channel if channel.startswith(self.topics.root) else f"{self.topics.root}/{channel}"
        return f"{self.address} refused topic {topic}: {why}; its ACL must let {user} write {self.topics.root}/#"

    def status(self) -> Mapping[str, Any]:
        """For people and programs on the box."""
        ends = self._certificate_ends
        return {"tls": self._tls, "certificate_ends": ends and ends.isoformat()}

    def _broker(self) -> Broker:
        def secret(name: str | None) -> bytes | None:
            return None if name is None else self._secrets(name)

        settings, password = self._settings, secret(self._settings.password)
        return Broker(
            host=self._host,
            port=self._port,
            client_id=f"gatehouse-{self._site}-{self._name}",
            will_topic=self.topics.status,
            will=status_message(online=False),
            tls=self._tls,
            ca=secret(settings.ca),
            client=secret(settings.client),
            user=settings.user,
            password=None if password is None else _text(password, settings.password),
        )


class MqttLink:
    """One connection to the broker, in the words of a feed."""

    def __init__(self, connection: Connection, topics: Topics, clock: Clock, hear: Callable[[Inquiry], None]) -> None:
        """Take over a connection that is open."""
        self.version = f"MQTT {connection.version}"
        self._connection, self._topics, self._clock, self._hear = connection, topics, clock, hear

    async def run(self) -> str:
        """Listen for requests, and wait for the end; paho works in a thread of its own."""
        if why := await self._connection.subscribe(self._topics.refill, self._asked):
            log.warning("requests for old numbers cannot be heard", topic=self._topics.refill, why=why)
        await asyncio.wait([self._connection.ended])
        return self._connection.why

    def channel(self, parcel: Parcel) -> str:
        """Its topic."""
        return self._topics.refilled if parcel.lane is Lane.REFILL else self._topics.event(parcel.kind)

    async def publish(self, parcel: Parcel) -> Answer:
        """Send an event on the topic of its kind."""
        room = self._connection.largest - 512 if self._connection.largest else LARGEST
        return await self._connection.publish(self.channel(parcel), parcel.cloudevent(room), content=CONTENT_TYPE)

    async def greet(self) -> Answer:
        """Online, retained."""
        online = status_message(online=True, at=self._clock.utc())
        return await self._connection.publish(self._topics.status, online, retain=True)

    async def show(self, standing: Standing) -> Answer:
        """The state, retained."""
        message = state_message(standing.view, standing.at, standing.newest, standing.hash)
        return await self._connection.publish(self._topics.state, message, retain=True)

    async def reply(self, reply: Mapping[str, Any]) -> Answer:
        """Beside the topic of the request, never retained."""
        return await self._connection.publish(self._topics.reply, reply_message(reply, self._clock.utc()))

    def _asked(self, heard: Heard) -> None:
        self._hear(Inquiry(heard.body, "retained" if heard.retained else ""))

    def drop(self, why: str) -> None:
        """End it at once: the broker publishes the last will."""
        self._connection.drop(why)

    async def close(self, limit: float) -> None:
        """Say offline, and end it so that the last will is not published."""
        try:
            async with asyncio.timeout(limit):
                offline = status_message(online=False, at=self._clock.utc())
                await (await self._connection.publish(self._topics.status, offline, retain=True))
        except TimeoutError:
            return  # the last will says it for us
        await self._connection.close(limit)


def _text(password: bytes, name: str | None) -> str:
    try:
        return password.decode()
    except UnicodeDecodeError:
        raise UnreachableError(f"the secret {name} is no password: it is not UTF-8 text") from None
