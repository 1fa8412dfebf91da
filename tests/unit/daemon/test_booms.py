"""A boom goes where it is told, and never down onto anything."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.arbiter import Decision
from daemon.booms import Boom
from daemon.config.site import Lane
from gatehouse.demands import Demand, Passage, Priority, Pulse
from gatehouse.points import Image, Point, Quality
from tests.unit.daemon.doubles import HandClock, Outlet

UP, DOWN = ("io2.relay1", Pulse(True, 0.5)), ("io2.relay2", Pulse(True, 0.5))


@pytest.fixture
def image(clock) -> Image:
    inputs = [Point(name=f"io2.input{n}", max_age=2.0) for n in (1, 2, 3)]
    image = Image([*inputs, *(Point(name=f"io2.relay{n}", max_age=500.0) for n in (1, 2))])
    for n in (1, 2):
        image.put(f"io2.relay{n}", False, Quality.GOOD, clock.now)
    return image


@pytest.fixture
def boom(clock, outlet, image) -> Boom:
    lane = Lane.model_validate(
        {
            "title": "车道A",
            "open": "io2.relay1",
            "close": "io2.relay2",
            "presence": "io2.input1",
            "up": "io2.input2",
            "down": "io2.input3",
        }
    )
    return Boom(output="lanes.in", lane=lane, send=outlet, image=image, clock=clock)


def see(image, clock, presence=False, up=False, down=False, quality=Quality.GOOD) -> None:
    for n, value in enumerate((presence, up, down), 1):
        image.put(f"io2.input{n}", value, quality, clock.now)


def tell(boom, value) -> None:
    boom.told(Decision("lanes.in", value, None))


def test_told_open_it_gets_one_pulse(boom, outlet, image, clock):
    see(image, clock, down=True)
    tell(boom, Passage.OPEN)
    assert outlet.values() == [UP]


def test_already_up_it_gets_none(boom, outlet, image, clock):
    see(image, clock, up=True)
    tell(boom, Passage.OPEN)
    assert outlet.orders == []


def test_told_closed_with_a_clear_way_it_falls(boom, outlet, image, clock):
    see(image, clock, up=True)
    tell(boom, Passage.CLOSED)
    assert outlet.values() == [DOWN]


def test_a_release_pulses_a_boom_that_was_told_open_already_and_does_not_show_that_it_is(outlet, image, clock):
    lane = Lane.model_validate({"title": "", "open": "io2.relay1", "close": "io2.relay2", "presence": "io2.input1"})
    boom = Boom(output="lanes.in", lane=lane, send=outlet, image=image, clock=clock)
    for_card(boom)
    clock.now += 9  # it came down again by its own hand
    for_fire(boom)
    for_fire(boom)
    assert outlet.values() == [UP] * 2


def test_a_release_of_a_boom_that_is_seen_up_needs_no_pulse(boom, outlet, image, clock):
    see(image, clock, down=True)
    for_card(boom)
    see(image, clock, up=True)
    for_fire(boom)
    assert outlet.values() == [UP]


def test_limits_that_contradict_each_other_do_not_keep_a_boom_down(boom, outlet, image, clock):
    see(image, clock, up=True, down=True)
    tell(boom, Passage.OPEN)
    assert outlet.values() == [UP]


def test_a_pulse_that_did_not_reach_a_blind_boom_is_no_try_and_is_given_again_soon(outlet, image, clock):
    lane = Lane.model_validate({"title": "", "open": "io2.relay1", "close": "io2.relay2", "presence": "io2.input1"})
    boom = Boom(output="lanes.in", lane=lane, send=outlet, image=image, clock=clock)
    tell(boom, Passage.OPEN)
    for number in range(20):
        assert len(outlet.orders) == number + 1
        outlet.orders[-1].go("no answer")
        clock.now += 1.0
        list(boom.step())
    outlet.orders[-1].go()
    for _ in range(5):
        clock.now += 6.1
        list(boom.step())
    assert len(outlet.orders) == 22  # the one that was taken, and one more


def for_card(boom) -> None:
    wish = Demand(output="lanes.in", value=Passage.OPEN, priority=Priority.CREDENTIAL, issuer="r")
    boom.told(Decision("lanes.in", Passage.OPEN, wish))


def for_fire(boom) -> None:
    wish = Demand(output="lanes.in", value=Passage.OPEN, priority=Priority.LIFE_SAFETY, issuer="f")
    boom.told(Decision("lanes.in", Passage.OPEN, wish))


@pytest.mark.parametrize(
    ("presence", "quality", "age"),
    [(True, Quality.GOOD, 0), (False, Quality.UNCERTAIN, 0), (False, Quality.BAD, 0), (False, Quality.GOOD, 1.1)],
)
def test_it_does_not_fall_on_what_it_cannot_exclude(boom, outlet, image, clock, presence, quality, age):
    see(image, clock, presence=presence, up=True, quality=quality)
    clock.now += age
    tell(boom, Passage.CLOSED)
    assert outlet.orders == []


def test_never_read_presence_counts_as_a_car(boom, outlet):
    tell(boom, Passage.CLOSED)
    assert outlet.orders == []


def test_a_car_that_comes_while_the_order_waits_stops_it_at_the_wire(boom, outlet, image, clock):
    see(image, clock, up=True)
    tell(boom, Passage.CLOSED)
    see(image, clock, presence=True, up=True)
    assert "stands under" in outlet.orders[0].go()
    (condition,) = boom.step()
    assert condition.active is False


def test_an_order_that_waited_too_long_is_stopped_by_the_age_of_presence(boom, outlet, image, clock):
    see(image, clock, up=True)
    tell(boom, Passage.CLOSED)
    clock.now += 1.5
    assert "1.50 s ago" in outlet.orders[0].go()


def test_it_reverses_when_told_open_while_falling(boom, outlet, image, clock):
    see(image, clock, up=True)
    tell(boom, Passage.CLOSED)
    see(image, clock, presence=True)
    tell(boom, Passage.OPEN)
    assert outlet.values() == [DOWN, UP]
    assert "told otherwise" in outlet.orders[0].go()


def test_a_fire_right_after_its_pulse_down_raises_it_though_its_limit_still_reads_up(boom, outlet, image, clock):
    """The limit was read before it began to fall; the relay of the pulse makes way first, the box takes one order."""
    see(image, clock, up=True)
    tell(boom, Passage.CLOSED)
    assert outlet.orders[0].go() == ""
    clock.now += 0.02
    for_fire(boom)
    assert outlet.values() == [DOWN, ("io2.relay2", False), UP]
    see(image, clock, up=True)
    for_fire(boom)
    assert len(outlet.orders) == 3, "and once"


def test_one_that_is_to_be_up_and_falls_by_another_hand_is_raised_at_once(boom, outlet, image, clock):
    see(image, clock, down=True)
    for_fire(boom)
    clock.now += 4.0
    see(image, clock, up=True)
    list(boom.step())
    clock.now += 0.5
    see(image, clock)
    list(boom.step())
    assert outlet.values() == [UP, UP], "not only a travel time after its last pulse"
    list(boom.step())
    assert len(outlet.orders) == 2


def test_long_after_its_pulse_down_a_limit_that_reads_up_is_believed(boom, outlet, image, clock):
    """It was raised by hand: it is there."""
    see(image, clock, up=True)
    tell(boom, Passage.CLOSED)
    outlet.orders[0].go()
    clock.now += 6.1
    see(image, clock, up=True)
    image.put("io2.relay2", False, Quality.GOOD, clock.now)
    tell(boom, Passage.OPEN)
    assert outlet.values() == [DOWN]


def test_an_order_to_fall_right_after_the_pulse_up_is_not_taken_for_done(boom, outlet, image, clock):
    see(image, clock, down=True)
    tell(boom, Passage.OPEN)
    outlet.orders[0].go()
    clock.now += 0.02
    tell(boom, Passage.CLOSED)
    assert outlet.values() == [UP, ("io2.relay1", False), DOWN], "else it would stay up for a whole travel time"


def test_it_is_pulsed_up_again_for_as_long_as_it_is_seen_not_to_be_up(boom, outlet, image, clock):
    see(image, clock, down=True)
    tell(boom, Passage.OPEN)
    for _ in range(5):
        clock.now += 6.1
        see(image, clock)
        list(boom.step())
    assert outlet.values() == [UP] * 6


def test_it_is_pulsed_down_three_times_at_most(boom, outlet, image, clock):
    see(image, clock, up=True)
    tell(boom, Passage.CLOSED)
    for _ in range(5):
        clock.now += 6.1
        see(image, clock, up=True)
        list(boom.step())
    assert outlet.values() == [DOWN] * 3


def test_a_refusing_board_is_an_alarm(boom, outlet, image, clock):
    see(image, clock, down=True)
    tell(boom, Passage.OPEN)
    outlet.orders[0].go("io2 did not answer")
    (condition,) = boom.step()
    assert condition.active is True
    assert condition.evidence["answer"] == "io2 did not answer"


@pytest.mark.parametrize("relay", ["io2.relay1", "io2.relay2"])
def test_a_relay_found_on_at_the_start_is_let_go(boom, outlet, image, clock, relay):
    """Boards whose inputs drive their relays out of the box leave them on; a pulse into a relay that is on is none."""
    see(image, clock, down=True)
    image.put(relay, True, Quality.GOOD, clock.now)
    list(boom.step())
    list(boom.step())
    assert outlet.values() == [(relay, False)]
    clock.now += 2
    image.renew([relay], clock.now)
    list(boom.step())
    assert outlet.values() == [(relay, False)] * 2


def test_a_relay_that_is_in_its_pulse_is_left_alone(boom, outlet, image, clock):
    see(image, clock, down=True)
    tell(boom, Passage.OPEN)
    clock.now += 0.3
    image.put("io2.relay1", True, Quality.GOOD, clock.now)
    list(boom.step())
    assert outlet.values() == [UP]


@pytest.mark.parametrize("relay", ["io2.relay1", "io2.relay2"])
def test_a_relay_found_on_is_let_go_before_the_pulse_because_the_box_needs_an_edge(boom, outlet, image, clock, relay):
    see(image, clock, down=True)
    image.put(relay, True, Quality.GOOD, clock.now)
    tell(boom, Passage.OPEN)
    assert outlet.values() == [(relay, False), UP]


def test_its_own_pulse_is_not_cut_short(boom, outlet, image, clock):
    see(image, clock, down=True)
    tell(boom, Passage.OPEN)
    outlet.orders[0].go()
    clock.now += 0.2
    image.put("io2.relay1", True, Quality.GOOD, clock.now)
    tell(boom, None)
    tell(boom, Passage.OPEN)
    assert outlet.values() == [UP, UP]


def test_a_relay_found_on_makes_way_for_a_fire_release_first(boom, outlet, image, clock):
    see(image, clock, down=True)
    image.put("io2.relay1", True, Quality.GOOD, clock.now)
    release = Demand(output="lanes.in", value=Passage.OPEN, priority=Priority.LIFE_SAFETY, issuer="fire")
    boom.told(Decision("lanes.in", Passage.OPEN, release))
    assert outlet.values() == [("io2.relay1", False), UP]
    assert [order.priority for order in outlet.orders] == [Priority.LIFE_SAFETY] * 2, (
        "or the queue would turn them round"
    )


@pytest.mark.parametrize("quality", [Quality.UNCERTAIN, Quality.BAD])
def test_a_relay_of_which_nobody_knows_is_switched_off_before_the_pulse(boom, outlet, image, clock, quality):
    """Fire right after the start: what the board's inputs did to its relays has not been read yet."""
    see(image, clock, down=True)
    image.put("io2.relay1", False if quality else None, quality, clock.now)
    boom.told(Decision("lanes.in", Passage.OPEN, None))
    assert outlet.values() == [("io2.relay1", False), UP]


