"""The meter says what published meters said, and nothing to anybody else."""

import pytest

from simulators.clock import HandClock
from simulators.units.dlt645 import Device

HEAD = "68 61 01 00 00 00 00 68"


@pytest.fixture
def meter(clock: HandClock) -> Device:
    return Device({"address": "000000000161"}, clock)


@pytest.mark.parametrize(
    ("name", "value", "request_", "answer"),
    [  # hwhale.com/article/138066
        ("energy_import", 0.26, "11 04 33 33 34 33 14 16", "91 08 33 33 34 33 59 33 33 33 8A 16"),
        ("volts_a", 100.1, "11 04 33 34 34 35 17 16", "91 06 33 34 34 35 34 43 10 16"),
        ("amps_a", 4.999, "11 04 33 34 35 35 18 16", "91 07 33 34 35 35 CC 7C 33 16 16"),
        ("power", 0.2512, "11 04 33 33 36 35 18 16", "91 07 33 33 36 35 45 58 33 6B 16"),
        ("power_factor", 0.501, "11 04 33 33 39 35 1B 16", "91 06 33 33 39 35 34 38 09 16"),
    ],
)
def test_published_frames(meter: Device, name: str, value: float, request_: str, answer: str) -> None:
    meter.values.set(name, value)
    asked = bytes.fromhex(f"FE FE FE FE {HEAD} {request_}")
    assert meter.asked(asked)
    assert meter.answer(asked) == bytes.fromhex(f"FE FE {HEAD} {answer}")


def test_a_negative_value_has_its_highest_bit_set(meter: Device) -> None:
    meter.values.set("power", -0.2512)
    answer = meter.answer(bytes.fromhex(f"{HEAD} 11 04 33 33 36 35 18 16"))
    assert answer is not None
    assert answer[-5:-2].hex() == "4558b3"


def test_what_it_does_not_have_it_refuses(meter: Device) -> None:
    assert meter.answer(bytes.fromhex(f"{HEAD} 11 04 33 34 CC 35 AF 16")) == bytes.fromhex(
        f"FE FE {HEAD} D1 01 35 39 16"
    )
    assert meter.answer(bytes.fromhex(f"{HEAD} 14 00 46 16")) is None


def test_it_answers_to_its_address_and_to_anybody(meter: Device) -> None:
    anybody = bytes.fromhex("FE FE FE FE 68 AA AA AA AA AA AA 68 11 04 33 34 34 35 B1 16")
    assert meter.asked(anybody)
    told = meter.answer(bytes.fromhex("68 AA AA AA AA AA AA 68 13 00 DF 16"))
    assert told == bytes.fromhex(f"FE FE {HEAD} 93 06 94 34 33 33 33 33 5F 16")
    assert not meter.asked(anybody[:-1])
    assert not meter.asked(anybody[:-2] + b"\0\x16")
    assert not meter.asked(bytes.fromhex("68 62 01 00 00 00 00 68 11 04 33 34 34 35 18 16"))
    assert not meter.asked(bytes.fromhex("01 03 00 00 00 01 84 0A"))
    assert not meter.asked(b"")


def test_another_meter_s_answer_is_sound(meter: Device) -> None:
    answer = meter.answer(bytes.fromhex(f"{HEAD} 11 04 33 34 34 35 17 16"))
    assert answer is not None
    disguised = meter.disguised(answer)
    assert disguised[1:7] != answer[3:9]
    assert disguised[-2] == sum(disguised[:-2]) % 256


def test_an_address_wants_its_twelve_digits(clock: HandClock) -> None:
    with pytest.raises(ValueError, match="address: 12 digits in quotes are wanted, found 161"):
        Device({"address": 161}, clock)
    assert Device({"address": "AAAAAAAAAAAA"}, clock).address == "000000000001"
