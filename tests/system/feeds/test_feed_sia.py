"""SIA DC-09 over real sockets: pysiaalarm, a receiver by other hands, at the other end; and some that misbehave."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pysiaalarm.account import SIAAccount
from pysiaalarm.event import SIAEvent
from pysiaalarm.sync.client import SIAClient
from pysiaalarm.utils.enums import CommunicationsProtocol

from daemon.clock import SystemClock
from daemon.config.document import Secret
from daemon.config.subscribers import SiaDc09
from daemon.feeds.carriers import carrier, sia_dc09
from daemon.feeds.feed import Feed, Pace

KEY = "0123456789ABCDEF"
TITLES = {"zones.b12": "12栋", "doors.north": "北门", "devices.io1": "门岗输入输出板1"}
FAST = Pace(
    away=0.25, lasting=0.2, first_pause=0.02, longest_pause=0.1, refused=0.2, acknowledge=3, look=0.05, heartbeat=0.2
)


async def wait_for(true: Callable[[], object], limit: float = 10.0) -> None:
    """Wait for a condition, not for luck."""
    async with asyncio.timeout(limit):
        while not true():  # noqa: ASYNC110 - the condition is another program's
            await asyncio.sleep(0.01)


@asynccontextmanager
async def centre(port: int, protocol: CommunicationsProtocol = CommunicationsProtocol.TCP, **more: Any) -> Any:
    """pysiaalarm's own receiver, and what it took."""
    got: list[Any] = []
    client = SIAClient("127.0.0.1", port, [SIAAccount("1A2B", **more)], got.append, protocol)
    client.start(poll_interval=0.02)
    try:
        yield got
    finally:
        await asyncio.to_thread(client.stop)


@asynccontextmanager
async def feeding(journal: Any, receiver: str, clock: Any = None, **more: Any) -> AsyncIterator[Any]:
    troubles: list[str] = []
    entry = {"kind": "sia_dc09", "tier": 1, "receiver": receiver, "account": "1A2B"} | more
    settings = SiaDc09.model_validate(entry)
    clock = clock or SystemClock()
    way = carrier("centre", settings, "lvdinan", {"key": KEY.encode(), "other": b"x" * 16}.__getitem__, clock)
    feed = Feed("centre", settings, way, journal, "lvdinan", TITLES, dict, troubles.append, clock, FAST)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(feed.run())
        yield feed, troubles
        task.cancel()


def heard(feed: Feed, troubles: list[str], what: str) -> bool:
    """Whether somebody was told so."""
    return any(what in said for said in [feed.status()["last_error"], *troubles])


@asynccontextmanager
async def receiver(answer: Callable[[bytes], bytes]) -> AsyncIterator[Any]:
    """A receiver that answers as a test wants; `got` are the frames."""
    got: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                got.append(await reader.readuntil(b"\r"))
                writer.write(answer(got[-1]))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], got


def framed(body: str) -> bytes:
    """By pysiaalarm's CRC."""
    return f"\n{SIAEvent._crc_calc(body)}{len(body):04X}{body}\r".encode()


def ack(frame: bytes) -> bytes:
    sequence = frame.decode().split('"')[2][:4]
    return framed(f'"ACK"{sequence}L0#1A2B[]')


@pytest.mark.parametrize("protocol", [CommunicationsProtocol.TCP, CommunicationsProtocol.UDP])
@pytest.mark.parametrize("key", [None, KEY])
async def test_another_hand_reads_what_we_send(
    journal: Any, unused_port: int, protocol: CommunicationsProtocol, key: str | None
) -> None:
    """In order, in clear and encrypted, over TCP and UDP; code, number, place and time of the event."""
    content = {"alarm": "zones.b12.fire", "alarm_kind": "fire", "state": "unacknowledged", "by": "李四"}
    for number in range(20):
        journal.append("alarm.returned" if number % 2 else "alarm.raised", severity=2, content=content)
        journal.append(
            "access.denied", "doors.north", content={"person": "李四", "card": "12345678", "reason": "unknown"}
        )
    more = {} if key is None else {"key": Secret("key")}
    where = f"{protocol.value.lower()}://127.0.0.1:{unused_port}"
    async with (
        centre(unused_port, protocol, key=key) as got,
        feeding(journal, where, numbers={"zones.b12": 12, "doors.north": 3}, area=1, **more) as (feed, troubles),
    ):
        await wait_for(lambda: journal.cursor("centre") == 40)
        assert feed.status()["encrypted"] is (key is not None)
        await wait_for(lambda: len(got) == 41)  # it answers first and hands over then
    events = [event for event in got if event.code != "RP"]
    if protocol is CommunicationsProtocol.UDP:  # a thread for each datagram hands over when it comes to it
        events.sort(key=lambda event: event.sequence)
    assert [event.code for event in events] == ["FA", "DD", "FR", "DD"] * 10
    assert [event.sequence for event in events] == [f"{number:04d}" for number in range(1, 41)]
    assert {event.message for event in events} == {"12^zones.b12^", "3^doors.north^"}
    assert {(event.account, event.ri, event.encrypted) for event in events} == {("1A2B", "1", key is not None)}
    assert events[0].extended_data[0].value == f"{journal.events[0].at:%H:%M:%S,%m-%d-%Y}"
    assert "李" not in repr(events)
    assert troubles[-1:] in ([], [""])
    assert [event.message_type.value for event in got if event.code == "RP"] == ["NULL"]