LANE = {"title": "A", "open": "b.relay1", "close": "b.relay2", "presence": "b.input1", "up": "b.input2",
        "down": "b.input3"}  # fmt: skip
RISE, FALL = 1 / 4.0, -1 / 3.0
"""Of the whole way, a second."""


# In motion: limits are read now and then, and orders wait for the line.


@dataclass
class Yard:
    """A boom, its box, and the line between."""

    clock: HandClock = field(default_factory=HandClock)
    outlet: Outlet = field(default_factory=Outlet)
    position: float = 0.0
    pace: float = 0.0
    lit: dict[str, float] = field(default_factory=dict)
    """Relay -> when it drops."""

    def __post_init__(self) -> None:
        points = [Point(name=f"b.input{number}", max_age=2.0) for number in (1, 2, 3)]
        self.image = Image([*points, *(Point(name=f"b.relay{number}", max_age=2.0) for number in (1, 2))])
        self.boom = Boom(output="lanes.in", lane=Lane.model_validate(LANE), send=self.outlet, image=self.image,
                         clock=self.clock)  # fmt: skip
        self.read()

    def read(self) -> None:
        """The line reads all that there is, and the daemon looks."""
        now = self.clock.now
        seen = {"input1": False, "input2": self.position == 1.0, "input3": self.position == 0.0}
        seen |= {relay: self.lit.get(relay, 0.0) > now for relay in ("relay1", "relay2")}
        for channel, value in seen.items():
            self.image.put(f"b.{channel}", value, Quality.GOOD, now)
        list(self.boom.step())

    def write(self) -> None:
        """The line carries out the orders that wait."""
        for order in self.outlet.orders:
            if order.go() == "":
                self._obey(order.point.partition(".")[2], order.value)
        self.outlet.orders.clear()

    def _obey(self, relay: str, value: object) -> None:
        was = self.lit.get(relay, 0.0) > self.clock.now
        self.lit[relay] = self.clock.now + value.seconds if isinstance(value, Pulse) else 0.0
        other = "relay2" if relay == "relay1" else "relay1"
        if value is not False and not was and self.lit.get(other, 0.0) <= self.clock.now:  # an edge, and one order only
            self.pace = RISE if relay == "relay1" else FALL

    def wait(self, seconds: float) -> None:
        self.clock.now += seconds
        self.position = min(1.0, max(0.0, self.position + self.pace * seconds))
        if self.position in (0.0, 1.0):
            self.pace = 0.0

    def fall(self) -> None:
        """By another hand, such as a remote control, which the box takes between two orders of ours."""
        if self.position > 0 and max(self.lit.values(), default=0.0) <= self.clock.now:
            self.pace = FALL

    def tell(self, passage: Passage, priority: Priority = Priority.REST) -> None:
        wish = Demand(output="lanes.in", value=passage, priority=priority, issuer="x")
        self.boom.told(Decision("lanes.in", passage, wish))


HAPPENINGS = st.one_of(
    st.sampled_from([Passage.OPEN, Passage.CLOSED]),
    st.sampled_from(["read", "write", "by another hand"]),
    st.sampled_from([0.02, 0.1, 0.7, 1.5, 3.1, 4.1, 6.1]),
)


@given(st.sampled_from([0.0, 1.0]), st.lists(HAPPENINGS, max_size=14))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_whatever_came_before_a_fire_raises_it_as_soon_as_the_line_had_its_turn(
    position: float, story: list[object]
) -> None:
    yard = Yard(position=position)
    for each in story:
        if isinstance(each, Passage):
            yard.tell(each)
        elif isinstance(each, float):
            yard.wait(each)
        elif each == "by another hand":
            yard.fall()
        else:
            getattr(yard, each)()
    yard.tell(Passage.OPEN, Priority.LIFE_SAFETY)
    for _ in range(20):  # two seconds of a line that works
        yard.write()
        yard.wait(0.05)
        yard.read()
        yard.write()
        yard.wait(0.05)
    assert yard.pace > 0 or yard.position == 1.0, (yard.position, yard.pace)
