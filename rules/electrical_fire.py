"""Electrical fire: residual current and temperatures, each in two stages with a delay; a sensor fault is apart.

    b12-leakage: {kind: electrical_fire, current: b12.rms1, warning: 300 mA, alarm: 500 mA, for: 10s, zone: b12}
    mains-heat:  {kind: electrical_fire, temperatures: [mains.temperature_a], warm: 60 °C, hot: 75 °C, for: 10s}

A stage is reached when the value stays at or above its threshold for `for`, and left below 90 % of it (current) or 5
°C under it. The alarm stage latches until a named person resets it. Every sensor has its own alarms, numbered from
the second on (`b12-leakage.alarm`, `b12-leakage.alarm.2`, …), so that none hides behind another.

Stale, uncertain, never read or impossible value: raises and clears no stage, and a delay that has begun is kept (a
bus that stutters must not hide a fire). After `patience` it is a sensor fault, unless the whole device is known to be
away, which `device_silent` says.

It never cuts the supply. GB 50116 has electrical-fire monitoring warn and not trip: 100-200 mA of natural leakage are
normal, and a dark stairwell, a stopped lift or pump is a danger of its own. 300-500 mA is the range it recommends.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Annotated

from gatehouse.alarms import Condition, Severity
from gatehouse.rule import Scene
from rules._heads import device
from rules._settings import Amount, Below, Duration, Judges, PointName, Quantity, Refers
from rules._stages import Stage, measured
from rules._watch import Lasting, switch

_LONGEST = 30.0
"""Seconds from threshold to alarm that product standards allow (GB 31252, GB/T 45839)."""
_CURRENT_RETURNS = 0.9
_DEGREES_RETURN = 5.0


@dataclass(frozen=True)
class _Sensor:
    """One value that is watched, and its stages."""

    number: int
    point: str
    quantity: str
    unit: str
    limits: tuple[tuple[str, Severity, Amount], ...]

    def back(self, limit: float) -> float:
        return limit * _CURRENT_RETURNS if self.quantity == "leakage" else limit - _DEGREES_RETURN

    def alarm(self, rule: str, word: str) -> str:
        return f"{rule}.{word}" if self.number == 1 else f"{rule}.{word}.{self.number}"


@dataclass(kw_only=True, eq=False)
class Rule:
    """One circuit, cabinet or building."""

    name: str
    current: PointName | None = None
    """Residual current."""
    warning: Annotated[Quantity, Judges("current"), Below("alarm")] | None = None
    alarm: Annotated[Quantity, Judges("current")] | None = None
    temperatures: tuple[PointName, ...] = ()
    """Of cables and terminals."""
    warm: Annotated[Quantity, Judges("temperatures"), Below("hot")] | None = None
    hot: Annotated[Quantity, Judges("temperatures")] | None = None
    for_: Duration = 10.0
    """How long a value must stay at its threshold or above; at most 30s."""
    patience: Duration = 10.0
    """How long a sensor may be unreadable before that is a fault."""
    zone: Annotated[str, Refers("zone")] | None = None
    """Where it is, as `zones.b12`; without it the alarm names the device."""
    _stages: dict[str, Stage] = field(init=False, default_factory=dict)
    _lost: Lasting = field(init=False, default_factory=Lasting)

    def __post_init__(self) -> None:
        """ValueError when the settings make no rule."""
        if self.current is None and not self.temperatures:
            raise ValueError("nothing is watched; give `current` with `alarm`, or `temperatures` with `hot`")
        if len(set(self._points)) < len(self._points):
            raise ValueError("the same point is watched twice; name each once")
        if (self.current is None) != (self.alarm is None) or (self.warning is not None and self.alarm is None):
            raise ValueError("`current` and `alarm` belong together, such as current: b12.rms1, alarm: 500 mA")
        if bool(self.temperatures) != (self.hot is not None) or (self.warm is not None and self.hot is None):
            raise ValueError("`temperatures` and `hot` belong together, such as temperatures: [b12.t1], hot: 75 °C")
        if self.for_ > _LONGEST:
            raise ValueError(f"`for` is {self.for_:g} s; an electrical-fire alarm must sound within {_LONGEST:g} s")

    @property
    def subject(self) -> str:
        """The zone, or else the device of the first sensor."""
        return self.zone or f"devices.{device(self._points[0])}"

    @property
    def inputs(self) -> Collection[str]:
        """The sensors, and whether their devices answer."""
        return tuple(dict.fromkeys((*self._points, *(f"{device(point)}.online" for point in self._points))))

    @property
    def outputs(self) -> Collection[str]:
        """None: it never cuts the supply."""
        return ()

    @property
    def _points(self) -> Sequence[str]:
        return ([self.current] if self.current else []) + list(self.temperatures)

    def judge(self, scene: Scene) -> Iterator[Condition]:
        """Judge every sensor by itself."""
        for number, point in enumerate(self._points, 1):
            leakage = point == self.current
            stages = (("warning", Severity.P3, self.warning if leakage else self.warm),
                      ("alarm", Severity.P2, self.alarm if leakage else self.hot))  # fmt: skip
            sensor = _Sensor(
                number,
                point,
                "leakage" if leakage else "temperature",
                scene.image.points[point].unit,
                tuple((word, severity, amount) for word, severity, amount in stages if amount is not None),
            )
            value = measured(scene, point)
            yield from self._judge_stages(scene, sensor, value)
            yield self._judge_sensor(scene, sensor, value)

    def _judge_stages(self, scene: Scene, sensor: _Sensor, value: float | None) -> Iterator[Condition]:
        for word, severity, amount in sensor.limits:
            alarm, limit = sensor.alarm(self.name, word), amount.into(sensor.unit)
            stage = self._stages.setdefault(alarm, Stage())
            if value is not None:
                stage.judge(scene, value, limit, sensor.back(limit), self.for_)
            yield Condition(
                alarm=alarm,
                active=None if value is None else stage.reached,
                severity=severity,
                kind=f"{sensor.quantity}_{word}",
                subject=self.subject,
                latch=word == "alarm",
                evidence=scene.saw(sensor.point) | {"threshold": limit, "unit": sensor.unit, "for": self.for_},
            )

    def _judge_sensor(self, scene: Scene, sensor: _Sensor, value: float | None) -> Condition:
        online = f"{device(sensor.point)}.online"
        away = online in scene.image.points and switch(scene, online) is False
        lost = self._lost.due(scene, sensor.point, value is None and not away, self.patience)
        spec, reading = scene.image.points[sensor.point], scene.read(sensor.point)
        why = reading.note or ("" if value is not None else f"{reading.value!r} is not possible")
        return Condition(
            alarm=sensor.alarm(self.name, "sensor"),
            active=lost if value is not None or lost else None,
            severity=Severity.P3,
            kind="sensor_fault",
            subject=self.subject,
            evidence=scene.saw(sensor.point)
            | {"range": [low if isfinite(low) else None for low in (spec.low, spec.high)], "why": why},
        )
