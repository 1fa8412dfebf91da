"""A boom that takes its time, limits that are read now and then, orders that wait for the line: whatever came before,
one that is to be up is on its way up, or there, as soon as the line has had its turn."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.arbiter import Decision
from daemon.booms import Boom
from daemon.config.site import Lane
from gatehouse.demands import Demand, Passage, Priority, Pulse
from gatehouse.points import Image, Point, Quality
from tests.unit.daemon.doubles import HandClock, Outlet

LANE = {"title": "A", "open": "b.relay1", "close": "b.relay2", "presence": "b.input1", "up": "b.input2",
        "down": "b.input3"}  # fmt: skip
RISE, FALL = 1 / 4.0, -1 / 3.0
"""Of the whole way, a second."""


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


@given(st.lists(HAPPENINGS, max_size=14))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_whatever_came_before_a_fire_raises_it_as_soon_as_the_line_had_its_turn(story: list[object]) -> None:
    yard = Yard()
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
