import pytest

from simulators.bodies import Contact, Door, Terminal
from simulators.clock import HandClock
from simulators.diary import Diary
from simulators.units.waveshare.rtu_relay_d import NORMAL, Device


class Board(Device):
    """An IO board that has been told not to link inputs to relays."""

    def __init__(self, clock: HandClock) -> None:
        super().__init__(1, clock)
        self.modes = [NORMAL] * 8


@pytest.fixture
def board(clock: HandClock) -> Board:
    return Board(clock)


@pytest.fixture
def diary(clock: HandClock) -> Diary:
    return Diary(clock)


def door(board: Board, clock: HandClock, diary: Diary, *, strike: bool = True, inverted: bool = False) -> Door:
    return Door(
        "doors.north",
        clock,
        diary,
        lock=Terminal(board, "relay1"),
        energised_open=strike,
        contact=Terminal(board, "input1", inverted),
        exit_button=Terminal(board, "input2"),
    )


def words(diary: Diary) -> list[str]:
    return [line["what"] for line in diary.after(0)]


def test_a_locked_door_stays_shut(board: Board, clock: HandClock, diary: Diary) -> None:
    north = door(board, clock, diary)
    assert not north.push()
    assert not board.inputs[0]
    assert words(diary) == ["pushed in vain"]


def test_a_pulse_lets_people_in_for_as_long_as_it_lasts(board: Board, clock: HandClock, diary: Diary) -> None:
    north = door(board, clock, diary)
    board.write_coil(0x0200, 50)
    assert north.unlocked
    assert north.push(seconds=3)
    assert board.inputs[0]
    clock.advance(4)
    assert not north.open
    assert not board.inputs[0]
    clock.advance(2)
    assert not north.push()
    assert words(diary) == ["unlocked", "opened", "shut", "locked", "pushed in vain"]


def test_a_magnetic_lock_holds_while_its_relay_is_on(board: Board, clock: HandClock, diary: Diary) -> None:
    north = door(board, clock, diary, strike=False)
    assert north.unlocked
    board.write_coil(0, 0xFF00)
    assert not north.push()
    board.write_coil(0x0400, 50)
    assert north.push()


def test_force_opens_what_is_locked(board: Board, clock: HandClock, diary: Diary) -> None:
    north = door(board, clock, diary)
    north.force()
    assert board.inputs[0]
    assert words(diary) == ["forced"]
    north.shut()
    assert not board.inputs[0]


def test_an_open_leaf_stays_open_when_the_lock_falls(board: Board, clock: HandClock, diary: Diary) -> None:
    north = door(board, clock, diary)
    board.write_coil(0x0200, 10)
    north.push()
    clock.advance(60)
    assert not north.unlocked
    assert board.inputs[0]


def test_the_exit_button_is_pressed_and_let_go(board: Board, clock: HandClock, diary: Diary) -> None:
    north = door(board, clock, diary)
    north.press_exit()
    assert board.inputs[1]
    clock.advance(0.51)
    assert not board.inputs[1]


def test_pressing_again_starts_anew(board: Board, clock: HandClock, diary: Diary) -> None:
    button = Contact("b", clock, diary, Terminal(board, "input2"))
    button.press()
    clock.advance(0.4)
    button.press()
    clock.advance(0.4)
    assert board.inputs[1]
    button.hold(True)
    clock.advance(9)
    assert board.inputs[1]


def test_a_normally_closed_contact_is_under_current_at_rest(board: Board, clock: HandClock, diary: Diary) -> None:
    north = door(board, clock, diary, inverted=True)
    assert board.inputs[0]
    north.force()
    assert not board.inputs[0]


def test_a_door_without_button_says_so(board: Board, clock: HandClock, diary: Diary) -> None:
    with pytest.raises(LookupError, match=r"doors.east has no exit button"):
        Door("doors.east", clock, diary, lock=Terminal(board, "relay2")).press_exit()


def test_the_diary_is_in_order_and_can_be_read_on(clock: HandClock) -> None:
    diary = Diary(clock)
    diary.note("a", "began", card="0004712345")
    clock.advance(2)
    diary.note("a", "ended")
    assert [line["at"] for line in diary.after(0)] == [clock.now() - 2, clock.now()]
    assert diary.after(1) == [{"number": 2, "at": clock.now(), "subject": "a", "what": "ended"}]
