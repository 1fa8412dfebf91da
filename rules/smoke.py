"""Smoke: fire detectors and call points of our own. One alone is an alarm; two heads, or a head and a call point, are
a confirmed fire, which frees the zone's doors and lanes and sounds its sirens.

    b12-smoke: {kind: smoke, zone: b12, heads: [io4.input1, io4.input2, io4.input3], call_points: [io4.input4]}

Heads are smoke or heat detectors: contacts or bits that are true on fire. Every head and call point is a P1 alarm of
its own (`zones.b12.b12-smoke.io4-input1`), latched until a named person resets it. GB 50116-2013 4.1.6 wants two
independent triggers before doors are freed; a fire panel's contact has them behind it and stands under `fire:` of the
zone (`fire_release`), where it alone frees. Here two different heads of one rule confirm each other, or one head and
one call point: `zones.b12.b12-smoke.confirmed`. Two call points do not.

A head counts from its alarm until that is reset, however often it chatters, or with `within` for so long after it was
last seen on. A head that is in fault, or whose alarm a person has disabled, raises its own alarm but never counts; nor
does one that breaks within 10 s of its alarm. The release stands until `gatehouse zone b12 reset`, also over a
restart; it is refused while any head is on or unreadable.

Stale, uncertain or never-read head: raises, confirms and clears nothing; once it had counted it goes on counting.
After `patience`, or when its fault contact says so, it is a sensor fault, unless the whole device is away, which
`device_silent` says. After a restart heads count whose alarms stand, except those that are in fault by then.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from gatehouse.alarms import Condition, Severity
from gatehouse.demands import Demand, Passage, Priority
from gatehouse.rule import Scene
from rules._heads import Faults, distinct, located, named, online, paired, where
from rules._settings import Duration, PointName, Refers
from rules._watch import switch
from rules._wishes import Wish

_SETTLED = 10.0
"""Seconds after its alarm in which a fault of the same head means that it never saw a fire."""


@dataclass(frozen=True)
class _Trip:
    """When a head came on, and when it was last on."""

    first: float
    last: float


@dataclass(kw_only=True, eq=False)
class Rule:
    """One zone's detectors, or some of them: a floor, a stairwell."""

    life: ClassVar[bool] = True

    name: str
    zone: Annotated[str, Refers("zone")]
    """What is freed: the `release` and the `sirens` of this zone."""
    heads: tuple[PointName, ...]
    """Contacts or bits that are true on smoke or heat."""
    call_points: tuple[PointName, ...] = ()
    """Contacts of manual call points."""
    faults: tuple[PointName, ...] = ()
    """Fault contacts: one for all heads, or one for each in the same order."""
    places: tuple[str, ...] = ()
    """What people call the place of each of heads and then call points: 3楼东走廊."""
    within: Duration | None = None
    """For how long after it was last on a head counts; without it until its alarm is reset."""
    patience: Duration = 10.0
    """How long a head may be unreadable before that is a fault."""
    release: tuple[str, ...] = ()
    """Doors and lanes; filled in from the zone."""
    sirens: tuple[str, ...] = ()
    """Switched on; filled in from the zone."""
    _counted: dict[str, _Trip] = field(init=False, default_factory=dict)
    """What speaks for a fire until it is reset."""
    _dismissed: set[str] = field(init=False, default_factory=set)
    """What stands in alarm but was in fault, or disabled, when it rose."""
    _places: dict[str, str] = field(init=False, default_factory=dict)
    _contacts: dict[str, str] = field(init=False, default_factory=dict)
    """The fault contact of each head."""
    _confirmed: bool = field(init=False, default=False)
    _faults: Faults = field(init=False, default_factory=Faults)

    def __post_init__(self) -> None:
        """ValueError when the settings make no rule."""
        if not self.heads:
            raise ValueError("nothing is watched; give `heads`, such as heads: [io4.input1, io4.input2]")
        if self.name == "fire":
            raise ValueError("the alarms of the zone's own fire contacts are called `fire`; give the rule another name")
        distinct(self._points)
        self._contacts = paired(self.heads, self.faults)
        self._places = located(self._points, self.places)

    @property
    def inputs(self) -> Collection[str]:
        """Heads, call points, fault contacts, and whether their devices answer."""
        return online((*self._points, *self.faults))

    @property
    def outputs(self) -> Collection[str]:
        """All that is freed or sounds."""
        return (*self.release, *self.sirens)

    @property
    def _points(self) -> tuple[str, ...]:
        return (*self.heads, *self.call_points)

    @property
    def wishes(self) -> Collection[Wish]:
        """All free, and loud."""
        free = [Wish(output=output, value=Passage.OPEN, priority=Priority.LIFE_SAFETY) for output in self.release]
        return [*free, *(Wish(output=siren, value=True, priority=Priority.LIFE_SAFETY) for siren in self.sirens)]

    def judge(self, scene: Scene) -> Iterator[Demand | Condition]:
        """Raise for each head; free the zone while a confirmed fire stands."""
        states = {point: switch(scene, point) for point in self._points}
        self._count(scene, states)
        counting = self._counting(scene)
        for point, state in states.items():
            yield self._condition(scene, point, state)
        yield from self._fault_conditions(scene, states)
        confirmed = self._confirmation(scene, states, counting)
        yield confirmed
        stands = confirmed.alarm in scene.standing
        if (confirmed.active or stands) and confirmed.alarm not in scene.apart:
            for output in self.outputs if self._loud(scene, confirmed.alarm) else self.release:
                value = True if output in self.sirens else Passage.OPEN
                yield Demand(
                    output=output,
                    value=value,
                    priority=Priority.LIFE_SAFETY,
                    issuer=self.name,
                    reason="fire_confirmed",
                )

    def _loud(self, scene: Scene, confirmed: str) -> bool:
        """The fire is only just confirmed, or some alarm of this rule stands that nobody has silenced."""
        its = [alarm for alarm in (confirmed, *map(self._alarm, self._points)) if alarm in scene.standing]
        return confirmed not in its or any(alarm not in scene.silenced for alarm in its)

    def _alarm(self, point: str) -> str:
        return named(f"{self.zone}.{self.name}", point)

    def _count(self, scene: Scene, states: dict[str, bool | None]) -> None:
        """Note what trips while it is sound, forget what was reset."""
        for point, state in states.items():
            alarm, unfit = self._alarm(point), self._unfit(scene, point)
            stands = alarm in scene.standing
            if unfit and (state or stands) and not self._proven(scene, point):
                self._counted.pop(point, None)
                self._dismissed.add(point)
            elif state and not unfit:
                first = self._counted[point].first if point in self._counted else scene.now
                self._counted[point] = _Trip(first, scene.now)
                self._dismissed.discard(point)
            elif state is False and not stands:
                self._counted.pop(point, None)
                self._dismissed.discard(point)
            elif stands and unfit is False and not {point} & (self._counted.keys() | self._dismissed):
                self._counted[point] = _Trip(scene.now, scene.now)  # it rose before a restart

    def _unfit(self, scene: Scene, point: str) -> bool | None:
        """Whether it is disabled, or in fault by its own word; None while its fault contact cannot be read."""
        if self._alarm(point) in scene.apart:
            return True
        contact = self._contacts.get(point)
        return False if contact is None else switch(scene, contact)

    def _proven(self, scene: Scene, point: str) -> bool:
        """Whether it was sound for a while after it had tripped: what breaks later may have burnt."""
        trip = self._counted.get(point)
        return trip is not None and scene.now > trip.first + _SETTLED and self._alarm(point) not in scene.apart

    def _counting(self, scene: Scene) -> list[str]:
        """What speaks for a fire now."""
        longest = float("inf") if self.within is None else self.within
        return [point for point, trip in self._counted.items() if scene.now <= trip.last + longest]

    def _confirmation(self, scene: Scene, states: dict[str, bool | None], counting: list[str]) -> Condition:
        heads = sum(point in self.heads for point in counting)
        enough = heads >= 2 or (heads == 1 and len(counting) > heads)
        burning, blind = any(states.values()), None in states.values()
        self._confirmed = (self._confirmed or enough) and (burning or blind)
        return Condition(
            alarm=f"{self.zone}.{self.name}.confirmed",
            active=True if burning and self._confirmed else (None if blind else False),
            severity=Severity.P1,
            kind="fire_confirmed",
            subject=self.zone,
            latch=True,
            evidence=scene.saw(*counting)
            | {"tripped": counting, "within": self.within, "where": "、".join(self._where(scene, p) for p in counting)},
        )

    def _condition(self, scene: Scene, point: str, state: bool | None) -> Condition:
        return Condition(
            alarm=self._alarm(point),
            active=state,
            severity=Severity.P1,
            kind="smoke" if point in self.heads else "call_point",
            subject=self.zone,
            latch=True,
            evidence=scene.saw(point) | {"input": point, "where": self._where(scene, point)},
        )

    def _fault_conditions(self, scene: Scene, states: dict[str, bool | None]) -> Iterator[Condition]:
        for point, state in states.items():
            known = state is not None
            yield self._faults.judge(
                scene,
                self.name,
                self.zone,
                point,
                known,
                self.patience,
                self._contacts.get(point),
                self._where(scene, point),
            )

    def _where(self, scene: Scene, point: str) -> str:
        return where(scene, point, self._places)
