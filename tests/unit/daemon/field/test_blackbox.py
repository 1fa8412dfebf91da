"""What a line said around a fault: one file a minute, whole or not at all, and nothing else ever waits for it."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from daemon.config import load as config
from daemon.config.site import Site
from daemon.field import blackbox
from daemon.field.blackbox import Blackbox, line_of, put
from daemon.field.trace import Ring
from tests.unit.daemon import small
from tests.unit.daemon.bus import LoopClock, play, until


@dataclass
class Line:
    ring: Ring


@dataclass
class Case:
    box: Blackbox
    rings: dict[str, Line]
    folder: Path

    def noted(self, data: bytes, line: str = "gate", kind: str = "sent") -> None:
        self.rings[line].ring.note(kind, "io1", data, LoopClock().monotonic(), "contacts")

    def files(self) -> list[Path]:
        return sorted(self.folder.glob("*.jsonl"))

    def bytes(self, file: Path) -> list[bytes]:
        _, *entries = (json.loads(line) for line in file.read_text().splitlines())
        return [bytes.fromhex(entry["bytes"]) for entry in entries]


@dataclass
class Slow:
    """`asyncio.to_thread`, on the spot: there is no other thread in virtual time."""

    fails: list[OSError] = field(default_factory=list)

    async def __call__(self, work: Callable[..., Any], *given: Any) -> Any:
        await asyncio.sleep(0)
        if self.fails:
            raise self.fails.pop()
        return work(*given)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return config.load(small.write(tmp_path / "site")).site


@pytest.fixture
def thread(monkeypatch: pytest.MonkeyPatch) -> Slow:
    slow = Slow()
    monkeypatch.setattr(blackbox.asyncio, "to_thread", slow)
    return slow


@pytest.fixture
def stage(tmp_path: Path, site: Site, thread: Slow) -> Callable[..., None]:
    def perform(story: Callable[[Case], Awaitable[None]]) -> None:
        async def whole() -> None:
            clock = LoopClock()
            rings = {name: Line(Ring(clock)) for name in site.lines}
            folder = tmp_path / "state" / "traces"
            case = Case(Blackbox(folder, lambda: site, rings, clock), rings, folder)  # type: ignore[arg-type]
            async with asyncio.TaskGroup() as group:
                task = group.create_task(case.box.run())
                await asyncio.sleep(1)
                await story(case)
                task.cancel()

        play(whole)

    return perform


def test_a_lost_device_leaves_the_minute_before_it(stage: Callable[..., None]) -> None:
    async def story(case: Case) -> None:
        case.noted(b"\1\2")
        name = case.box.keep("device.offline", "devices.io1", {"why": "no answer"})
        assert name == "20261121T000000Z-gate-offline.jsonl"
        await until(case.files)
        (file,) = case.files()
        assert file.name == name
        head, entry = (json.loads(line) for line in file.read_text().splitlines())
        assert (head["line"], head["subject"], head["said"]) == ("gate", "devices.io1", "no answer")
        assert head["drivers"] == {"io1": "modbus"}
        assert (entry["kind"], entry["device"], entry["scan"], entry["bytes"]) == ("sent", "io1", "contacts", "0102")

    stage(story)


def test_a_second_fault_within_the_minute_is_in_the_same_file(stage: Callable[..., None]) -> None:
    async def story(case: Case) -> None:
        case.noted(b"before")
        first = case.box.keep("device.offline", "devices.io1", {})
        await asyncio.sleep(20)
        case.noted(b"between")
        assert case.box.keep("line.down", "lines.gate", {"why": "the adapter is gone"}) == first
        assert case.bytes(case.files()[0]) == [b"before"]
        await asyncio.sleep(20)
        case.noted(b"after")
        await asyncio.sleep(25)
        assert [case.bytes(file) for file in case.files()] == [[b"before", b"between", b"after"]]
        assert case.box.keep("device.offline", "devices.io1", {}) != ""
        await until(lambda: len(case.files()) >= 1)

    stage(story)


def test_each_line_has_its_own(stage: Callable[..., None]) -> None:
    async def story(case: Case) -> None:
        names = {
            case.box.keep("line.down", "lines.gate", {}),
            case.box.keep("device.offline", "devices.north", {}),
        }
        await until(lambda: {file.name for file in case.files()} == names)
        assert len(names) == 2

    stage(story)


@pytest.mark.parametrize(
    ("kind", "subject", "content", "line"),
    [
        ("alarm.raised", "doors.north", {"alarm_kind": "unconfirmed"}, "gate"),
        ("alarm.raised", "lanes.in", {"alarm_kind": "boom_stuck"}, "gate"),
        ("alarm.raised", "doors.north", {"alarm_kind": "door_held"}, ""),
        ("alarm.returned", "doors.north", {"alarm_kind": "unconfirmed"}, ""),
        ("device.online", "devices.io1", {}, ""),
        ("device.offline", "devices.unknown", {}, ""),
        ("line.down", "lines.unknown", {}, ""),
        ("access.granted", "doors.north", {}, ""),
    ],
)
def test_what_is_kept_and_what_is_not(
    stage: Callable[..., None], kind: str, subject: str, content: dict[str, Any], line: str
) -> None:
    async def story(case: Case) -> None:
        name = case.box.keep(kind, subject, content)
        assert bool(name) == bool(line)
        assert f"-{line}-" in name or not line

    stage(story)


def test_the_way_from_an_output_to_its_line(site: Site) -> None:
    assert line_of(site, "lanes.in") == "gate"
    assert line_of(site, "devices.north") == "reader"
    assert line_of(site, "zones.b12") == ""
    assert line_of(site, "daemon") == ""


def test_a_full_disk_is_said_once_and_costs_nothing_else(stage: Callable[..., None], thread: Slow) -> None:
    async def story(case: Case) -> None:
        thread.fails = [OSError(28, "No space left on device"), OSError(28, "No space left on device")]
        with capture_logs() as said:
            case.box.keep("line.down", "lines.gate", {})
            case.box.keep("device.offline", "devices.north", {})
            await asyncio.sleep(1)
            assert [entry["event"] for entry in said] == ["the trace of a fault could not be saved"]
            await asyncio.sleep(70)
            case.noted(b"again")
            case.box.keep("line.down", "lines.gate", {})
            await until(case.files)
        assert case.bytes(case.files()[-1]) == [b"again"]

    stage(story)


def test_the_oldest_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blackbox, "MOST_FILES", 5)
    for number in range(9):
        put(tmp_path, f"2026112{number}T000000Z-gate-down.jsonl", [{"number": number}])
    assert [file.name[7] for file in sorted(tmp_path.iterdir())] == ["4", "5", "6", "7", "8"]
    monkeypatch.setattr(blackbox, "MOST_BYTES", 40)
    put(tmp_path, "20261130T000000Z-gate-down.jsonl", [{"number": 10}])
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 40
    assert (tmp_path / "20261130T000000Z-gate-down.jsonl").exists()


def test_a_write_that_fails_leaves_nothing_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    put(tmp_path, "a.jsonl", [{"old": True}])
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        put(tmp_path, "a.jsonl", [{"new": True}])
    assert [file.name for file in tmp_path.iterdir()] == ["a.jsonl"]
    assert json.loads((tmp_path / "a.jsonl").read_text()) == {"old": True}


def test_the_event_names_the_file(tmp_path: Path) -> None:
    house = small.House(tmp_path)
    house.engine.device("io1", False, "no answer", house.clock.now)
    (event,) = [event for event in house.daemon.journal.waiting() if event.kind == "device.offline"]
    assert event.content["trace"].endswith("-gate-offline.jsonl")
    house.engine.device("io1", True, "answers", house.clock.now)
    (event,) = [event for event in house.daemon.journal.waiting() if event.kind == "device.online"]
    assert "trace" not in event.content
