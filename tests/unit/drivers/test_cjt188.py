"""Frames that owners of such meters have published, and what must not pass for one."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.cjt188 import Device
from gatehouse.driver import DriverError, Found, Sample
from gatehouse.points import Quality

WATER = "68 10 44 33 22 11 00 33 78 81 16 1F 90 00 00 77 66 55 2C 00 77 66 55 2C 31 01 22 11 05 15 20 21 84 13 16"
"""cnblogs.com/yangykaifa/p/7010777.html, whose check byte is misprinted as 08; right in other copies of the frame."""
SANEXT = (
    "FE FE 68 20 13 47 06 12 00 74 00 81 2E 1F 90 00 00 00 00 00 05 00 00 00 00 05 00 00 00 00 17 00 00 00 00 35 "
    "00 00 00 00 2C 02 23 00 11 23 00 34 58 00 09 49 12 05 09 23 20 00 08 F0 16"
)
"""A Sanext Mono CU in the comments of the ioBroker adapter sanext."""
LORA = (
    "68 25 12 19 24 18 27 31 00 81 2E 1F 90 03 11 74 02 00 05 88 27 44 05 05 00 00 00 00 17 00 00 00 00 35 "
    "08 56 71 00 2C 79 26 00 64 26 00 66 47 07 11 52 17 03 09 25 20 00 05 2A 16"
)
"""In an example of the ManThink EdgeBus SDK: asked as type 20 with serial number 12, it answers as 25 with 03."""
UNIT_FIRST = (
    "68 20 32 41 31 40 00 00 00 81 2E 90 1F 01 08 02 00 00 00 08 02 00 00 00 17 00 00 00 00 35 00 00 00 00 "
    "2C 34 10 00 00 35 25 00 66 25 00 00 00 00 53 00 12 10 07 15 20 00 00 31 16"
)
"""Maker JY, cnblogs.com/llguanli/p/8683992.html: units before numbers, which is another layout of the same length."""


def said(meter: Device, frame: str) -> dict[str, Sample]:
    """What it makes of an answer to its question."""
    (scan,) = meter.scans()
    data = bytes.fromhex(frame)
    found = meter.ask(scan).find(data)
    assert found is not None
    assert found.answer is not None, found.why
    assert found.used == len(data)
    return dict(meter.read(scan, found.answer))


def values(meter: Device, frame: str) -> dict[str, object]:
    return {name: sample.value for name, sample in said(meter, frame).items()}


def resummed(frame: str) -> str:
    """A hand-made frame with its check byte made right."""
    data = bytearray.fromhex(frame)
    data[-2] = sum(data[:-2]) & 0xFF
    return data.hex()


def test_a_cold_water_meter() -> None:
    meter = Device("cold_water", "78330011223344", also=("volume_settled", "clock", "status"))
    question = meter.ask(meter.scans()[0])
    assert question.request == bytes.fromhex("FE FE FE FE 68 10 44 33 22 11 00 33 78 01 03 1F 90 00 80 16")
    assert question.expected == 4 + len(bytes.fromhex(WATER))
    assert values(meter, WATER) == {
        "volume": 556677.0, "volume_settled": 556677.0, "clock": "2015-05-11 22:01:31", "valve_shut": True,
        "valve_fault": False, "battery_low": False, "status": "8421",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("address", "frame", "volume"),
    [
        (
            "78330007061326",
            "68 10 26 13 06 07 00 33 78 81 16 1F 90 04 00 68 00 00 2C 00 00 00 00 2C 00 00 00 00 00 00 00 00 00 73 16",
            68.0,
        ),
        (
            "00001811775450",
            "68 10 50 54 77 11 18 00 00 81 16 1F 90 00 00 00 00 00 2C 00 00 00 00 2C 00 00 00 00 00 00 00 00 00 5A 16",
            0.0,
        ),
    ],
)
def test_more_water_meters_from_public_code(address: str, frame: str, volume: float) -> None:
    assert values(Device("cold_water", address), frame) == {
        "volume": volume, "valve_shut": False, "valve_fault": False, "battery_low": False,
    }  # fmt: skip


def test_a_meter_that_sends_the_high_byte_first() -> None:
    meter = Device("cold_water", "00002020120218", identifier="high_first")
    assert meter.ask(meter.scans()[0]).request[15:17] == b"\x90\x1f"
    answer = "68 10 18 02 12 20 20 00 00 81 16 90 1F 00 00 02 00 00 2C 00 02 00 00 2C 00 00 00 00 00 00 00 00 FF 85 16"
    assert values(meter, answer)["volume"] == 2.0
    assert Device("cold_water", "00002020120218").ask(meter.scans()[0]).find(bytes.fromhex(answer)) == Found(
        35, why="foreign"
    )


def test_heat_meters_of_two_makers() -> None:
    sanext = Device("heat", "00740012064713", also=("hours", "clock"))
    assert values(sanext, SANEXT) == {
        "energy": 0.0, "power": 0.0, "volume": 0.0, "supply": 23.02, "back": 23.11, "hours": 5834,
        "clock": "2023-09-05 12:49:09", "battery_low": False,
    }  # fmt: skip
    other = Device("heat", "00312718241912", also=("hours",), every=30)
    assert values(other, LORA) == {
        "energy": 54427.88, "power": 0.0, "volume": 7156.08, "supply": 26.79, "back": 26.64, "hours": 74766,
        "battery_low": False,
    }  # fmt: skip
    assert other.scans()[0].period == 30


def test_another_layout_of_the_same_length_is_no_reading() -> None:
    meter = Device("heat", "00000040314132", identifier="high_first")
    with pytest.raises(DriverError, match=r"unit 00 came where one of 05, 08, 0E, 11 .* another layout"):
        said(meter, UNIT_FIRST)


@pytest.mark.parametrize(
    ("unit", "kwh"), [("05", 54427.88), ("08", 54427880.0), ("0E", 54427.88 / 3.6), ("11", 54427.88 / 0.0036)]
)
def test_heat_in_any_unit_is_kilowatt_hours(unit: str, kwh: float) -> None:
    frame = resummed(LORA.replace("88 27 44 05 05", f"88 27 44 05 {unit}"))
    assert values(Device("heat", "00312718241912"), frame)["energy"] == pytest.approx(kwh)


def test_litres_are_cubic_metres() -> None:
    assert values(Device("cold_water", "78330011223344"), resummed(WATER.replace("2C", "29")))["volume"] == 556.677


def test_a_faulty_valve_stands_nobody_knows_how_and_a_low_battery_is_seen() -> None:
    samples = said(Device("cold_water", "78330011223344"), resummed(WATER.replace("21 84", "07 00")))
    assert samples["valve_shut"] == Sample(None, Quality.BAD, "the meter says that its valve is faulty")
    assert samples["valve_fault"] == samples["battery_low"] == Sample(True)


def test_a_value_that_is_none_does_not_spoil_the_others() -> None:
    samples = said(
        Device("cold_water", "78330011223344", also=("volume_settled",)),
        resummed(WATER.replace("00 77 66 55 2C 31", "FF FF FF FF 2C 31")),
    )
    assert samples["volume_settled"] == Sample(None, Quality.BAD, "FF FF FF FF is no decimal number")
    assert samples["volume"] == Sample(556677.0)


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        ("68 10 44 33 22 11 00 33 78 C1 03 00 02 00 00 16", "refused, with 00 02 00"),
        ("68 10 44 33 22 11 00 33 78 C1 00 00 16", "refused, with no reason"),
        ("68 10 44 33 22 11 00 33 78 A1 03 1F 90 00 00 16", "more to say"),
        ("68 10 44 33 22 11 00 33 78 81 08 1F 90 00 00 77 66 55 2C 00 16", "5 bytes came where .* cold_water sends 19"),
        (WATER.replace("2C 31", "99 31"), "unit 99 came"),
    ],
)
def test_refusals_and_nonsense_are_said_in_words(frame: str, says: str) -> None:
    with pytest.raises(DriverError, match=says):
        said(Device("cold_water", "78330011223344"), resummed(frame))


@pytest.mark.parametrize(
    "frame",
    [
        WATER.replace("44 33 22", "45 33 22"),  # another meter
        WATER.replace("68 10", "68 30"),  # a gas meter of the same number
        WATER.replace("1F 90 00", "20 D1 00"),  # the month before
        WATER.replace("78 81", "78 84"),  # a setting taken
        "68 61 01 00 00 00 00 68 91 06 33 34 34 35 34 43 10 16",  # an electricity meter
    ],
)
def test_strangers_are_foreign(frame: str) -> None:
    meter, data = Device("cold_water", "78330011223344"), bytes.fromhex(resummed(frame))
    assert meter.ask(meter.scans()[0]).find(data) == Found(len(data), why="foreign")


def test_a_broken_sum_is_a_broken_sum_and_the_echo_an_echo() -> None:
    meter = Device("cold_water", "78330011223344", slower=2)
    question = meter.ask(meter.scans()[0])
    broken = question.find(bytes.fromhex(WATER.replace("13 16", "08 16")))
    assert broken is not None
    assert broken.why == "crc"
    assert question.find(question.request + bytes.fromhex(WATER)) == Found(len(question.request), why="echo")
    assert (question.patience, question.worst) == (3.0, 4.0)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"address": "0011223344"}, "^address 0011223344 is none; write fourteen digits"),
        ({"address": "9" * 14}, "^address"),
        ({"address": "A" * 14}, "^address"),
        ({"wire": "tcp"}, "rtu_over_tcp"),
        ({"code": 0x25}, "^code 0x25 is none of a meter of type cold_water; those are 0x10 to 0x19"),
        ({"also": ("hours",)}, "^also: hours .*type cold_water; it has volume,"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Device(**{"type": "cold_water", "address": "78330011223344", **settings})  # type: ignore[arg-type]


def test_a_maker_s_own_number_of_a_type() -> None:
    meter = Device("gas", "78330011223344", code=0x31)
    assert meter.ask(meter.scans()[0]).request[5] == 0x31
    assert values(meter, resummed(WATER.replace("68 10", "68 30")))["volume"] == 556677.0


@given(kind=st.sampled_from(["cold_water", "heat"]), body=st.binary(max_size=50))
def test_whatever_a_meter_says_read_answers_or_says_why(kind: str, body: bytes) -> None:
    meter = Device(kind, "78330011223344", also=("clock", "status"))  # type: ignore[arg-type]
    head = meter.ask(meter.scans()[0]).request[4:13]
    frame = resummed((head + bytes((0x81, len(body) + 3)) + b"\x1f\x90\0" + body + b"\0\x16").hex())
    with suppress(DriverError):
        assert set(said(meter, frame)) == {point.name for point in meter.points()}


@pytest.mark.parametrize("answer", [b"", b"\x68", bytes(11), b"\x68\x10" + bytes(7) + b"\xc1" + bytes(600)])
def test_what_no_finder_would_let_pass_is_no_answer_either(answer: bytes) -> None:
    meter = Device("cold_water", "00001234567890")
    with pytest.raises(DriverError) as refusal:
        meter.read(meter.scans()[0], answer)
    assert len(str(refusal.value)) < 100
