"""Everything that real register maps force a profile to say, decoded."""

import struct
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drivers.modbus import Device
from drivers.modbus._points import encoded
from drivers.modbus.profile import Profile
from gatehouse.driver import Sample
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


@given(
    raw=st.integers(-0x8000, 0x7FFF), tenth=st.sampled_from([1.0, 0.1, 0.01, 2.0]), offset=st.sampled_from([0.0, -40.0])
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_reads_back(raw: int, tenth: float, offset: float, made: Made) -> None:
    entry = {"table": "holding", "form": "s16", "scale": tenth, "offset": offset, "writable": True}
    profile = made({"thing": entry})
    value = read(profile, raw & 0xFFFF)["thing"].value
    assert value is not None
    assert encoded(profile.points["thing"], value) == raw & 0xFFFF


def test_what_does_not_fit_is_refused_in_words(made: Made) -> None:
    spec = made({"thing": {"table": "holding", "writable": True}}).points["thing"]
    with pytest.raises(ValueError, match="does not fit"):
        encoded(spec, 70000)
    with pytest.raises(ValueError, match="is no number"):
        encoded(spec, "warm")
