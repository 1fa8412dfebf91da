import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.bodies import Terminal
from simulators.boom import CAR_HEIGHT, Boom, Wiring
from simulators.clock import HandClock
from simulators.diary import Diary
from simulators.units.waveshare.rtu_relay_d import NORMAL, Device

OPEN, CLOSE = 0x0200, 0x0201
PRESENCE, UP, DOWN = range(3)


class Lane:
    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.board = Device(1, clock)
        self.board.modes = [NORMAL] * 8
        self.diary = Diary(clock)
        screws = {"open": "relay1", "close": "relay2", "presence": "input1", "up": "input2", "down": "input3"}
        wiring = Wiring(**{name: Terminal(self.board, channel) for name, channel in screws.items()})
        self.boom = Boom("lanes.in", clock, self.diary, wiring)

    def pulse(self, relay: int) -> None:
        self.board.write_coil(relay, 5)

    @property
    def inputs(self) -> list[bool]:
        return self.board.inputs[:3]


@pytest.fixture
def lane(clock: HandClock) -> Lane:
    return Lane(clock)


def test_it_rises_and_falls_in_its_time(lane: Lane) -> None:
    assert lane.inputs == [False, False, True]
    lane.pulse(OPEN)
    assert lane.inputs == [False, False, False]
    lane.clock.advance(2)
    assert lane.boom.position == pytest.approx(0.5)
    lane.clock.advance(1.99)
    assert lane.inputs == [False, False, False]
    lane.clock.advance(0.02)
    assert lane.inputs == [False, True, False]
    lane.pulse(CLOSE)
    lane.clock.advance(2.99)
    assert lane.inputs == [False, False, False]
    lane.clock.advance(0.02)
    assert lane.inputs == [False, False, True]


def test_a_pulse_the_other_way_turns_it_round_where_it_is(lane: Lane) -> None:
    lane.pulse(OPEN)
    lane.clock.advance(2)
    lane.pulse(CLOSE)
    lane.clock.advance(0.75)
    assert lane.boom.position == pytest.approx(0.25)
    lane.pulse(OPEN)
    lane.clock.advance(3.01)
    assert lane.inputs == [False, True, False]


def test_it_does_not_fall_while_the_open_relay_is_held(lane: Lane) -> None:
    lane.board.write_coil(0, 0xFF00)
    lane.clock.advance(5)
    lane.pulse(CLOSE)
    lane.clock.advance(5)
    assert lane.boom.position == 1


def test_a_car_waits_for_the_boom_and_drives_through(lane: Lane) -> None:
    lane.boom.arrive()
    assert lane.inputs[PRESENCE]
    assert not lane.boom.drive()
    lane.clock.advance(10)
    assert lane.inputs[PRESENCE]
    lane.pulse(OPEN)
    lane.clock.advance(4.01)
    assert lane.inputs[PRESENCE]
    lane.clock.advance(2)
    assert not lane.inputs[PRESENCE]
    assert lane.boom.through == 1


def test_a_second_car_keeps_the_loop_occupied(lane: Lane) -> None:
    lane.boom.arrive()
    lane.pulse(OPEN)
    lane.clock.advance(5)
    assert lane.boom.drive()
    lane.boom.arrive()
    lane.clock.advance(3)
    assert (lane.boom.through, lane.boom.cars) == (1, 1)
    assert lane.inputs[PRESENCE]
    lane.boom.leave()
    assert not lane.inputs[PRESENCE]


def test_falling_on_a_car_is_recorded_for_ever(lane: Lane) -> None:
    lane.pulse(OPEN)
    lane.clock.advance(5)
    lane.boom.arrive()
    lane.pulse(CLOSE)
    lane.clock.advance(3)
    state = lane.boom.state()
    assert (state["hit"], state["hits"], state["falls_over_cars"]) == (True, 1, 1)
    assert state["position"] == CAR_HEIGHT
    lane.boom.leave()
    lane.pulse(CLOSE)
    lane.clock.advance(5)
    assert lane.boom.state()["hit"]


def test_called_back_in_time_it_hits_nobody(lane: Lane) -> None:
    lane.pulse(OPEN)
    lane.clock.advance(5)
    lane.pulse(CLOSE)
    lane.clock.advance(0.7)
    lane.boom.arrive()
    lane.clock.advance(0.7)
    lane.pulse(OPEN)
    lane.clock.advance(5)
    assert lane.boom.hits == 0
    assert lane.inputs == [True, True, False]


def test_a_car_that_comes_to_a_low_boom_stops_before_it(lane: Lane) -> None:
    lane.pulse(OPEN)
    lane.clock.advance(5)
    lane.pulse(CLOSE)
    lane.clock.advance(1.6)
    lane.boom.arrive()
    lane.clock.advance(5)
    assert lane.boom.hits == 0
    assert lane.boom.position == 0


def test_a_jammed_boom_stands_and_later_goes_on(lane: Lane) -> None:
    lane.pulse(OPEN)
    lane.clock.advance(1)
    lane.boom.jam(True)
    lane.clock.advance(10)
    lane.pulse(OPEN)
    lane.clock.advance(10)
    assert lane.boom.position == pytest.approx(0.25)
    lane.boom.jam(False)
    lane.pulse(OPEN)
    lane.clock.advance(3.1)
    assert lane.boom.position == 1


def test_without_a_car_none_can_leave(lane: Lane) -> None:
    with pytest.raises(LookupError, match="no car"):
        lane.boom.drive()
    with pytest.raises(LookupError, match="no car"):
        lane.boom.leave()


DEEDS = st.lists(
    st.tuples(st.sampled_from(["open", "close", "arrive", "leave", "drive", "jam", "mend"]), st.floats(0, 5))
)


@given(DEEDS)
def test_whatever_happens_it_stays_a_boom(deeds: list[tuple[str, float]]) -> None:
    """Limits tell the truth, presence follows the cars, and a boom that never fell over a car has hit none."""
    clock = HandClock()
    lane = Lane(clock)
    boom = lane.boom
    acts = {
        "open": lambda: lane.pulse(OPEN),
        "close": lambda: lane.pulse(CLOSE),
        "arrive": boom.arrive,
        "leave": lambda: boom.cars and boom.leave(),
        "drive": lambda: boom.cars and boom.drive(),
        "jam": lambda: boom.jam(True),
        "mend": lambda: boom.jam(False),
    }
    for deed, seconds in deeds:
        acts[deed]()
        clock.advance(seconds)
        assert 0 <= boom.position <= 1
        assert lane.inputs[PRESENCE] is (boom.cars > 0)
        assert not (lane.inputs[UP] and lane.inputs[DOWN])
        assert not lane.inputs[UP] or boom.position == 1
        assert not lane.inputs[DOWN] or boom.position == 0
    if all(deed != "arrive" for deed, _ in deeds):
        assert boom.hits == 0
    if all(deed != "close" for deed, _ in deeds):
        assert boom.hits == boom.falls_over_cars == 0
