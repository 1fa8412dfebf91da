"""The feed's own decisions, against a connection and a journal that behave, without a network."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from daemon.clock import SystemClock
from daemon.config.secrets import SecretError
from daemon.config.subscribers import Subscriber
from daemon.feeds.carrier import Receipt
from daemon.feeds.feed import Feed, Pace
from gatehouse.events import Event
from tests.unit.daemon.feeds.wire import ROOT, Link, Paper, Way, Wire, until

PACE = Pace(
    away=0.2, lasting=0.05, first_pause=0.005, longest_pause=0.02, refused=0.03, acknowledge=0.2, look=0.01,
    heartbeat=0.05, farewell=0.1,
)  # fmt: skip


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
async def journal() -> Paper:
    return Paper()


@pytest.fixture
def feeding(wire: Wire, journal: Paper) -> Callable[..., Any]:
    @asynccontextmanager
    async def run(
        state: Callable[[], Mapping[str, object]] = dict,
        secret: Callable[[], object] = lambda: b"secret",
        tell: Callable[[str, str], None] = lambda _, __: None,
        **more: Any,
    ) -> AsyncIterator[tuple[Feed, list[str]]]:
        troubles: list[str] = []
        settings = Subscriber.model_construct(**({"tier": 1} | more))
        feed = Feed(
            "police", settings, Way(wire, secret), journal, "lvdinan", {"devices.io1": "板1"}, state, troubles.append,
            SystemClock(), PACE, tell,
        )  # fmt: skip
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(feed.run())
            yield feed, troubles
            task.cancel()

    return run


@pytest.mark.parametrize("turns", range(8))
@pytest.mark.parametrize("refused", [False, True])
async def test_it_ends_when_told_to_although_the_broker_goes_at_the_same_instant(
    wire: Wire, journal: Paper, feeding: Any, turns: int, refused: bool
) -> None:
    """However the two meet, the end is not forgotten."""
    if refused:
        wire.refused.add(f"{ROOT}/events/device/offline")
    async with asyncio.timeout(5), feeding():
        await until(lambda: wire.told("state"))
        journal.write()
        if not refused:
            wire.up.drop("gone")
        for _ in range(turns):
            await asyncio.sleep(0)


@pytest.mark.parametrize("turns", range(10))
async def test_a_refusal_is_told_although_the_broker_hangs_up_upon_it(
    wire: Wire, journal: Paper, feeding: Any, turns: int
) -> None:
    """As mosquitto 2.0.11 does; else the trouble would only be that no connection lasts."""
    topic = f"{ROOT}/events/device/offline"
    wire.refused.add(topic)
    wire.hangs_up_after = turns
    journal.write()
    async with feeding() as (_, troubles):
        await until(lambda: troubles)
    assert f"{topic}: Not authorized" in troubles[0]


async def test_the_cursor_passes_what_is_not_wanted(wire: Wire, journal: Paper, feeding: Any) -> None:
    """A subscriber of refusals only is not held up by all the rest, at the end of the journal neither."""
    for kind in ("device.offline", "access.denied", "access.granted", "alarm.raised", "daemon.armed"):
        journal.write(kind)
    async with feeding(kinds=["access.*"]):
        await until(lambda: journal.cursor("police") == 5)
        assert wire.numbers == [2]
        journal.write("device.online")
        await until(lambda: journal.cursor("police") == 6)


async def test_the_daily_hash_goes_to_everybody(wire: Wire, journal: Paper, feeding: Any) -> None:
    """Whatever kinds a subscriber wants, at any tier."""
    journal.write("alarm.raised")
    content = {"day": "2026-11-21", "number": 1, "hash": "0a" * 32}
    journal.write("journal.head", "journal", content=content)
    async with feeding(kinds=["access.*"], tier=0):
        await until(lambda: journal.cursor("police") == 2)
    assert wire.numbers == [2]
    assert wire.events[0]["data"] | content == wire.events[0]["data"]


async def test_what_a_protocol_has_no_word_for_is_passed_over(wire: Wire, journal: Paper, feeding: Any) -> None:
    wire.unspeakable.add("device.offline")
    for kind in ("device.offline", "device.online", "device.offline"):
        journal.write(kind)
    async with feeding():
        await until(lambda: journal.cursor("police") == 3)
    assert wire.numbers == [2]


async def test_an_event_that_a_carrier_stumbles_over_is_trouble_and_no_end(
    wire: Wire, journal: Paper, feeding: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried again; the feed does not fall, and with it what else it has to do."""
    real = Link.publish
    clumsy = True

    async def publish(link: Link, parcel: Any) -> Any:
        if clumsy:
            raise KeyError("no code for it")
        return await real(link, parcel)

    monkeypatch.setattr(Link, "publish", publish)
    journal.write()
    async with feeding() as (_, troubles):
        await until(lambda: troubles)
        assert "carrier fault: KeyError: 'no code for it'" in troubles[0]
        clumsy = False
        await until(lambda: journal.cursor("police") == 1)
        assert wire.dials == 1


