"""A relay is told once, and kept as told."""

import pytest

from daemon.arbiter import Decision
from daemon.commands import EXPIRED
from daemon.relays import Relay
from gatehouse.demands import Demand, Passage, Priority, Pulse
from gatehouse.points import Image, Point, Quality

DOOR, LOCK = "doors.north", "io1.relay1"


@pytest.fixture
def image(clock) -> Image:
    return Image([Point(name=LOCK, max_age=5.0)])


@pytest.fixture
def relay(clock, outlet, image) -> Relay:
    return Relay(output=DOOR, point=LOCK, on=Passage.OPEN, pulses=True, send=outlet, image=image, clock=clock)


def decision(value, until=None, priority=Priority.CREDENTIAL) -> Decision:
    if value is None or value is Passage.CLOSED:
        return Decision(DOOR, value, None)
    return Decision(DOOR, value, Demand(output=DOOR, value=value, priority=priority, issuer="r", until=until))


def alarm(relay) -> bool:
    (condition,) = relay.step()
    return bool(condition.active)


def reads(image, clock, value) -> None:
    image.put(LOCK, value, Quality.GOOD, clock.now)


def test_a_text_confirms_nothing(relay, image, clock):
    """A lock that reads "off" is not on."""
    relay.told(decision(Passage.OPEN, priority=Priority.LIFE_SAFETY))
    clock.now += 60
    reads(image, clock, "off")
    assert alarm(relay)


def test_a_timed_unlock_is_a_pulse_of_the_device(relay, outlet, clock):
    relay.told(decision(Passage.OPEN, until=clock.now + 5))
    assert outlet.values() == [(LOCK, Pulse(True, 5.0))]


def test_an_endless_release_is_a_maintained_order(relay, outlet):
    relay.told(decision(Passage.OPEN, priority=Priority.LIFE_SAFETY))
    assert outlet.values() == [(LOCK, True)]
    assert outlet.orders[0].priority is Priority.LIFE_SAFETY


def test_fire_during_a_pulse_makes_it_endless_at_once(relay, outlet, image, clock):
    relay.told(decision(Passage.OPEN, until=clock.now + 5))
    clock.now += 1
    reads(image, clock, True)
    relay.told(decision(Passage.OPEN, priority=Priority.LIFE_SAFETY))
    assert outlet.values()[-1] == (LOCK, True)


def test_a_release_is_ordered_also_where_the_relay_reads_released_already(relay, outlet, image, clock):
    """It may be the rest of a pulse that the daemon gave before it was killed."""
    reads(image, clock, True)
    relay.told(decision(Passage.OPEN, priority=Priority.LIFE_SAFETY))
    assert outlet.values() == [(LOCK, True)]


def test_a_release_does_not_wait_behind_what_the_schedule_ordered(relay, outlet, image, clock):
    relay.told(decision(Passage.OPEN, priority=Priority.SCHEDULE))
    relay.told(decision(Passage.OPEN, priority=Priority.LIFE_SAFETY))
    assert [order.priority for order in outlet.orders] == [Priority.SCHEDULE, Priority.LIFE_SAFETY]
    clock.now += 2
    reads(image, clock, True)
    relay.told(decision(Passage.OPEN, priority=Priority.LIFE_SAFETY_BY_HAND))
    assert len(outlet.orders) == 2  # it is open for sure
    clock.now += 0.1
    reads(image, clock, False)
    list(relay.step())
    assert outlet.orders[-1].priority is Priority.LIFE_SAFETY_BY_HAND


def test_a_release_in_the_middle_of_a_pulse_is_given_again_when_that_would_have_ended(relay, outlet, image, clock):
    relay.told(decision(Passage.OPEN, until=clock.now + 5))
    clock.now += 1
    reads(image, clock, True)
    relay.told(decision(Passage.OPEN, priority=Priority.LIFE_SAFETY))
    clock.now += 3.9
    reads(image, clock, True)
    list(relay.step())
    assert len(outlet.orders) == 2
    clock.now += 0.1
    for _ in range(3):
        list(relay.step())
    assert outlet.values()[2:] == [(LOCK, True)]


def test_an_output_held_in_the_middle_of_a_pulse_gets_nothing_when_that_ends(relay, outlet, image, clock):
    relay.told(decision(Passage.OPEN, until=clock.now + 5))
    relay.told(decision(Passage.OPEN, priority=Priority.LIFE_SAFETY))
    relay.told(decision(None))
    clock.now += 5
    list(relay.step())
    assert len(outlet.orders) == 2


def test_the_end_of_a_pulse_is_left_to_the_device(relay, outlet, clock):
    relay.told(decision(Passage.OPEN, until=clock.now + 5))
    assert outlet.orders[0].go() == ""
    clock.now += 5
    relay.told(decision(Passage.CLOSED))
    assert len(outlet.orders) == 1


@pytest.mark.parametrize("refusal", [None, EXPIRED, "no answer"])
def test_the_end_of_a_pulse_that_the_device_never_took_is_told(relay, outlet, image, clock, refusal):
    """A fire is reset 17 ms before an exit's time is over: nothing but that fire's order ever came to the lock."""
    relay.told(decision(Passage.OPEN, priority=Priority.LIFE_SAFETY))
    outlet.orders[0].go()
    reads(image, clock, True)
    relay.told(decision(Passage.OPEN, until=clock.now + 0.017))
    clock.now += 0.018
    if refusal is not None:
        outlet.orders[1].done(refusal)
    relay.told(decision(Passage.CLOSED))
    assert outlet.values()[2:] == [(LOCK, False)]
    assert outlet.orders[2].go() == ""


