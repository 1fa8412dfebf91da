"""Channels: which there are, and the register words for what they are told."""

import struct
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drivers.modbus import Device
from drivers.modbus._points import channels, encoded
from drivers.modbus.profile import Profile
from gatehouse.driver import Sample

Made = Callable[..., Profile]


def read(profile: Profile, *words: int) -> dict[str, Sample]:
    device = Device(1, profile)
    (scan,) = device.scans()
    data = struct.pack(f">{len(words)}H", *words)
    return dict(device.read(scan, bytes((4, len(data))) + data))


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


def test_what_others_mean_nothing_without_is_read_too(made: Made) -> None:
    """An optional point is read where one that was asked for depends on it."""
    profile = made(
        {
            "ct": {"optional": True},
            "valid": {"address": 1, "bit": 0, "optional": True},
            "amps": {"address": 2, "times": ["ct"], "only_if": "valid", "optional": True},
        }
    )
    assert list(channels(profile, ())) == []
    assert list(channels(profile, ("amps",))) == ["ct", "valid", "amps"]