async def test_what_happens_to_the_feed_itself_is_written_down(wire: Wire, journal: Paper, feeding: Any) -> None:
    """Connected when it lasts, refused with the reason; a loss within the minute only as it ends."""
    wire.refused.add(f"{ROOT}/events/device/offline")
    journal.write()
    told: list[tuple[str, str]] = []
    async with feeding(tell=lambda kind, why: told.append((kind, why))):
        await until(lambda: len(told) == 2)
        assert sorted(kind for kind, _ in told) == ["feed.connected", "feed.refused"]
        assert any("Not authorized" in why for _, why in told)
        wire.up.drop("cut")
        await until(lambda: wire.dials == 2)
    assert len(told) == 2


async def test_the_cursor_never_passes_what_is_not_acknowledged(wire: Wire, journal: Paper, feeding: Any) -> None:
    """Answers that come out of order move it only as far as there is no gap."""
    journal.write()
    async with feeding():
        await until(lambda: journal.cursor("police") == 1)
        wire.silent = True
        for _ in range(4):
            journal.write()
        await until(lambda: len(wire.held) == 4)
        for late in (3, 1):
            wire.held[late].set_result(Receipt("accepted"))
        await asyncio.sleep(0.01)
        assert journal.cursor("police") == 1
        wire.held[0].set_result(Receipt("accepted"))
        await until(lambda: journal.cursor("police") == 3)
        wire.answer_all()
        await until(lambda: journal.cursor("police") == 5)
    assert journal.moves == sorted(journal.moves)


async def test_the_first_message_on_a_topic_travels_alone(wire: Wire, journal: Paper, feeding: Any) -> None:
    """Until the broker has taken one, nothing follows it; then up to the window is on its way."""
    wire.silent = True
    for kind in ("device.offline", "device.online", "device.offline"):
        journal.write(kind)
    async with feeding():
        await until(lambda: wire.held)
        await asyncio.sleep(0.01)
        assert wire.numbers == [1]
        wire.held[0].set_result(Receipt("accepted"))
        await until(lambda: len(wire.held) == 2)
        await asyncio.sleep(0.01)
        assert wire.numbers == [1, 2]
        wire.held[1].set_result(Receipt("accepted"))
        await until(lambda: len(wire.held) == 3)
        for _ in range(10):
            journal.write()
        await until(lambda: wire.numbers == list(range(1, 14)))
        wire.answer_all()


async def test_a_refused_event_stops_what_follows_and_is_told_once(wire: Wire, journal: Paper, feeding: Any) -> None:
    """Tried again and again, without a new word; well again when it goes through."""
    wire.refused.add(f"{ROOT}/events/device/offline")
    journal.write("device.offline")
    journal.write("device.online")
    async with feeding() as (_, troubles):
        await until(lambda: len(wire.events) >= 3)
        assert wire.numbers[:3] == [1, 1, 1]
        assert len(troubles) == 1
        assert f"{ROOT}/events/device/offline: Not authorized" in troubles[0]
        wire.refused.clear()
        await until(lambda: journal.cursor("police") == 2)
        assert [bool(trouble) for trouble in troubles] == [True, False]


async def test_a_broker_that_acknowledges_nothing_is_left(wire: Wire, journal: Paper, feeding: Any) -> None:
    """It answers pings for all we know; after the time for an acknowledgement we connect anew and say it again."""
    wire.silent = True
    journal.write()
    async with feeding():
        await until(lambda: wire.dials == 2)
        wire.answer_all()
        await until(lambda: journal.cursor("police") == 1)
    ids = [event["id"] for event in wire.events]
    assert len(ids) >= 2
    assert len(set(ids)) == 1


async def test_nobody_there_is_trouble_after_a_while_and_progress_all_the_while(wire: Wire, feeding: Any) -> None:
    """One word of trouble, one word of its end; the watchdog sees that the feed is at work."""
    wire.reachable = False
    async with feeding() as (feed, troubles):
        await until(lambda: wire.dials >= 4)
        assert troubles == []
        await until(lambda: troubles)
        assert "nobody there" in troubles[0]
        assert feed.status()["last_error"] == "nobody there"
        before = feed.progress
        await until(lambda: feed.progress > before + 3)
        wire.reachable = True
        await until(lambda: troubles[-1] == "")
    assert len(troubles) == 2


async def test_connections_that_never_last_are_trouble_too(wire: Wire, journal: Paper, feeding: Any) -> None:
    """Somebody else uses our name and throws us out each time: no flutter, one trouble."""

    async def throw_out() -> None:
        while True:
            await asyncio.sleep(0.002)
            if wire.up is not None:
                wire.up.drop("Session taken over")

    async with asyncio.TaskGroup() as tasks:
        rival = tasks.create_task(throw_out())
        async with feeding() as (_, troubles):
            await until(lambda: troubles)
            dials = wire.dials
            await until(lambda: wire.dials > dials + 3)
            assert troubles == [troubles[0]]
            assert "Session taken over" in troubles[0]
            rival.cancel()
            await until(lambda: troubles[-1] == "")


