import struct

import pytest

from simulators.clock import HandClock
from simulators.unit import FieldError
from simulators.units.bender.rcms410 import Device


def floats(answer: str) -> list[float]:
    data = bytes.fromhex(answer)[3:]
    return [round(value, 4) for value in struct.unpack(f">{len(data) // 4}f", data)]


@pytest.fixture
def monitor(clock: HandClock) -> Device:
    monitor = Device(3, clock)
    for n in range(4):
        monitor.values.set(f"rms{n + 1}", 0.0)
    monitor.read_holding(1000, 48)
    return monitor


def test_present_values_are_floats_high_word_first(monitor: Device, talk) -> None:
    monitor.values.set("rms1", 0.21)
    monitor.values.set("rms4", 0.5)
    assert floats(talk(monitor, "03 03 04 28 00 08")) == [0.21, 0, 0, 0.5]
    monitor.values.set("dc2", -0.006)
    assert floats(talk(monitor, "03 03 04 20 00 08")) == [0, -0.006, 0, 0]


def test_a_maximum_stays_until_it_is_read(monitor: Device, talk) -> None:
    monitor.values.set("rms2", 0.7)
    monitor.values.set("rms2", 0.1)
    assert floats(talk(monitor, "03 03 04 0C 00 02")) == [0.7]
    assert floats(talk(monitor, "03 03 04 0C 00 02")) == [0.1]


def test_reading_one_maximum_leaves_the_others(monitor: Device, talk) -> None:
    for name in ("rms1", "rms2"):
        monitor.values.set(name, 0.7)
        monitor.values.set(name, 0.1)
    talk(monitor, "03 03 04 08 00 04")
    assert monitor.state()["maxima"]["rms1"] == 0.0
    assert monitor.state()["maxima"]["rms2"] == 0.7


@pytest.mark.parametrize(("amperes", "status", "messages"), [(0.29, 0, 0), (0.3, 1, 1), (0.5, 2, 1)])
def test_status_and_messages_follow_the_levels(monitor: Device, amperes: float, status: int, messages: int) -> None:
    monitor.values.set("rms1", amperes)
    assert monitor.read_holding(999, 1) == [messages]
    assert monitor.read_holding(1034, 1) == [status]


def test_above_the_range_the_flag_says_so(monitor: Device) -> None:
    monitor.values.set("rms3", 31.0)
    high, low, status, flag = monitor.read_holding(1040, 4)
    assert struct.unpack(">f", struct.pack(">HH", high, low)) == (20.0,)
    assert (status, flag) == (2, 2)


def test_functions_3_and_16_only(monitor: Device, talk) -> None:
    assert talk(monitor, "03 04 04 28 00 02") == "03 84 01"
    assert talk(monitor, "03 06 7E 92 00 00") == "03 86 01"
    assert talk(monitor, "03 10 7E 92 00 01 02 00 00") == "03 10 7E 92 00 01"
    assert talk(monitor, "03 03 7E 92 00 01") == "03 03 02 00 00"
    assert talk(monitor, "03 03 04 2F 00 02") == "03 83 02"


def test_a_value_that_does_not_exist_is_refused_with_those_that_do(monitor: Device) -> None:
    with pytest.raises(FieldError, match="no value 'rms5'; there are: ac1, ac2"):
        monitor.values.set("rms5", 0.1)
    with pytest.raises(FieldError, match="cannot become 'much'"):
        monitor.values.set("rms1", "much")


def test_values_stand_still_unless_drift_is_wanted(monitor: Device, clock: HandClock) -> None:
    monitor.values.set("rms1", 0.2)
    seen = set()
    for drift in (0.0, 0.05):
        monitor.values.drift = drift
        for _ in range(20):
            clock.advance(3)
            seen.add(round(monitor.values.now("rms1", clock.now()), 6))
        if not drift:
            assert seen == {0.2}
    assert len(seen) > 10
    assert all(0.19 <= value <= 0.21 for value in seen)
