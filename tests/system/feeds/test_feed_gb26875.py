"""A fire monitoring centre as subscriber: at the other end a plain socket, that knows the published frames by heart."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from daemon.clock import SystemClock
from daemon.config.subscribers import Gb26875
from daemon.feeds.carriers import carrier
from daemon.feeds.feed import Feed, Pace

TITLES = {"zones.b12": "12栋", "lines.gate": "门岗", "feeds.centre": "消防中心"}
FAST = Pace(
    away=0.4, lasting=0.2, first_pause=0.02, longest_pause=0.1, refused=0.2, acknowledge=3, look=0.05, heartbeat=0.2
)
ADDRESSES = bytes.fromhex("79 03 00 00 00 00 38 5B 01 00 00 00")
TURNED = bytes.fromhex("38 5B 01 00 00 00 79 03 00 00 00 00")
AT = bytes.fromhex("20 3A 09 1A 09 0C")
CONFIRM, DENY = 3, 6


def frame(sequence: int, command: int, data: bytes = b"", addresses: bytes = TURNED) -> bytes:
    """From the centre, added up by hand."""
    body = sequence.to_bytes(2, "little") + b"\x01\x01" + AT + addresses + len(data).to_bytes(2, "little")
    body += bytes((command,)) + data
    return b"@@" + body + bytes((sum(body) % 256,)) + b"##"


class Centre:
    """Takes one device at a time and answers as told."""

    def __init__(self) -> None:
        self.got: list[tuple[int, int, bytes]] = []
        """Sequence, command and data of each sound frame."""
        self.answers: list[int | None] = []
        """What the next messages get instead of a confirmation; None: nothing."""
        self.mute = False
        self.deny_type = 0
        self.writer: asyncio.StreamWriter | None = None
        self.port = 0
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.connections += 1
        try:
            while True:
                head = await reader.readexactly(27)
                data = await reader.readexactly(int.from_bytes(head[24:26], "little"))
                check, *end = await reader.readexactly(3)
                assert head[:2] == b"@@"
                assert bytes(end) == b"##"
                assert check == sum(head[2:] + data) % 256
                assert sorted(head[12:24]) == sorted(ADDRESSES)
                self.take(int.from_bytes(head[2:4], "little"), head[26], data)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def take(self, sequence: int, command: int, data: bytes) -> None:
        self.got.append((sequence, command, data))
        if command != 2 or self.mute:
            return
        answer = self.answers.pop(0) if self.answers else CONFIRM
        if data and data[0] == self.deny_type:
            answer = DENY
        if answer is not None:
            self.say(frame(sequence, answer))

    def say(self, raw: bytes) -> None:
        assert self.writer is not None
        self.writer.write(raw)

    def units(self, kind: int) -> list[bytes]:
        """Data units of a type, repeats once."""
        return list(dict.fromkeys(data for _, command, data in self.got if command == 2 and data[:1] == bytes((kind,))))

    async def reply(self, raw: bytes) -> tuple[int, int, bytes]:
        """Say this; the next frame that is no message."""
        before = len(self.got)
        self.say(raw)
        async with asyncio.timeout(5):
            while not (found := [each for each in self.got[before:] if each[1] != 2]):  # noqa: ASYNC110 - as below
                await asyncio.sleep(0.005)
        return found[0]


class Seat:
    """Who sits there."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []

    def asked(self, subscriber: str, minutes: int) -> None:
        self.heard.append(("asked", subscriber, minutes))

    def clock(self, subscriber: str, ahead: float, limit: float) -> None:
        self.heard.append(("clock", subscriber, ahead, limit))

    def denied(self, subscriber: str, what: str) -> None:
        self.heard.append(("denied", subscriber, what))


@asynccontextmanager
async def centre_at(port: int = 0) -> AsyncIterator[Centre]:
    centre = Centre()
    server = await asyncio.start_server(centre.serve, "127.0.0.1", port)
    centre.port = server.sockets[0].getsockname()[1]
    async with server:
        yield centre
        if centre.writer is not None:
            centre.writer.close()


@asynccontextmanager
async def feeding(journal: Any, port: int, state: Any = dict, **more: Any) -> AsyncIterator[Any]:
    troubles: list[str] = []
    written = {"kind": "gb26875", "tier": 1, "centre": f"127.0.0.1:{port}", "address": 889, "centre_address": 88888,
               "components": {"zones.b12": {"component": 40, "place": "10-2"}}}  # fmt: skip
    seat, clock = Seat(), SystemClock()
    settings = Gb26875.model_validate(written | more).model_copy(update={"timeout": 0.15})
    way = carrier("centre", settings, "lvdinan", dict[str, bytes]().__getitem__, clock, seat=seat)
    feed = Feed("centre", settings, way, journal, "lvdinan", TITLES, state, troubles.append, clock, FAST)
    feed.seat, feed.troubles = seat, troubles  # type: ignore[attr-defined]
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(feed.run())
        try:
            yield feed
        finally:
            task.cancel()


