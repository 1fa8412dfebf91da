"""SOS: a press of a help button is a P1 alarm of its own, with its place, until a named person resets it.

    lifts-sos: {kind: sos, buttons: [io4.input1, io4.input2], places: [12栋1单元电梯, 12栋2单元电梯], zone: b12}
    pendants:  {kind: sos, counters: [box.presses1], places: [3号楼值守点]}

`buttons` are contacts that are on while pressed, or momentary points such as a radio receiver's; `counters` are counts
of presses that a device keeps itself, for buttons that are pressed for less time than a poll takes. However short, a
press is an alarm at once; there is no delay and no setting for one. Nothing that is done at the button takes it back:
to press again is a second call, to hold it long is still one, and to let go ends only the condition. It latches.

`places`, one for each of buttons and then counters, is what a guard must read: where, or whose. It is seen by those
who may know of persons, and by nobody below.

Stale, uncertain or never-read button: calls nobody and clears nothing. After `patience`, or when a button stays pressed
for `stuck` so that it could not call again, it is a sensor fault, unless the whole device is away, which
`device_silent` says. A contact found pressed at the start is a call. What a counter counted while its line was down is
a call when the line is back; what it counted while nobody ran is not known.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import Annotated, ClassVar

from gatehouse.alarms import Condition, Severity
from gatehouse.rule import Scene
from rules._heads import Faults, device, distinct, located, named, online, where
from rules._pulses import Pulses, occurred
from rules._settings import Duration, PointName, Refers
from rules._watch import Lasting, switch

_LASTING = 2.0
"""Seconds for which a press without a length of its own counts as held."""


@dataclass(kw_only=True, eq=False)
class Rule:
    """The buttons of one place, or of one receiver."""

    life: ClassVar[bool] = True

    name: str
    buttons: tuple[PointName, ...] = ()
    """True while pressed, or momentary."""
    counters: tuple[PointName, ...] = ()
    """Counts of presses."""
    places: tuple[str, ...] = ()
    """Where, or whose: one for each of buttons and then counters."""
    zone: Annotated[str, Refers("zone")] | None = None
    """Where they are, as `zones.b12`; without it the alarm names the device."""
    stuck: Duration = 600.0
    """Held for so long it is a fault besides."""
    patience: Duration = 10.0
    """How long a button may be unreadable before that is a fault."""
    _pulses: Pulses = field(init=False, default_factory=Pulses)
    _faults: Faults = field(init=False, default_factory=Faults)
    _places: dict[str, str] = field(init=False, default_factory=dict)
    _held: Lasting = field(init=False, default_factory=Lasting)

    def __post_init__(self) -> None:
        """ValueError when the settings make no rule."""
        points = [*self.buttons, *self.counters]
        if not points:
            raise ValueError("nothing is watched; give `buttons` or `counters`, such as buttons: [io4.input1]")
        distinct(points)
        self._places = located(points, self.places)

    @property
    def subject(self) -> str:
        """The zone, or else the device of the first button."""
        return self.zone or f"devices.{device((*self.buttons, *self.counters)[0])}"

    @property
    def inputs(self) -> Collection[str]:
        """The buttons, and whether their devices answer."""
        return online((*self.buttons, *self.counters))

    @property
    def outputs(self) -> Collection[str]:
        """None: who is called is the ladder's business."""
        return ()

    def judge(self, scene: Scene) -> Iterator[Condition]:
        """Judge every button by itself."""
        for point in (*self.buttons, *self.counters):
            pressed = self._pressed(scene, point)
            yield Condition(
                alarm=named(f"{self.name}.sos", point),
                active=pressed,
                severity=Severity.P1,
                kind="sos",
                subject=self.subject,
                latch=True,
                evidence=scene.saw(point) | {"input": point, "where": where(scene, point, self._places)},
            )
            yield self._fault(scene, point, pressed, where(scene, point, self._places))

    def _pressed(self, scene: Scene, point: str) -> bool | None:
        if point in self.counters:
            presses = self._pulses.counter(scene, point, _LASTING)
            return None if presses is None else presses > 0
        if scene.image.points[point].momentary:
            return occurred(scene, point, _LASTING)
        return switch(scene, point)

    def _fault(self, scene: Scene, point: str, pressed: bool | None, place: str) -> Condition:
        known = pressed is not None
        fault = self._faults.judge(scene, self.name, self.subject, point, known, self.patience, place=place)
        if not self._held.due(scene, point, pressed is True, self.stuck):
            return fault
        return replace(fault, active=True, evidence=fault.evidence | {"why": "the button stays pressed"})
