"""Holds what was expected against what the stage shows; each difference is told with what it came from."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from daemon.config.faults import nearest
from daemon.rehearsal.stage import Stage
from daemon.rehearsal.timetable import NAMELESS, AlarmWanted, EventWanted, Expect, ReadingWanted
from gatehouse.alarms import AlarmState, Condition, Severity
from gatehouse.events import Event
from gatehouse.points import Point

_SHOWN = {True: "on", False: "off", None: "held"}
_MOST_EVENTS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as expected."""

    what: tuple[str, ...]
    """The way to it inside `expect`: alarms, b12.smoke."""
    expected: str
    found: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


def differences(expect: Expect, stage: Stage, since: int) -> Iterator[Difference]:
    """Everything that is not so now; `since`: events from this place on count."""
    for alarm, wanted in expect.alarms.items():
        yield from _others(expect, stage, wanted) if alarm == NAMELESS else _alarm(alarm, wanted, stage)
    for output, value in expect.outputs.items():
        yield from _output(output, value, stage)
    for output, rule in expect.by.items():
        demand = stage.engine.arbiter.decisions[output].demand
        found = demand.issuer if demand else ""
        if found.partition(":")[0] != rule:
            yield Difference(
                what=("by", output), expected=rule or "-", found=found or "-", evidence=_held(output, stage)
            )
    for point, reading in expect.points.items():
        yield from _point(point, reading, stage)
    yield from _events(expect, stage.events[since:])


def conditions(stage: Stage) -> dict[str, tuple[str, Condition]]:
    """By alarm: the rule that judges it, and what it said last."""
    return {
        answer.alarm: (rule, answer)
        for rule, (_, answers) in stage.engine.said.items()
        for answer in answers
        if isinstance(answer, Condition)
    }


def _alarm(name: str, wanted: AlarmWanted, stage: Stage) -> Iterator[Difference]:
    standing, spoken = stage.engine.annunciator.standing.get(name), conditions(stage)
    if standing is None and name not in spoken and not _ever(name, stage):
        near = nearest(name, {*spoken, *stage.engine.annunciator.standing})
        found = f"no rule speaks of it{f'; did you mean {near}?' if near else ''}"
        yield Difference(what=("alarms", name), expected=wanted.state or "-", found=found)
        return
    seen = _seen(name, stage, spoken)
    state = standing.state if standing else AlarmState.NORMAL
    facts: dict[str, tuple[object, object]] = {"state": (wanted.state, state.value)}
    if standing is not None or wanted.count is not None:
        facts["count"] = (wanted.count, standing.count if standing else 0)
    facts["active"] = (wanted.active, standing.active if standing else False)
    facts["known"] = (wanted.known, standing.known if standing else True)
    severity = standing.condition.severity if standing else spoken[name][1].severity if name in spoken else Severity.P4
    facts["severity"] = (wanted.severity, severity.name)
    unlike: list[tuple[tuple[str, ...], object, object]] = [
        (() if fact == "state" else (fact,), expected, there)
        for fact, (expected, there) in facts.items()
        if expected is not None and expected != there
    ]
    evidence = standing.condition.evidence if standing else {}
    for path, expected, there in _unlike(wanted.evidence, evidence, wanted.tolerance):
        unlike.append((("evidence", *path), expected, there))
    for path, expected, there in unlike:
        yield Difference(what=("alarms", name, *path), expected=_said(expected), found=_said(there), evidence=seen)


def _ever(name: str, stage: Stage) -> bool:
    """An alarm of the daemon's own, or of a rule that is gone, stood at some time."""
    return any(event.content.get("alarm") == name for event in stage.events)


def _others(expect: Expect, stage: Stage, wanted: AlarmWanted) -> Iterator[Difference]:
    """All alarms that are not named are so."""
    for name, alarm in stage.engine.annunciator.standing.items():
        if name not in expect.alarms and alarm.state.value != (wanted.state or "normal"):
            seen = _seen(name, stage, conditions(stage))
            yield Difference(
                what=("alarms", name), expected=wanted.state or "normal", found=alarm.state.value, evidence=seen
            )


def _seen(name: str, stage: Stage, spoken: Mapping[str, tuple[str, Condition]]) -> dict[str, Any]:
    if name not in spoken:
        return {}
    rule, condition = spoken[name]
    return {"rule": rule, "active": condition.active} | with_limits(condition.evidence, stage.image.points)


