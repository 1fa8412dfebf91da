"""What is written, what is not, and that trouble of the disk stays the recording's own."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daemon.config.recording import Recording
from daemon.image import LiveImage
from daemon.recording import tape as tapes
from daemon.recording.segment import blocks, files, readings
from daemon.recording.story import Mark, told
from daemon.recording.tape import HELD, SPAN, Tape
from gatehouse.points import Point, Quality
from tests.unit.daemon.doubles import HandClock

POINTS = [
    Point(name="io1.input1", max_age=1.0),
    Point(name="io1.online"),
    Point(name="b12.rms1", unit="A", low=0, high=1000, max_age=4.0),
    Point(name="meter.state", max_age=4.0),
    Point(name="north.card", momentary=True),
]
SPARE = Point(name="meter.volts", unit="V")


class Studio:
    def __init__(self, folder: Path) -> None:
        self.clock, self.folder = HandClock(), folder / "recording"
        self.image = LiveImage([*POINTS, SPARE])
        self.troubles: list[str] = []
        self.tape = Tape(self.folder, self.image, self.clock, "cafe", self.troubles.append)
        self.tape.settle(Recording(), {point.name for point in POINTS})

    def put(self, name: str, value: object, quality: Quality = Quality.GOOD, after: float = 1.0) -> None:
        self.clock.now += after
        if self.image.put(name, value, quality, self.clock.now):
            self.tape.hear({name}, self.clock.now)

    def kept(self) -> list[tuple[float, str, object, int]]:
        """Seconds since the clock's start, point, value, quality; of all files."""
        self.tape.write()
        found = []
        for file in files(self.folder):
            names: list[str] = []
            for block, _ in blocks(file):
                found += list(readings(block, names))
        start = datetime(2026, 11, 21, 6, tzinfo=UTC).timestamp()
        return [(round(each.at - start, 2), each.point, each.value, each.quality) for each in found]


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path)


def test_changes_of_points_that_rules_look_at_are_kept(studio: Studio) -> None:
    studio.put("io1.input1", True)
    studio.put("meter.volts", 230.0)
    studio.put("io1.input1", False)
    studio.put("io1.input1", False, Quality.UNCERTAIN)
    assert studio.kept() == [
        (1.0, "io1.input1", True, 2), (3.0, "io1.input1", False, 2), (4.0, "io1.input1", False, 1),
    ]  # fmt: skip


def test_all_points_are_kept_where_that_is_wished_and_none_where_not(studio: Studio) -> None:
    studio.tape.settle(Recording(points="all"), ())
    studio.put("meter.volts", 230.0)
    studio.tape.settle(Recording(points="none"), {"io1.input1"})
    studio.put("io1.input1", True)
    assert [each[1] for each in studio.kept()] == ["meter.volts"]


def test_a_measure_is_written_again_when_it_has_moved_by_its_deadband(studio: Studio) -> None:
    studio.put("b12.rms1", 0.1)
    studio.put("b12.rms1", 0.1005, after=20)  # half a per cent
    studio.put("b12.rms1", 0.102, after=1)
    assert [each[2] for each in studio.kept()] == [0.1, 0.102]


def test_soon_after_it_was_written_it_must_move_more(studio: Studio) -> None:
    studio.put("b12.rms1", 0.1)
    studio.put("b12.rms1", 0.103, after=2)
    studio.put("b12.rms1", 0.2, after=1)
    assert [each[2] for each in studio.kept()] == [0.1, 0.2]


def test_a_measure_that_creeps_is_written_after_a_minute(studio: Studio) -> None:
    studio.put("b12.rms1", 0.1)
    studio.put("b12.rms1", 0.1001, after=HELD + 1)
    assert [each[2] for each in studio.kept()] == [0.1, 0.1001]


def test_a_number_without_unit_may_be_a_code_and_has_no_deadband(studio: Studio) -> None:
    studio.put("meter.state", 2000)
    studio.put("meter.state", 2001)
    assert [each[2] for each in studio.kept()] == [2000, 2001]


def test_a_card_is_kept_without_its_number_unless_it_is_asked_for(studio: Studio) -> None:
    studio.put("north.card", "0004712345")
    studio.tape.settle(Recording(cards=True), {point.name for point in POINTS})
    studio.put("north.card", "0004712346")
    assert [each[2] for each in studio.kept()] == [None, "0004712346"]
    studio.tape.settle(Recording(), {point.name for point in POINTS})
    assert b"4712345" not in b"".join(file.read_bytes() for file in files(studio.folder))


