"""Fire release: any fire contact of a zone frees its doors and lanes and sounds its sirens until it is reset by name.

The contacts are the fire panel's own, already decided there, so one of them is enough. Each contact is an alarm of
its own (`zones.b12.fire`, `zones.b12.fire.2`, …): a second one that trips notifies as loudly as the first, and
sounds again what a person had silenced.

Stale or uncertain contact: frees nothing by itself, clears nothing, and no fire alarm of the zone can be reset while
any contact cannot be read. After `patience` it is a fault of its own (`zones.b12.fire_input`); with `stale: release`
the zone is then freed as well, until the contact can be read again. Never read since the start: just the same,
counted from the start. A release that stood before a restart stands after it, whatever can be read.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Literal

from gatehouse.alarms import Condition, Severity
from gatehouse.demands import Demand, Passage, Priority
from gatehouse.rule import Scene
from rules._settings import Duration, PointName
from rules._watch import Lasting, switch
from rules._wishes import Wish


@dataclass(kw_only=True, eq=False)
class Rule:
    """One zone's release."""

    name: str
    subject: str
    """The zone: `zones.b12`."""
    fire: tuple[PointName, ...]
    """Contacts that are true on fire."""
    release: tuple[str, ...]
    """Outputs that go free: `doors.north`, `lanes.in`."""
    sirens: tuple[str, ...] = ()
    """Outputs that are switched on."""
    stale: Literal["alarm", "release"] = "alarm"
    """What a contact that cannot be read does: raise a fault, or free the zone too."""
    patience: Duration = 10.0
    """How long a contact may be unreadable before that counts."""
    _unread: Lasting = field(init=False, default_factory=Lasting)

    @property
    def inputs(self) -> Collection[str]:
        """The contacts."""
        return self.fire

    @property
    def outputs(self) -> Collection[str]:
        """All that is freed or sounds."""
        return (*self.release, *self.sirens)

    @property
    def wishes(self) -> Collection[Wish]:
        """All free, and loud."""
        free = [Wish(output=output, value=Passage.OPEN, priority=Priority.LIFE_SAFETY) for output in self.release]
        return [*free, *(Wish(output=siren, value=True, priority=Priority.LIFE_SAFETY) for siren in self.sirens)]

    def judge(self, scene: Scene) -> Iterator[Demand | Condition]:
        """Free the zone while a fire alarm of it stands."""
        states = {point: switch(scene, point) for point in self.fire}
        lost = {point: self._unread.due(scene, point, states[point] is None, self.patience) for point in self.fire}
        for number, (alarm, point) in enumerate(zip(self._alarms, self.fire, strict=True), 1):
            yield self._condition(scene, alarm, states, point)
            yield self._fault(scene, number, point, None if states[point] is None and not lost[point] else lost[point])
        for alarm in scene.standing:  # of a contact that the site no longer has: a person must be able to end it
            if self._is_fire(alarm) and alarm not in self._alarms:
                yield self._condition(scene, alarm, states, None)
        burning = any(states.values()) or any(self._is_fire(alarm) for alarm in scene.standing)
        if burning or (self.stale == "release" and any(lost.values())):
            for output in self.release:
                yield self._demand(output, Passage.OPEN, "fire" if burning else "fire_input")
        if burning and self._loud(scene, states):
            for output in self.sirens:
                yield self._demand(output, True, "fire")

    def _loud(self, scene: Scene, states: dict[str, bool | None]) -> bool:
        """Some fire alarm of the zone was not silenced, or is only just rising: silence is for what was known then."""
        fires = [alarm for alarm in scene.standing if self._is_fire(alarm)]
        rising = any(states[point] and alarm not in fires for alarm, point in zip(self._alarms, self.fire, strict=True))
        return rising or any(alarm not in scene.silenced for alarm in fires)

    @property
    def _alarms(self) -> list[str]:
        return [_numbered(f"{self.subject}.fire", number) for number, _ in enumerate(self.fire, 1)]

    def _condition(self, scene: Scene, alarm: str, states: dict[str, bool | None], point: str | None) -> Condition:
        clear = False if None not in states.values() else None
        return Condition(
            alarm=alarm,
            active=True if point is not None and states[point] else clear,
            severity=Severity.P1,
            kind="fire",
            subject=self.subject,
            latch=True,
            evidence=scene.saw(*self.fire) | {"input": point, "tripped": [name for name in self.fire if states[name]]},
        )

    def _fault(self, scene: Scene, number: int, point: str, active: bool | None) -> Condition:
        note = scene.read(point).note
        return Condition(
            alarm=_numbered(f"{self.subject}.fire_input", number),
            active=active,
            severity=Severity.P2,
            kind="fire_input",
            subject=self.subject,
            evidence=scene.saw(point) | {"input": point, "patience": self.patience, "why": f"{point}: {note}"},
        )

    def _is_fire(self, alarm: str) -> bool:
        return alarm == f"{self.subject}.fire" or alarm.startswith(f"{self.subject}.fire.")

    def _demand(self, output: str, value: Passage | bool, reason: str) -> Demand:
        return Demand(output=output, value=value, priority=Priority.LIFE_SAFETY, issuer=self.name, reason=reason)


def _numbered(alarm: str, number: int) -> str:
    return alarm if number == 1 else f"{alarm}.{number}"
