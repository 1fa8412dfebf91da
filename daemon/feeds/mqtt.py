"""One MQTT connection with one truthful answer per message, on paho-mqtt.

A `Connection` lives once. When it ends, everything that was not acknowledged is reported lost, and paho's client is
thrown away with all that it still held, so paho never sends anything a second time: whoever publishes goes back to the
last acknowledged message and publishes again over the next connection. TCP keeps the order within a connection.
"""

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from daemon.feeds.broker import Broker, HungUpError, TurnedAwayError, VersionRefusedError
from daemon.feeds.carrier import Answer, Receipt, UnreachableError
from daemon.feeds.tls import shown_until, tls_context

KEEPALIVE = 15
"""Seconds between pings on a silent connection."""
OPEN_LIMIT = 10.0
"""Seconds for name, TCP, TLS and CONNACK together."""
WINDOW = 64
"""Most messages on their way at once; a broker may ask for fewer (Receive Maximum)."""
_TURN = 0.5
_LARGEST_ANSWER = 65_536
"""Bytes; an acknowledgement with its reason in words has some hundred, a message to us some thousand at most."""
_LARGEST_HEARD, _MOST_HEARD = 8192, 8
"""Bytes of a message to us, and how many may be unacknowledged: MQTT 5 lets us say so to the broker."""
_V5, _V311 = MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311
_VERSION_REFUSED, _QOS_REFUSED = 0x84, 0x9B
_HANG_UPS = 2


class Heard(NamedTuple):
    """A message on a topic that we subscribe to. Strangers wrote it."""

    topic: str
    body: bytes
    retained: bool
    """The broker had kept it: nobody says it now."""


class _Limits(NamedTuple):
    window: int = WINDOW
    largest: int = 0  # bytes of a packet, 0: as large as we like
    retain: bool = True


def _no_delay(_client: object, _data: object, opened: object) -> None:
    if isinstance(opened, socket.socket):
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _ours(protocol: MQTTProtocolVersion) -> Properties | None:
    """What we take, for the broker to keep to."""
    if protocol != _V5:
        return None
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.ReceiveMaximum, properties.MaximumPacketSize = _MOST_HEARD, _LARGEST_HEARD
    return properties


