"""Keeps one relay as its output is told: door locks, sirens, lamps. Read-back is compared for ever."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from daemon.alarms.annunciator import own
from daemon.arbiter import Decision
from daemon.clock import Clock
from daemon.commands import EXPIRED, Send
from gatehouse.alarms import Condition, Severity
from gatehouse.demands import Priority, Pulse
from gatehouse.points import Image, Value

CONFIRM = 2.0
"""Seconds within which the relay must read back as told."""
_UNHEARD = 10.0
"""The same for orders of everyday to a board that was never read: right after a start its line may still be opening."""
_AGAIN = 1.0
"""Seconds between two orders while the read-back differs."""
_PULSE_END = 1.5
"""Slack around the end of a device-timed pulse, during which either read-back is right."""
_TAKEN = "accepted"


@dataclass(slots=True, kw_only=True)
class Relay:
    """One relay: `on` is the output's value while the relay is energised."""

    output: str
    point: str
    on: Value
    pulses: bool  # the device can time a pulse itself
    send: Send
    image: Image
    clock: Clock
    _wanted: bool | None = field(init=False, default=None)
    _until: float | None = field(init=False, default=None)
    _pulse_end: float = field(init=False, default=float("-inf"))  # of the last pulse that the device was given
    _outlasted: float = field(init=False, default=float("inf"))  # end of a pulse that a lasting order came into
    _priority: Priority = field(init=False, default=Priority.REST)
    _since: float = field(init=False, default=0.0)
    _sent: float = field(init=False, default=float("-inf"))
    _confirmed: bool = field(init=False, default=False)  # seen as told at least once since it was told
    _orders: int = field(init=False, default=0)
    _answer: str = field(init=False, default="")

    @property
    def relays(self) -> tuple[str, ...]:
        """Points that it switches."""
        return (self.point,)

    @property
    def watches(self) -> tuple[str, ...]:
        """Points at whose change it is worth comparing at once: a board that lost its power lost its orders too."""
        return self.point, f"{self.point.partition('.')[0]}.online"

    def told(self, decision: Decision) -> None:
        """Take a new decision and act on it at once."""
        now, demand = self.clock.monotonic(), decision.demand
        if decision.value is None:
            self._wanted, self._until, self._outlasted = None, None, float("inf")
            return
        wanted, until = decision.value == self.on, demand.until if demand else None
        priority = demand.priority if demand else Priority.REST
        stronger, self._priority = priority < self._priority, priority
        if wanted is self._wanted and until == self._until:
            if stronger and not self._surely(wanted):  # what still waits for the line would wait behind weaker ones
                self._drive(now)
            return
        timed = self.pulses and self._until is not None  # a pulse of the device's own is, or was, under way
        over = self._until is not None and now >= self._until
        ended = timed and over and wanted is not self._wanted and self._answer == _TAKEN
        self._wanted, self._since, self._confirmed = wanted, now, False
        if ended:
            self._until = None
            return  # the device drops the pulse that it took; the read-back will tell if it does not
        self._until = until
        # Only to rest it may be found at rest: what reads as demanded may be a pulse of the daemon's last life.
        if timed or demand is not None or not self._surely(wanted):
            self._drive(now)

    def step(self) -> Iterator[Condition]:
        """Compare with the read-back, tell again where they differ, say whether the order is confirmed."""
        now = self.clock.monotonic()
        due, actual = self._due(now), self._reads()
        differs = due is not None and actual is not due
        self._confirmed = self._confirmed or (due is not None and not differs)
        if (differs and now - max(self._sent, self._since) >= _AGAIN) or now >= self._outlasted:
            self._drive(now)
        lost = actual is None and self._confirmed  # the board is silent, which has an alarm of its own
        yield own(
            f"{self.output}.unconfirmed",
            "unconfirmed",
            self.output,
            differs and not lost and now - self._since > self._patience(now),
            Severity.P2,
            relay=self.point,
            told=self._wanted,
            read_back=actual,
            answer=self._answer,
        )

    def _patience(self, now: float) -> float:
        heard = self.image.read(self.point, now).at > float("-inf")
        return CONFIRM if heard or self._priority <= Priority.WAY_OUT else _UNHEARD

    def _due(self, now: float) -> bool | None:
        """What the relay must read now; None while nothing is wanted or a pulse is just ending."""
        return None if abs(now - self._pulse_end) < _PULSE_END else self._wanted

    def _surely(self, wanted: bool) -> bool:
        """Read back as wanted since the last order, and not before the last pulse was over."""
        at = self.image.read(self.point, self.clock.monotonic()).at
        return self._reads() is wanted and at > self._pulse_end + _PULSE_END

    def _reads(self) -> bool | None:
        reading = self.image.read(self.point, self.clock.monotonic())
        if not reading.good or reading.at <= self._sent or not isinstance(reading.value, bool | int):
            return None  # a text is neither: "off" would be true
        return bool(reading.value)

    def _drive(self, now: float) -> None:
        self._orders += 1
        order, wanted = self._orders, bool(self._wanted)
        seconds = self._until - now if self.pulses and self._until is not None else 0.0
        value = Pulse(wanted, seconds) if seconds > 0 else wanted
        # Whether a lasting order ends a pulse under way, no source says of any board: it is given again after it.
        self._outlasted = self._pulse_end if seconds <= 0 and now < self._pulse_end else float("inf")
        self._pulse_end = now + seconds if seconds > 0 else float("-inf")
        self._sent, self._answer = now, "no answer yet"

        def permit() -> str:
            if order != self._orders or self._wanted is not wanted:
                return f"{self.output} is told otherwise by now"
            expired = isinstance(value, Pulse) and self._until is not None and self.clock.monotonic() >= self._until
            return EXPIRED if expired else ""

        def done(refusal: str) -> None:
            if order == self._orders:
                self._answer = refusal or _TAKEN

        self.send(self.point, value, self._priority, permit, done)
