"""Temperature: too hot, too cold, heating up too fast; of rooms, cabinets, pipes, batteries.

    switch-room: {kind: temperature, points: [climate.temperature], over: 45 °C, under: 2 °C, for: 60s}
    battery:     {kind: temperature, points: [msw.temperature], over: 50 °C, rise: 8 °C, within: 5m, zone: b12}

A limit is reached when the value stays at or beyond it for `for`, and left `hysteresis` within it. `rise` is reached
when the value is that much above its lowest within the time before it; there is no delay on it, and it is over when
the rise is half as much. Each point has alarms of its own: `over` and `rise` P2, `under` P3; none latches. For cables
and terminals that may burn use `electrical_fire`, which does; for warnings days ahead `trend`.

Stale, uncertain, never read or impossible value: raises and clears nothing, and a delay that has begun is kept. After
`patience` it is a sensor fault, unless the whole device is away, which `device_silent` says. A rise is counted from
values of this run only: after a start or a gap longer than `within` it begins anew.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any

from gatehouse.alarms import Condition, Severity
from gatehouse.rule import Scene
from rules._heads import Faults, device, distinct, named, online, where
from rules._settings import Amount, Below, Duration, Judges, PointName, Quantity, Refers
from rules._stages import Stage, measured

_HYSTERESIS = Amount(2, "°C")
_SLOTS = 20
"""Parts of `within` of which the lowest value is kept: the rise is seen to a twentieth of the time."""


@dataclass
class _Lows:
    """The lowest value of each part of the time lately."""

    slots: dict[int, float] = field(default_factory=dict)
    rising: bool | None = None

    def judge(self, now: float, value: float, rise: float, within: float) -> None:
        """Take a trusted value."""
        slot = int(now / within * _SLOTS)
        self.slots = {number: low for number, low in self.slots.items() if number >= slot - _SLOTS}
        self.slots[slot] = min(value, self.slots.get(slot, value))
        risen = value - min(self.slots.values())
        self.rising = risen >= (rise / 2 if self.rising else rise)


@dataclass(kw_only=True, eq=False)
class Rule:
    """Some points with the same limits."""

    name: str
    points: tuple[PointName, ...]
    over: Annotated[Quantity, Judges("points")] | None = None
    under: Annotated[Quantity, Judges("points"), Below("over")] | None = None
    rise: Annotated[Quantity, Judges("points")] | None = None
    """How much hotter than shortly before."""
    within: Duration = 300.0
    """The time of which `rise` speaks."""
    for_: Duration = 30.0
    """How long a value must stay at `over` or `under`."""
    hysteresis: Annotated[Quantity, Judges("points")] = _HYSTERESIS
    """How far a limit must be left."""
    zone: Annotated[str, Refers("zone")] | None = None
    """Where it is, as `zones.b12`; without it the alarm names the device."""
    patience: Duration = 10.0
    """How long a sensor may be unreadable before that is a fault."""
    _stages: dict[str, Stage] = field(init=False, default_factory=dict)
    _lows: dict[str, _Lows] = field(init=False, default_factory=dict)
    _faults: Faults = field(init=False, default_factory=Faults)

    def __post_init__(self) -> None:
        """ValueError when the settings make no rule."""
        if not self.points or (self.over is None and self.under is None and self.rise is None):
            raise ValueError("give `points` and a limit: `over`, `under` or `rise`, such as over: 45 °C")
        if self.hysteresis.number <= 0 or (self.rise is not None and self.rise.number <= 0):
            raise ValueError("`hysteresis` and `rise` are differences and above zero, such as 2 °C")
        if self.within < 1.0:
            raise ValueError(f"`within` is {self.within:g} s; a rise takes a second or more")
        distinct(self.points)

    @property
    def subject(self) -> str:
        """The zone, or else the device of the first point."""
        return self.zone or f"devices.{device(self.points[0])}"

    @property
    def inputs(self) -> Collection[str]:
        """The points, and whether their devices answer."""
        return online(self.points)

    @property
    def outputs(self) -> Collection[str]:
        """None."""
        return ()

    def judge(self, scene: Scene) -> Iterator[Condition]:
        """Judge every point by itself."""
        for point in self.points:
            value, unit = measured(scene, point), scene.image.points[point].unit
            if self.over is not None:
                yield self._limit(scene, point, value, "over", self.over.into(unit), 1)
            if self.under is not None:
                yield self._limit(scene, point, value, "under", self.under.into(unit), -1)
            if self.rise is not None:
                yield self._rise(scene, point, value, self.rise.into(unit))
            yield self._faults.judge(scene, self.name, self.subject, point, value is not None, self.patience)

    def _limit(  # noqa: PLR0917 - one limit of one point
        self, scene: Scene, point: str, value: float | None, word: str, limit: float, sign: int
    ) -> Condition:
        unit = scene.image.points[point].unit
        stage = self._stages.setdefault(named(word, point), Stage())
        if value is not None:
            back = limit - sign * self.hysteresis.into(unit)
            stage.judge(scene, sign * value, sign * limit, sign * back, self.for_)
        severity, kind = (Severity.P2, "temperature_high") if sign > 0 else (Severity.P3, "temperature_low")
        seen = {"threshold": limit, "unit": unit, "for": self.for_}
        return self._condition(scene, point, word, None if value is None else stage.reached, severity, kind, seen)

    def _rise(self, scene: Scene, point: str, value: float | None, rise: float) -> Condition:
        lows = self._lows.setdefault(point, _Lows())
        if value is not None:
            lows.judge(scene.now, value, rise, self.within)
        seen = {"rise": rise, "within": self.within, "unit": scene.image.points[point].unit}
        active = None if value is None else lows.rising
        return self._condition(scene, point, "rise", active, Severity.P2, "temperature_rise", seen)

    def _condition(  # noqa: PLR0917 - all that a condition is
        self,
        scene: Scene,
        point: str,
        word: str,
        active: bool | None,
        severity: Severity,
        kind: str,
        seen: dict[str, Any],
    ) -> Condition:
        return Condition(
            alarm=named(f"{self.name}.{word}", point),
            active=active,
            severity=severity,
            kind=kind,
            subject=self.subject,
            evidence=scene.saw(point) | {"input": point, "where": where(scene, point)} | seen,
        )
