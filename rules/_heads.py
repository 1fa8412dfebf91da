"""Heads, sensors, buttons: many of one sort in one rule, each with alarms of its own and a fault of its own.

An alarm carries its head in its id (`b12-gas.alarm.io4-input1`), so it stays the same alarm when heads are added to
the rule or taken out of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from types import MappingProxyType

from gatehouse.alarms import Condition, Severity
from gatehouse.rule import Scene
from rules._watch import Lasting, switch


def device(point: str) -> str:
    """The device of a point."""
    return point.partition(".")[0]


def named(prefix: str, point: str) -> str:
    """The id of a head's alarm: `b12-gas.alarm` and `io4.input1` make `b12-gas.alarm.io4-input1`."""
    return f"{prefix}.{point.replace('.', '-')}"


def online(points: Iterable[str]) -> tuple[str, ...]:
    """The points, each once, and whether their devices answer."""
    known = tuple(dict.fromkeys(points))
    return tuple(dict.fromkeys((*known, *(f"{device(point)}.online" for point in known))))


def distinct(points: Sequence[str]) -> None:
    """ValueError when a head is named twice, or two would have one alarm."""
    ids = [named("", point) for point in points]
    twice = next((point for point, id_ in zip(points, ids, strict=True) if ids.count(id_) > 1), None)
    if twice is not None:
        raise ValueError(f"{twice} is named twice, or has the same alarm id as another; name each once")


def paired(heads: Sequence[str], faults: Sequence[str], setting: str = "faults") -> dict[str, str]:
    """The fault contact of each head: one for all of them, or one each in the same order. ValueError otherwise."""
    if len(faults) == 1:
        return dict.fromkeys(heads, faults[0])
    if faults and len(faults) != len(heads):
        raise ValueError(f"{len(heads)} heads have {len(faults)} `{setting}`; give one for all, or one each in order")
    return dict(zip(heads, faults, strict=False))


def located(points: Sequence[str], places: Sequence[str]) -> dict[str, str]:
    """What people call the place of each head: none, or one each in the same order. ValueError otherwise."""
    if places and len(places) != len(points):
        raise ValueError(f"{len(points)} heads have {len(places)} `places`; give one each, in order")
    return dict(zip(points, places, strict=False))


def where(scene: Scene, point: str, places: Mapping[str, str] = MappingProxyType({})) -> str:
    """The place of a head; without one what its board calls it."""
    return places.get(point) or scene.image.points[point].title


def standing(scene: Scene, prefix: str) -> bool:
    """Whether an alarm with this beginning stands that nobody has set apart: of a head that is gone by now, too."""
    return any(alarm.startswith(prefix) and alarm not in scene.apart for alarm in scene.standing)


@dataclass
class Faults:
    """Which heads cannot be believed: unreadable for too long, impossible, or in fault by their own word."""

    _lost: Lasting = field(default_factory=Lasting)

    def judge(  # noqa: PLR0917 - one head: whose, where, how it is
        self,
        scene: Scene,
        rule: str,
        subject: str,
        point: str,
        known: bool,
        patience: float,
        fault: str | None = None,
        place: str = "",
    ) -> Condition:
        """The fault of one head. That its whole device is away is not said here: `device_silent` does."""
        faulty = None if fault is None else switch(scene, fault)
        unread = not known or (fault is not None and faulty is None)
        seen = f"{device(point)}.online"
        away = seen in scene.image.points and switch(scene, seen) is False
        lost = self._lost.due(scene, point, unread and not away, patience)
        spec, reading = scene.image.points[point], scene.read(point)
        why = reading.note or ("" if known else f"{reading.value!r} is not possible")
        points = (point,) if fault is None else (point, fault)
        return Condition(
            alarm=named(f"{rule}.sensor", point),
            active=True if faulty or lost else (None if unread else False),
            severity=Severity.P3,
            kind="sensor_fault",
            subject=subject,
            evidence=scene.saw(*points)
            | {
                "input": point,
                "where": place or where(scene, point),
                "range": [limit if isfinite(limit) else None for limit in (spec.low, spec.high)],
                "why": "the head says that it is in fault" if faulty else why,
            },
        )
