"""One connection, one truthful answer per message: against a listener that speaks bytes out of the MQTT 5 standard."""

import asyncio
import gc
import struct
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from daemon.feeds.carrier import Receipt, UnreachableError
from daemon.feeds.mqtt import (
    Broker,
    Connection,
    Dialler,
    Heard,
    HungUpError,
    TurnedAwayError,
)
from daemon.feeds.tls import tls_context

CONNECT, PUBLISH, SUBSCRIBE, DISCONNECT = 1, 3, 8, 14
Packet = tuple[int, bytes]


def connack(reason: int = 0, properties: bytes = b"") -> bytes:
    """MQTT 5, 3.2."""
    body = bytes([0, reason, len(properties)]) + properties
    return bytes([0x20, len(body)]) + body


def puback(identifier: int, reason: int = 0) -> bytes:
    """MQTT 5, 3.4."""
    return bytes([0x40, 4]) + struct.pack(">HBB", identifier, reason, 0)


def identifier(publish: bytes) -> int:
    topic = struct.unpack_from(">H", publish)[0]
    return int(struct.unpack_from(">H", publish, 2 + topic)[0])


class Listener:
    """Takes one connection after the other; `answer` gets each packet and says what to send back, None to hang up."""

    def __init__(self, answer: Callable[[int, bytes], bytes | None]) -> None:
        self.answer = answer
        self.packets: list[Packet] = []
        self.flags: list[int] = []
        self.port = 0
        self.open = 0
        self._writer: asyncio.StreamWriter | None = None

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        self._writer = writer
        try:
            while True:
                first, body = await self._packet(reader)
                kind = first >> 4
                self.flags.append(first & 15)
                self.packets.append((kind, body))
                reply = self.answer(kind, body)
                if reply is None:
                    break
                writer.write(reply)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            self.open -= 1

    def say(self, message: bytes) -> None:
        assert self._writer is not None
        self._writer.write(message)

    async def _packet(self, reader: asyncio.StreamReader) -> Packet:
        first = (await reader.readexactly(1))[0]
        length = shift = 0
        while True:
            byte = (await reader.readexactly(1))[0]
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return first, await reader.readexactly(length)

    @property
    def published(self) -> list[bytes]:
        return [body for kind, body in self.packets if kind == PUBLISH]


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - the condition is another thread's
            await asyncio.sleep(0.002)


def suback(kind: int, body: bytes) -> bytes:
    """Accept the connection and whatever is subscribed to (MQTT 5, 3.9)."""
    return connack() if kind == CONNECT else b"\x90\x04" + body[:2] + b"\x00\x01" if kind == SUBSCRIBE else b""


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def no_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@asynccontextmanager
async def listening(answer: Callable[[int, bytes], bytes | None]) -> AsyncIterator[Listener]:
    listener = Listener(answer)
    server = await asyncio.start_server(listener.talk, "127.0.0.1", 0)
    listener.port = server.sockets[0].getsockname()[1]
    yield listener
    server.close()
    await until(lambda: listener.open == 0)


def broker(port: int, **more: Any) -> Broker:
    return Broker(host="127.0.0.1", port=port, client_id="box", will_topic="box/status", will=b"offline", **more)


@asynccontextmanager
async def connected(port: int, **more: Any) -> AsyncIterator[Connection]:
    connection = Connection(broker(port, **more))
    await connection.open(lambda: None)
    try:
        yield connection
    finally:
        connection.drop("")
        await asyncio.wait([connection.ended], timeout=5)


def obliging(properties: bytes = b"") -> Callable[[int, bytes], bytes]:
    """Accept the connection, say nothing more."""
    return lambda kind, _: connack(0, properties) if kind == CONNECT else b""


async def test_each_message_gets_the_answer_to_it_in_whatever_order_they_come() -> None:
    """Accepted, refused with its reason, and accepted without anybody listening (0x10), answered backwards."""
    async with listening(obliging()) as listener, connected(listener.port) as connection:
        answers = [await connection.publish(f"box/{number}", b"x") for number in range(3)]
        await until(lambda: len(listener.published) == 3)
        for body, reason in reversed(list(zip(listener.published, (0x00, 0x87, 0x10), strict=True))):
            listener.say(puback(identifier(body), reason))
        assert [await answer for answer in answers] == [
            Receipt("accepted"), Receipt("refused", "Not authorized"), Receipt("accepted")
        ]  # fmt: skip


