"""A release is remembered though the journal is not."""

import asyncio
import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from daemon.alarms.annunciator import Annunciator
from daemon.alarms.keepsake import Keepsake, newest
from daemon.clock import SystemClock
from daemon.journal.line import write
from daemon.journal.salvage import FORGOT
from daemon.recorder import Recorder
from gatehouse.alarms import Condition, Severity
from gatehouse.events import Event

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def fire(active: bool | None = True, name: str = "zones.b12.fire", *, latch: bool = True) -> Condition:
    return Condition(alarm=name, active=active, severity=Severity.P1, kind="fire", subject="zones.b12", latch=latch)


class Journal:
    """Says where it ends, and remembers what it was given."""

    def __init__(self, epoch: str, head: int) -> None:
        self.epoch, self.head, self.found, self.written = epoch, head, head, 0
        self.given: list[Event] = []
        self.states: dict[str, bytes] = {}

    def append(self, event: Event) -> None:
        self.given.append(event)

    def keep(self, key: str, state: bytes | None) -> None:
        if state is None:
            del self.states[key]

    async def kept(self, prefix: str = "") -> dict[str, bytes]:
        return {key: state for key, state in self.states.items() if key.startswith(prefix)}

    @property
    def bodies(self) -> list[bytes]:
        return [write(event).body for event in self.given]


class Box:
    """One life of the daemon: a journal and the book."""

    def __init__(self, folder: Path, epoch: str = "a", head: int = 10) -> None:
        self.journal = Journal(epoch, head)
        self.book = Annunciator(Recorder(self.journal.append, SystemClock()).emit)
        self.file = folder / "latched.json"
        self.keepsake = Keepsake(self.file, self.journal, self.book)

    async def live(self, *conditions: Condition) -> None:
        """Guard until the file says what stands."""
        self.keepsake.begin()
        running = asyncio.ensure_future(self.keepsake.run())
        for condition in conditions:
            self.book.judge(condition, "r", NOW)
        async with asyncio.timeout(5):
            while not self.file.exists() or not self.is_written():  # noqa: ASYNC110 - a thread writes it
                await asyncio.sleep(0.01)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    def is_written(self) -> bool:
        """The file says how all that latches stands by now."""
        states = [
            msgspec.json.decode(state) for state in self.states() if msgspec.json.decode(state)["condition"]["latch"]
        ]
        return bool(json.loads(self.file.read_bytes())["alarms"] == states)

    async def restart(self, folder: Path, epoch: str = "b", head: int = 0) -> tuple["Box", list[tuple[str, str]]]:
        """The next life, which takes back what this one knew; and of what people were told then."""
        after, told = Box(folder, epoch, head), list[tuple[str, str]]()
        lost = await after.keepsake.missing([])
        after.keepsake.rewrite(lost)
        after.book.restore(lost)
        after.keepsake.begin()
        after.book.watch(lambda kind, alarm: told.append((kind, alarm.condition.alarm)))
        after.keepsake.tell(lost)
        return after, told

    def kept(self) -> set[str]:
        return {alarm["condition"]["alarm"] for alarm in json.loads(self.file.read_bytes())["alarms"]}

    def states(self) -> list[bytes]:
        return [msgspec.json.encode(alarm, enc_hook=repr) for alarm in self.book.standing.values()]


@pytest.mark.parametrize(("epoch", "head"), [("b", 0), ("b", 99), ("a", 9)])
async def test_what_a_journal_has_lost_stands_again(tmp_path: Path, epoch: str, head: int) -> None:
    before = Box(tmp_path)
    await before.live(fire())
    assert await Box(tmp_path, epoch, head).keepsake.shortened()
    after, told = await before.restart(tmp_path, epoch, head)
    assert after.book.standing["zones.b12.fire"].condition.latch
    assert told == [("alarm.raised", "zones.b12.fire")], "nobody had answered: people are called"
    assert after.journal.bodies == before.journal.bodies, "under the same id, at the same instant, word for word"
    assert [event.kind for event in after.journal.given] == ["alarm.raised"]


async def test_what_people_did_last_is_written_again_too_and_nobody_is_called(tmp_path: Path) -> None:
    before = Box(tmp_path)
    await before.live(fire(), fire(active=False))
    before.book.acknowledge("zones.b12.fire", "张三")
    await before.live()
    after, told = await before.restart(tmp_path)
    raised, _, acknowledged = before.journal.bodies
    assert after.journal.bodies == [raised, acknowledged]
    assert told == [("alarm.acknowledged", "zones.b12.fire")]
    (stands,) = dict(map(_standing, after.journal.given)).values()
    (known,) = map(msgspec.json.decode, after.states())
    assert msgspec.json.decode(stands or b"") == known | {"known": True}, "the journal knows it as the book does"


