"""Everything that real register maps force a profile to say, decoded."""

import struct
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drivers.modbus import Device
from drivers.modbus.profile import Profile
from gatehouse.driver import DriverError, Sample
from gatehouse.points import Quality

Made = Callable[..., Profile]


def read(profile: Profile, *words: int) -> dict[str, Sample]:
    device = Device(1, profile)
    (scan,) = device.scans()
    data = struct.pack(f">{len(words)}H", *words)
    return dict(device.read(scan, bytes((4, len(data))) + data))


@pytest.mark.parametrize(
    ("entry", "words", "value"),
    [
        ({"offset": -40}, [65], 25),  # LX47LE temperature
        ({"byte": "high"}, [0x01F0], 1),  # LX47LE lock
        ({"byte": "low", "enum": {0xF0: True, 0x0F: False}}, [0x01F0], True),
        ({"byte": "low", "enum": {0xF0: True, 0x0F: False}}, [0x000F], False),
        ({"form": "u32"}, [0x0001, 0x0002], 0x10002),  # Eastron, CHINT, Acrel
        ({"form": "u32", "words": "low-first"}, [0x0001, 0x0002], 0x20001),  # PZEM-016
        ({"form": "s32", "scale": 0.01}, [0xFFFF, 0xFF9C], -1.0),
        ({"form": "s16", "scale": 0.1}, [0xFF9C], -10.0),
        ({"scale": 0.1}, [2495], 249.5),  # PZEM-016 volts
        ({"form": "float32"}, [0x4366, 0x3333], 230.2),
        ({"form": "float32", "words": "low-first"}, [0x3333, 0x4366], 230.2),
        ({"form": "float32"}, [0x5678 & 0, 0], 0.0),
        ({"bit": 3}, [0x0008], True),
        ({"bit": 3, "inverted": True}, [0x0008], False),
        ({"bits": [4, 7]}, [0x00A0], 10),
        ({"enum": {0: "local", 2: "leakage"}, "flags_above": 15}, [2], "leakage"),
        ({"enum": {1: "over_current", 2: "leakage", 4: "overload"}, "flags_above": 15}, [0x14], "leakage+overload"),
        ({"enum": {2: "leakage", 4: "overload"}, "flags_above": 15}, [0x1014], "leakage+overload+bit12"),
        ({"enum": {2: "leakage", 4: "overload"}, "flags_above": 15}, [0x1000], "bit12"),
    ],
)
def test_a_register_map_says(entry: dict[str, Any], words: list[int], value: object, made: Made) -> None:
    sample = read(made({"thing": entry}), *words)["thing"]
    assert sample == Sample(value)  # type: ignore[arg-type]
    assert type(sample.value) is type(value)


@pytest.mark.parametrize(
    ("entry", "words", "note"),
    [
        ({"invalid": [0x7FFF]}, [0x7FFF], "nothing to measure"),  # Wiren Board
        ({"byte": "low", "enum": {0xF0: True, 0x0F: False}}, [0x0012], "0x12 has no meaning"),
        ({"form": "float32"}, [0x7FC0, 0], "no number"),
        ({"form": "float32"}, [0x7F80, 0], "no number"),
    ],
)
def test_what_is_no_value_is_a_bad_reading(entry: dict[str, Any], words: list[int], note: str, made: Made) -> None:
    sample = read(made({"thing": entry}), *words)["thing"]
    assert (sample.value, sample.quality) == (None, Quality.BAD)
    assert note in sample.note


def test_inputs_are_single_bits_low_first(made: Made) -> None:
    device = Device(1, made({"input": {"table": "discrete", "count": 10, "address": 3}}))
    (scan,) = device.scans()
    samples = device.read(scan, b"\x02\x02\x05\x02")
    assert [name for name, sample in samples.items() if sample.value] == ["input1", "input3", "input10"]


def test_an_inverted_input_is_true_at_zero(made: Made) -> None:
    """LC-type board: 1 is well, 0 is alarm."""
    device = Device(255, made({"alarm": {"table": "discrete", "inverted": True}}))
    (scan,) = device.scans()
    assert device.read(scan, bytes.fromhex("020100"))["alarm"].value is True
    assert device.read(scan, bytes.fromhex("020101"))["alarm"].value is False


