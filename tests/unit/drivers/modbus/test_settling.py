"""What a profile wants to have settled comes before everything else, and anew each time the device comes to life."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from drivers.modbus import Device
from drivers.modbus.profile import Profile
from drivers.modbus.settle import Settle
from gatehouse.driver import DriverError, ScanClass
from gatehouse.points import Quality

Made = Callable[..., Profile]
WHY = {"zh": "型号不对", "en": "another product"}
MAP = {"table": "input", "address": 200, "expect": [1, 2], "why": WHY}
ORDERS = {0x12345678: "high-first", 0x56781234: "low-first", 0x34127856: "high-first-swapped"}
ORDER = {"table": "holding", "address": 1000, "form": "u32", "words": ORDERS, "why": WHY}
POINTS: dict[str, dict[str, Any]] = {
    "alarm": {"bit": 0, "kind": "safety", "period": "500ms"},
    "volts": {"address": 8},
    "lock": {"table": "coil", "writable": True, "kind": "access"},
}


def requests(device: Device) -> list[str]:
    """What each scan asks."""
    return [device.ask(scan).request[1:6].hex() for scan in device.scans()]


def settle(device: Device, *answers: str) -> None:
    """Give these answers to what it wants settled."""
    for answer in answers:
        scan = next(scan for scan in device.scans() if not scan.points)
        device.ask(scan)
        assert device.read(scan, bytes.fromhex(answer)) == {}
        assert device.learn(scan, bytes.fromhex(answer))


def test_at_first_all_scans_are_told_so_that_a_line_can_be_reckoned(made: Made) -> None:
    device = Device(1, made(POINTS, settle=[MAP]))
    scans = device.scans()
    assert (scans[0].points, scans[0].kind) == ((), ScanClass.SLOW)  # once, which is no load to speak of
    assert {channel for scan in scans for channel in scan.points} == set(POINTS)


def test_nothing_else_is_asked_before_it_is_settled(made: Made) -> None:
    """Whichever scan a line begins with."""
    device = Device(1, made(POINTS, settle=[MAP]))
    for _ in range(2):  # a line may be reckoned as often as anybody likes
        assert {device.ask(scan).request[1:6].hex() for scan in device.scans()} == {"0400c80001"}
    device.prepare()  # it has answered
    assert [(scan.points, scan.kind) for scan in device.scans()] == [((), ScanClass.SAFETY)]
    settle(device, "04 02 0002")
    assert requests(device) == ["0400000001", "0100000001", "0400080001"]


@pytest.mark.parametrize(
    ("entry", "answer", "says"),
    [
        (MAP, "04 02 0004", "input register 200 holds 4, expected 1 or 2"),
        (MAP, "84 02", "input register 200 gives exception 2 to function 4, expected 1 or 2"),
        (MAP | {"expect": "refusal"}, "04 02 0001", "input register 200 holds 1, expected a refusal"),
        (ORDER, "03 04 11223344", "holding register 1000 holds 0x11223344, expected 0x12345678 or 0x56781234"),
        (
            {"table": "input", "address": 8, "low": 100, "high": 300, "why": WHY},
            "04 02 0041",
            "holds 65, expected 100 to 300",
        ),
        ({"table": "input", "address": 8, "low": 100, "why": WHY}, "04 02 0041", "holds 65, expected at least 100"),
        (
            {"table": "input", "address": 8, "form": "float32", "high": 1, "why": WHY},
            "04 04 4366 3333",
            "holds 230.2, expected at most 1",
        ),
        ({"table": "coil", "address": 7, "expect": [1], "why": WHY}, "01 01 00", "coil 7 holds 0, expected 1"),
        (
            {"table": "input", "address": 8, "form": "float32", "low": 0, "why": WHY},
            "04 04 7FC00000",
            "holds nan, expected at least 0",
        ),
    ],
)
def test_it_says_where_what_was_found_what_would_be_right_and_what_to_do(
    entry: dict[str, Any], answer: str, says: str, made: Made
) -> None:
    device = Device(1, made(POINTS, settle=[entry]))
    scan = device.scans()[0]
    device.ask(scan)
    with pytest.raises(DriverError) as refusal:
        device.read(scan, bytes.fromhex(answer))
    assert says in str(refusal.value)
    assert str(refusal.value).endswith(": 型号不对 / another product")
    assert not device.learn(scan, bytes.fromhex(answer))
    assert [scan.points for scan in device.scans()] == [()]


def test_a_refusal_may_be_what_is_right(made: Made) -> None:
    """ALM-173: the first map has no input registers at all."""
    device = Device(1, made(POINTS, settle=[MAP | {"expect": "refusal"}]))
    settle(device, "84 02")
    assert len(requests(device)) == 3


@pytest.mark.parametrize("busy", [4, 5, 6, 8, 10, 11])
def test_to_be_busy_or_away_is_no_refusal(busy: int, made: Made) -> None:
    """A gateway that says that nobody answers must not settle which map a module has."""
    device = Device(1, made(POINTS, settle=[MAP | {"expect": "refusal"}]))
    scan = device.scans()[0]
    device.ask(scan)
    with pytest.raises(DriverError, match=f"gives exception {busy} to function 4, expected a refusal"):
        device.read(scan, bytes((0x84, busy)))


def test_several_are_settled_one_after_the_other(made: Made) -> None:
    device = Device(1, made(POINTS, settle=[MAP, ORDER]))
    assert requests(device)[0] == "0400c80001"
    settle(device, "04 02 0001")
    assert requests(device) == ["0303e80002"]
    settle(device, "03 04 12345678")
    assert len(requests(device)) == 3


def test_a_line_that_asks_for_values_all_the_same_learns_better(made: Made) -> None:
    device = Device(1, made(POINTS, settle=[MAP]))
    scan = device.scans()[1]
    device.ask(scan)
    with pytest.raises(DriverError, match="another product"):
        device.read(scan, bytes.fromhex("04 02 0009"))
    assert device.learn(scan, bytes.fromhex("04 02 0009"))
    assert [scan.points for scan in device.scans()] == [()]


def test_nothing_is_written_to_what_is_not_settled(made: Made) -> None:
    """Another map has another coil there."""
    device = Device(1, made(POINTS, settle=[MAP]))
    with pytest.raises(DriverError, match="lock: not settled yet"):
        device.write("lock", True)
    settle(device, "04 02 0001")
    assert device.write("lock", True).request[1:6].hex() == "050000ff00"


def test_it_is_settled_anew_when_it_comes_back(made: Made) -> None:
    """Another product may stand in its place."""
    device = Device(1, made(POINTS, settle=[MAP]))
    settle(device, "04 02 0001")
    scan = next(scan for scan in device.scans() if scan.points == ("volts",))
    device.ask(scan)
    device.prepare()  # the answer to that shows that it lives, and comes in after this
    assert device.read(scan, bytes.fromhex("04 02 00E6"))["volts"].quality is Quality.BAD
    assert requests(device) == ["0400c80001"]
    settle(device, "04 02 0001")
    device.ask(scan)
    assert device.read(scan, bytes.fromhex("04 02 00E6"))["volts"].value == 230


def test_the_order_of_words_is_found_out_each_time(made: Made) -> None:
    points = {"amps": {"form": "float32", "words": "settled"}, "count": {"address": 2, "form": "u32"}}
    device = Device(1, made(points, settle=[ORDER]))
    for test, amps in (("56781234", "3333 4366"), ("12345678", "4366 3333"), ("34127856", "6643 3333")):
        device.prepare()
        settle(device, f"03 04 {test}")
        (scan,) = device.scans()
        device.ask(scan)
        samples = device.read(scan, bytes.fromhex(f"04 08 {amps} 0000 0007"))
        assert (samples["amps"].value, samples["count"].value) == (230.2, 7)


def test_a_line_is_reckoned_with_what_comes_when_it_is_settled(made: Made) -> None:
    points = {"text": {"form": "text", "registers": 40}}
    unsettled, plain = Device(1, made(points, settle=[MAP])), Device(1, made(points))
    (scan,) = plain.scans()
    before, after = unsettled.ask(scan), plain.ask(scan)
    assert (len(before.request), before.expected) == (len(after.request), after.expected)


# Entries that only some points wait for

VOLTS = {"table": "input", "address": 8, "low": 100, "high": 300, "points": ["volts", "amps"], "why": WHY}
SOME: dict[str, dict[str, Any]] = POINTS | {"amps": {"address": 9}, "watts": {"address": 10}}


def test_only_the_points_that_it_names_wait(made: Made) -> None:
    device = Device(1, made(SOME, settle=[VOLTS]))
    assert all(scan.points for scan in device.scans())
    asked = {scan.points: device.ask(scan).request[1:6].hex() for scan in device.scans()}
    assert asked == {
        ("alarm",): "0400000001",
        ("lock",): "0100000001",
        ("watts",): "04000a0001",
        ("volts", "amps"): "0400080001",
    }
    assert device.write("lock", True)


def test_until_then_they_say_why_they_are_bad(made: Made) -> None:
    device = Device(1, made(SOME, settle=[VOLTS]))
    scan = next(scan for scan in device.scans() if "volts" in scan.points)
    for _ in range(3):
        device.ask(scan)
        with pytest.raises(DriverError, match="input register 8 holds 65, expected 100 to 300: 型号不对"):
            device.read(scan, bytes.fromhex("04 02 0041"))
        assert not device.learn(scan, bytes.fromhex("04 02 0041"))
    device.ask(scan)
    found = device.read(scan, bytes.fromhex("04 02 00E6"))
    assert {(name, sample.quality) for name, sample in found.items()} == {("volts", Quality.BAD), ("amps", Quality.BAD)}
    assert device.ask(scan).request[1:6].hex() == "0400080002"
    assert device.read(scan, bytes.fromhex("04 04 00E6 0005"))["amps"].value == 5


def test_what_depends_on_a_point_that_waits_waits_with_it(made: Made) -> None:
    points = {"valid": {"bit": 0}, "level": {"address": 1, "only_if": "valid"}}
    device = Device(1, made(points, settle=[MAP | {"points": ["valid"]}]))
    (scan,) = device.scans()
    assert scan.points == ("valid", "level")
    assert device.ask(scan).request[1:6].hex() == "0400c80001"


def test_what_was_content_and_is_no_longer_counts_no_more(made: Made) -> None:
    device = Device(1, made(POINTS, settle=[MAP]))
    scan = device.scans()[0]
    settle(device, "04 02 0001")
    device.ask(scan)  # a line that has not planned anew yet
    with pytest.raises(DriverError, match="holds 9"):
        device.read(scan, bytes.fromhex("04 02 0009"))
    assert [scan.points for scan in device.scans()] == [()]


def test_a_refused_test_of_some_points_tears_nothing_apart(made: Made) -> None:
    device = Device(1, made(SOME, settle=[VOLTS]))
    scan = next(scan for scan in device.scans() if "volts" in scan.points)
    device.ask(scan)
    with pytest.raises(DriverError, match="gives exception 2"):
        device.read(scan, b"\x84\x02")
    assert not device.learn(scan, b"\x84\x02")
    assert len(device.scans()) == 4


# What cannot be meant


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({}, "write one of expect, words, or low and high"),
        ({"expect": [1], "low": 2}, "write one of expect, words, or low and high"),
        ({"words": {1: "high-first"}}, "say form: u32"),
        ({"table": "coil", "low": 1}, "a coil is on or off"),
        ({"form": "float32", "expect": [1]}, "a float32 is settled by low and high"),
        ({"low": 5, "high": 2}, r"low \(5\) is above high \(2\)"),
        ({"address": 65535, "form": "u32", "expect": [1]}, "reaches beyond address 65535"),
        ({"expect": "silence"}, "refusal"),
    ],
)
def test_what_makes_no_sense_is_refused(entry: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Settle.model_validate({"table": "input", "address": 0, "why": WHY, **entry})


@pytest.mark.parametrize(
    ("points", "entries", "message"),
    [
        ({}, [MAP | {"points": ["vlots"]}], "settle: points: there is no point vlots"),
        ({"amps": {"form": "u32", "words": "settled"}}, [], "needs one entry of settle with words; it has 0"),
        ({"amps": {"form": "u32", "words": "settled"}}, [ORDER, ORDER], "it has 2"),
        ({"amps": {"form": "u32", "words": "settled"}}, [ORDER | {"points": ["alarm"]}], "it has 0"),
    ],
)
def test_what_does_not_fit_the_points_is_refused(
    points: dict[str, Any], entries: list[dict[str, Any]], message: str, made: Made
) -> None:
    with pytest.raises(ValidationError, match=message):
        made(POINTS | points, settle=entries)


@pytest.mark.parametrize("answer", ["", "04", "84", "0402", "040100", "04080000000000000000"])
def test_what_no_finder_would_let_pass_settles_nothing(made: Made, answer: str) -> None:
    device = Device(1, made(POINTS, settle=[MAP]))
    device.prepare()
    (scan,) = device.scans()
    device.ask(scan)
    with pytest.raises(DriverError):
        device.read(scan, bytes.fromhex(answer))
    assert not device.learn(scan, bytes.fromhex(answer))
    assert device.raw(scan, bytes.fromhex(answer)) == {}
