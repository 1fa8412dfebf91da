"""A recording read again: what was known at the beginning, what came after, and what is missing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daemon.recording.segment import MAGIC, Block, Reading, files, packed
from daemon.recording.story import span, told

START = datetime(2026, 11, 21, 6, tzinfo=UTC)
AT = START.timestamp()


def write(folder: Path, minute: int, *blocks: Block, tail: bytes = b"") -> None:
    folder.mkdir(exist_ok=True)
    name = f"{START + timedelta(minutes=minute):%Y%m%dT%H%M%S.%f}Z.rec"
    (folder / name).write_bytes(MAGIC + b"".join(map(packed, blocks)) + tail)


def read(folder: Path, first: float = 0, last: float = 600) -> list[tuple[object, ...]]:
    """Seconds since the start, and what."""
    found = told(folder, START + timedelta(seconds=first), START + timedelta(seconds=last))
    return [
        (round(each.at - AT, 3), *((each.point, each.value) if isinstance(each, Reading) else (each.kind,)))
        for each in found
    ]  # fmt: skip


def test_one_file_after_the_other_without_telling_anything_twice(tmp_path: Path) -> None:
    write(tmp_path, 0, Block(AT, [], [], "a"), Block(AT + 1, ["x"], [(0, 0, True, 2), (500, 0, False, 2)]))
    write(tmp_path, 1, Block(AT + 60, ["x"], [(0, 0, False, 2)], "a"), Block(AT + 70, [], [(0, 0, True, 2)]))
    assert read(tmp_path) == [(0, "started"), (1, "x", True), (1.5, "x", False), (70, "x", True)]


def test_a_span_begins_with_the_file_that_was_being_written(tmp_path: Path) -> None:
    write(tmp_path, 0, Block(AT, [], [], "a"), Block(AT + 1, ["x"], [(0, 0, True, 2)]))
    write(tmp_path, 1, Block(AT + 60, ["x"], [(0, 0, True, 2)], "a"), Block(AT + 70, [], [(0, 0, False, 2)]))
    write(tmp_path, 2, Block(AT + 120, ["x"], [(0, 0, False, 2)], "a"), Block(AT + 130, [], [(0, 0, True, 2)]))
    assert read(tmp_path, first=65, last=125) == [(60, "started"), (60, "x", True), (70, "x", False)]


def test_a_daemon_that_stopped_and_one_that_was_killed(tmp_path: Path) -> None:
    write(tmp_path, 0, Block(AT, [], [], "a"), Block(AT + 1, ["x"], [(0, 0, True, 2)], ended=True))
    write(tmp_path, 1, Block(AT + 60, [], [], "b"), Block(AT + 61, ["x"], [(0, 0, True, 2)]))
    write(tmp_path, 2, Block(AT + 120, [], [], "c"), Block(AT + 121, ["x"], [(0, 0, True, 2)]))
    assert read(tmp_path) == [
        (0, "started"), (1, "x", True), (1, "stopped"),
        (60, "started"), (61, "x", True), (61, "stopped"),
        (120, "started"), (121, "x", True),
    ]  # fmt: skip


def test_what_is_torn_is_told(tmp_path: Path) -> None:
    write(tmp_path, 0, Block(AT, [], [], "a"), Block(AT + 1, ["x"], [(0, 0, True, 2)]), tail=b"\0\0\0\x30half of a blo")
    assert read(tmp_path) == [(0, "started"), (1, "x", True), (1, "torn")]


def test_of_a_time_without_a_recording_there_is_no_story(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(told(tmp_path, START, START + timedelta(hours=1)))
    assert span(tmp_path) is None
    write(tmp_path, 0, Block(AT, [], [], "a"), Block(AT + 30, ["x"], [(0, 0, True, 2)]))
    assert span(tmp_path) == (START, START + timedelta(seconds=30))
    with pytest.raises(FileNotFoundError):
        list(told(tmp_path, START - timedelta(hours=2), START - timedelta(hours=1)))
    assert len(files(tmp_path)) == 1
