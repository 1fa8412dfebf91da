"""Moves one boom as its lane is told: pulses up or down, watched by its limit inputs, never down onto anything."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from daemon.alarms.annunciator import own
from daemon.arbiter import Decision
from daemon.clock import Clock
from daemon.commands import Send, always
from daemon.config.site import Lane
from gatehouse.alarms import Condition, Severity
from gatehouse.demands import Passage, Priority, Pulse
from gatehouse.points import Image

_TRIES_DOWN = 3
"""Pulses down for one order before a person must look; pulses up do not end while the boom is seen not to be up."""
_PULSE_OVER = 1.5
"""Seconds after the end of a pulse in which its relay may still read on."""
_AGAIN = 1.0
"""Seconds after which an order that was refused, or got no answer, is given again."""
_TRIES_BLIND = 2
"""Pulses for one order where no limit input tells whether it arrived."""


@dataclass(slots=True, kw_only=True)
class Boom:
    """One boom of a lane."""

    output: str
    lane: Lane
    send: Send
    image: Image
    clock: Clock
    _wanted: Passage | None = field(init=False, default=None)
    _priority: Priority = field(init=False, default=Priority.REST)
    _moved: float = field(init=False, default=float("-inf"))
    _went: dict[str, float] = field(init=False, default_factory=dict)  # relay -> when its last pulse was let go out
    _let_go: float = field(init=False, default=float("-inf"))
    _was_up: bool = field(init=False, default=False)  # since it was told to be
    _refused: float = field(init=False, default=float("inf"))
    _tries: int = field(init=False, default=0)
    _answer: str = field(init=False, default="")

    @property
    def relays(self) -> tuple[str, ...]:
        """Points that it switches."""
        return self.lane.open, self.lane.close

    @property
    def watches(self) -> tuple[str, ...]:
        """Points at whose change it is worth comparing at once."""
        limits = (point for point in (self.lane.up, self.lane.down) if point is not None)
        return *self.relays, *limits, f"{self.lane.open.partition('.')[0]}.online"

    def told(self, decision: Decision) -> None:
        """Take a new decision and act on it at once."""
        wanted = None if decision.value is None else Passage(str(decision.value))
        priority = decision.demand.priority if decision.demand else Priority.REST
        for_life, self._priority = priority <= Priority.LIFE_SAFETY < self._priority, priority
        if wanted is self._wanted and not for_life:  # a release trusts in no pulse that was given for a card
            return
        self._wanted, self._tries, self._answer, self._was_up = wanted, 0, "", self._is_up(wanted)
        self.drive()

    def step(self) -> Iterator[Condition]:
        """Pulse again after a whole travel time without arrival, or when it leaves where it was told to stay up; say
        when the order was not taken."""
        now, up = self.clock.monotonic(), self._is_up(self._wanted)
        left, self._was_up = self._was_up and not up, up
        if left or now - self._moved > self.lane.travel or now >= self._refused + _AGAIN:
            self.drive()
        self._let_go_of_relays()
        refused = self._wanted is not None and self._answer not in ("", "accepted")
        yield own(
            f"{self.output}.unconfirmed",
            "unconfirmed",
            self.output,
            refused,
            Severity.P2,
            told=self._wanted.value if self._wanted else None,
            answer=self._answer,
        )

    def blocked(self) -> str:
        """Why the boom may not fall; empty only when a fresh and good reading says that nothing stands under it."""
        now = self.clock.monotonic()
        reading = self.image.read(self.lane.presence, now)
        if not reading.good:
            return f"presence cannot be trusted: {reading.note or reading.quality.name.lower()}"
        if now - reading.at > self.lane.presence_limit:
            return f"presence was read {now - reading.at:.2f} s ago, limit {self.lane.presence_limit:g} s"
        return "" if reading.value is False else "something stands under the boom"

    def drive(self) -> None:
        """Pulse towards what is wanted, unless it is there, was tried often enough, or may not fall."""
        wanted = self._wanted
        if wanted is None or self._there(wanted) or self._tries >= self._limit_of_tries(wanted):
            return
        down = wanted is Passage.CLOSED
        if down and self.blocked():
            return
        point = self.lane.close if down else self.lane.open
        self._make_way(point)
        self._moved, self._refused = self.clock.monotonic(), float("inf")
        self._tries += 1

        def permit() -> str:
            if self._wanted is not wanted:
                return f"{self.output} is told otherwise by now"
            refusal = self.blocked() if down else ""
            if not refusal:
                self._went[point] = self.clock.monotonic()
            return refusal

        def done(refusal: str) -> None:
            if self._wanted is wanted and refusal:  # what did not reach the boom was no try
                self._tries, self._refused = max(0, self._tries - 1), self.clock.monotonic()
            if self._wanted is wanted:  # not permitted for want of a clear way is no fault of the boom's
                self._answer = "" if refusal and down and self.blocked() else refusal or "accepted"

        self.send(point, Pulse(True, self.lane.pulse), self._priority, permit, done)

    def _make_way(self, pulsed: str) -> None:
        """Switch off, before a pulse, each relay that is not surely off: the box needs an edge, and one order only."""
        now = self.clock.monotonic()
        for point in self.relays:
            reading, over = self.image.read(point, now), self._over(point)
            again = point == pulsed and now <= over + _PULSE_OVER
            off = reading.good and reading.value is False and (point == pulsed or reading.at > over)
            if not again and not off:
                self._switch_off(point)

    def _over(self, point: str) -> float:
        """When the last pulse of this relay is over, or was."""
        return self._went.get(point, float("-inf")) + self.lane.pulse

    def _let_go_of_relays(self) -> None:
        """Switch off a relay that is on without a pulse of ours: it would hold the motor."""
        now = self.clock.monotonic()
        for point in self.relays:
            reading = self.image.read(point, now)
            waits = self._moved + self.lane.pulse  # one that was given just now may go out yet
            over = max(max(waits, self._over(point)) + _PULSE_OVER, self._let_go)
            if reading.good and reading.value is True and reading.at > over:
                self._let_go = now + _PULSE_OVER
                self._switch_off(point)

    def _switch_off(self, point: str) -> None:
        """Never after the pulse that it makes way for."""
        self.send(point, False, min(self._priority, Priority.PROTECTION), always, _ignored)

    def _limit_point(self, wanted: Passage) -> str | None:
        return self.lane.up if wanted is Passage.OPEN else self.lane.down

    def _limit_of_tries(self, wanted: Passage) -> float:
        if self._limit_point(wanted) is None:
            return _TRIES_BLIND
        return _TRIES_DOWN if wanted is Passage.CLOSED else float("inf")

    def _there(self, wanted: Passage) -> bool:
        other = Passage.CLOSED if wanted is Passage.OPEN else Passage.OPEN
        if self._leaves(wanted):
            return False
        return self._at(self._limit_point(wanted)) and not self._at(self._limit_point(other))

    def _is_up(self, wanted: Passage | None) -> bool:
        """Where it is told to be up."""
        return wanted is Passage.OPEN and self._there(wanted)

    def _leaves(self, wanted: Passage) -> bool:
        """It was pulsed the other way last, and so lately that a limit may read as it was before that."""
        toward, away = self.relays if wanted is Passage.OPEN else reversed(self.relays)
        went = self._went.get(away, float("-inf"))
        return self._went.get(toward, float("-inf")) < went >= self.clock.monotonic() - self.lane.travel

    def _at(self, limit: str | None) -> bool:
        if limit is None:
            return False
        seen = self.image.read(limit, self.clock.monotonic())
        return seen.good and seen.value is True


def _ignored(refusal: str) -> None:
    """It is tried again as long as the relay reads on."""
