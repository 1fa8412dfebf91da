"""A barrier's boom and the cars under it."""

from collections.abc import Callable
from dataclasses import dataclass

from simulators.bodies import Terminal
from simulators.clock import Appointment, Clock
from simulators.diary import Diary

CAR_HEIGHT = 0.5
"""Where on its way from down (0) to up (1) a falling boom touches a car."""
_CROSSING = 2.0
"""Seconds that a car takes to drive through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What a barrier is wired to."""

    open: Terminal
    close: Terminal
    presence: Terminal
    up: Terminal | None = None
    down: Terminal | None = None


class Boom:
    """Moves on a pulse, takes its time, and hits what stands below."""

    def __init__(
        self, name: str, clock: Clock, diary: Diary, wiring: Wiring, *, rise: float = 4.0, fall: float = 3.0
    ) -> None:
        """`rise` and `fall` are seconds from end to end."""
        self.name = name
        self.cars = 0
        self.through = 0
        self.hits = 0
        """How often it came down on a car. Must stay 0 for ever."""
        self.falls_over_cars = 0
        """How often it started to fall with a car below, whether or not it was called back in time."""
        self.jammed = False
        self._clock = clock
        self._diary = diary
        self._wiring = wiring
        self._pace = {1: 1 / rise, -1: -1 / fall}
        self._direction = 0
        self._from = 0.0
        self._since = clock.now()
        self._ahead: list[Appointment] = []
        self._driving = False
        self._leaving: Appointment | None = None
        wiring.open.watch(lambda on: self._go(1) if on else None)
        wiring.close.watch(lambda on: self._go(-1) if on and not wiring.open.sense() else None)
        wiring.presence.drive(False)
        self._tell()

    @property
    def position(self) -> float:
        """0 is down, 1 is up."""
        if not self._direction:
            return self._from
        moved = self._pace[self._direction] * (self._clock.now() - self._since)
        return min(1.0, max(0.0, self._from + moved))

    def arrive(self) -> None:
        """A car drives onto the loop and stays; below a low boom it stands before it."""
        self.cars += 1
        self._wiring.presence.drive(True)
        self._diary.note(self.name, "car arrived", cars=self.cars)

    def leave(self) -> None:
        """A car backs away; LookupError when there is none."""
        self._need_car()
        self._gone("car left")

    def drive(self) -> bool:
        """A car drives through as soon as the boom is up; False while it has to wait. LookupError without a car."""
        self._need_car()
        self._driving = True
        return self._start_crossing()

    def jam(self, jammed: bool) -> None:
        """Let the motor fail where it is, or work again."""
        self._stop(self.position)
        self.jammed = jammed
        self._diary.note(self.name, "jammed" if jammed else "works again")

    def state(self) -> dict[str, object]:
        """As JSON can say it."""
        return {
            "position": round(self.position, 3),
            "moving": {1: "up", -1: "down", 0: ""}[self._direction],
            "cars": self.cars,
            "through": self.through,
            "hit": self.hits > 0,
            "hits": self.hits,
            "falls_over_cars": self.falls_over_cars,
            "jammed": self.jammed,
        }

    def _go(self, direction: int) -> None:
        start = self.position
        if self.jammed or start == (1.0 if direction > 0 else 0.0):
            return
        self._stop(start)
        self._direction, self._since = direction, self._clock.now()
        self._tell()
        self._diary.note(self.name, "rises" if direction > 0 else "falls")
        target = 1.0 if direction > 0 else 0.0
        self._meet(target, lambda: self._arrive_at(target))
        if direction < 0 and start > CAR_HEIGHT:
            self.falls_over_cars += self.cars > 0
            self._meet(CAR_HEIGHT, self._touch)

    def _meet(self, position: float, callback: Callable[[], None]) -> None:
        when = self._since + (position - self._from) / self._pace[self._direction]
        self._ahead.append(self._clock.at(when, callback))

    def _stop(self, position: float) -> None:
        for appointment in self._ahead:
            appointment.cancel()
        self._ahead.clear()
        self._from, self._direction = position, 0

    def _arrive_at(self, position: float) -> None:
        self._stop(position)
        self._diary.note(self.name, "up" if position else "down")
        self._tell()
        self._start_crossing()

    def _touch(self) -> None:
        if not self.cars:
            return
        self._stop(CAR_HEIGHT)
        self._halt()
        self.hits += 1
        self._diary.note(self.name, "HIT A CAR", cars=self.cars)

    def _tell(self) -> None:
        """Let the limit switches follow."""
        if self._wiring.up is not None:
            self._wiring.up.drive(self._direction == 0 and self._from == 1.0)
        if self._wiring.down is not None:
            self._wiring.down.drive(self._direction == 0 and self._from == 0.0)

    def _need_car(self) -> None:
        if not self.cars:
            raise LookupError(f"no car stands at {self.name}")

    def _start_crossing(self) -> bool:
        if not self._driving or self.position < 1.0:
            return False
        if self._leaving is None:
            self._diary.note(self.name, "car drives through")
            self._leaving = self._clock.at(self._clock.now() + _CROSSING, self._crossed)
        return True

    def _crossed(self) -> None:
        self._leaving, self._driving = None, False
        self.through += 1
        self._gone("car through")

    def _gone(self, what: str) -> None:
        self.cars -= 1
        if not self.cars:
            self._halt()
            self._wiring.presence.drive(False)
        self._diary.note(self.name, what, cars=self.cars)

    def _halt(self) -> None:
        """Nobody is driving through any more."""
        self._driving = False
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None
