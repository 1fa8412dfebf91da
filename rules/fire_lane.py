"""Fire lane: what stands in it for longer than `for` is an alarm, and after `again` a graver one.

    lane-east: {kind: fire_lane, occupied: [io4.input1, io4.input2], for: 3m, again: 15m, zone: b12, lamp: outputs.lane}

`occupied` are loops, geomagnetic heads or a camera's contact, true while something stands there; any one of them will
do. A car that stops and goes on is nobody's business: a gap of less than `gap` (a driver who shunts, a lorry between
its axles) does not end it. The first alarm is for the guard (P3), the second for his manager (P2). While a fire alarm
of `zone` stands, or without `zone` any, nobody waits: an occupied lane is at once an alarm of its own (P1). `lamp` is
lit from the first alarm on.

Stale, uncertain or never-read sensor: neither raises nor clears, and the time goes on; the others are still listened
to. After `patience` it is a sensor fault, unless its whole device is known to be away, which `device_silent` says.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Annotated

from gatehouse.alarms import Condition, Severity
from gatehouse.demands import Demand, Priority
from gatehouse.rule import Scene
from rules._heads import Faults, distinct, online
from rules._settings import Duration, PointName, Refers
from rules._watch import Lasting, switch
from rules._wishes import Wish

_LOOK = 1.0


@dataclass(kw_only=True, eq=False)
class Rule:
    """One stretch of lane."""

    name: str
    occupied: tuple[PointName, ...]
    """True while something stands there."""
    for_: Duration = 180.0
    """How long something may stand there."""
    again: Duration = 900.0
    """After this long it is a graver alarm; 0s: never."""
    gap: Duration = 5.0
    """A clear sensor for less than this is the same car still."""
    title: str = ""
    """What people call it, where there is no zone."""
    zone: Annotated[str, Refers("zone")] | None = None
    """Where it is, and whose fire makes it urgent; without it any."""
    lamp: Annotated[str, Refers("switch")] | None = None
    """A lamp or a voice that sends the driver away."""
    patience: Duration = 10.0
    """How long a sensor may be unreadable."""
    _lasting: Lasting = field(init=False, default_factory=Lasting)
    _faults: Faults = field(init=False, default_factory=Faults)
    _stands: bool | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        """ValueError when the settings make no rule."""
        if not self.occupied:
            raise ValueError("`occupied` is empty; name the sensors of the lane, such as [io4.input1]")
        distinct(self.occupied)
        if 0 < self.again <= self.for_:
            raise ValueError(
                f"`again` ({self.again:g} s) comes after `for` ({self.for_:g} s); give a longer time, or 0s"
            )

    @property
    def inputs(self) -> Collection[str]:
        """The sensors, and whether their devices answer."""
        return online(self.occupied)

    @property
    def outputs(self) -> Collection[str]:
        """The lamp."""
        return () if self.lamp is None else (self.lamp,)

    @property
    def wishes(self) -> Collection[Wish]:
        """The lamp on."""
        return () if self.lamp is None else (Wish(output=self.lamp, value=True, priority=Priority.SCHEDULE),)

    def judge(self, scene: Scene) -> Iterator[Demand | Condition]:
        """Count the time for which something stands there."""
        states = {point: switch(scene, point) for point in self.occupied}
        occupied = self._follow(scene, True if True in states.values() else None if None in states.values() else False)
        burning = next((alarm for alarm in scene.standing if self._is_fire(alarm)), "")
        known = occupied is not None
        for word, severity, seconds in (
            ("blocked", Severity.P3, self.for_),
            ("still_blocked", Severity.P2, self.again),
        ):
            late = self._lasting.due(scene, word, bool(self._stands and seconds), seconds)
            yield self._condition(scene, word, severity, late if known else None, {"for": seconds})
            if word == "blocked" and late and self.lamp is not None:
                yield Demand(
                    output=self.lamp, value=True, priority=Priority.SCHEDULE, issuer=self.name, reason="fire_lane"
                )
        if self._stands:
            scene.wake(scene.now + _LOOK)  # a fire is no input of this rule
        urgent = bool(self._stands and burning)
        yield self._condition(scene, "in_fire", Severity.P1, urgent if known else None, {"fire": burning})
        for point, state in states.items():
            yield self._faults.judge(scene, self.name, self._subject, point, state is not None, self.patience)

    def _follow(self, scene: Scene, occupied: bool | None) -> bool | None:
        """Whether something stands there; a short gap ends nothing, and what cannot be seen stays as it was."""
        if occupied is not None:
            gone = self._lasting.due(scene, "gone", not occupied, self.gap)
            if occupied or gone or self._stands is None:
                self._stands = occupied
        return occupied

    @property
    def _subject(self) -> str:
        return self.zone or f"rules.{self.name}"

    def _is_fire(self, alarm: str) -> bool:
        """Whether this is a fire: of a panel's contact (`zones.b12.fire.2`), or confirmed by two of our own sensors."""
        section, *rest = alarm.split(".")
        if section != "zones" or len(rest) < 2:
            return False
        return (rest[1] == "fire" or rest[-1] == "confirmed") and self.zone in (None, f"zones.{rest[0]}")

    def _condition(
        self, scene: Scene, word: str, severity: Severity, active: bool | None, more: dict[str, object]
    ) -> Condition:
        return Condition(
            alarm=f"{self.name}.{word}",
            active=active,
            severity=severity,
            kind=f"fire_lane_{word}",
            subject=self._subject,
            evidence=scene.saw(*self.occupied) | more,
        )
