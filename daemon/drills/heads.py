"""What can be walked in a zone: fire contacts, heads, call points, buttons, sensors, and the rules that see them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Any

from daemon.config.load import Plan
from gatehouse.alarms import Condition
from gatehouse.points import Image
from gatehouse.rule import Rule, Scene

_SETTINGS = ("fire", "heads", "call_points", "buttons", "counters", "levels", "leaks", "detectors")
"""Settings of rules that name what a person can trip."""
_FAULTS = frozenset({"sensor_fault", "fire_input"})
"""Alarms about a head, rather than by it."""


@dataclass(frozen=True, slots=True)
class Ground:
    """One zone."""

    rules: Mapping[str, Rule]
    """By name: all that judge this zone."""
    heads: Mapping[str, str]
    """Point -> what people call its place."""
    shared: Mapping[str, str]
    """Point -> another zone that it belongs to as well."""


def ground(plan: Plan, zone: str) -> Ground:
    """What there is to be walked."""
    rules = {rule.name: rule for rule in plan.rules if place(rule) == zone}
    titles = {point.name: point.title for point in plan.points}
    heads: dict[str, str] = {}
    for rule in rules.values():
        points = list(tripped_by(rule))
        places = getattr(rule, "places", ())
        for number, point in enumerate(points):
            heads[point] = places[number] if len(places) == len(points) else titles.get(point) or point
    others = {point: str(place(rule)) for rule in plan.rules if place(rule) not in (zone, "")
              for point in tripped_by(rule) if point in heads}  # fmt: skip
    return Ground(rules, heads, others)


def place(rule: Rule) -> str:
    """The zone that a rule judges; empty for most."""
    for setting in ("zone", "subject"):
        its = getattr(rule, setting, None)
        if isinstance(its, str) and its.startswith("zones."):
            return its
    return ""


def tripped_by(rule: Rule) -> Iterable[str]:
    """Points that a person can trip, in the order in which the rule names them."""
    for setting in _SETTINGS:
        points = getattr(rule, setting, ())
        if isinstance(points, tuple):
            yield from (point for point in points if isinstance(point, str))


def counters_of(rules: Iterable[Rule]) -> frozenset[str]:
    """Heads of which a device only counts how often they were tripped."""
    return frozenset(point for rule in rules for point in getattr(rule, "counters", ()))


class Shadow:
    """A rule's twin, which sees what the rule may not: whether it would have raised its alarm, and for which head."""

    def __init__(self, twin: Rule, image: Image) -> None:
        """`twin` is nobody else's."""
        self._twin, self._image = twin, image
        self._standing: set[str] = set()
        self.wake = inf
        self.inputs = frozenset(twin.inputs)

    def judge(
        self, now: float, wall: datetime, changed: Iterable[str], told: Mapping[str, Any]
    ) -> tuple[set[str], set[str]]:
        """Heads that would be in alarm now, and heads of which nobody knows. A plug-in may raise anything."""
        self.wake = inf
        scene = Scene(image=self._image, now=now, wall=wall, changed=set(changed), told=told,
                      standing=frozenset(self._standing), wake=self._at)  # fmt: skip
        said = [each for each in self._twin.judge(scene) if isinstance(each, Condition)]
        self._standing = {each.alarm for each in said if each.active or (each.active is None and each.alarm in
                                                                           self._standing)}  # fmt: skip
        seen = [(each.evidence.get("input"), each.active) for each in said if each.kind not in _FAULTS]
        found, unknown = (
            {head for head, active in seen if isinstance(head, str) and active is it} for it in (True, None)
        )
        return found, unknown - found

    def _at(self, instant: float) -> None:
        self.wake = min(self.wake, instant)