def test_what_has_grown_stale_is_kept_as_such_and_so_is_its_return(studio: Studio) -> None:
    studio.put("io1.input1", True)
    studio.clock.now += 2
    studio.tape.hear({"io1.input1"}, studio.clock.now)
    studio.put("io1.input1", True)
    assert [(each[2], each[3]) for each in studio.kept()] == [(True, 2), (True, 0), (True, 2)]


def test_each_file_begins_with_all_that_is_known(studio: Studio) -> None:
    studio.put("io1.input1", True)
    studio.put("north.card", "1")
    studio.tape.write()
    studio.clock.now += SPAN
    studio.put("b12.rms1", 0.2)
    studio.tape.write()
    _, second = files(studio.folder)
    names: list[str] = []
    (start, _), (after, _) = blocks(second)
    assert [(each.point, each.value) for each in readings(start, names)] == [("io1.input1", True)]
    assert [(each.point, each.value) for each in readings(after, names)] == [("b12.rms1", 0.2)]
    assert start.boot == "cafe"


def test_what_is_too_old_or_too_much_is_dropped_oldest_first(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    studio.tape.settle(Recording(keep=3 * SPAN), {"io1.input1"})
    for hour in range(6):
        studio.put("io1.input1", hour % 2 == 0, after=SPAN)
        studio.tape.write()
    assert len(files(studio.folder)) == 4
    monkeypatch.setattr(tapes, "BIGGEST", 0)
    studio.tape.settle(Recording(megabytes=10), {"io1.input1"})
    for file in files(studio.folder):
        file.write_bytes(file.read_bytes() + bytes(4_000_000))
    studio.put("io1.input1", True)
    studio.tape.write()
    assert 1 <= len(files(studio.folder)) <= 3


def test_a_disk_that_fails_costs_readings_and_nothing_else(studio: Studio) -> None:
    studio.folder.write_text("a file where the folder should be")
    studio.put("io1.input1", True)
    studio.tape.write()
    assert studio.tape.lost == 1
    studio.folder.unlink()
    studio.put("io1.input1", False)
    assert [each[2] for each in studio.kept()] == [False]


async def test_trouble_is_told_once_when_it_begins_and_when_it_ends(studio: Studio) -> None:
    studio.folder.write_text("")
    for value in (True, False):
        studio.put("io1.input1", value)
        await studio.tape.flush()
    studio.folder.unlink()
    studio.put("io1.input1", True)
    await studio.tape.flush()
    assert [bool(why) for why in studio.troubles] == [True, False]


def test_what_waits_is_bounded_and_what_is_lost_is_told_in_the_file(studio: Studio, monkeypatch) -> None:
    monkeypatch.setattr(tapes, "MOST", 3)
    for number in range(5):
        studio.put("meter.state", number)
    since = datetime(2026, 11, 21, 6, tzinfo=UTC)
    assert len(studio.kept()) == 3
    assert studio.tape.lost == 2
    marks = [each for each in told(studio.folder, since, since + timedelta(hours=1)) if isinstance(each, Mark)]
    assert [(mark.kind, mark.count) for mark in marks] == [("started", 0), ("lost", 2)]


async def test_a_stop_in_good_order_loses_nothing(studio: Studio) -> None:
    async with asyncio.TaskGroup() as group:
        runs = group.create_task(studio.tape.run())
        await asyncio.sleep(0)
        studio.put("io1.input1", True)
        runs.cancel()
    assert [each[2] for each in studio.kept()] == [True]
    (*_, (last, _)) = blocks(files(studio.folder)[0])
    assert last.ended


def test_a_recording_is_for_the_daemons_user_alone(studio: Studio) -> None:
    studio.put("io1.input1", True)
    studio.tape.write()
    assert studio.folder.stat().st_mode & 0o777 == 0o700
    assert files(studio.folder)[0].stat().st_mode & 0o777 == 0o600


def test_the_end_is_told_at_its_own_instant(studio: Studio) -> None:
    """People may have done something after the last reading."""
    studio.put("io1.input1", True)
    studio.clock.now += 3.0
    studio.tape.write(ended=True)
    start = datetime(2026, 11, 21, 6, tzinfo=UTC)
    items = list(told(studio.folder, start, start + timedelta(hours=1)))
    assert [(round(each.at - start.timestamp(), 2), getattr(each, "kind", "reading")) for each in items][-2:] == [
        (1.0, "reading"), (4.0, "stopped"),
    ]  # fmt: skip
