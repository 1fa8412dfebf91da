"""GB/T 26875.3: our feed and our driver against two ends by another hand, over real sockets."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from daemon.clock import SystemClock
from daemon.config.subscribers import Gb26875
from daemon.feeds.carriers import carrier
from daemon.feeds.feed import Feed, Pace
from drivers import gb26875
from gatehouse.events import Event
from simulators.fire_link import (
    CONFIRM,
    DENY,
    SEND,
    Centre,
    Frame,
    Panel,
    analog,
    component,
    cut,
    pack,
    things,
)

DEVICE, CENTRE = 889, 88888
AT = datetime(2012, 9, 26, 9, 58, 2)  # noqa: DTZ001 - a clock on a wall
FAST = Pace(
    away=0.5, lasting=0.2, first_pause=0.02, longest_pause=0.1, refused=0.3, acknowledge=6, look=0.05, heartbeat=0.2
)
VECTORS = {
    "confirm": "40 40 01 00 01 01 23 3A 09 1A 09 0C 38 5B 01 00 00 00 79 03 00 00 00 00 00 00 03 AB 23 23",
    "deny": "40 40 01 00 01 01 23 3A 09 1A 09 0C 38 5B 01 00 00 00 79 03 00 00 00 00 00 00 06 AE 23 23",
    "mains fault": "40 40 01 00 01 01 20 3A 09 1A 09 0C 79 03 00 00 00 00 38 5B 01 00 00 00 09 00 02 15 01 08 "
    "02 3A 09 1A 09 0C 42 23 23",
}  # fmt: skip


async def until(true: Callable[[], object], limit: float = 10.0) -> None:
    """Wait for a condition, not for luck."""
    async with asyncio.timeout(limit):
        while not true():  # noqa: ASYNC110 - the condition is the other side's
            await asyncio.sleep(0.01)


class Journal:
    """What a feed needs of one, without a disk."""

    trouble, epoch, head_hash = "", "first", "0" * 64

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.at = 0
        self.states: dict[str, bytes] = {}

    @property
    def head(self) -> int:
        return len(self.events)

    def append(self, kind: str, severity: int = 2, **content: Any) -> Event:
        number = self.head + 1
        self.events.append(
            Event(
                id=f"00c0ffee0000-{number}", at=datetime.now(UTC), kind=kind, subject="zones.b12", severity=severity,
                number=number, content=content,
            )
        )  # fmt: skip
        return self.events[-1]

    async def read(self, after: int, limit: int = 256) -> list[Event]:
        return self.events[after : after + limit]

    async def query(self, after: int = 0, limit: int = 256, wanted: Any = None) -> list[Event]:
        return [event for event in self.events[after:] if wanted is None or wanted.admits(event)][:limit]

    def waiting(self, after: str = "") -> list[Event]:
        return []

    async def wait_beyond(self, number: int, timeout: float) -> None:  # noqa: ASYNC109 - the journal's contract
        if self.head <= number:
            await asyncio.sleep(min(timeout, 0.02))

    def cursor(self, subscriber: str) -> int:
        return self.at

    def move(self, subscriber: str, number: int) -> None:
        self.at = number

    def keep(self, key: str, state: bytes | None) -> None:
        if state is not None:
            self.states[key] = state

    async def kept(self, prefix: str = "") -> dict[str, bytes]:
        return {}


@asynccontextmanager
async def monitored(journal: Journal) -> AsyncIterator[tuple[Centre, Feed]]:
    """A centre, and our feed calling it."""
    centre = Centre(CENTRE, DEVICE)
    server = await asyncio.start_server(centre.listen, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    settings = Gb26875.model_validate({
        "kind": "gb26875", "tier": 1, "centre": f"127.0.0.1:{port}", "address": DEVICE, "centre_address": CENTRE,
        "components": {"zones.b12": {"component": 40, "place": "10-2"}},
    })  # fmt: skip
    settings = settings.model_copy(update={"timeout": 0.3})
    clock = SystemClock()
    way = carrier("centre", settings, "lvdinan", dict[str, bytes]().__getitem__, clock)
    feed = Feed("centre", settings, way, journal, "lvdinan", {"zones.b12": "12栋"}, dict, lambda _: None, clock, FAST)
    async with server, asyncio.TaskGroup() as tasks:
        task = tasks.create_task(feed.run())
        try:
            await until(lambda: feed.status()["connected"] and centre.beats)
            yield centre, feed
        finally:
            task.cancel()


@pytest.mark.parametrize("name", VECTORS)
def test_the_other_hand_agrees_with_the_published_frames(name: str) -> None:
    """Cut out of a stream, and packed again to the same bytes."""
    raw = bytes.fromhex(VECTORS[name])
    buffer = bytearray(raw + raw[:7])
    frame = cut(buffer)
    assert frame is not None
    assert (pack(frame), bytes(buffer), cut(buffer)) == (raw, raw[:7], None)
    assert {int.from_bytes(frame.source, "little"), int.from_bytes(frame.destination, "little")} == {DEVICE, CENTRE}
    for wrong in (raw.replace(b"##", b"#!"), raw[:28] + bytes((raw[28] ^ 1,)) + raw[29:], b"@!" + raw[2:]):
        with pytest.raises(ValueError, match=r"wrong end|begins with"):
            cut(bytearray(wrong))


def test_the_other_hand_agrees_with_the_published_smoke_alarm() -> None:
    """The loop of the standard's example: 48 bytes, sum 46 hex."""
    data = bytes.fromhex("02 01 01 01 28 0A 00 02 00 02 00") + bytes(31) + bytes.fromhex("02 3A 09 1A 09 0C")
    assert len(data) == 0x30
    assert data[2:42] == component((1, 1), 40, (10, 2), 2, "")
    assert [thing.body for thing in things(data)] == [data[2:42]]