async def test_what_was_not_answered_when_the_connection_ends_is_lost_and_never_sent_again() -> None:
    """Every future is answered; and nothing of it is sent over a later connection."""
    async with listening(obliging()) as listener:
        async with connected(listener.port) as connection:
            answers = [await connection.publish("box/1", b"x") for _ in range(5)]
            await until(lambda: len(listener.published) == 5)
            connection.drop("enough")
            assert {await answer for answer in answers} == {Receipt("lost", "enough")}
            assert (await (await connection.publish("box/1", b"x"))).verdict == "lost"
        async with connected(listener.port) as connection:
            await connection.publish("box/2", b"y")
            await until(lambda: len(listener.published) == 6)
        assert listener.published[-1].endswith(b"y")


async def test_the_brokers_window_is_kept() -> None:
    """Receive Maximum 2 (0x21): the third message leaves when the first is answered, not before."""
    async with listening(obliging(b"\x21\x00\x02")) as listener, connected(listener.port) as connection:
        for _ in range(2):
            await connection.publish("box/1", b"x")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(connection.publish("box/1", b"x"), 0.05)
        await until(lambda: len(listener.published) == 2)
        listener.say(puback(identifier(listener.published[0])))
        await asyncio.wait_for(connection.publish("box/1", b"x"), 5)
        await until(lambda: len(listener.published) == 3)


async def test_what_the_broker_calls_too_large_is_not_sent() -> None:
    """Maximum Packet Size 400 (0x27): the broker would end the connection for it."""
    limits = b"\x27" + struct.pack(">I", 400)
    async with listening(obliging(limits)) as listener, connected(listener.port) as connection:
        assert connection.largest == 400
        receipt = await (await connection.publish("box/1", b"x" * 400))
        assert (receipt.verdict, "at most 400 bytes" in receipt.why) == ("refused", True)
        await connection.publish("box/1", b"small")
        await until(lambda: listener.published)
        assert len(listener.published) == 1


@pytest.mark.parametrize(("properties", "retained"), [(b"", 1), (b"\x25\x00", 0)])
async def test_nothing_is_retained_where_the_broker_cannot(properties: bytes, retained: int) -> None:
    """Retain Available 0 (0x25): the flag would end the connection, so the state goes out without it."""
    async with listening(obliging(properties)) as listener, connected(listener.port) as connection:
        await connection.publish("box/state", b"x", retain=True)
        await until(lambda: listener.published)
        assert listener.flags[-1] & 1 == retained


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        (connack(0x87), TurnedAwayError, "Not authorized"),
        (connack(0, b"\x24\x00"), TurnedAwayError, "QoS 1"),
        (None, HungUpError, "hung up"),
        (b"\xf0\x00", UnreachableError, "hung up|protocol"),
    ],
)
async def test_why_no_connection_came_about(answer: bytes | None, kind: type[UnreachableError], text: str) -> None:
    """Turned away by name, or left without a word, which may be an old broker."""
    async with listening(lambda *_: answer) as listener:
        with pytest.raises(kind, match=text):
            async with connected(listener.port):
                pass


async def test_nobody_there() -> None:
    """The text says where and what."""
    async with listening(obliging()) as listener:
        port = listener.port
    with pytest.raises(UnreachableError, match=rf"127\.0\.0\.1:{port}: .*refused"):
        async with connected(port):
            pass


async def test_a_broker_that_sends_us_away_later_says_why() -> None:
    """DISCONNECT 0x8E: someone else has connected with our name."""
    async with listening(obliging()) as listener, connected(listener.port) as connection:
        answer = await connection.publish("box/1", b"x")
        await until(lambda: listener.published)
        listener.say(b"\xe0\x02\x8e\x00")
        assert "Session taken over" in (await answer).why
        assert "Session taken over" in connection.why


async def test_a_message_sent_to_us_changes_nothing() -> None:
    """Retained, at any QoS, for any topic: it is neither looked at nor does it disturb the answers."""
    async with listening(obliging()) as listener, connected(listener.port) as connection:
        listener.say(b"\x31\x0c\x00\x09box/doors\x00")
        answer = await connection.publish("box/1", b"x")
        await until(lambda: listener.published)
        listener.say(puback(identifier(listener.published[0])))
        assert await answer == Receipt("accepted")


