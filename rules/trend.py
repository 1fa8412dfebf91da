"""Trend: warns days before a residual current or a temperature reaches its threshold, and when it is unusual today.

    b12-trend:   {kind: trend, points: [b12.rms1, b12.rms2], threshold: 300 mA, zone: b12}
    mains-trend: {kind: trend, points: [mains.temperature_a], threshold: 60 °C, horizon: 14d, margin: 5 °C}

Of each point the average of every hour of the last 14 days is kept. *Rising*: each hour is compared with the same hour
of other days of the same sort, working day or weekend; the middle of all these growths is the slope (the seasonal Sen
slope), so neither a day's nor a week's swing is a trend. It warns when it has grown by `margin` over two weeks, and
three comparisons of four agree, or over one week, and nine of ten agree, and when the busiest hour will be at
`threshold` within `horizon`; the evidence says in how many days. *Unusual*: the value stays, for `for`, above what is
usual at this hour or one beside it (on working days or weekends, whichever is higher) by six times the usual spread,
and by `margin` at least. Both are P3 and do not latch; the thresholds themselves are the business of
`electrical_fire`. Both end half a `margin` or horizon later.

It learns first: nothing is said before `learn` days are known, and for as long an alarm from before stays as it was.
What it has learnt outlives restart and reload: the daemon keeps it beside the journal, every six hours and at the end,
so a kill costs six hours at most. An hour of which less than half was read does not count, a gap is a gap:
nothing is invented. A lasting change of load is usual after a week.

Stale, uncertain, never read or impossible value: neither counts nor clears. That a sensor cannot be read is said by
`electrical_fire` or `temperature`, which look at the same point, and by `device_silent`. One point takes two
kilobytes, and a millisecond once an hour, each at another second of it.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any
from zlib import crc32

from gatehouse.alarms import Condition, Severity
from gatehouse.rule import Scene
from rules._heads import device, distinct, named, where
from rules._profile import DAYS, Profile, Slope, Usual
from rules._settings import Below, Duration, Judges, PointName, Quantity, Refers
from rules._stages import Stage, measured

_DAY = 86400.0
_PART = 0.1
"""Of the threshold: the margin, where none is written."""
_WINDOWS = ((DAYS, 0.25), (DAYS // 2, 0.1))
"""Days over which a slope is reckoned, and the part of the comparisons that may disagree with it."""
_STRAYS = 6.0
"""How many spreads above the usual are unusual."""


@dataclass
class _Circuit:
    """What is known of one point."""

    profile: Profile = field(default_factory=Profile)
    stage: Stage = field(default_factory=Stage)
    usual: Usual | None = None
    slope: Slope | None = None
    """That of the window in which it rises fastest."""
    days: int = 0
    rising: bool | None = None
    left: float | None = None
    """Days to the threshold."""
    reckoned: bool = False


@dataclass(kw_only=True, eq=False)
class Rule:
    """Circuits of one cabinet or building."""

    name: str
    points: tuple[PointName, ...]
    """Residual currents, or temperatures: all in one unit."""
    threshold: Annotated[Quantity, Judges("points")]
    """What it is on its way to: the first stage of `electrical_fire`."""
    margin: Annotated[Quantity, Judges("points"), Below("threshold")] | None = None
    """What is no matter; a tenth of the threshold where nothing is written."""
    horizon: Duration = 7 * _DAY
    """How far ahead it warns."""
    learn: Duration = 7 * _DAY
    """Days that must be known before it says anything: 4d to 13d."""
    for_: Duration = 1800.0
    """How long a value must be unusual."""
    zone: Annotated[str, Refers("zone")] | None = None
    """Where it is, as `zones.b12`; without it the alarm names the device."""
    _circuits: dict[str, _Circuit] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """ValueError when the settings make no rule."""
        if not self.points:
            raise ValueError("nothing is watched; give `points`, such as points: [b12.rms1]")
        if not 4 * _DAY <= self.learn < DAYS * _DAY:
            raise ValueError(f"`learn` is {self.learn / _DAY:g} days; write 4d to {DAYS - 1}d")
        if self.threshold.number <= 0 or (self.margin is not None and self.margin.number <= 0):
            raise ValueError("`threshold` and `margin` are above zero, such as threshold: 300 mA")
        distinct(self.points)
        self._circuits = {point: _Circuit() for point in self.points}

    @property
    def subject(self) -> str:
        """The zone, or else the device of the first point."""
        return self.zone or f"devices.{device(self.points[0])}"

    @property
    def inputs(self) -> Collection[str]:
        """The points."""
        return self.points

    @property
    def outputs(self) -> Collection[str]:
        """None."""
        return ()

    def remember(self) -> Mapping[str, bytes]:
        """All that it has learnt, by point, to be kept over a restart."""
        return {point: json.dumps(circuit.profile.packed()).encode() for point, circuit in self._circuits.items()}

    def recall(self, kept: Mapping[str, bytes]) -> None:
        """Take back what it had learnt. ValueError when these bytes are nothing of the sort; that point learns anew."""
        wrong = []
        for point in self._circuits.keys() & kept.keys():
            fresh = Profile()
            try:
                fresh.unpack(json.loads(kept[point]))
            except (KeyError, TypeError, ValueError) as error:
                wrong.append(f"{point}: {error!r}")
            else:
                self._circuits[point] = _Circuit(fresh)
        if wrong:
            raise ValueError(f"what {self.name} had learnt cannot be read: {'; '.join(wrong)}")

    def judge(self, scene: Scene) -> Iterator[Condition]:
        """Judge every point by itself."""
        for point, circuit in self._circuits.items():
            unit = scene.image.points[point].unit
            limit = self.threshold.into(unit)
            margin = limit * _PART if self.margin is None else self.margin.into(unit)
            value = measured(scene, point)
            wall = scene.wall - timedelta(seconds=crc32(point.encode()) % 3600)
            ended = circuit.profile.take(wall, scene.now, value)
            scene.wake(scene.now + max(1.0, 3600.0 - wall.minute * 60 - wall.second - wall.microsecond / 1e6))
            if ended or not circuit.reckoned:
                circuit.reckoned = True
                circuit.days = circuit.profile.complete(wall.toordinal())
                circuit.usual = circuit.profile.usual(wall)
                self._reckon(circuit, wall.toordinal(), limit, margin)
            armed = circuit.days * _DAY >= self.learn
            yield self._rising(scene, point, circuit, limit, armed and value is not None)
            yield self._unusual(scene, point, circuit, value if armed else None, margin)

    def _reckon(self, circuit: _Circuit, today: int, limit: float, margin: float) -> None:
        """Whether it is on its way to the limit, in the last two weeks or in the last one."""
        before, circuit.slope, circuit.left = circuit.rising, None, None
        for over, few in _WINDOWS:
            slope = circuit.profile.slope(today, over, few)
            if slope is None:
                continue
            circuit.slope = circuit.slope or slope
            grown = slope.middle * min(circuit.days, over)
            if slope.sure > 0 and grown >= (margin / 2 if before else margin):
                left = max(0.0, (limit - slope.busiest) / slope.middle)
                if circuit.left is None or left < circuit.left:
                    circuit.slope, circuit.left = slope, left
        if circuit.slope is not None:
            ahead = self.horizon * (1.5 if before else 1.0)
            circuit.rising = circuit.left is not None and circuit.left * _DAY <= ahead

    def _rising(self, scene: Scene, point: str, circuit: _Circuit, limit: float, known: bool) -> Condition:
        unit, seen = scene.image.points[point].unit, dict[str, Any]()
        if circuit.slope is not None:
            seen = {"per_day": round(circuit.slope.middle, 4), "over_days": circuit.slope.days}
            seen["busiest"] = round(circuit.slope.busiest, 4)
        if circuit.left is not None:
            seen["days_left"] = round(circuit.left, 1)
            seen["forecast"] = f"reaches {limit:g} {unit} in about {circuit.left:.0f} days"
        seen |= {"threshold": limit, "unit": unit, "days_known": circuit.days}
        active = circuit.rising if known else None
        return self._condition(scene, point, "rising", active, seen)

    def _unusual(self, scene: Scene, point: str, circuit: _Circuit, value: float | None, margin: float) -> Condition:
        usual, unit = circuit.usual, scene.image.points[point].unit
        seen: dict[str, Any] = {"unit": unit, "days_known": circuit.days, "for": self.for_}
        if usual is not None:
            limit = usual.middle + max(_STRAYS * usual.spread, margin)
            seen |= {"usual": round(usual.middle, 4), "threshold": round(limit, 4)}
            seen["forecast"] = f"usual at this hour: {usual.middle:.3g} {unit}"
            if value is not None:
                circuit.stage.judge(scene, value, limit, limit - margin / 2, self.for_)
        active = None if value is None or usual is None else circuit.stage.reached
        return self._condition(scene, point, "unusual", active, seen)

    def _condition(self, scene: Scene, point: str, word: str, active: bool | None, seen: dict[str, Any]) -> Condition:
        return Condition(
            alarm=named(f"{self.name}.{word}", point),
            active=active,
            severity=Severity.P3,
            kind=f"trend_{word}",
            subject=self.subject,
            evidence=scene.saw(point) | {"input": point, "where": where(scene, point)} | seen,
        )