def with_limits(evidence: Mapping[str, Any], points: Mapping[str, Point]) -> dict[str, Any]:
    """Evidence, with the age that each reading may have beside the age that it had."""
    told = dict(evidence)
    for name, seen in evidence.items():
        if name in points and isinstance(seen, Mapping) and math.isfinite(points[name].max_age):
            told[name] = {**seen, "limit": round(points[name].max_age, 3)}
    return told


def _output(name: str, wanted: object, stage: Stage) -> Iterator[Difference]:
    expected, found = _said(wanted), _said(stage.engine.arbiter.decisions[name].value)
    if found != expected:
        yield Difference(what=("outputs", name), expected=expected, found=found, evidence=_held(name, stage))


def _held(output: str, stage: Stage) -> dict[str, Any]:
    """Who wants what of it, strongest first; why it is held, where it is."""
    decision = stage.engine.arbiter.decisions[output]
    wishes = [
        f"{demand.priority:d} {demand.issuer}: {'not ' * demand.veto}{_said(demand.value)} ({demand.reason})"
        for demand in stage.engine.arbiter.demands(output)
    ]
    return {"wanted": wishes or ["-"]} | ({"why": decision.why} if decision.why else {})


def _point(name: str, wanted: ReadingWanted, stage: Stage) -> Iterator[Difference]:
    reading = stage.image.read(name, stage.clock.now)
    if wanted.value is not None and not _same(wanted.value, reading.value, wanted.tolerance):
        yield Difference(what=("points", name), expected=_said(wanted.value), found=_said(reading.value),
                         evidence={"quality": reading.quality.name.lower(), "note": reading.note})  # fmt: skip
    if wanted.quality is not None and wanted.quality != reading.quality.name.lower():
        yield Difference(what=("points", name, "quality"), expected=wanted.quality,
                         found=reading.quality.name.lower(), evidence={"note": reading.note})  # fmt: skip


def _events(expect: Expect, events: Sequence[Event]) -> Iterator[Difference]:
    shown = [f"{event.kind} {event.subject}" for event in events]
    evidence = {"recorded": [*shown[:_MOST_EVENTS], *(["…"] if len(shown) > _MOST_EVENTS else [])]}
    wanted_in_all: dict[str, int] = {}
    for wanted in expect.events:
        name = f"{wanted.kind} {wanted.subject}".strip()
        key = f"{name} {wanted.content!r}"
        wanted_in_all[key] = wanted_in_all.get(key, 0) + wanted.count
        found = sum(_is(wanted, event) for event in events)
        if found < wanted_in_all[key]:
            yield Difference(what=("events", name), expected=_times(wanted, wanted_in_all[key]), found=f"{found} ×",
                             evidence=evidence)  # fmt: skip
    for wanted in expect.absent:
        hits = [event for event in events if _is(wanted, event)]
        if len(hits) >= wanted.count:
            name = f"{wanted.kind} {wanted.subject}".strip()
            seen = {"content": {key: value for key, value in hits[0].content.items() if key != "alarm_state"}}
            yield Difference(what=("absent", name), expected="0 ×", found=f"{len(hits)} ×", evidence=seen)


def _times(wanted: EventWanted, count: int) -> str:
    return f"{count} ×{f' {wanted.content}' if wanted.content else ''}"


def _is(wanted: EventWanted, event: Event) -> bool:
    if event.kind != wanted.kind or wanted.subject not in ("", event.subject):
        return False
    return not any(_unlike(wanted.content, event.content, wanted.tolerance))


def _unlike(
    wanted: Mapping[str, Any], found: Mapping[str, Any], tolerance: float, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], object, object]]:
    """Everything that is wanted of a table and is otherwise there."""
    for key, value in wanted.items():
        there = found.get(key)
        if isinstance(value, Mapping) and isinstance(there, Mapping):
            yield from _unlike(value, there, tolerance, (*path, key))
        elif not _same(value, there, tolerance):
            yield (*path, key), value, there


def _same(wanted: object, found: object, tolerance: float) -> bool:
    if isinstance(found, bool):
        return wanted is found or wanted == ("on" if found else "off")
    if isinstance(wanted, int | float) and not isinstance(wanted, bool) and isinstance(found, int | float):
        return math.isclose(float(wanted), found, rel_tol=1e-9, abs_tol=tolerance)
    if isinstance(found, tuple | list) and isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(_same, wanted, found, [tolerance] * len(wanted)))
    return wanted == found


def _said(value: object) -> str:
    return _SHOWN[value] if isinstance(value, bool) or value is None else str(value)