async def test_close_says_goodbye_and_drop_does_not() -> None:
    """After DISCONNECT the broker keeps the last will to itself; after a dropped connection it publishes it."""
    for goodbye in (True, False):
        async with listening(obliging()) as listener, connected(listener.port) as connection:
            if goodbye:
                await connection.close(2.0)
            else:
                connection.drop("")
            await asyncio.wait([connection.ended], timeout=5)
            await until(lambda: listener.open == 0)
            assert (DISCONNECT in [kind for kind, _ in listener.packets]) == goodbye


class Link:
    """Holds the connection by which it hears, as a feed's link does."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def hear(self, heard: Heard) -> None:
        """Nothing is said."""


async def test_what_a_connection_held_goes_with_it_though_nobody_collects_garbage(no_collection: None) -> None:
    """A broker that comes and goes took four descriptors of two subscribers each time, until the next reload."""
    before = descriptors()
    async with listening(suback) as listener, connected(listener.port) as connection:
        link = Link(connection)
        assert await connection.subscribe("box/refill", link.hear) == ""
        assert descriptors() > before
    await until(lambda: descriptors() <= before)
    gone = weakref.ref(connection)
    del connection, link, listener
    await until(lambda: gone() is None)


@pytest.mark.parametrize(
    ("answers", "expected", "versions"),
    [
        ({5: connack()}, "5", [5, 5]),  # asked, then connected
        ({5: connack(0x86)}, None, [5, 5]),  # asked without a password: turned away, but in MQTT 5
        ({5: connack(0x84), 4: b"\x20\x02\x00\x00"}, "3.1.1", [5, 4]),
        ({5: b"\x20\x02\x00\x01", 4: b"\x20\x02\x00\x00"}, "3.1.1", [5, 4]),  # the refusal of 3.1.1: return code 1
    ],
)
async def test_the_version_of_mqtt_is_the_best_the_broker_knows(
    answers: dict[int, bytes], expected: str | None, versions: list[int]
) -> None:
    """An explicit refusal leads to 3.1.1 at once; any other answer in MQTT 5 does not."""
    spoken: list[int] = []

    def answer(kind: int, body: bytes) -> bytes:
        if kind != CONNECT:
            return b""
        spoken.append(body[6])
        return answers[body[6]]

    async with listening(answer) as listener:
        dialler = Dialler(lambda: broker(listener.port, user="police", password="secret"))
        try:
            connection = await dialler.dial(lambda: None)
        except UnreachableError:
            assert expected is None
        else:
            assert connection.version == expected
            connection.drop("")
            await asyncio.wait([connection.ended], timeout=5)
    assert spoken == versions


async def test_a_broker_that_hangs_up_twice_is_tried_with_3_1_1_and_then_with_5_again() -> None:
    """Once may be a restart; and what hangs up on both may have been the network all along."""
    spoken: list[int] = []

    async with listening(lambda _, body: spoken.append(body[6])) as listener:  # type: ignore[func-returns-value]
        dialler = Dialler(lambda: broker(listener.port))
        for _ in range(4):
            with pytest.raises(HungUpError):
                await dialler.dial(lambda: None)
    assert spoken == [5, 5, 4, 5]


def test_secrets_do_not_show() -> None:
    """Neither in a repr nor in what is said of a bad PEM."""
    told = broker(1, user="police", password="p4ssword", ca=b"c4", client=b"k3y", tls=True)
    assert not [secret for secret in ("p4ssword", "c4", "k3y") if secret in repr(told)]
    for ca, client in ((b"\xff s3cret", None), (b"s3cret", None), (None, b"s3cret")):
        with pytest.raises(ValueError, match="PEM") as error:
            tls_context(ca, client)
        assert "s3cret" not in str(error.value)


async def test_a_broker_that_sends_without_end_gets_no_memory_for_it() -> None:
    async with listening(obliging()) as listener, connected(listener.port) as connection:
        listener.say(bytes([0x30, 0xFF, 0xFF, 0xFF, 0x7F]))  # a message of 256 MB begins
        await until(connection.ended.done)