@pytest.mark.parametrize(
    ("entry", "words", "value"),
    [
        ({"form": "u64"}, [1, 2, 3, 4], 0x0001000200030004),  # Wiren Board WB-MWAC volume
        ({"form": "s64"}, [0xFFFF, 0xFFFF, 0xFFFF, 0xFFFE], -2),
        ({"form": "u64", "words": "low-first"}, [4, 3, 2, 1], 0x0001000200030004),
        ({"form": "u32", "words": "high-first-swapped"}, [0x3412, 0x7856], 0x12345678),
        ({"form": "u32", "words": "low-first-swapped"}, [0x7856, 0x3412], 0x12345678),
        ({"form": "float32", "words": "low-first-swapped"}, [0x3333, 0x6643], 230.2),
        ({"form": "bcd"}, [0x1234], 1234),
        ({"form": "bcd", "registers": 2, "scale": 0.01}, [0x0012, 0x3456], 1234.56),
        ({"form": "bcd", "registers": 2, "words": "low-first"}, [0x3456, 0x0012], 123456),
        ({"form": "s8", "byte": "high"}, [0xF601], -10),
        ({"form": "s8", "byte": "low"}, [0x01F6], -10),
        ({"form": "u8", "byte": "low"}, [0x01F6], 246),
        ({"form": "text", "registers": 2}, [0x4D52, 0x4344], "MRCD"),  # Circutor RGU-10A
        ({"form": "text", "registers": 4, "chars": "low"}, [0x52, 0x43, 0, 0x58], "RC"),  # Bender RCMB300
        ({"form": "text", "registers": 2, "chars": "high"}, [0x5200, 0x4300], "RC"),
        ({"form": "text", "registers": 2}, [0x5220, 0x2000], "R"),
        ({"form": "text", "registers": 3}, [0xE6BC, 0x8FE6, 0xB0B4], "漏水"),
        ({"bits": [20, 23], "form": "u32"}, [0x0050, 0], 5),
        ({"bit": 63, "form": "u64"}, [0x8000, 0, 0, 0], True),
        ({"scale": 0.1, "offset": -0.05}, [3], 0.25),
        ({"scale": 0.001, "form": "u32"}, [0, 1005], 1.005),
        ({"scale": 0.00125, "form": "u32"}, [0, 801], 1.00125),
        ({"scale": 1e-6}, [7], 0.000007),
        ({"scale": 50, "offset": 10}, [3], 160),
        ({"bits": [0, 3], "invalid": [15]}, [0x1F3], 3),
    ],
)
def test_wider_forms(entry: dict[str, Any], words: list[int], value: object, made: Made) -> None:
    sample = read(made({"thing": entry}), *words)["thing"]
    assert sample == Sample(value)  # type: ignore[arg-type]
    assert type(sample.value) is type(value)


@pytest.mark.parametrize(
    ("entry", "words", "note"),
    [
        ({"form": "bcd"}, [0x12A4], "0x12a4 is no BCD number"),
        ({"form": "text", "registers": 1}, [0xFFFF], "ff ff is no text"),
        ({"form": "text", "registers": 2}, [0x411B, 0x5B4A], "41 1b 5b 4a is no text"),
        ({"bits": [0, 3], "invalid": [15]}, [0x1FF], "nothing to measure (15)"),
    ],
)
def test_what_its_form_forbids_is_a_bad_reading(entry: dict[str, Any], words: list[int], note: str, made: Made) -> None:
    sample = read(made({"thing": entry}), *words)["thing"]
    assert (sample.value, sample.quality) == (None, Quality.BAD)
    assert note in sample.note


def test_many_meanings_of_the_same_registers_are_read_at_once(made: Made) -> None:
    """Bytes, bits and the whole, a 32-bit number over two of them: several looks, one answer."""
    profile = made(
        {
            "whole": {},
            "high": {"byte": "high"},
            "low": {"byte": "low", "form": "s8"},
            "wide": {"form": "u32"},
            "second": {"address": 1, "form": "s16"},
            "bit": {"address": 1, "bit": 15},
        }
    )
    samples = read(profile, 0x01FE, 0xFFFD)
    assert {name: sample.value for name, sample in samples.items()} == {
        "whole": 0x01FE,
        "high": 1,
        "low": -2,
        "wide": 0x01FEFFFD,
        "second": -3,
        "bit": True,
    }


def test_a_changed_frame_changes_what_changed_and_keeps_the_rest(made: Made) -> None:
    device = Device(1, made({"a": {}, "b": {"address": 1}}))
    (scan,) = device.scans()
    first = device.read(scan, bytes.fromhex("04 04 0001 0002"))
    second = device.read(scan, bytes.fromhex("04 04 0001 0003"))
    assert [sample.value for sample in (*first.values(), *second.values())] == [1, 2, 1, 3]
    assert second["a"] is first["a"]


@given(
    words=st.lists(st.integers(0, 0xFFFF), min_size=4, max_size=4), scale=st.sampled_from(["0.1", "0.01", "0.00025"])
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_scaled_number_is_the_nearest_to_the_decimal_that_is_meant(words: list[int], scale: str, made: Made) -> None:
    profile = made({"n": {"form": "s64", "scale": float(scale)}})
    raw = int.from_bytes(struct.pack(">4H", *words), "big", signed=True)
    assert read(profile, *words)["n"].value == float(Decimal(raw) * Decimal(scale))


def test_data_of_another_length_are_refused_in_words(made: Made) -> None:
    device = Device(1, made({"a": {}, "b": {"address": 1}}))
    with pytest.raises(DriverError, match="2 bytes of data instead of 4"):
        device.read(device.scans()[0], bytes.fromhex("04 02 0001"))


# What one value means for another


def test_a_state_counts_only_while_its_validity_does(made: Made) -> None:
    """Schneider RHU: each state has a register that says whether it may be believed."""
    profile = made({"valid": {"bit": 0}, "alarm": {"address": 1, "bit": 0, "only_if": "valid"}})
    assert read(profile, 1, 1)["alarm"] == Sample(True)
    doubted = read(profile, 0, 1)
    assert doubted["valid"] == Sample(False)
    assert doubted["alarm"] == Sample(None, Quality.BAD, "valid says that it does not count now")


def test_counted_states_have_their_own_validities(made: Made) -> None:
    profile = made({"valid": {"count": 2, "bit": 0}, "level": {"address": 2, "count": 2, "only_if": "valid"}})
    samples = read(profile, 0, 1, 7, 8)
    assert (samples["level1"].quality, samples["level2"].value) == (Quality.BAD, 8)
