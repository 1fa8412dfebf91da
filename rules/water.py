"""Water: leak detectors and levels; each is an alarm of its own, and can run a pump or shut a valve.

    pump-room: {kind: water, leaks: [io4.input6, leak.leak1], for: 5s, zone: b12, valve: outputs.water-valve}
    sump:      {kind: water, levels: [sump.level], warning: 60 cm, alarm: 90 cm, pump: outputs.sump-pump}
    tank:      {kind: water, levels: [tank.level], under: 1.5 m}

A leak contact alarms (P2) once it has been on for `for`, so that a splash is none. A level alarms in two stages,
`warning` (P3) and `alarm` (P2), and with `under` when a tank runs empty (P2). Stages are left at nine tenths, `under`
at eleven tenths of the limit. The pump runs, at the level of protection, while any leak or any stage but `under` is
reached. The valve is shut until a person resets the alarm: with `valve`, leaks and the alarm stage latch, because a
floor that dries would open it again. Never name the valve of a sprinkler or a hydrant main.

Stale, uncertain, never read or impossible value: raises and clears nothing. The pump goes on as it was for `patience`
and then rests, because nobody knows whether it runs dry; the valve stays as it was. After `patience` it is a sensor
fault, unless the whole device is away, which `device_silent` says. After a restart the valve stays shut while the
alarm stands, and the pump begins when the level has been read.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Annotated

from gatehouse.alarms import Condition, Severity
from gatehouse.demands import Demand, Priority
from gatehouse.points import Value
from gatehouse.rule import Scene
from rules._heads import Faults, device, distinct, located, named, online, standing, where
from rules._settings import Below, Duration, Judges, OnOff, PointName, Quantity, Refers
from rules._stages import Stage, measured
from rules._watch import Lasting, switch
from rules._wishes import Wish

_RETURNS = 0.1
"""Part of a limit by which it must be left."""


@dataclass(kw_only=True, eq=False)
class Rule:
    """One pump room, sump, tank or cellar."""

    name: str
    leaks: tuple[PointName, ...] = ()
    """Contacts that are true when wet."""
    levels: tuple[PointName, ...] = ()
    """Levels, or leak currents."""
    warning: Annotated[Quantity, Judges("levels"), Below("alarm")] | None = None
    alarm: Annotated[Quantity, Judges("levels")] | None = None
    under: Annotated[Quantity, Judges("levels"), Below("alarm")] | None = None
    """A level at or below this is too low."""
    for_: Duration = 5.0
    """How long it must be so."""
    places: tuple[str, ...] = ()
    """What people call the place of each of leaks and then levels: 地下水泵房."""
    zone: Annotated[str, Refers("zone")] | None = None
    """Where it is, as `zones.b12`; without it the alarm names the device."""
    pump: Annotated[str, Refers("switch")] | None = None
    valve: Annotated[str, Refers("switch")] | None = None
    shut: OnOff = True
    """What the valve's output is when the valve is shut: off for a valve that is held open by current."""
    patience: Duration = 10.0
    """How long a sensor may be unreadable before that is a fault."""
    _stages: dict[str, Stage] = field(init=False, default_factory=dict)
    _faults: Faults = field(init=False, default_factory=Faults)
    _places: dict[str, str] = field(init=False, default_factory=dict)
    _blind: Lasting = field(init=False, default_factory=Lasting)

    def __post_init__(self) -> None:
        """ValueError when the settings make no rule."""
        if not self.leaks and not self.levels:
            raise ValueError("nothing is watched; give `leaks` (contacts) or `levels`")
        if bool(self.levels) != any((self.warning, self.alarm, self.under)):
            raise ValueError("`levels` and a limit belong together, such as levels: [sump.level], alarm: 90 cm")
        if self.warning is not None and self.alarm is None:
            raise ValueError("`warning` is the first of two stages; write `alarm` too, or only `alarm`")
        if self.pump is not None and self.pump == self.valve:
            raise ValueError(f"{self.pump} cannot be both `pump` and `valve`")
        distinct([*self.leaks, *self.levels])
        self._places = located([*self.leaks, *self.levels], self.places)

    @property
    def subject(self) -> str:
        """The zone, or else the device of the first sensor."""
        return self.zone or f"devices.{device((*self.leaks, *self.levels)[0])}"

    @property
    def inputs(self) -> Collection[str]:
        """The sensors, and whether their devices answer."""
        return online((*self.leaks, *self.levels))

    @property
    def outputs(self) -> Collection[str]:
        """Pump and valve."""
        return tuple(output for output in (self.pump, self.valve) if output is not None)

    @property
    def wishes(self) -> Collection[Wish]:
        """The pump on, the valve shut."""
        wanted = ((self.pump, True), (self.valve, self.shut))
        return [
            Wish(output=output, value=value, priority=Priority.PROTECTION)
            for output, value in wanted
            if output is not None
        ]

    def judge(self, scene: Scene) -> Iterator[Demand | Condition]:
        """Judge every sensor by itself; pump while it is wet, shut the valve while an alarm stands."""
        wet, runs = False, False
        for point in (*self.leaks, *self.levels):
            value = self._value(scene, point)
            blind = self._blind.due(scene, point, value is None, self.patience)
            for condition in self._conditions(scene, point, value):
                yield condition
                reached = self._stages[condition.alarm].reached is True and condition.alarm not in scene.apart
                runs |= reached and not blind and condition.kind != "water_low"
                wet |= reached and condition.kind == "water" and value is not None
            known, place = value is not None, self._where(scene, point)
            yield self._faults.judge(scene, self.name, self.subject, point, known, self.patience, place=place)
        if self.pump is not None and runs:
            yield self._demand(self.pump, True, Priority.PROTECTION)
        if self.valve is not None and (wet or standing(scene, f"{self.name}.alarm.")):
            yield self._demand(self.valve, self.shut, Priority.PROTECTION)

    def _value(self, scene: Scene, point: str) -> float | None:
        """A level as it is; a leak as 1 or 0."""
        if point in self.levels:
            return measured(scene, point)
        wet = switch(scene, point)
        return None if wet is None else float(wet)

    def _limits(self, scene: Scene, point: str) -> Iterator[tuple[str, str, Severity, float, int]]:
        """Word, kind, severity, limit, and +1 for above or -1 for below."""
        if point in self.leaks:
            yield "alarm", "water", Severity.P2, 1.0, 1
            return
        unit = scene.image.points[point].unit
        if self.warning is not None:
            yield "warning", "water_warning", Severity.P3, self.warning.into(unit), 1
        if self.alarm is not None:
            yield "alarm", "water", Severity.P2, self.alarm.into(unit), 1
        if self.under is not None:
            yield "under", "water_low", Severity.P2, self.under.into(unit), -1

    def _conditions(self, scene: Scene, point: str, value: float | None) -> Iterator[Condition]:
        for word, kind, severity, limit, sign in self._limits(scene, point):
            alarm = named(f"{self.name}.{word}", point)
            stage = self._stages.setdefault(alarm, Stage())
            if value is not None:
                back = limit * (1 - sign * _RETURNS)
                stage.judge(scene, sign * value, sign * limit, sign * back, self.for_)
            seen = {} if point in self.leaks else {"threshold": limit, "unit": scene.image.points[point].unit}
            yield Condition(
                alarm=alarm,
                active=None if value is None else stage.reached,
                severity=severity,
                kind=kind,
                subject=self.subject,
                latch=kind == "water" and self.valve is not None,
                evidence=scene.saw(point)
                | {"input": point, "where": self._where(scene, point), "for": self.for_}
                | seen,
            )

    def _where(self, scene: Scene, point: str) -> str:
        return where(scene, point, self._places)

    def _demand(self, output: str, value: Value, priority: Priority) -> Demand:
        return Demand(output=output, value=value, priority=priority, issuer=self.name, reason="water")