def fire(journal: Any, kind: str = "alarm.raised", severity: int = 1, **content: Any) -> Any:
    told = {"alarm": "zones.b12.fire", "alarm_kind": "fire", "state": "unacknowledged", "count": 1} | content
    return journal.append(kind, "zones.b12", severity=severity, content=told)


async def until(true: Any, limit: float = 10.0) -> None:
    async with asyncio.timeout(limit):
        while not true():  # noqa: ASYNC110 - the condition is the other side's
            await asyncio.sleep(0.005)


async def test_a_fire_is_told_byte_by_byte(journal: Any) -> None:
    """Component and system state, in GB 18030, at the time it happened; the cursor moves when it is confirmed."""
    async with centre_at() as centre, feeding(journal, centre.port) as feed:
        event = fire(journal)
        await until(lambda: journal.cursor("centre") == 1)
        at = event.at.astimezone(ZoneInfo("Asia/Shanghai"))
        stamp = bytes((at.second, at.minute, at.hour, at.day, at.month, at.year - 2000))
        text = "12栋 火警".encode("gb18030").ljust(31, b"\0")
        component = bytes.fromhex("02 01 01 01 28 0A 00 02 00 03 00") + text + stamp
        assert centre.units(2) == [component]
        assert bytes.fromhex("01 01 01 01 03 00") + stamp in centre.units(1)
        assert centre.got[0][:2] == (0, 2), "the first sequence is 0"
        assert centre.got[0][2] == b"", "a heartbeat is empty"
        fire(journal, "alarm.reset", state="normal", by="李四")
        await until(lambda: journal.cursor("centre") == 2)
        assert centre.units(2)[1][9:11] == b"\x01\x00", "normal again"
        assert centre.units(4)[0][:6] == bytes.fromhex("04 01 01 01 01 00"), "a reset, by nobody with a number"
        assert "李四".encode("gb18030") not in b"".join(data for _, _, data in centre.got)
        journal.append("door.opened", "doors.north")
        journal.append("alarm.raised", "doors.north", severity=2, content={"alarm_kind": "door_forced"})
        await until(lambda: journal.cursor("centre") == 4)
        assert len(centre.units(2)) == 2, "a forced door is none of a fire centre's business"
        assert feed.status()["connected"]
    numbers = [sequence for sequence, command, _ in centre.got if command == 2]
    assert sorted(set(numbers)) == list(range(max(numbers) + 1)), "one more each time"


async def test_what_is_not_confirmed_comes_three_times_more(journal: Any) -> None:
    """With the same sequence; then the connection is given up, and the cursor has not moved."""
    async with centre_at() as centre, feeding(journal, centre.port) as feed:
        await until(lambda: feed.status()["connected"] and len(centre.got) > 1)
        centre.mute = True
        before = len(centre.got)
        fire(journal, severity=2)
        await until(lambda: centre.connections > 1)
        sent = [(sequence, data) for sequence, _, data in centre.got[before:] if data[:1] == b"\x02"]
        assert len(sent) == 4
        assert len(set(sent)) == 1
        assert journal.cursor("centre") == 0
        centre.mute = False
        await until(lambda: journal.cursor("centre") == 1)


async def test_denied_is_tried_again_and_then_refused(journal: Any) -> None:
    """Four times denied is trouble; when the centre knows it, all comes in order."""
    async with centre_at() as centre, feeding(journal, centre.port) as feed:
        await until(lambda: feed.status()["connected"])
        centre.deny_type = 2
        fire(journal, severity=2)
        await until(lambda: "command 6" in feed.status()["trouble"])
        assert len([1 for _, _, data in centre.got if data[:1] == b"\x02"]) >= 4
        assert journal.cursor("centre") == 0
        centre.deny_type = 0
        await until(lambda: journal.cursor("centre") == 1)
        await until(lambda: not feed.status()["trouble"])


