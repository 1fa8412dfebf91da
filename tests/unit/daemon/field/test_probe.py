"""Reading everything that a device has, once, and saying what cannot be right about it."""

from pathlib import Path
from typing import Any

import pytest

from daemon.field.likeness import shelf
from daemon.field.matter import NoAnswerError
from daemon.field.probe import complete, explained, probe, walk
from drivers import _blueprint, rdm6300
from drivers.modbus import Device
from drivers.modbus.profile import Profile
from gatehouse.driver import Question, Sample, Scan, ScanClass
from simulators.profile_units import Unit
from tests.unit.daemon.bus import LoopClock, Talker, play
from tests.unit.daemon.units import unit

PROFILES = {each.name: each.profile for each in shelf(Path("no-site-of-its-own"))}


class Visits:
    """What a unit says to each question; the instants at which it was asked."""

    def __init__(self, its: Unit) -> None:
        self.its = its
        self.at: list[float] = []
        self.silent: set[int] = set()
        """Numbers of the questions that stay unanswered."""

    async def __call__(self, question: Question, patience: float | None = None) -> bytes:
        self.at.append(LoopClock().monotonic())
        if len(self.at) - 1 in self.silent:
            raise NoAnswerError("no answer")
        found = question.find(self.its.answer("rtu", question.request))
        assert found is not None
        assert found.answer is not None
        return found.answer