async def test_a_fire_reaches_a_centre_by_another_hand() -> None:
    """Told, denied once and repeated, unanswered once and repeated; the cursor is where the centre is."""
    journal = Journal()
    async with monitored(journal) as (centre, _):
        event = journal.append("alarm.raised", 1, alarm="zones.b12.fire", alarm_kind="fire", state="unacknowledged")
        await until(lambda: journal.at == 1)
        told = centre.of(2)[0]
        local = event.at.astimezone(ZoneInfo("Asia/Shanghai"))
        stamp = bytes((local.second, local.minute, local.hour, local.day, local.month, local.year % 100))
        assert told.time == stamp
        assert told.body[:9] == bytes.fromhex("01 01 28 0A 00 02 00 03 00")[:9]
        assert told.body[9:].rstrip(b"\0").decode("gb18030") == "12栋 火警"
        centre.deny = 1
        journal.append("alarm.raised", 2, alarm="zones.b12.f", alarm_kind="sensor_fault", state="unacknowledged")
        await until(lambda: journal.at == 2)
        centre.mute = 1
        journal.append("alarm.returned", 2, alarm="zones.b12.f", alarm_kind="sensor_fault", state="normal")
        await until(lambda: journal.at == 3)
        assert centre.faults == []


async def test_a_centre_by_another_hand_asks_and_orders() -> None:
    """Its questions are answered by units of the right type and size; its roll call and its clock are confirmed."""
    async with monitored(Journal()) as (centre, _):
        for kind, body, answered in ((61, b"\x01\x01", 1), (81, b"\0", 21), (85, b"\0", 25), (88, b"\0", 28)):
            assert [thing.kind for thing in await centre.ask(kind, body)] == [answered], kind
        now = datetime.now(ZoneInfo("Asia/Shanghai"))
        assert await centre.set_clock(now) == CONFIRM
        assert await centre.call_roll(10) == CONFIRM
        assert centre.faults == []


@asynccontextmanager
async def heard() -> AsyncIterator[tuple[Panel, dict[str, Any]]]:
    """A panel that calls our driver: the driver's bytes on a real socket."""
    point = gb26875.Channel(place="10-2", title="3层烟感")
    value = gb26875.Channel(place="10-3", analog=3, step=0.1, measures="°C")
    device = gb26875.Device(address=DEVICE, centre=CENTRE, channels={"smoke": point, "heat": value})
    found: dict[str, Any] = {}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(device.begin(time.monotonic()))
        buffer = b""
        while data := await reader.read(1000):
            buffer += data
            while (said := device.hear(buffer, time.monotonic())) is not None:
                buffer = buffer[said[0].used :]
                writer.write(said[0].reply)
                found.update({name: sample.value for name, sample in said[1].items()})
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    panel = Panel(DEVICE, CENTRE, AT)
    async with server, asyncio.TaskGroup() as tasks:
        reader = await panel.connect("127.0.0.1", server.sockets[0].getsockname()[1])
        assert panel._writer is not None
        listening = tasks.create_task(panel.listen(reader, panel._writer))
        yield panel, found
        panel._writer.close()
        listening.cancel()


async def test_a_panel_by_another_hand_is_understood() -> None:
    """Fire and its end, a value, an operation, damage, a stranger: what is sound is confirmed, what is not denied."""
    async with heard() as (panel, found):
        assert await panel.beat() == CONFIRM
        assert await panel.report(2, component((1, 1), 40, (10, 2), 3, "3层烟感 火警")) == CONFIRM
        assert (found["fire"], found["smoke"]) == (True, True)
        assert await panel.report(3, analog((1, 1), 18, (10, 3), 3, -125)) == CONFIRM
        assert found["heat"] == pytest.approx(-12.5)
        assert await panel.report(2, component((1, 1), 40, (10, 2), 1, "3层烟感")) == CONFIRM
        assert found["smoke"] is False
        good = panel.frame(700, SEND, b"")
        panel.write(good[:-3] + bytes((good[-3] ^ 0xFF,)) + good[-2:])
        await until(lambda: panel.heard[-1].command == DENY)
        assert panel.faults == []
        assert all(isinstance(each, Frame) for each in panel.asked)
