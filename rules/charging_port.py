"""Charging port: too hot or too heavily loaded, the port is stopped, and stays so until a named person resets it.

    port7: {kind: charging_port, port: outputs.port7, load: pile.power7, limit: 1 kW, temperature: pile.t7, hot: 75 °C}
    port8: {kind: charging_port, port: outputs.port8, load: pile.power8, limit: 1000 W, full: 10 W, full_for: 30m}

`limit` and `hot` are reached when the value stays there for `for`; the alarm latches, and while it stands, over a
restart too, the port is demanded off at the level of protection: no schedule and no remote order switches it on again.
`warm` only warns. A battery that is `full` (less load than that for `full_for`) is cut off until it is unplugged or,
where no `plugged` contact tells that, until a person resets it. A port that draws current although it was told off has
a welded relay and is an alarm of its own: somebody has to pull the plug.

Stale, uncertain, never read or impossible load or temperature: stops nothing and frees nothing, neither raises nor
clears, and a delay that has begun is kept. After `patience` it is a sensor fault, unless the whole device is known to
be away, which `device_silent` says; with `stale: stop` the port is then off as well until it can be read again.
Unreadable `plugged`: what was cut off stays so.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Literal

from gatehouse.alarms import Condition, Severity
from gatehouse.demands import Demand, Priority
from gatehouse.rule import Scene
from rules._heads import Faults, online
from rules._settings import Amount, Below, Duration, Judges, PointName, Quantity, Refers
from rules._stages import Stage, measured
from rules._watch import Lasting, switch
from rules._wishes import Wish

_DEGREES_RETURN = 5.0
_LOAD_RETURNS = 0.9
_STILL_DRAWS = 0.1
"""Of the limit: what a port may still seem to draw once it is off."""


@dataclass(kw_only=True, eq=False)
class Rule:
    """One port."""

    name: str
    port: Annotated[str, Refers("switch")]
    """The output that gives it power."""
    load: PointName | None = None
    """What is drawn: a power or a current."""
    limit: Annotated[Quantity, Judges("load")] | None = None
    """As much load as this stops it."""
    temperature: PointName | None = None
    """Of the socket, the plug or the battery's box."""
    warm: Annotated[Quantity, Judges("temperature"), Below("hot")] | None = None
    """As hot as this is a warning."""
    hot: Annotated[Quantity, Judges("temperature")] | None = None
    """As hot as this stops it."""
    for_: Duration = 5.0
    """How long a value must stay there; at most 60s."""
    full: Annotated[Quantity, Judges("load"), Below("limit")] | None = None
    """Less load than this is a full battery."""
    full_for: Duration = 1800.0
    """How long the load must stay that low."""
    plugged: PointName | None = None
    """True while a plug is in."""
    stale: Literal["alarm", "stop"] = "alarm"
    """What a value that cannot be read does: raise a fault, or stop the port too."""
    patience: Duration = 10.0
    """How long a value may be unreadable, and how long a port that was told off may still draw."""
    _stages: dict[str, Stage] = field(init=False, default_factory=dict)
    _lasting: Lasting = field(init=False, default_factory=Lasting)
    _faults: Faults = field(init=False, default_factory=Faults)
    _drew: bool = field(init=False, default=False)
    _charged: bool | None = field(init=False, default=None)
    """None: not known yet, after a start."""

    def __post_init__(self) -> None:
        """ValueError when the settings make no rule."""
        if self.load is None and self.temperature is None:
            raise ValueError("nothing is watched; give `load` with `limit`, `temperature` with `hot`, or both")
        if (self.load is None) != (self.limit is None):
            raise ValueError("`load` and `limit` belong together, such as load: pile.power7, limit: 1000 W")
        if (self.temperature is None) != (self.hot is None) or (self.warm is not None and self.hot is None):
            raise ValueError("`temperature` and `hot` belong together, such as temperature: pile.heat7, hot: 75 °C")
        if self.full is not None and self.load is None:
            raise ValueError("`full` is judged by `load`; give that too, or leave `full` out")
        if self.for_ > 60:
            raise ValueError(f"`for` is {self.for_:g} s; a port that overheats must be stopped within 60 s")

    @property
    def inputs(self) -> Collection[str]:
        """The values, the plug, and whether their devices answer."""
        return online(point for point in (self.load, self.temperature, self.plugged) if point is not None)

    @property
    def outputs(self) -> Collection[str]:
        """The port."""
        return (self.port,)

    @property
    def wishes(self) -> Collection[Wish]:
        """Off, and nothing else."""
        return (Wish(output=self.port, value=False, priority=Priority.PROTECTION),)

    def judge(self, scene: Scene) -> Iterator[Demand | Condition]:
        """Watch the values; stop the port for what stands against it."""
        reasons: list[str] = []
        for setting, point in (("load", self.load), ("temperature", self.temperature)):
            if point is not None:
                value = measured(scene, point)
                yield from self._judge_value(scene, setting, point, value, reasons)
                yield self._judge_sensor(scene, point, value, reasons)
        if self.load is not None and self.limit is not None:
            if self.full is not None:
                yield self._judge_full(scene, self.load, self.full, reasons)
            yield self._judge_off(scene, self.load, self.limit)
        if reasons:
            yield Demand(
                output=self.port, value=False, priority=Priority.PROTECTION, issuer=self.name, reason=reasons[0]
            )

    def _judge_value(
        self, scene: Scene, setting: str, point: str, value: float | None, reasons: list[str]
    ) -> Iterator[Condition]:
        """Its stages; the last one of each value stops the port and latches."""
        stages = (
            (("overload", Severity.P3, self.limit),)
            if setting == "load"
            else (("warm", Severity.P3, self.warm), ("hot", Severity.P2, self.hot))
        )
        for word, severity, amount in stages:
            if amount is None:
                continue
            unit, alarm, stops = scene.image.points[point].unit, f"{self.name}.{word}", word != "warm"
            limit = amount.into(unit)
            stage = self._stages.setdefault(word, Stage())
            if value is not None:
                back = limit * _LOAD_RETURNS if setting == "load" else limit - _DEGREES_RETURN
                stage.judge(scene, value, limit, back, self.for_)
            if stops and (stage.reached or alarm in scene.standing):
                reasons.append(f"charging_{word}")
            yield Condition(
                alarm=alarm,
                active=None if value is None else stage.reached,
                severity=severity,
                kind=f"charging_{word}",
                subject=self.port,
                latch=stops,
                evidence=scene.saw(point) | {"threshold": limit, "unit": unit, "for": self.for_},
            )

    def _judge_sensor(self, scene: Scene, point: str, value: float | None, reasons: list[str]) -> Condition:
        blind = self._lasting.due(scene, point, value is None, self.patience)
        if blind and self.stale == "stop":
            reasons.append("sensor_fault")
        return self._faults.judge(scene, self.name, self.port, point, value is not None, self.patience)

    def _judge_full(self, scene: Scene, load: str, full: Amount, reasons: list[str]) -> Condition:
        """A battery that takes no more. What was cut off draws nothing, so only its plug or a person ends that."""
        alarm, limit = f"{self.name}.full", full.into(scene.image.points[load].unit)
        value, plugged = measured(scene, load), True if self.plugged is None else switch(scene, self.plugged)
        powered, standing = scene.told.get(self.port) is True, alarm in scene.standing
        if self._charged is None and value is not None and plugged is not None:  # whoever draws is being charged
            self._charged = self.plugged is not None and standing and value < limit
        if plugged is False:
            self._charged = False
        if plugged is False or not powered:
            self._drew = False
        elif value is not None and value >= limit:
            self._drew = True
        if value is not None and plugged is not None:
            low = self._drew and value < limit and powered and plugged
            done = self._lasting.due(scene, "full", low, self.full_for)
            self._charged = done or (self._charged is True and self.plugged is not None)
        held = self._charged is None and scene.told.get(self.port) is not None  # armed, and still nobody knows
        if self._charged or (standing and (self.plugged is None or held)):
            reasons.append("charging_full")
        return Condition(
            alarm=alarm,
            active=None if value is None or plugged is None else self._charged,
            severity=Severity.P4,
            kind="charging_full",
            subject=self.port,
            latch=self.plugged is None,
            evidence=scene.saw(*(point for point in (load, self.plugged) if point is not None))
            | {"threshold": limit, "unit": scene.image.points[load].unit, "for": self.full_for},
        )

    def _judge_off(self, scene: Scene, load: str, limit: Amount) -> Condition:
        """A port that was told off and still draws."""
        value, unit, told = measured(scene, load), scene.image.points[load].unit, scene.told.get(self.port)
        most = _STILL_DRAWS * limit.into(unit)
        active = None
        if told is not None and (told is not False or value is not None):
            draws = told is False and value is not None and value >= most
            active = self._lasting.due(scene, "draws", draws, self.patience)
        return Condition(
            alarm=f"{self.name}.not_off",
            active=active,
            severity=Severity.P2,
            kind="charging_not_off",
            subject=self.port,
            evidence=scene.saw(load) | {"told": told, "threshold": most, "unit": unit},
        )
