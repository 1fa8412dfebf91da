"""The site's devices as a rehearsal has them: readings stay fresh, relays do as they are told, booms go up and down.

What a timetable has set by hand is so until it says otherwise: a relay that sticks, a boom that does not arrive.
"""

import heapq
import itertools
from collections.abc import Callable

from daemon.clock import Clock
from daemon.config.load import Plan
from daemon.config.references import sort_of
from daemon.field.writes import Command
from daemon.image import LiveImage
from gatehouse.demands import Pulse
from gatehouse.driver import Sample
from gatehouse.points import Point, Quality, Reading, Value

READ_BACK = 0.05
"""Seconds after which an order shows in what its relay reads: a poll of a board that is asked twenty times a second."""
_NOTICED = 0.3
"""Seconds after which a reading that grew stale has been noticed."""
SILENT = "the device does not answer"


class HeldImage(LiveImage):
    """An image some of whose readings are renewed whenever anybody looks."""

    def __init__(self, points: list[Point], clock: Clock) -> None:
        """None is held, and none was read."""
        super().__init__(points)
        self._clock = clock
        self.held: set[str] = set()
        self.aged: set[str] = set()
        """Points whose next reading is one that came so long ago that it is stale."""
        self._stirred: set[str] = set()

    def release(self, name: str, *, stale: bool) -> None:
        """Nothing more is heard of a point; `stale`: and nothing was for as long as makes it stale by now."""
        self._renewed(name)
        self.held.discard(name)
        self._stirred.add(name)
        if stale:
            self.aged.add(name)

    def put(self, name: str, value: Value | None, quality: Quality, now: float, note: str = "") -> bool:
        """As ever; but the last reading of a point that is released counts as news, so that its age is watched."""
        stirred, aged = name in self._stirred, name in self.aged
        self._stirred.discard(name)
        self.aged.discard(name)
        at = now - self.points[name].max_age - 0.01 if aged and self.points[name].max_age < now else now
        return super().put(name, value, quality, at, note) or stirred

    def good_until(self, name: str) -> float | None:
        """What is held never grows stale; what is stale stays so until it is put again, and need not be looked at."""
        end = None if name in self.held else super().good_until(name)
        return None if end is None or self._clock.monotonic() - end > _NOTICED else end

    def _renewed(self, name: str) -> Reading:
        reading = self._readings[name]
        if name in self.held and reading.at < self._clock.monotonic():
            reading = self._readings[name] = reading._replace(at=self._clock.monotonic())
        return reading


class Later:
    """What is to happen at which second; of the same second, what was asked for first."""

    def __init__(self) -> None:
        """Nothing."""
        self._waiting: list[tuple[float, int, Callable[[], None]]] = []
        self._number = itertools.count()

    def put(self, at: float, act: Callable[[], None]) -> None:
        """Let this happen then."""
        heapq.heappush(self._waiting, (at, next(self._number), act))

    def next(self) -> float:
        """When the next thing happens; inf when nothing will."""
        return self._waiting[0][0] if self._waiting else float("inf")

    def pop(self) -> Callable[[], None]:
        """The next thing."""
        return heapq.heappop(self._waiting)[2]


Land = Callable[[str, Sample], None]


class Board:
    """Stands where the line of a device would: takes its orders at once, and reads back as told."""

    def __init__(self, world: "World") -> None:
        """Of this world."""
        self._world = world

    def write(self, command: Command) -> None:
        """Ask whether it may go out, and let it come true."""
        if command.device in self._world.silent:
            command.done(SILENT)
            return
        refusal = command.permit()
        if not refusal:
            self._world.order(f"{command.device}.{command.channel}", command.value)
        command.done(refusal)


class World:
    """What every point of the site would read now, whether or not anybody hears of it."""

    def __init__(self, plan: Plan, clock: Clock, later: Later) -> None:
        """Everything at rest, nothing read."""
        self.readings: dict[str, Sample] = {}
        self.unheard: set[str] = set()
        self.silent: set[str] = set()
        self.by_hand: set[str] = set()
        """Relays and limit inputs that read as the timetable says, whatever is ordered."""
        self.land: Land = _nothing
        self._clock, self._later = clock, later
        self._orders: dict[str, int] = {}
        self._of: dict[str, list[str]] = {device: [] for device in plan.devices}
        for point in plan.points:
            device, _, channel = point.name.partition(".")
            if channel != "online":
                self._of[device].append(point.name)
        self._booms: dict[str, tuple[str, str | None, str | None, float]] = {}
        """Relay -> the lane, the limit input that its boom leaves, the one where it arrives, after how many seconds."""
        for name, lane in plan.site.lanes.items():
            self._booms[lane.open] = name, lane.down, lane.up, lane.travel / 2
            self._booms[lane.close] = name, lane.up, lane.down, lane.travel / 2
        self._moves: dict[str, int] = {}

    def order(self, point: str, value: Value | Pulse) -> None:
        """A relay was told something."""
        order = self._orders[point] = self._orders.get(point, 0) + 1
        now = self._clock.monotonic() + READ_BACK
        if isinstance(value, Pulse):
            self._later.put(now, lambda: self._follow(point, order, value.value))
            self._later.put(now + value.seconds, lambda: self._follow(point, order, not value.value))
        else:
            self._later.put(now, lambda: self._follow(point, order, value))

    def _follow(self, point: str, order: int, value: Value) -> None:
        if self._orders[point] == order and point not in self.by_hand:
            self.set(point, Sample(value))
        if value is True and point in self._booms and point not in self.by_hand:
            self._swing(*self._booms[point])

    def _swing(self, lane: str, leaves: str | None, arrives: str | None, seconds: float) -> None:
        """A boom begins to move; another pulse meanwhile makes of it another move."""
        move = self._moves[lane] = self._moves.get(lane, 0) + 1

        def arrive() -> None:
            if self._moves[lane] == move:
                self._limit(arrives, True)

        self._limit(leaves, False)
        self._limit(arrives, False)
        self._later.put(self._clock.monotonic() + seconds, arrive)

    def _limit(self, point: str | None, value: bool) -> None:
        if point is not None and point not in self.by_hand and point in self.readings:
            self.set(point, Sample(value))

    def set(self, point: str, sample: Sample) -> None:
        """A point reads otherwise from now on."""
        self.readings[point] = sample
        if self.heard(point):
            self.land(point, sample)

    def heard(self, point: str) -> bool:
        """Whether its device answers, and it is read."""
        device, _, channel = point.partition(".")
        return point not in self.unheard and (channel == "online" or device not in self.silent)

    def of(self, device: str) -> list[str]:
        """Points of a device, but not whether it answers."""
        return self._of[device]


def _nothing(point: str, sample: Sample) -> None:
    """Nobody listens yet."""


def at_rest(plan: Plan) -> dict[str, Sample]:
    """Every point as it reads when nothing happens: switches off, measures 0 or what is nearest to it, booms down."""
    down = {lane.down for lane in plan.site.lanes.values()}
    found = {}
    for point in plan.points:
        if point.name.endswith(".online") or point.name in down:
            found[point.name] = Sample(True)
        elif not point.momentary:
            found[point.name] = Sample(min(max(0.0, point.low), point.high) if sort_of(point) else False)
    return found
