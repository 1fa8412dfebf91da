import pytest

from simulators.clock import HandClock
from simulators.units.waveshare.rtu_relay import Device


@pytest.fixture
def board(clock: HandClock) -> Device:
    return Device(1, clock)


def test_relays_are_switched_one_by_one_and_together(board: Device, talk) -> None:
    assert talk(board, "01 05 00 02 FF 00") == "01 05 00 02 FF 00"
    assert talk(board, "01 01 00 00 00 08") == "01 01 01 04"
    assert talk(board, "01 0F 00 00 00 08 01 81") == "01 0F 00 00 00 08"
    assert talk(board, "01 01 00 00 00 08") == "01 01 01 81"
    assert talk(board, "01 05 01 FF FF 00") == "01 05 01 FF FF 00"
    assert talk(board, "01 01 00 00 00 08") == "01 01 01 7E"
    assert talk(board, "01 05 00 FF FF 00") == "01 05 00 FF FF 00"
    assert talk(board, "01 01 00 00 00 08") == "01 01 01 FF"
    assert talk(board, "01 05 00 FF 00 00") == "01 05 00 FF 00 00"
    assert talk(board, "01 01 00 00 00 08") == "01 01 01 00"


def test_a_flash_ends_by_itself(board: Device, talk, clock: HandClock) -> None:
    talk(board, "01 05 02 00 00 07")
    clock.advance(0.69)
    assert board.relays[0]
    clock.advance(0.02)
    assert not board.relays[0]


def test_flash_off_returns_to_on(board: Device, talk, clock: HandClock) -> None:
    talk(board, "01 05 04 07 00 0A")
    assert not board.relays[7]
    clock.advance(1.01)
    assert board.relays[7]


def test_a_new_flash_starts_anew_and_a_command_ends_it(board: Device, talk, clock: HandClock) -> None:
    talk(board, "01 05 02 00 00 0A")
    clock.advance(0.9)
    talk(board, "01 05 02 00 00 0A")
    clock.advance(0.9)
    assert board.relays[0]
    talk(board, "01 05 00 00 FF 00")
    clock.advance(60)
    assert board.relays[0]


def test_watchers_hear_of_moves_only(board: Device, talk, clock: HandClock) -> None:
    heard: list[bool] = []
    board.watch("relay1", heard.append)
    for frame in ("01 05 00 00 FF 00", "01 05 00 00 FF 00", "01 05 00 00 00 00"):
        talk(board, frame)
    talk(board, "01 05 02 00 00 01")
    clock.advance(1)
    assert heard == [True, False, True, False]


def test_version_and_address(board: Device, talk) -> None:
    assert talk(board, "01 03 80 00 00 01") == "01 03 02 00 C8"
    assert talk(board, "01 06 40 00 00 05") == "01 06 40 00 00 05"
    assert board.address == 5


def test_power_off_drops_relays_and_pulses(board: Device, talk, clock: HandClock) -> None:
    talk(board, "01 05 04 00 00 0A")
    talk(board, "01 05 00 01 FF 00")
    board.power_cycle()
    clock.advance(5)
    assert board.relays == [False] * 8


def test_unknown_terminals_are_named(board: Device) -> None:
    with pytest.raises(ValueError, match="there are: relay1, relay2"):
        board.sense("relay9")
    with pytest.raises(ValueError, match="not an input"):
        board.drive("relay1", True)