async def test_it_is_remembered_over_any_number_of_lives(tmp_path: Path) -> None:
    first = Box(tmp_path)
    await first.live(fire())
    second = Box(tmp_path)
    assert await second.keepsake.missing(first.states()) == []
    second.book.restore(first.states())
    await second.live()
    third, _ = await second.restart(tmp_path)
    assert third.journal.bodies == first.journal.bodies
    await third.live()
    fourth, _ = await third.restart(tmp_path, "c")
    assert fourth.journal.bodies == first.journal.bodies


@pytest.mark.parametrize("spoilt", ["older", "stale", "rubbish"])
async def test_without_the_event_of_how_it_stands_it_is_written_down_anew(tmp_path: Path, spoilt: str) -> None:
    before = Box(tmp_path)
    await before.live(fire())
    document = json.loads(before.file.read_bytes())
    if spoilt == "older":
        del document["events"]
    elif spoilt == "stale":
        document["alarms"][0]["acknowledged_by"] = "张三"
    else:
        document["events"] = [1, {"id": 5}, {**document["events"][0], "content": {"alarm_state": {"occurrence": 7}}}]
    before.file.write_bytes(json.dumps(document).encode())
    after, told = await before.restart(tmp_path)
    kind = "alarm.acknowledged" if spoilt == "stale" else "alarm.raised"
    assert [event.kind for event in after.journal.given] == [kind]
    assert told == [(kind, "zones.b12.fire")]
    assert after.journal.given[0].id != before.journal.given[0].id


async def test_what_this_run_has_written_is_not_followed_by_what_was_before(tmp_path: Path) -> None:
    """The journal could not be read for a while: the newest line of an alarm has to tell how it stands."""
    await Box(tmp_path).live(fire())
    after = Box(tmp_path, "b", 0)
    after.book.restore(await after.keepsake.missing(None))
    after.book.acknowledge("zones.b12.fire", "张三")
    lost = await after.keepsake.missing([])
    after.keepsake.rewrite(lost)
    after.book.restore(lost)
    after.keepsake.tell(lost)
    assert [event.kind for event in after.journal.given] == ["alarm.acknowledged"]


@pytest.mark.parametrize("what", ["reset", "acknowledged"])
async def test_what_a_person_did_in_lines_that_are_gone_is_not_undone(tmp_path: Path, what: str) -> None:
    """The journal ends with the release; the file beside it knows what became of it."""
    before = Box(tmp_path)
    await before.live(fire(), fire(active=False))
    old = before.states()
    if what == "reset":
        before.book.reset("zones.b12.fire", "李四")
    else:
        before.book.acknowledge("zones.b12.fire", "李四")
    await before.live()
    after = Box(tmp_path, "a", 9)
    lost = await after.keepsake.missing(old)
    after.keepsake.rewrite(lost)
    after.book.restore(newest(old, lost))
    after.keepsake.begin()
    after.keepsake.tell(lost)
    assert after.journal.bodies[-1] == before.journal.bodies[-1]
    assert after.journal.given[-1].kind == f"alarm.{what}"
    if what == "reset":
        assert not after.book.standing, "no door is free for a fire that a person has ended"
        assert [case.reset_by for case in after.book.cases.values()] == ["李四"], "and somebody has to close it still"
    else:
        assert after.book.standing["zones.b12.fire"].acknowledged_by == "李四"


async def test_a_journal_that_knows_more_than_the_file_is_believed(tmp_path: Path) -> None:
    """Line 12 is gone; the file was written at line 10, and the reset is line 11."""
    before = Box(tmp_path)
    await before.live(fire(), fire(active=False))
    before.book.reset("zones.b12.fire", "李四")
    (case,) = before.book.cases.values()
    after = Box(tmp_path, "a", 11)
    after.journal.written = 12
    assert await after.keepsake.missing([msgspec.json.encode(case)]) == []
    assert "line 12" in await after.keepsake.shortened()


async def test_lines_that_are_gone_are_missed_though_others_have_taken_their_numbers(tmp_path: Path) -> None:
    await Box(tmp_path).live(fire())
    after = Box(tmp_path, "a", 12)
    after.journal.found = 9
    assert len(await after.keepsake.missing([])) == 1
    assert "ends at line 9" in await after.keepsake.shortened()


async def test_of_what_was_let_go_only_the_latest_is_kept(tmp_path: Path) -> None:
    box = Box(tmp_path)
    for number in range(120):
        name = f"zones.z{number}.fire"
        for active in (True, False):
            box.book.judge(fire(active=active, name=name), "r", NOW)
        box.book.reset(name, "李四")
    await box.live()
    gone = json.loads(box.file.read_bytes())["gone"]
    assert [event["content"]["alarm"] for event in gone] == [f"zones.z{number}.fire" for number in range(20, 120)]


