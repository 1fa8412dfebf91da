"""Arc: what arc-fault detectors (AFDD, GB 14287.4 or GB/T 31143 devices) report, by contact, by pulse or by count.

    b12-arc:  {kind: arc, detectors: [io4.input5], zone: b12}
    b12-arcs: {kind: arc, counters: [afdd.arcs], count: 14, within: 1s, zone: b12}

A contact that is on is an arc: its detector has decided. `pulses` are contacts that close shortly for each arc, and
`counters` are counts that a device keeps: `count` of them `within` that time are an arc fault. For detectors that
decide themselves one is enough. For raw counts of half-cycles write count: 14, within: 1s: at nine or fewer in a
second a detector must not alarm (GB 31252-2014 4.3.4); fourteen is the figure that GB 14287.4 is said to have, not
confirmed.

The alarm is P2 and latches until a named person resets it, source by source (GB 31252-2014 4.3.1 wants it held). It
never cuts the supply: an AFDD has done so by itself, a monitor must not.

Stale, uncertain or never-read source: raises and clears nothing. After `patience` it is a sensor fault, unless the
whole device is away, which `device_silent` says. What a counter counted while its line was down counts when it is
back, all at once; what it counted while nobody ran is not known.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Annotated

from gatehouse.alarms import Condition, Severity
from gatehouse.rule import Scene
from rules._heads import Faults, device, distinct, named, online, where
from rules._pulses import Pulses
from rules._settings import Duration, PointName, Refers
from rules._watch import switch


@dataclass(kw_only=True, eq=False)
class Rule:
    """The detectors of one circuit, cabinet or building."""

    name: str
    detectors: tuple[PointName, ...] = ()
    """True while a detector has an arc."""
    pulses: tuple[PointName, ...] = ()
    """Contacts that close once for each arc."""
    counters: tuple[PointName, ...] = ()
    """Counts of arcs or of half-cycles."""
    count: int = 1
    """How many pulses or counts are an arc fault."""
    within: Duration = 1.0
    """The time in which they must come."""
    zone: Annotated[str, Refers("zone")] | None = None
    """Where it is, as `zones.b12`; without it the alarm names the device."""
    patience: Duration = 10.0
    """How long a detector may be unreadable before that is a fault."""
    _pulses: Pulses = field(init=False, default_factory=Pulses)
    _faults: Faults = field(init=False, default_factory=Faults)

    def __post_init__(self) -> None:
        """ValueError when the settings make no rule."""
        if not self._points:
            raise ValueError("nothing is watched; give `detectors`, `pulses` or `counters`")
        if self.count < 1 or self.within <= 0:
            raise ValueError("`count` is one or more, and `within` some time, such as count: 14, within: 1s")
        distinct(self._points)

    @property
    def subject(self) -> str:
        """The zone, or else the device of the first detector."""
        return self.zone or f"devices.{device(self._points[0])}"

    @property
    def inputs(self) -> Collection[str]:
        """The detectors, and whether their devices answer."""
        return online(self._points)

    @property
    def outputs(self) -> Collection[str]:
        """None: it never cuts the supply."""
        return ()

    @property
    def _points(self) -> tuple[str, ...]:
        return (*self.detectors, *self.pulses, *self.counters)

    def judge(self, scene: Scene) -> Iterator[Condition]:
        """Judge every detector by itself."""
        for point in self._points:
            active, counted = self._state(scene, point)
            seen = {} if counted is None else {"counted": counted, "count": self.count, "within": self.within}
            yield Condition(
                alarm=named(f"{self.name}.arc", point),
                active=active,
                severity=Severity.P2,
                kind="arc",
                subject=self.subject,
                latch=True,
                evidence=scene.saw(point) | {"input": point, "where": where(scene, point)} | seen,
            )
            yield self._faults.judge(scene, self.name, self.subject, point, active is not None, self.patience)

    def _state(self, scene: Scene, point: str) -> tuple[bool | None, float | None]:
        """Whether there is an arc, and how many were counted lately."""
        if point in self.detectors:
            return switch(scene, point), None
        tell = self._pulses.contact if point in self.pulses else self._pulses.counter
        counted = tell(scene, point, self.within)
        return None if counted is None else counted >= self.count, counted
