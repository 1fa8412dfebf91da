"""A subscriber of its own, over MQTT: what a police desk or a property office gets to hear."""

import asyncio
import json
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

_OPEN = 10.0
"""Seconds in which the broker lets us in."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One event, as it came."""

    event: dict[str, Any]
    raw: bytes
    topic: str
    at: float
    """Monotonic second at which it came."""
    place: int
    """How many came before it."""

    @property
    def kind(self) -> str:
        """`alarm.raised`, without the prefix that it has in public."""
        return str(self.event["type"]).removeprefix("gatehouse.")

    @property
    def subject(self) -> str:
        """`doors.north`; empty where the subscriber may not know it."""
        return str(self.event.get("subject", ""))

    @property
    def data(self) -> Mapping[str, Any]:
        """Its content."""
        content: Mapping[str, Any] = self.event["data"]
        return content


class Ear:
    """Listens to one subscriber's topics. MQTT 3.1.1, which every broker knows."""

    def __init__(self, name: str, root: str, *, lasting: bool = False) -> None:
        """`root` is the beginning of its topics: gatehouse/v1/SITE/NAME. `lasting`: the broker keeps for it what comes
        while it is away."""
        self.name = name
        self.root = root
        self.heard: list[Heard] = []
        """Each event once, in the order in which they came."""
        self.repeats: list[Heard] = []
        """What came again; such a one differs at most in whether it was in the journal by then."""
        self.state: dict[str, Any] = {}
        self._ids: set[str] = set()
        self._stir = asyncio.Event()
        self._opened = asyncio.Event()
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            f"{name}-ear" if lasting else "",
            clean_session=not lasting,
            protocol=MQTTProtocolVersion.MQTTv311,
        )
        self._client.reconnect_delay_set(1, 1)

    async def open(self, host: str, port: int, user: str, password: str, tls: ssl.SSLContext | None = None) -> None:
        """Begin to listen, and go on when the broker went and came back. OSError when it is not there."""
        loop, client = asyncio.get_running_loop(), self._client

        def connected(_client: object, _data: object, _flags: object, reason: ReasonCode, _more: object) -> None:
            if not reason.is_failure:
                client.subscribe(f"{self.root}/#", qos=1)

        def subscribed(_client: object, _data: object, _mid: object, reasons: object, _more: object) -> None:
            loop.call_soon_threadsafe(self._opened.set)

        def arrived(_client: object, _data: object, message: paho.MQTTMessage) -> None:
            loop.call_soon_threadsafe(self._take, message.topic, bytes(message.payload), time.monotonic())

        client.username_pw_set(user, password)
        if tls is not None:
            client.tls_set_context(tls)
        client.on_connect = connected
        client.on_subscribe = subscribed
        client.on_message = arrived
        await asyncio.to_thread(client.connect, host, port, 10)
        client.loop_start()
        try:
            await asyncio.wait_for(self._opened.wait(), _OPEN)
        except TimeoutError as error:
            raise OSError(f"{host}:{port} does not let {user} subscribe") from error

    async def close(self) -> None:
        """Hear no more."""
        client = self._client
        client.on_message = client.on_subscribe = client.on_connect = None
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def mark(self) -> int:
        """Where we are now; `until` looks at what comes after it."""
        return len(self.heard)

    def after(self, mark: int) -> list[Heard]:
        """What came since."""
        return self.heard[mark:]

    async def until(self, wanted: Callable[[Heard], bool], mark: int, limit: float) -> Heard:
        """The first event after a mark that is as wanted. TimeoutError when none comes within the limit."""
        async with asyncio.timeout(limit):
            while True:
                self._stir.clear()
                for each in self.heard[mark:]:
                    if wanted(each):
                        return each
                mark = len(self.heard)
                await self._stir.wait()

    def _take(self, topic: str, payload: bytes, at: float) -> None:
        rest = topic.removeprefix(f"{self.root}/")
        document = json.loads(payload) if payload else {}
        if rest == "state":
            self.state = document
        elif rest.startswith("events/"):
            again = document["id"] in self._ids
            self._ids.add(document["id"])
            kept = self.repeats if again else self.heard
            kept.append(Heard(document, payload, topic, at, len(self.heard)))
        self._stir.set()
