"""The meter says what published meters said, and nothing to anybody else."""

import pytest

from simulators.clock import HandClock
from simulators.units.cjt188 import Device

ASKED = bytes.fromhex("FE FE FE FE 68 10 44 33 22 11 00 33 78 01 03 1F 90 00 80 16")
"""cnblogs.com/yangykaifa/p/7010777.html"""


@pytest.fixture
def meter(clock: HandClock) -> Device:
    return Device({"type": "cold_water", "address": "78330011223344"}, clock)


def test_the_published_frame_but_for_its_serial_number_and_what_is_the_maker_s_own(meter: Device) -> None:
    for name, value in (("volume", 556677.0), ("volume_settled", 556677.0), ("clock", "20150511220131")):
        meter.values.set(name, value)
    meter.values.set("valve_shut", True)
    assert meter.asked(ASKED)
    answer = meter.answer(ASKED)
    assert answer is not None
    frame = "68 10 44 33 22 11 00 33 78 81 16 1F 90 04 00 77 66 55 2C 00 77 66 55 2C 31 01 22 11 05 15 20 01 00"
    assert answer[2:-2] == bytes.fromhex(frame)
    assert answer[-2:] == bytes([sum(bytes.fromhex(frame)) % 256, 0x16])


def test_a_heat_meter_of_another_number_of_type(clock: HandClock) -> None:
    meter = Device({"type": "heat", "code": 0x25, "address": "00312718241912"}, clock)
    asked = bytes.fromhex("FE FE FE FE FE 68 20 12 19 24 18 27 31 00 01 03 1F 90 12 FA 16")
    assert meter.asked(asked[:-2] + bytes([sum(asked[5:-2]) % 256, 0x16]))
    answer = meter.answer(asked[:-2] + bytes([sum(asked[5:-2]) % 256, 0x16]))
    assert answer is not None
    assert answer[3] == 0x25
    assert answer[12] == 0x2E
    assert answer[21:26].hex() == "8827440505", "heat, as in the example of the ManThink EdgeBus SDK"


def test_it_refuses_what_it_does_not_know(meter: Device) -> None:
    other = bytes.fromhex("68 10 44 33 22 11 00 33 78 01 03 90 1F 00 80 16")
    assert meter.asked(other)
    answer = meter.answer(other)
    assert answer is not None
    assert answer[11] == 0xC1
    assert meter.answer(bytes.fromhex("68 10 44 33 22 11 00 33 78 81 03 1F 90 00 00 16")) is None, "an answer"


def test_an_older_one_wants_the_high_byte_first(clock: HandClock) -> None:
    meter = Device({"type": "gas", "address": "78330011223344", "identifier": "high_first"}, clock)
    answer = meter.answer(bytes.fromhex("68 30 44 33 22 11 00 33 78 01 03 90 1F 00 A0 16"))
    assert answer is not None
    assert answer[11:15].hex() == "8116901f"


def test_it_is_only_itself(meter: Device) -> None:
    assert not meter.asked(ASKED[:-2] + b"\0\x16")
    assert not meter.asked(bytes.fromhex("68 61 01 00 00 00 00 68 11 04 33 34 34 35 17 16"))
    answer = meter.answer(ASKED)
    assert answer is not None
    disguised = meter.disguised(answer)
    assert disguised[2] != answer[4]
    assert disguised[-2] == sum(disguised[:-2]) % 256


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"type": "cold_water", "address": 7}, "address: 14 digits"),
        ({"address": "78330011223344"}, "type: one of cold"),
    ],
)
def test_what_it_cannot_be(settings: dict[str, object], says: str, clock: HandClock) -> None:
    with pytest.raises(ValueError, match=says):
        Device(settings, clock)