class _Packed(Properties):
    """Packed once: paho would do it for every message, which costs more than making the message."""

    def __init__(self, content: str) -> None:
        super().__init__(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        self.ContentType = content
        object.__setattr__(self, "_bytes", super().pack())  # type: ignore[no-untyped-call] # past paho's own names

    def pack(self) -> bytes:
        return bytes(self.__dict__["_bytes"])


_of_type = lru_cache(maxsize=8)(_Packed)


def _leave_writing_to_the_thread(_client: object, _data: object, _socket: object) -> None:
    """Being there is enough: without it, paho writes to the socket from whichever thread publishes."""


def _deaf(_: Heard) -> None:
    """Nobody hears."""


class _Client(paho.Client):
    """Paho's, which would take packets of 256 MB from whoever is at the other end, and memory with them."""

    def _sock_recv(self, bufsize: int) -> bytes:
        if bufsize > _LARGEST_ANSWER:
            raise ConnectionError(f"the broker sends {bufsize} bytes; nothing so long was asked for")
        return super()._sock_recv(bufsize)

    def shut(self) -> None:
        """Give back what paho keeps until it is collected: the pair of sockets by which a thread of its is woken."""
        self._reset_sockets()


class Connection:
    """One connection, from its first attempt to its end. Methods belong to the loop; paho works in a thread."""

    def __init__(self, broker: Broker, protocol: MQTTProtocolVersion = _V5) -> None:
        """Prepare; nothing is sent before `open`."""
        self.version = "5" if protocol is _V5 else "3.1.1"
        self.largest = 0
        """Bytes of the largest packet that the broker takes; 0: any."""
        self._broker = broker
        self._loop = asyncio.get_running_loop()
        self._opened: asyncio.Future[_Limits] = self._loop.create_future()
        self.ended: asyncio.Future[str] = self._loop.create_future()
        """Why it ended."""
        self._limits = _Limits()
        self._permits = asyncio.Semaphore(WINDOW)
        self._waiting: dict[int, asyncio.Future[Receipt]] = {}
        self._subscribing: dict[int, asyncio.Future[str]] = {}
        self._hear: Callable[[Heard], None] = _deaf
        self._stop = threading.Event()
        self._reached = False
        self._why = ""
        self._refused = 0
        self._client = self._make_client(protocol)

    async def open(self, beat: Callable[[], None]) -> None:
        """Connect; UnreachableError when that fails. `beat` is called at least every second meanwhile."""
        threading.Thread(target=self._work, name=f"mqtt-{self._broker.client_id}", daemon=True).start()
        deadline = self._loop.time() + OPEN_LIMIT
        either: list[asyncio.Future[Any]] = [self._opened, self.ended]
        while not self._opened.done() and not self.ended.done() and (left := deadline - self._loop.time()) > 0:
            await asyncio.wait(either, timeout=min(left, 1.0), return_when=asyncio.FIRST_COMPLETED)
            beat()
        if not self._opened.done():
            self.drop("")
            if not self.ended.done():
                kind = HungUpError if self._reached else UnreachableError
                raise kind(f"{self._address} did not answer within {OPEN_LIMIT:g} s")
            raise self._failure()
        self._limits = self._opened.result()
        self.largest = self._limits.largest
        self._permits = asyncio.Semaphore(self._limits.window)

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False, content: str = "") -> Answer:
        """Send with QoS 1 as soon as the window allows; the future tells what became of it, in any case."""
        await self._permits.acquire()
        answer: Answer = self._loop.create_future()
        if self.ended.done():
            answer.set_result(Receipt("lost", self.ended.result()))
            return answer
        properties = _of_type(content) if content and self.version == "5" else None
        if self._limits.largest and len(topic.encode()) + len(payload) + 128 > self._limits.largest:
            self._permits.release()
            answer.set_result(Receipt("refused", f"the broker takes at most {self._limits.largest} bytes"))
            return answer
        # In the loop, so the answer's callback, which crosses over into the loop, cannot come before the next line.
        sent = self._client.publish(topic, payload, qos=1, retain=retain and self._limits.retain, properties=properties)
        self._waiting[sent.mid] = answer
        return answer

    async def subscribe(self, topic: str, hear: Callable[[Heard], None]) -> str:
        """Give `hear` what comes on a topic (QoS 1), in the loop; answers why the broker refuses, "" when it does not.

        One `hear` for all topics of a connection; it neither waits nor raises.
        """
        self._hear = hear
        if self.ended.done():
            return self.ended.result()
        done: asyncio.Future[str] = self._loop.create_future()
        # With MQTT 5 the broker says of a message whether it was sent to be kept, not only of one that it had kept.
        said = SubscribeOptions(qos=1, retainAsPublished=True)
        more: dict[str, Any] = {"options": said} if self.version == "5" else {"qos": 1}
        code, mid = self._client.subscribe(topic, **more)
        if mid is None or code is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            return paho.error_string(code)
        self._subscribing[mid] = done
        await asyncio.wait([done, self.ended], timeout=OPEN_LIMIT, return_when=asyncio.FIRST_COMPLETED)
        self._subscribing.pop(mid, None)
        if done.done():
            return done.result()
        return self.why or f"{self._address} did not answer within {OPEN_LIMIT:g} s"

    def drop(self, why: str) -> None:
        """End it at once, without a farewell: the broker publishes the last will."""
        self._why = self._why or why
        self._stop.set()
        opened = self._client.socket()
        if isinstance(opened, socket.socket):
            with suppress(OSError):  # it may end by itself at the same time
                socket.socket.shutdown(opened, socket.SHUT_RDWR)  # wakes the thread; past TLS, which is the thread's

    async def close(self, limit: float) -> None:
        """End it in good order, so that the last will is not published."""
        if not self.ended.done():
            self._client.disconnect()
            await asyncio.wait({self.ended}, timeout=limit)
        self._stop.set()

    @property
    def certificate_ends(self) -> datetime | None:
        """Until when the broker's certificate is good; None without TLS."""
        return shown_until(self._client.socket())

    @property
    def why(self) -> str:
        """Why it ended, or is about to."""
        return self.ended.result() if self.ended.done() else self._why

    @property
    def _address(self) -> str:
        return f"{self._broker.host}:{self._broker.port}"

    def _failure(self) -> UnreachableError:
        why = f"{self._address}: {self.ended.result()}"
        if self._refused == _VERSION_REFUSED:
            return VersionRefusedError(why)
        if self._refused:
            return TurnedAwayError(why)
        if self._reached and not self._why:
            return HungUpError(f"{self._address} hung up without an answer to our CONNECT")
        return UnreachableError(why)

    def _make_client(self, protocol: MQTTProtocolVersion) -> _Client:
        broker = self._broker
        client = _Client(CallbackAPIVersion.VERSION2, broker.client_id, protocol=protocol, reconnect_on_failure=False)
        client.connect_timeout = OPEN_LIMIT / 2  # once for TCP, once for TLS
        client.max_inflight_messages_set(0)  # no queue in paho: the window is ours
        if broker.will:
            client.will_set(broker.will_topic, broker.will, qos=1, retain=True)
        if broker.user is not None:
            client.username_pw_set(broker.user, broker.password)
        client.on_socket_open = _no_delay
        client.on_socket_register_write = _leave_writing_to_the_thread
        client.on_connect = self._heard_connack
        client.on_publish = self._heard_puback
        client.on_disconnect = self._heard_disconnect
        client.on_subscribe = self._heard_suback
        client.on_message = self._heard_message
        return client

    # In the loop, on behalf of the thread

    def _acknowledged(self, mid: int, refusal: str) -> None:
        answer = self._waiting.pop(mid, None)
        if answer is None:
            return
        self._permits.release()
        if not answer.done():
            answer.set_result(Receipt("refused", refusal) if refusal else Receipt("accepted"))

    def _subscribed(self, mid: int, refusal: str) -> None:
        if mid in self._subscribing and not self._subscribing[mid].done():
            self._subscribing[mid].set_result(refusal)

    def _heard(self, heard: Heard) -> None:
        if not self.ended.done():
            self._hear(heard)

    def _connected(self, limits: _Limits) -> None:
        if not self._opened.done():
            self._opened.set_result(limits)

    def _turned_away(self, code: int, why: str) -> None:
        self._refused, self._why = code, self._why or why

    def _gone(self, why: str) -> None:
        self.ended.set_result(self._why or why)
        self._client.shut()  # in the loop, as whoever publishes: a message wakes the thread through that pair
        self._hear = _deaf  # whoever hears holds this connection: a circle, with all that paho kept
        for answer in self._waiting.values():
            self._permits.release()
            if not answer.done():
                answer.set_result(Receipt("lost", self.ended.result()))
        self._waiting.clear()

    # In the thread

    def _work(self) -> None:
        client, why = self._client, "the connection was lost"
        try:
            if self._broker.tls:  # here, since reading the system's authorities takes tens of milliseconds
                client.tls_set_context(tls_context(self._broker.ca, self._broker.client))
            ours = _ours(client.protocol) if self._broker.will else None  # a bare CONNECT has nothing a 3.1.1 misreads
            client.connect(self._broker.host, self._broker.port, KEEPALIVE, properties=ours)
            self._reached = True
            while not self._stop.is_set():
                code = client.loop(_TURN)
                if code is not MQTTErrorCode.MQTT_ERR_SUCCESS:
                    why = paho.error_string(code)
                    break
        except (OSError, ValueError) as error:  # ValueError: a host name that is none
            why = str(error)
        finally:
            if rest := client.socket():
                rest.close()
            client.on_connect = client.on_publish = client.on_disconnect = None  # no circle: its sockets close now
            client.on_subscribe = client.on_message = None
            self._post(self._gone, why)

    def _heard_connack(
        self, _client: object, _data: object, _flags: object, reason: ReasonCode, found: Properties | None
    ) -> None:
        if reason.is_failure:
            self._post(self._turned_away, reason.value, f"the broker refused us: {reason}")
            return
        if getattr(found, "MaximumQoS", 1) == 0:
            self._stop.set()
            self._post(self._turned_away, _QOS_REFUSED, "the broker takes no messages that are acknowledged (QoS 1)")
            return
        limits = _Limits(
            window=max(1, min(WINDOW, getattr(found, "ReceiveMaximum", WINDOW))),
            largest=getattr(found, "MaximumPacketSize", 0),
            retain=getattr(found, "RetainAvailable", 1) == 1,
        )
        self._post(self._connected, limits)

    def _heard_puback(self, _client: object, _data: object, mid: int, reason: ReasonCode, _found: object) -> None:
        self._post(self._acknowledged, mid, str(reason) if reason.is_failure else "")

    def _heard_suback(self, _client: object, _data: object, mid: int, reasons: list[ReasonCode], _more: object) -> None:
        refusal = next((str(reason) for reason in reasons if reason.is_failure), "")
        self._post(self._subscribed, mid, refusal)

    def _heard_message(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        self._post(self._heard, Heard(message.topic, bytes(message.payload[:_LARGEST_HEARD]), message.retain))

    def _heard_disconnect(
        self, _client: object, _data: object, flags: paho.DisconnectFlags, reason: ReasonCode, _found: object
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            self._post(self._turned_away, 0, f"the broker ended the connection: {reason}")

    def _post(self, call: Callable[..., None], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(call, *arguments)
        except RuntimeError:  # the loop is closed: the process ends and nobody is left to tell
            self._stop.set()


class Dialler:
    """Opens connections to one broker: MQTT 5 where it can, since only that tells when an ACL refuses, else 3.1.1."""

    def __init__(self, broker: Callable[[], Broker]) -> None:
        """`broker` is asked anew each time, so that a changed password counts."""
        self._broker = broker
        self._protocol: MQTTProtocolVersion | None = None
        self._hang_ups = 0

    async def dial(self, beat: Callable[[], None]) -> Connection:
        """Open one; UnreachableError when that fails. `beat` is called at least every second meanwhile."""
        protocol = self._protocol or await self._ask(beat)
        try:
            return await self._open(self._broker(), protocol, beat)
        except UnreachableError as error:
            if protocol is _V311 or isinstance(error, VersionRefusedError):
                self._protocol = None  # perhaps another broker comes back: ask again
            raise

    async def _ask(self, beat: Callable[[], None]) -> MQTTProtocolVersion:
        """Find out what the broker speaks, with a bare CONNECT: a 3.1.1 broker takes what MQTT 5 puts before will
        and user for lengths and may wait for more, instead of saying that it knows no such version (seen: amqtt)."""
        bare = replace(self._broker(), will=b"", user=None, password=None)
        try:
            if self._hang_ups < _HANG_UPS:
                await (await self._open(bare, _V5, beat)).close(1.0)
            self._protocol = _V5 if self._hang_ups < _HANG_UPS else _V311
        except TurnedAwayError:  # for want of a password, but in MQTT 5
            self._protocol = _V5
        except VersionRefusedError:
            self._protocol = _V311
        except HungUpError:  # once may be a broker that is being restarted
            self._hang_ups += 1
            raise
        self._hang_ups = 0
        return self._protocol

    async def _open(self, broker: Broker, protocol: MQTTProtocolVersion, beat: Callable[[], None]) -> Connection:
        connection = Connection(broker, protocol)
        try:
            await connection.open(beat)
        except BaseException:
            connection.drop("")
            raise
        return connection