async def test_a_secret_that_cannot_be_had_is_trouble_and_no_end(wire: Wire, feeding: Any) -> None:
    """It is asked for again, so putting the file there is enough."""
    found: list[bytes] = []

    def secret() -> None:
        if not found:
            raise SecretError("secret_missing", name="police", instead="secrets/police")

    async with feeding(secret=secret) as (_, troubles):
        await until(lambda: troubles)
        assert "secret_missing" in troubles[0]
        found.append(b"good")
        await until(lambda: troubles[-1] == "")


async def test_before_the_journal_is_open_the_cursor_means_nothing(wire: Wire, journal: Paper, feeding: Any) -> None:
    """The daemon starts, the broker is there first: what was confirmed last time is not said again."""
    for _ in range(5):
        journal.write()
    journal.cursors["police"] = 3
    journal.epoch = ""
    async with feeding() as (feed, _):
        await until(lambda: wire.told("status") and feed.progress > 3)
        assert wire.events == []
        journal.epoch = "first"
        journal.ring()
        await until(lambda: journal.cursor("police") == 5)
    assert wire.numbers == [4, 5]


async def test_an_answer_from_an_older_journal_does_not_move_the_cursor_in_the_new_one(
    wire: Wire, journal: Paper, feeding: Any
) -> None:
    """The file was found damaged and begun anew while messages were on their way."""
    journal.write()
    async with feeding():
        await until(lambda: journal.cursor("police") == 1)
        wire.silent = True
        for _ in range(4):
            journal.write()
        await until(lambda: len(wire.held) == 4)
        journal.epoch, journal.cursors = "second", {}
        del journal.events[2:]
        wire.answer_all()
        journal.ring()
        await until(lambda: journal.cursor("police") == 2)
    assert wire.numbers == [1, 2, 3, 4, 5, 1, 2]
    assert journal.moves == [1, 1, 2]


async def test_unjournaled_events_go_out_once_and_come_again_with_a_number(
    wire: Wire, journal: Paper, feeding: Any
) -> None:
    """Also over a broken connection: not a third time."""
    async with feeding():
        await until(lambda: wire.told("status"))
        journal.undurable.append(Event(id=f"{0:012x}-1", at=datetime.now(UTC), kind="daemon.armed", subject="daemon"))
        journal.ring()
        await asyncio.sleep(0.03)
        assert wire.events == [], "it waits for the disk as long as the disk is well"
        journal.trouble = "disk full"
        journal.ring()
        await until(lambda: wire.events)
        assert wire.events[0]["unjournaled"]
        assert wire.up is not None
        wire.up.drop("cut")
        await until(lambda: wire.dials == 2 and len(wire.told("status")) == 2)
        await asyncio.sleep(0.03)
        assert len(wire.events) == 1
        journal.undurable.clear()
        journal.write("daemon.armed", "daemon")
        journal.trouble = ""
        await until(lambda: journal.cursor("police") == 1)
    assert [event["id"] for event in wire.events] == [f"{0:012x}-1"] * 2
    assert "unjournaled" not in wire.events[1]


async def test_state_is_told_on_change_and_as_a_heartbeat(wire: Wire, journal: Paper, feeding: Any) -> None:
    """Not at each look; goodbye at the end."""
    state: dict[str, object] = {"armed": False}
    async with feeding(state=lambda: dict(state)):
        await until(lambda: wire.told("state"))
        state["armed"] = True
        await until(lambda: wire.told("state")[-1].get("armed"))
        journal.write()
        told = len(wire.told("state"))
        await until(lambda: len(wire.told("state")) > told)
        assert wire.told("state")[-1]["newest"] == 1
    assert [body["status"] for body in wire.told("status")] == ["online", "offline"]


async def test_a_refused_state_is_trouble_and_events_go_on(wire: Wire, journal: Paper, feeding: Any) -> None:
    """The ACL knows the events and not the state."""
    wire.refused.add(f"{ROOT}/state")
    journal.write()
    async with feeding() as (_, troubles):
        await until(lambda: journal.cursor("police") == 1)
        await until(lambda: troubles)
        assert f"{ROOT}/state" in troubles[0]
        wire.refused.clear()
        await until(lambda: troubles[-1] == "")


async def test_a_journal_that_cannot_be_read_is_asked_slowly(wire: Wire, journal: Paper, feeding: Any) -> None:
    """The head is beyond the cursor and nothing comes: no busy loop."""
    reads = 0

    async def nothing(_after: int, _limit: int = 256) -> list[Event]:
        nonlocal reads
        reads += 1
        return []

    journal.write()
    real, journal.read = journal.read, nothing  # type: ignore[method-assign]
    async with feeding():
        await until(lambda: reads > 2)
        begun = reads
        await asyncio.sleep(0.05)
        assert reads - begun <= 10
        journal.read = real  # type: ignore[method-assign]
        await until(lambda: journal.cursor("police") == 1)
