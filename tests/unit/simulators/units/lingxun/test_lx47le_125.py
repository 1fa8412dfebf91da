import pytest

from simulators.clock import HandClock
from simulators.units.lingxun.lx47le_125 import Device


@pytest.fixture
def breaker(clock: HandClock) -> Device:
    return Device(1, clock)


def ask(breaker: Device, clock: HandClock, talk, request: str) -> str | None:
    clock.advance(0.2)
    return talk(breaker, request)


def test_measurements(breaker: Device, clock: HandClock) -> None:
    breaker.values.set("current_residual", 12)
    breaker.values.set("temperature_n", -3)
    breaker.values.set("temperature_a", 61.0)
    breaker.values.set("volts_a", 232.0)
    registers = breaker.read_registers(0, 38)
    assert registers[0] == 0x00F0
    assert registers[4:10] == [500, 12, 37, 101, 232, 1250]
    assert registers[15] == registers[24] == 67
    assert registers[13:15] == registers[36:38] == [1234567 >> 16, 1234567 & 0xFFFF]
    assert registers[22] == 15


def test_golden_frames_of_remote_close_and_open(breaker: Device, clock: HandClock, talk) -> None:
    """`01 05 00 01 FF 00 DD FA` and `01 05 00 01 00 00 9C 0A`; the echo comes at once, the contacts later."""
    assert ask(breaker, clock, talk, "01 05 00 01 00 00") == "01 05 00 01 00 00"
    assert breaker.read_registers(0, 1) == [0x00F0]
    clock.advance(4)
    assert breaker.read_registers(0, 1) == [0x000F]
    assert breaker.read_registers(22, 1) == [7]
    assert ask(breaker, clock, talk, "01 05 00 01 FF 00") == "01 05 00 01 FF 00"
    clock.advance(4)
    assert breaker.read_registers(0, 1) == [0x00F0]


def test_the_local_lock_wins(breaker: Device, clock: HandClock, talk) -> None:
    breaker.values.set("closed", False)
    breaker.values.set("locked", True)
    ask(breaker, clock, talk, "01 05 00 01 FF 00")
    clock.advance(20)
    assert breaker.read_registers(0, 1) == [0x010F]


def test_requests_too_close_together_are_missed(breaker: Device, clock: HandClock, talk) -> None:
    assert ask(breaker, clock, talk, "01 04 00 05 00 01") is not None
    clock.advance(0.05)
    assert talk(breaker, "01 04 00 05 00 01") is None
    clock.advance(0.11)
    assert talk(breaker, "01 04 00 05 00 01") is not None


def test_restart_is_ten_seconds_of_silence(breaker: Device, clock: HandClock, talk) -> None:
    ask(breaker, clock, talk, "01 05 00 00 FF 00")
    clock.advance(9)
    assert talk(breaker, "01 04 00 05 00 01") is None
    clock.advance(1.2)
    assert talk(breaker, "01 04 00 05 00 01") is not None


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [("current_residual", 30.0, 2), ("temperature_c", 100.0, 3), ("temperature_n", 99, 15)],
)
def test_it_trips_on_leakage_and_heat(breaker: Device, field: str, value: float, reason: int) -> None:
    breaker.values.set(field, value)
    assert breaker.read_registers(22, 1) == [reason]
    assert breaker.read_registers(1, 1) == [reason]
    assert breaker.values.flag("closed") is (reason == 15)


def test_the_test_button_really_trips_and_records_can_be_cleared(breaker: Device, clock: HandClock, talk) -> None:
    ask(breaker, clock, talk, "01 05 00 05 FF 00")
    assert not breaker.values.flag("closed")
    assert breaker.read_registers(1, 3) == [2, 15, 15]
    ask(breaker, clock, talk, "01 05 00 04 FF 00")
    assert breaker.read_registers(1, 3) == [15, 15, 15]


def test_settings_are_kept(breaker: Device, clock: HandClock, talk) -> None:
    assert ask(breaker, clock, talk, "01 06 00 05 00 32") == "01 06 00 05 00 32"
    assert ask(breaker, clock, talk, "01 03 00 05 00 01") == "01 03 02 00 32"
    assert ask(breaker, clock, talk, "01 03 00 08 00 01") == "01 83 02"