def probed(device: Any, visit: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    async def story() -> None:
        found.extend([event async for event in probe(device, visit, LoopClock())])

    play(story)
    return found


def points(events: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {point["channel"]: point for event in events[:-1] for point in event["points"]}


@pytest.mark.parametrize("name", ["xy-md02", "eastron/sdm230", "lingxun/lx47le-125", "chint/dtsu666", "bender/rcms410"])
def test_every_channel_is_shown_as_the_unit_means_it(name: str) -> None:
    """Also those that come only after something was settled, and those that a refused gap had hidden."""
    its = unit(name)
    events = probed(Device(unit=1, profile=PROFILES[name]), Visits(its))
    shown = points(events)
    known = {point.name for point in complete(Device(unit=1, profile=PROFILES[name])).points()}
    assert shown.keys() == known
    for channel, value in its.expected(known).items():
        if isinstance(value, int | float | str | bool):
            assert shown[channel]["value"] == pytest.approx(value) if not isinstance(value, str) else value
            assert shown[channel]["raw"], channel
    assert events[-1]["unread"] == []


def test_optional_points_are_read_too() -> None:
    name = next(name for name, its in PROFILES.items() if any(spec.optional for spec in its.points.values()))
    device = Device(unit=1, profile=PROFILES[name])
    every = complete(device)
    assert {point.name for point in device.points()} < {point.name for point in every.points()}
    assert every is not device


def test_an_implausible_value_is_marked_with_its_limits() -> None:
    its = unit("xy-md02")
    its.values["input", 1] = 5000
    (read, end) = probed(Device(unit=1, profile=PROFILES["xy-md02"]), Visits(its))
    temperature = next(point for point in read["points"] if point["channel"] == "temperature")
    assert temperature["value"] == 500.0
    assert temperature["implausible"]
    assert temperature["limits"] == [-40.0, 80.0]
    assert temperature["raw"] == "0x0001: 1388"
    assert end["answered"] == 1


def test_what_is_not_answered_and_what_is_refused_is_said() -> None:
    its, visit = unit("lingxun/lx47le-125"), Visits(unit("lingxun/lx47le-125"))
    del its.values["input", 5]
    visit.its, visit.silent = its, {1}
    events = probed(Device(unit=1, profile=PROFILES["lingxun/lx47le-125"]), visit)
    assert events[0]["why"].startswith("exception 2 to function 4")
    assert events[1]["why"] == "no answer"
    assert all(point["quality"] == "bad" and point["note"] for point in events[1]["points"])
    assert events[-1]["answered"] == sum(not event["why"] for event in events[:-1]) > 5


def test_a_device_that_wants_to_be_left_alone_is() -> None:
    gap = PROFILES["lingxun/lx47le-125"].limits.gap
    assert gap > 0
    visit = Visits(unit("lingxun/lx47le-125"))
    probed(Device(unit=1, profile=PROFILES["lingxun/lx47le-125"]), visit)
    assert min(after - before for before, after in zip(visit.at, visit.at[1:], strict=False)) >= gap - 1e-6


def test_it_is_only_read() -> None:
    its = unit("waveshare/rtu-relay-d")
    probed(Device(unit=1, profile=PROFILES["waveshare/rtu-relay-d"]), Visits(its))
    assert {function for function, *_ in its.asked} <= {1, 2, 3, 4}


def test_the_device_of_the_daemon_learns_nothing_from_it() -> None:
    device = Device(unit=1, profile=PROFILES["eastron/sdm120"])
    before = list(device.scans())
    probed(device, Visits(unit("eastron/sdm120")))
    assert list(device.scans()) == before


def test_a_driver_that_raises_costs_its_scan_only() -> None:
    class Broken(Talker):
        def read(self, scan: Scan, answer: bytes) -> dict[str, Sample]:
            raise ZeroDivisionError("oops")

    async def visit(question: Question, patience: float | None = None) -> bytes:
        return b"!a:x=1."

    wants = (Scan(name="x", kind=ScanClass.SLOW, period=1.0, points=("x",)),)
    (read, end) = probed(Broken("a", wants), visit)
    assert read["why"] == "driver fault: ZeroDivisionError: oops"
    assert end["answered"] == 0


def test_a_device_that_finds_out_more_without_end_is_left() -> None:
    class Endless(Talker):
        number = 0

        def scans(self) -> tuple[Scan, ...]:
            return (Scan(name=str(self.number), kind=ScanClass.SLOW, period=1.0, points=()),)

        def read(self, scan: Scan, answer: bytes) -> dict[str, Sample]:
            return {}

        def learn(self, scan: Scan, answer: bytes) -> bool:
            self.number += 1
            return True

    async def visit(question: Question, patience: float | None = None) -> bytes:
        return b""

    async def story() -> None:
        assert len([read async for read in walk(Endless("a", ()), visit, LoopClock())]) == 200

    play(story)


def test_frames_are_explained_by_the_driver_that_has_them() -> None:
    assert explained(Device(unit=3, profile=PROFILES["xy-md02"]), bytes.fromhex("0304000100 0221E9")) == (
        "unit 3: read 2 input registers from 1 (0x0001)"
    )
    assert explained(_blueprint, b"#07=OFF\r") == "tank 07: =OFF"
    assert explained(rdm6300.Device(), b"\x02\x30\x31") == "3 bytes that are no card"
    assert explained(object(), b"x") == ""
    assert explained(_blueprint, b"") == ""


# Hints


def odd(form: dict[str, Any], words: list[int]) -> list[str]:
    entry = {
        "table": "input",
        "address": 0,
        "kind": "measure",
        "period": "1s",
        "title": {"zh": "量", "en": "it"},
    } | form
    about = {
        "maker": "m",
        "model": "x",
        "title": {"zh": "量", "en": "it"},
        "source": [],
        "hardware": False,
        "grade": "B",
    }
    profile = Profile.model_validate(about | {"points": {"it": entry}})
    its = Unit({"points": {}}, 1)
    its.put([("input", at) for at in range(len(words))], words)
    return list(probed(Device(unit=1, profile=profile), Visits(its))[0]["hints"])


def test_words_the_other_way_round_are_tried() -> None:
    wide = {"form": "float32", "unit": "V", "low": 100, "high": 300}
    assert odd(wide, [0x0000, 0x4366]) == ["with words: low-first it would make sense: it 230 V"]
    assert odd(wide, [0x4366, 0x0000]) == []
    assert odd(wide, [0x6643, 0x0000]) == ["with words: high-first-swapped it would make sense: it 230 V"]


def test_all_nought_all_ones_and_all_alike() -> None:
    many = {"count": 4, "low": 0, "high": 70000}
    assert odd(many, [0, 0, 0, 0])[0].startswith("all are 0")
    assert odd(many, [0xFFFF] * 4)[0].startswith("all bytes are FF")
    assert odd(many, [7, 7, 7, 7])[0].startswith("all registers are the same")
    assert odd(many, [7, 7, 7, 8]) == []