async def test_fire_does_not_wait_for_what_is_not_confirmed(journal: Any) -> None:
    """While a fault hangs, the fire goes out beside it."""
    async with centre_at() as centre, feeding(journal, centre.port) as feed:
        await until(lambda: feed.status()["connected"] and centre.units(21))
        centre.answers = [None] * 2
        fire(journal, severity=3, alarm="io1.silent", alarm_kind="device_silent")
        await until(lambda: len(centre.units(2)) == 1)
        began = asyncio.get_running_loop().time()
        fire(journal)
        await until(lambda: any(each[9:11] == b"\x03\x00" for each in centre.units(2)))
        assert asyncio.get_running_loop().time() - began < 0.12, "less than one time-out"
        await until(lambda: journal.cursor("centre") == 2)


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("51 01 00", "15 01 01"),
        ("55 01 00", "19 01 00 01"),
        ("58 01 00", "1C 01"),
        ("56 01 00", "1A 01 11" + b"gatehouse lvdinan".hex()),
        ("3D 01 01 01", "01 01 01 01 01 00"),
        ("3D 01 00", "01"),
        ("3E 01 00", "02 01 01 01 28 0A 00 02 00 01 00" + b"zones.b12".hex()),
        ("43 01 00", "07 01 01 01 28 0A 00 02 00" + b"zones.b12".hex()),
        ("44 01 00", "08 01"),
        ("41 01 00", "05 01"),
        ("42 01 00", "06"),
        ("3F 01 00", None),
        ("40 01 00", None),
        ("3E 01 01 01 0A 00 02 00", "02 01 01 01 28 0A 00 02 00 01 00" + b"zones.b12".hex()),
        ("43 01 01 01 0A 00 02 00", "07 01 01 01 28 0A 00 02 00" + b"zones.b12".hex()),
        ("44 01 01 01", "08 01 01 01"),
        ("41 01 01 01", "05 01 01 01 00 01"),
        ("3F 01 01 01 0A 00 02 00", None),
        ("54 01 05 00 00 00 00 00 00", None),
        ("3D 01 63 63", None),
        ("63 01 00", None),
        ("", None),
    ],
)
async def test_read_back(journal: Any, asked: str, answer: str | None) -> None:
    """Every question of the standard: an answer with the same sequence, or denied."""
    async with centre_at() as centre, feeding(journal, centre.port) as feed:
        await until(lambda: feed.status()["connected"])
        sequence, command, data = await centre.reply(frame(7000, 4, bytes.fromhex(asked)))
        assert sequence == 7000
        assert command == (6 if answer is None else 5)
        assert data.startswith(bytes.fromhex(answer or ""))


@pytest.mark.parametrize("rubbish", [b"@" * 20_000, b"x" * 20_000, b"@@" + b"\x01" * 19_998])
async def test_a_peer_that_talks_rubbish_is_left(journal: Any, rubbish: bytes) -> None:
    """Soon, and the next connection is served as before."""
    async with centre_at() as centre, feeding(journal, centre.port) as feed:
        await until(lambda: feed.status()["connected"])
        began = time.process_time()
        centre.say(rubbish)
        await until(lambda: "no centre" in feed.status()["last_error"])
        assert time.process_time() - began < 0.5
        fire(journal)
        await until(lambda: journal.cursor("centre") == 1)


async def test_a_confirmation_of_another_device_moves_nothing(journal: Any) -> None:
    """The same number, other addresses: it is the fire of somebody else."""
    async with centre_at() as centre, feeding(journal, centre.port) as feed:
        await until(lambda: feed.status()["connected"] and centre.units(21))
        centre.answers = [None] * 40
        fire(journal)
        await until(lambda: centre.units(2))
        for number in range(20):
            centre.say(frame(number, CONFIRM, addresses=TURNED[:6] + bytes.fromhex("67 12 00 00 00 00")))
        await asyncio.sleep(0.05)
        assert journal.cursor("centre") == 0


async def test_orders_of_the_centre(journal: Any) -> None:
    """Roll call and clock are taken note of, once however often they come; initialising and all else is denied."""
    async with centre_at() as centre, feeding(journal, centre.port) as feed:
        await until(lambda: feed.status()["connected"])
        check = frame(9, 1, bytes.fromhex("5B 01 0A"))
        assert (await centre.reply(check))[:2] == (9, CONFIRM)
        assert (await centre.reply(check))[:2] == (9, CONFIRM)
        assert feed.seat.heard == [("asked", "centre", 10)]
        assert (await centre.reply(frame(10, 1, bytes.fromhex("59 01 00"))))[1] == DENY
        assert feed.seat.heard[-1] == ("denied", "centre", "initialise")
        assert (await centre.reply(frame(11, 1, bytes.fromhex("5A 01 02 3A 09 1A 09 0C"))))[1] == CONFIRM
        what, _, ahead, limit = feed.seat.heard[-1]
        expected = datetime(2012, 9, 26, 1, 58, 2, tzinfo=UTC) - SystemClock().utc()
        assert what == "clock"
        assert ahead == pytest.approx(expected.total_seconds(), abs=5)
        assert limit == 5.0
        assert (await centre.reply(frame(12, 1, bytes.fromhex("5A 01 3C 3A 09 1A 09 0C"))))[1] == DENY, "60 s"
        assert (await centre.reply(frame(13, 2, bytes.fromhex("15 01 01 02 3A 09 1A 09 0C"))))[1] == DENY
        wrong = frame(14, 1, bytes.fromhex("5B 01 0A"))
        assert (await centre.reply(wrong[:-3] + bytes((wrong[-3] ^ 1,)) + b"##"))[:2] == (14, DENY)
        elsewhere = frame(15, 1, bytes.fromhex("5B 01 0A")).replace(TURNED, ADDRESSES)
        assert (await centre.reply(elsewhere))[:2] == (15, DENY), "for another device"
        assert len(feed.seat.heard) == 3