async def test_an_event_that_is_too_large_is_not_kept_but_its_alarm_is(tmp_path: Path) -> None:
    before = Box(tmp_path)
    await before.live(replace(fire(), evidence={"seen": "x" * 9000}))
    assert json.loads(before.file.read_bytes())["events"] == []
    after, _ = await before.restart(tmp_path)
    assert [event.kind for event in after.journal.given] == ["alarm.raised"]


async def test_a_journal_whose_table_of_what_stands_was_destroyed_has_lost_it(tmp_path: Path) -> None:
    await Box(tmp_path).live(fire())
    after = Box(tmp_path, "a", 50)
    after.journal.states[FORGOT] = b"1"
    assert len(await after.keepsake.missing([])) == 1
    after.keepsake.begin()
    assert not after.journal.states


async def test_a_journal_that_cannot_be_read_loses_nothing_that_latches(tmp_path: Path) -> None:
    await Box(tmp_path).live(fire())
    assert len(await Box(tmp_path, "", 0).keepsake.missing(None)) == 1


async def test_a_whole_journal_is_believed_also_where_it_says_that_nothing_stands(tmp_path: Path) -> None:
    await Box(tmp_path).live(fire())
    after = Box(tmp_path, "a", 11)  # the reset is in the journal; the power failed before the file was written
    assert await after.keepsake.missing([]) == []
    assert await after.keepsake.shortened() == ""


async def test_what_the_journal_knows_it_tells_itself(tmp_path: Path) -> None:
    first = Box(tmp_path)
    await first.live(fire(), fire(name="zones.b13.fire"))
    states = [state for state in first.states() if b"zones.b12.fire" in state]
    (lost,) = await Box(tmp_path, "a", 5).keepsake.missing([*states, b'{"target": "x"}', b"rubbish"])
    assert b"zones.b13.fire" in lost


async def test_an_open_case_of_an_earlier_fire_is_not_the_fire_that_stands(tmp_path: Path) -> None:
    first = Box(tmp_path)
    await first.live(fire())
    (state,) = first.states()
    older = msgspec.json.encode(msgspec.json.decode(state) | {"occurrence": "older-1", "active": False})
    after = Box(tmp_path, "b", 0)
    assert len(await after.keepsake.missing([older])) == 1


async def test_what_was_reset_is_forgotten_and_what_does_not_latch_is_not_kept(tmp_path: Path) -> None:
    box = Box(tmp_path)
    await box.live(fire(), fire(name="x", latch=False))
    assert box.kept() == {"zones.b12.fire"}
    box.book.judge(fire(active=False), "r", NOW)
    box.book.reset("zones.b12.fire", "李四")
    await box.live()
    assert box.kept() == set()


async def test_what_rose_right_before_an_orderly_end_is_remembered(tmp_path: Path) -> None:
    before = Box(tmp_path)
    await before.live()
    before.book.judge(fire(), "r", NOW)
    before.journal.head = 12
    await before.keepsake.close()
    assert before.kept() == {"zones.b12.fire"}
    assert await Box(tmp_path, "a", 11).keepsake.shortened()
    after, _ = await before.restart(tmp_path)
    assert after.journal.bodies == before.journal.bodies


async def test_an_end_before_the_last_run_was_asked_leaves_what_it_knew(tmp_path: Path) -> None:
    await Box(tmp_path).live(fire())
    after = Box(tmp_path, "b", 0)
    await after.keepsake.close()
    assert after.kept() == {"zones.b12.fire"}


async def test_nothing_is_written_before_the_last_run_was_asked(tmp_path: Path) -> None:
    await Box(tmp_path).live(fire())
    after = Box(tmp_path)
    running = asyncio.ensure_future(after.keepsake.run())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert after.kept() == {"zones.b12.fire"}
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


def _standing(event: Event) -> tuple[str, bytes | None]:
    standing = write(event).standing
    assert standing is not None
    return standing


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe", b'{"epoch": 1}', b'{"epoch":"a","head":"x","alarms":[]}'])
async def test_a_damaged_file_says_nothing(tmp_path: Path, content: bytes) -> None:
    box = Box(tmp_path)
    box.file.write_bytes(content)
    assert await box.keepsake.missing(None) == []
    assert await box.keepsake.shortened() == ""


async def test_a_folder_that_is_gone_stops_nothing(tmp_path: Path) -> None:
    box = Box(tmp_path / "gone")
    box.keepsake.begin()
    running = asyncio.ensure_future(box.keepsake.run())
    box.book.judge(fire(), "r", NOW)
    done, _ = await asyncio.wait([running], timeout=0.2)
    assert not done
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
