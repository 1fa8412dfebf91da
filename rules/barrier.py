"""Barrier: the boom never falls on a car, turns round for one that comes under it, and is watched on its way.

It may not close while `presence` is true, uncertain, never read, stale, or older than `presence_limit`. While it
falls, a good and fresh presence turns it round until it is up or the way is clear again; an unreadable one only
forbids to close (its own loops still guard the boom: this rule is the second hand, not the first).

Alarms: `.stuck` told open or closed for `travel` and the limit input denies it (an unreadable limit neither raises
nor clears); `.unknown` no limit input tells the position, or both claim it, for `patience`; without any limit input
the position is never known, and that is said from the start; `.presence` the loop shows a car for ten minutes or
cannot be read for `patience`, so the boom stays up.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from gatehouse.alarms import Condition, Severity
from gatehouse.demands import Demand, Passage, Priority
from gatehouse.points import Value
from gatehouse.rule import Scene
from rules._settings import Duration, PointName
from rules._watch import Lasting, switch
from rules._wishes import Wish

_LONG_AGO = float("-inf")


@dataclass(kw_only=True, eq=False)
class Rule:
    """One lane's boom."""

    name: str
    subject: str
    """The lane, and its output: `lanes.in`."""
    presence: PointName
    """True while something stands under the boom."""
    up: PointName | None = None
    """True while the boom is all the way up."""
    down: PointName | None = None
    """True while the boom is all the way down."""
    travel: Duration = 6.0
    """The longest time from end to end."""
    presence_limit: Duration = 1.0
    """A presence reading as old as this counts as a car under the boom."""
    abandoned: Duration = 600.0
    """Presence for so long is a loop fault or a car that was left there."""
    patience: Duration = 10.0
    """How long inputs may be unreadable, or contradict each other, before that is an alarm."""
    _told: Value | None = field(init=False, default=None)
    _told_at: float = field(init=False, default=_LONG_AGO)
    _ordered: Value | None = field(init=False, default=None)
    _ordered_at: float = field(init=False, default=_LONG_AGO)
    _reversed_at: float | None = field(init=False, default=None)
    _lasting: Lasting = field(init=False, default_factory=Lasting)

    @property
    def inputs(self) -> Collection[str]:
        """The loop and the limit inputs."""
        return tuple(point for point in (self.presence, self.up, self.down) if point is not None)

    @property
    def outputs(self) -> Collection[str]:
        """The lane."""
        return (self.subject,)

    @property
    def wishes(self) -> Collection[Wish]:
        """Not to close, and to open."""
        return (
            Wish(output=self.subject, value=Passage.CLOSED, priority=Priority.PROTECTION, veto=True),
            Wish(output=self.subject, value=Passage.OPEN, priority=Priority.PROTECTION),
        )

    def judge(self, scene: Scene) -> Iterator[Demand | Condition]:
        """Forbid to close over a car, reverse for one, and watch where the boom is."""
        self._follow_orders(scene)
        up, down = (switch(scene, point) if point else None for point in (self.up, self.down))
        car = self._car(scene)
        if car is not False:
            yield self._demand(Passage.CLOSED, "presence" if car else "presence_unknown", veto=True)
        if self._reverses(scene, car, up, down):
            yield self._demand(Passage.OPEN, "presence")
        seen = scene.saw(*self.inputs) | {"travel": self.travel, "presence_limit": self.presence_limit}
        told = {"told": self._told}
        yield self._condition("stuck", "boom_stuck", Severity.P3, self._stuck(scene, up, down), seen | told)
        known, position = self._position(up, down)
        lost = self._lasting.due(scene, "position", not known, self.patience if self.up or self.down else 0.0)
        unknown = True if lost else (False if known else None)
        yield self._condition("unknown", "boom_unknown", Severity.P4, unknown, seen | {"position": position})
        yield self._condition("presence", "presence_fault", Severity.P4, self._presence_fault(scene), seen)

    def _follow_orders(self, scene: Scene) -> None:
        told = scene.told.get(self.subject)
        if told != self._told:
            self._told, self._told_at = told, scene.now
        if told is not None and told != self._ordered:  # held and then told the same again is no new order
            self._ordered, self._ordered_at = told, scene.now

    def _car(self, scene: Scene) -> bool | None:
        """Whether something stands under the boom; None when no good and fresh reading says so."""
        end = scene.read(self.presence).at + self.presence_limit
        if scene.now >= end:
            return None
        scene.wake(end)
        return switch(scene, self.presence)

    def _reverses(self, scene: Scene, car: bool | None, up: bool | None, down: bool | None) -> bool:
        travelling = scene.now < self._ordered_at + self.travel
        falls = self._ordered == Passage.CLOSED and (down is False or (down is None and travelling))
        ended = self._reversed_at is not None and scene.now >= self._reversed_at + self.travel
        if up or car is False or (up is None and ended):
            self._reversed_at = None
        if car and falls and not up and self._reversed_at is None:
            self._reversed_at = scene.now
        if self._reversed_at is None:
            return False
        if scene.now < self._reversed_at + self.travel:
            scene.wake(self._reversed_at + self.travel)
        return True

    def _stuck(self, scene: Scene, up: bool | None, down: bool | None) -> bool | None:
        limit, arrived = (self.up, up) if self._ordered == Passage.OPEN else (self.down, down)
        if limit is None or arrived is None or self._ordered is None:
            return None
        if arrived:
            return False
        end = max(self._told_at, scene.read(limit).changed) + self.travel
        if self._told is None:
            return None
        if scene.now < end:
            scene.wake(end)
            return None
        return True

    def _position(self, up: bool | None, down: bool | None) -> tuple[bool, str]:
        seen = [end for point, end in ((self.up, up), (self.down, down)) if point is not None]
        if not seen:
            return False, "no limit input"
        if up and down:
            return False, "up and down at once"
        if up or down:
            return True, "up" if up else "down"
        return (False, "unreadable") if None in seen else (True, "between")

    def _presence_fault(self, scene: Scene) -> bool | None:
        presence = switch(scene, self.presence)
        blind = self._lasting.due(scene, "blind", presence is None, self.patience)
        if presence is None:
            return True if blind else None
        stays = self._lasting.due(scene, "car", presence, self.abandoned)
        return True if stays else (None if presence else False)

    def _demand(self, value: Passage, reason: str, veto: bool = False) -> Demand:
        return Demand(
            output=self.subject, value=value, priority=Priority.PROTECTION, issuer=self.name, reason=reason, veto=veto
        )

    def _condition(
        self, word: str, kind: str, severity: Severity, active: bool | None, evidence: dict[str, Any]
    ) -> Condition:
        return Condition(
            alarm=f"{self.subject}.{word}",
            active=active,
            severity=severity,
            kind=kind,
            subject=self.subject,
            evidence=evidence,
        )