async def test_the_guards_answer_reaches_the_centre(journal: Any) -> None:
    """As an operation of the device with bit 5; another centre's is not ours."""
    async with centre_at() as centre, feeding(journal, centre.port, tier=2, operators={"张三": 1}) as feed:
        await until(lambda: feed.status()["connected"])
        journal.append("rollcall.answered", "feeds.other", content={"subscriber": "other", "by": "王五"})
        journal.append("rollcall.answered", "feeds.centre", content={"subscriber": "centre", "by": "张三 (root)"})
        await until(lambda: journal.cursor("centre") == 2)
        assert [unit[:4] for unit in centre.units(24)] == [bytes.fromhex("18 01 20 01")]
        _, command, data = await centre.reply(frame(1, 4, bytes.fromhex("54 01 05 00 00 00 00 00 00")))
        assert (command, data[:4]) == (5, bytes.fromhex("18 01 20 01")), "and can be read back"


async def test_measures_fit_the_units_of_the_standard(journal: Any) -> None:
    """61.5 °C is 615; 300 mA fits nothing until the centre has agreed upon a type."""
    agreed = {"mA": {"type": 128, "step": 1.0}}
    async with centre_at() as centre, feeding(journal, centre.port, tier=2, analogs=agreed):
        for kind, unit, value in (("temperature_alarm", "°C", 61.5), ("leakage_alarm", "mA", 300)):
            seen = {"b12.value": {"value": value}, "threshold": 1.0, "unit": unit}
            fire(journal, severity=2, alarm_kind=kind, evidence=seen)
        await until(lambda: journal.cursor("centre") == 2)
        assert [unit[9:12] for unit in centre.units(3)] == [bytes.fromhex("03 67 02"), bytes.fromhex("80 2C 01")]
        assert all(unit[9:11] == b"\x11\x00" for unit in centre.units(2)), "electrical fire says supervise, not fire"


async def test_state_follows_what_stands(journal: Any) -> None:
    """The device's and the systems' states, on each change and on each connection."""
    standing: dict[str, Any] = {"lines": {"gate": True}, "journal": True, "alarms": []}
    async with centre_at() as centre, feeding(journal, centre.port, state=lambda: dict(standing)):
        await until(lambda: centre.units(21))
        assert centre.units(21)[0][2] == 1
        alarm = {"id": "zones.b12.fire", "kind": "fire", "subject": "zones.b12", "severity": 1, "state": "latched"}
        standing["alarms"] = [alarm]
        standing["lines"] = {"gate": False}
        await until(lambda: centre.units(21)[-1][2] == 0b1000011)
        await until(lambda: centre.units(1))
        assert centre.units(1)[-1][4:6] == b"\x03\x00", "a fire stands until it is reset"
        standing["alarms"] = []
        await until(lambda: centre.units(1)[-1][4:6] == b"\x01\x00")


async def test_a_peer_that_says_nothing_is_no_centre(journal: Any) -> None:
    """It takes connections and confirms nothing; trouble says so."""
    async with centre_at() as centre:
        centre.mute = True
        async with feeding(journal, centre.port) as feed:
            await until(lambda: "confirmed nothing" in feed.status()["last_error"])
            assert not feed.status()["connected"]


async def test_by_datagrams(journal: Any) -> None:
    """One frame each."""
    loop = asyncio.get_running_loop()
    centre = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    centre.setblocking(False)
    centre.bind(("127.0.0.1", 0))
    got: list[bytes] = []

    async def answer() -> None:
        while True:
            raw, peer = await loop.sock_recvfrom(centre, 2048)
            got.append(raw)
            await loop.sock_sendto(centre, frame(int.from_bytes(raw[2:4], "little"), CONFIRM), peer)

    async with asyncio.TaskGroup() as tasks:
        answering = tasks.create_task(answer())
        async with feeding(journal, centre.getsockname()[1], udp=True):
            fire(journal)
            await until(lambda: journal.cursor("centre") == 1)
        answering.cancel()
    centre.close()
    assert any(raw[26:30] == bytes.fromhex("02 02 01 01") for raw in got)
