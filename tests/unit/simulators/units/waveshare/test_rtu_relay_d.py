import pytest

from simulators.clock import HandClock
from simulators.units.waveshare.rtu_relay_d import EDGE, LINKAGE, NORMAL, TOGGLE, Device

NO_LINKAGE = "01 10 10 00 00 08 10" + " 00 00" * 8


@pytest.fixture
def board(clock: HandClock, talk) -> Device:
    """A board that has been told of the first request and is not linked."""
    board = Device(1, clock)
    assert talk(board, NO_LINKAGE) is None
    assert talk(board, NO_LINKAGE) == "01 10 10 00 00 08"
    return board


def test_the_first_request_after_power_up_is_lost(clock: HandClock, talk) -> None:
    board = Device(1, clock)
    assert talk(board, "01 02 00 00 00 08") is None
    assert talk(board, "01 02 00 00 00 08") == "01 02 01 00"
    board.power_cycle()
    assert talk(board, "01 02 00 00 00 08") is None
    assert talk(board, "01 02 00 00 00 08") == "01 02 01 00"


def test_out_of_the_box_an_input_drives_its_relay_whatever_it_is_told(clock: HandClock, talk) -> None:
    board = Device(1, clock)
    talk(board, "01 02 00 00 00 08")
    assert talk(board, "01 03 10 00 00 08") == "01 03 10" + " 00 01" * 8
    board.drive("input1", True)
    assert board.relays[0]
    assert talk(board, "01 05 00 00 00 00") == "01 05 00 00 00 00"
    assert board.relays[0]
    board.drive("input1", False)
    assert not board.relays[0]


def test_once_told_inputs_and_relays_are_apart(board: Device, talk) -> None:
    board.drive("input3", True)
    assert talk(board, "01 02 00 00 00 08") == "01 02 01 04"
    assert board.relays == [False] * 8
    talk(board, "01 05 00 00 FF 00")
    assert board.relays[0]


def test_modes_survive_power_cycles(board: Device) -> None:
    board.power_cycle()
    assert board.modes == [NORMAL] * 8


def test_toggle_and_edge(board: Device, talk) -> None:
    talk(board, f"01 06 10 00 00 0{TOGGLE}")
    talk(board, f"01 06 10 01 00 0{EDGE}")
    for on in (True, False):
        board.drive("input1", on)
        board.drive("input2", on)
        board.drive("input2", on)
    assert board.relays[:2] == [True, False]


def test_a_mode_that_does_not_exist_is_refused(board: Device, talk) -> None:
    assert talk(board, "01 06 10 00 00 04") == "01 86 03"
    assert talk(board, "01 06 10 08 00 00") == "01 86 02"
    assert board.modes == [NORMAL] * 8


def test_a_linked_relay_follows_at_power_up(board: Device, talk) -> None:
    talk(board, f"01 06 10 00 00 0{LINKAGE}")
    board.drive("input1", True)
    board.power_cycle()
    assert board.relays[0]