async def test_a_receiver_whose_clock_is_not_ours_is_followed(journal: Any, unused_port: int, alarm: Any) -> None:
    """Its NAK brings the time; our own clock stays as it is."""

    class Late(SystemClock):
        def utc(self) -> datetime:
            return super().utc() - timedelta(hours=3)

    alarm()
    async with (
        centre(unused_port, key=KEY) as got,
        feeding(journal, f"tcp://127.0.0.1:{unused_port}", Late(), key=Secret("key")) as (feed, _),
    ):
        await wait_for(lambda: journal.cursor("centre") == 1)
        assert feed.status()["clock_ahead"] == pytest.approx(3 * 3600, abs=2)
        assert feed.status()["clock_set"] == 1
        await wait_for(lambda: len(got) == 2)
    assert [event.code for event in got] == ["RP", "FA"]


async def test_a_wrong_key_is_no_connection(journal: Any, unused_port: int, alarm: Any) -> None:
    """It never acknowledges; what it says instead is told."""
    alarm()
    async with (
        centre(unused_port, key=KEY),
        feeding(journal, f"tcp://127.0.0.1:{unused_port}", key=Secret("other")) as (feed, troubles),
    ):
        await wait_for(lambda: heard(feed, troubles, "NAK"))
    assert journal.cursor("centre") == 0


async def test_a_code_that_is_not_known_stops_the_order_and_no_fire(journal: Any, alarm: Any) -> None:
    """DUH: the cursor stays before it, severity 1 goes past it, and all comes when it is mended."""
    bad = ["FA"]

    def answer(frame: bytes) -> bytes:
        if bad and f"/{bad[0]}0".encode() in frame:
            return framed(ack(frame)[9:-1].decode().replace('"ACK"', '"DUH"'))
        return ack(frame)

    async with receiver(answer) as (port, got), feeding(journal, f"tcp://127.0.0.1:{port}") as (_, troubles):
        alarm()
        await wait_for(lambda: troubles)
        assert "refused code FA: DUH" in troubles[0]
        assert journal.cursor("centre") == 0
        grave = {"alarm": "zones.b12.gas", "alarm_kind": "gas", "state": "unacknowledged"}
        journal.append("alarm.raised", severity=1, content=grave)
        await wait_for(lambda: any(b"/GA0" in frame for frame in got), 2.0)
        bad.clear()
        await wait_for(lambda: journal.cursor("centre") == 2)
        assert troubles[-1] == ""


async def test_silence_rubbish_and_forged_acknowledgements_move_no_cursor(
    journal: Any, alarm: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is told by what was heard; the same message comes again with the same number."""
    monkeypatch.setattr(sia_dc09, "ANSWER", 0.1)
    alarm()
    wrong = {
        "no answer to 3 attempts": lambda frame: b"",
        "finds our CRC wrong": lambda frame: b"\n\r",
        "no frame of DC-09": lambda frame: b'"NAK"' * 50,
        "not to 0001": lambda frame: framed('"ACK"0002L0#1A2B[]'),
        "CRC": lambda frame: ack(frame).replace(b"ACK", b"ACC"),
        "NAK": lambda frame: framed(f'"NAK"0000L0R0A0[]_{datetime.now(UTC):%H:%M:%S,%m-%d-%Y}'),
    }
    for said, answers in wrong.items():
        async with (
            receiver(lambda frame, answers=answers: ack(frame) if b"NULL" in frame else answers(frame)) as (port, got),  # type: ignore[misc]
            feeding(journal, f"tcp://127.0.0.1:{port}") as (feed, troubles),
        ):
            await wait_for(lambda said=said: heard(feed, troubles, said), 5.0)  # type: ignore[misc]
            assert {frame.split(b'"')[2][:4] for frame in got if b"NULL" not in frame} == {b"0001"}
        assert journal.cursor("centre") == 0


async def test_an_acknowledgement_in_clear_does_not_count_for_what_was_encrypted(
    journal: Any, alarm: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody on the way could write it."""
    monkeypatch.setattr(sia_dc09, "ANSWER", 0.1)
    alarm()
    async with (
        receiver(ack) as (port, _),
        feeding(journal, f"tcp://127.0.0.1:{port}", key=Secret("key")) as (feed, troubles),
    ):
        await wait_for(lambda: heard(feed, troubles, "in clear to an encrypted message"))
    assert journal.cursor("centre") == 0


async def test_silence_is_broken_by_heartbeats_and_a_dead_receiver_is_told(
    journal: Any, alarm: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without any event to send."""
    monkeypatch.setattr(sia_dc09, "ANSWER", 0.1)
    dead: list[int] = []
    async with receiver(lambda frame: b"" if dead else ack(frame)) as (port, got):
        async with feeding(journal, f"tcp://127.0.0.1:{port}", heartbeat="5s") as (feed, troubles):
            await wait_for(lambda: feed.status()["connected"])
            feed._connection._spoken -= 5
            await wait_for(lambda: len(got) >= 2)
            dead.append(1)
            feed._connection._spoken -= 5
            await wait_for(lambda: heard(feed, troubles, "no answer to 3 attempts"))
        assert all(b'"NULL"0000L0#1A2B[]' in frame for frame in got)