@pytest.mark.parametrize("after", [0.0, 0.5, 4.0])
def test_fire_after_a_pulse_has_ended_is_told_at_once(relay, outlet, image, clock, after):
    """Also while the last read-back is older than the end of the pulse and still shows it."""
    relay.told(decision(Passage.OPEN, until=clock.now + 5))
    outlet.orders[0].go()
    clock.now += 4.9
    reads(image, clock, True)
    clock.now += 0.1
    relay.told(decision(Passage.CLOSED))
    clock.now += after
    relay.told(decision(Passage.OPEN, priority=Priority.LIFE_SAFETY))
    assert outlet.values()[-1] == (LOCK, True)


def test_a_device_that_does_not_drop_its_pulse_is_told_to(relay, outlet, image, clock):
    relay.told(decision(Passage.OPEN, until=clock.now + 5))
    clock.now += 5
    relay.told(decision(Passage.CLOSED))
    clock.now += 2
    reads(image, clock, True)
    assert not alarm(relay)
    assert outlet.values()[-1] == (LOCK, False)


def test_a_door_locked_again_before_its_pulse_ends_is_told_so(relay, outlet, image, clock):
    relay.told(decision(Passage.OPEN, until=clock.now + 5))
    clock.now += 1
    relay.told(decision(Passage.CLOSED))
    assert outlet.values()[-1] == (LOCK, False)


def test_a_relay_already_as_wanted_at_the_start_is_left_alone(relay, outlet, image, clock):
    reads(image, clock, False)
    relay.told(decision(Passage.CLOSED))
    assert outlet.orders == []


def test_a_relay_found_on_at_the_start_is_brought_to_rest(relay, outlet, image, clock):
    reads(image, clock, True)
    relay.told(decision(Passage.CLOSED))
    assert outlet.values() == [(LOCK, False)]


def test_no_read_back_in_time_is_an_alarm_and_it_is_tried_again(relay, outlet, image, clock):
    relay.told(decision(Passage.OPEN, priority=Priority.LIFE_SAFETY))
    outlet.orders[0].go()
    clock.now += 1.1
    assert not alarm(relay)
    assert len(outlet.orders) == 2
    clock.now += 1.1
    assert alarm(relay)
    clock.now += 0.1
    reads(image, clock, True)
    assert not alarm(relay)


def test_only_the_newest_order_may_go_to_the_wire(relay, outlet, clock):
    relay.told(decision(Passage.OPEN, priority=Priority.LIFE_SAFETY))
    relay.told(decision(Passage.CLOSED))
    relay.told(decision(Passage.OPEN, priority=Priority.LIFE_SAFETY))
    assert [bool(order.go()) for order in outlet.orders] == [True, True, False]


def test_a_pulse_past_its_time_is_recorded_never_sent(relay, outlet, clock):
    relay.told(decision(Passage.OPEN, until=clock.now + 5))
    clock.now += 5
    assert outlet.orders[0].go() == EXPIRED


def test_a_held_output_gets_no_orders(relay, outlet, image, clock):
    relay.told(decision(None))
    reads(image, clock, True)
    clock.now += 10
    assert not alarm(relay)
    assert outlet.orders == []


def test_a_board_without_pulses_is_told_on_and_off(outlet, image, clock):
    relay = Relay(output=DOOR, point=LOCK, on=Passage.OPEN, pulses=False, send=outlet, image=image, clock=clock)
    relay.told(decision(Passage.OPEN, until=clock.now + 5))
    clock.now += 5
    reads(image, clock, True)
    relay.told(decision(Passage.CLOSED))
    assert outlet.values() == [(LOCK, True), (LOCK, False)]


def test_a_magnetic_lock_is_freed_by_a_pulse_off(outlet, image, clock):
    relay = Relay(output=DOOR, point=LOCK, on=Passage.CLOSED, pulses=True, send=outlet, image=image, clock=clock)
    relay.told(decision(Passage.OPEN, until=clock.now + 5))
    assert outlet.values() == [(LOCK, Pulse(False, 5.0))]


def test_a_board_that_falls_silent_after_it_has_obeyed_is_not_a_second_alarm(relay, image, clock):
    reads(image, clock, False)
    relay.told(decision(Passage.CLOSED))
    assert not alarm(relay)
    clock.now += 60
    assert not alarm(relay)
    clock.now += 0.1
    reads(image, clock, True)
    assert alarm(relay), "but one that does the opposite is"


@pytest.mark.parametrize(
    ("priority", "late"), [(Priority.SCHEDULE, False), (Priority.OPERATOR, False), (Priority.LIFE_SAFETY, True)]
)
def test_right_after_a_start_a_line_may_still_be_opening(relay, clock, priority, late):
    """Two seconds for what lives hang on; ten for everyday orders to a board that nobody has heard yet."""
    relay.told(decision(Passage.OPEN, priority=priority))
    clock.now += 2.1
    assert alarm(relay) is late
    clock.now += 8
    assert alarm(relay)
