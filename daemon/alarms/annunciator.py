"""The book of alarms: what rules say of conditions, and what people do about them, become states and events."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec
import structlog

from gatehouse.alarms import Alarm, AlarmState, Condition, Severity

log = structlog.get_logger()

Emit = Callable[..., object]


class Annunciator:
    """Every alarm that is not back to normal. Nothing here waits, and nothing is ever deleted from the journal."""

    def __init__(self, emit: Emit) -> None:
        """`emit(kind, subject, actor=…, severity=…, content=…)` writes an event."""
        self.standing: dict[str, Alarm] = {}
        self.judged: set[str] = set()
        """Alarms of which anybody said anything since somebody emptied this."""
        self._moved: set[str] = set()  # in this run: what the last one knew of them is over
        self._emit = emit
        self._hearers: list[Callable[[str, Alarm], None]] = []

    def watch(self, hear: Callable[[str, Alarm], None]) -> None:
        """Call `hear(kind, alarm)` at every change of an alarm, right after its event; it neither raises nor waits."""
        self._hearers.append(hear)

    def restore(self, states: Iterable[bytes]) -> None:
        """Take back what stood when the daemon last ran; their conditions are judged anew before they count as gone."""
        for state in states:
            try:
                alarm = msgspec.json.decode(state, type=Alarm)
            except msgspec.DecodeError as error:  # of another version, or damaged: the others count all the same
                log.error("an alarm of the last run cannot be read", why=str(error), state=state[:1000])
                continue
            if alarm.condition.alarm not in self._moved:
                self.standing[alarm.condition.alarm] = replace(alarm, known=False)

    def judge(self, condition: Condition, issuer: str, now: datetime) -> None:
        """Take a rule's word on one alarm."""
        self.judged.add(condition.alarm)
        old = self.standing.get(condition.alarm)
        actor = f"rule:{issuer}"
        if old is None:
            if condition.active:
                self._set(Alarm(condition=condition, active=True, raised=now), "alarm.raised", actor)
        elif condition.active is None:
            self.standing[condition.alarm] = replace(old, known=False)
        elif condition.active and (not old.active or condition.severity < old.condition.severity):
            self._set(_risen(old, condition, now), "alarm.raised", actor)
        elif old.active and not condition.active:
            self._set(replace(old, active=False, known=True), "alarm.returned", actor, condition.evidence)
        else:
            self.standing[condition.alarm] = replace(old, known=True)

    def acknowledge(self, alarm: str, by: str) -> Alarm:
        """Note that a named person knows; KeyError when it does not stand, ValueError when already done."""
        old = self.standing[alarm]
        if old.acknowledged_by:
            raise ValueError(f"already acknowledged by {old.acknowledged_by}")
        return self._set(replace(old, acknowledged_by=by), "alarm.acknowledged", f"person:{by}", by=by)

    def reset(self, alarm: str, by: str) -> Alarm:
        """Let a latched alarm go in a person's name; ValueError while its condition holds or cannot be read."""
        return self._set(after_reset(self.standing[alarm], by), "alarm.reset", f"person:{by}", by=by)

    def _set(
        self, alarm: Alarm, kind: str, actor: str, evidence: dict[str, Any] | None = None, by: str | None = None
    ) -> Alarm:
        condition = alarm.condition
        self._moved.add(condition.alarm)
        if alarm.state is AlarmState.NORMAL:
            self.standing.pop(condition.alarm, None)
        else:
            self.standing[condition.alarm] = alarm
        content = {
            "alarm": condition.alarm,
            "alarm_kind": condition.kind,
            "state": alarm.state.value,
            "count": alarm.count,
            "evidence": condition.evidence if evidence is None else evidence,
            "alarm_state": msgspec.to_builtins(alarm, enc_hook=repr),
        }
        if by is not None:
            content["by"] = by
        self._emit(kind, condition.subject, actor=actor, severity=int(condition.severity), content=content)
        for hear in self._hearers:
            hear(kind, alarm)
        return alarm


def after_reset(alarm: Alarm, by: str) -> Alarm:
    """A latched alarm after its reset, acknowledged with it. ValueError unless its condition is known to be gone."""
    if alarm.active or not alarm.known:
        raise ValueError("its inputs cannot be read" if not alarm.known else "its condition still holds")
    return replace(alarm, acknowledged_by=alarm.acknowledged_by or by, reset_by=by)


def _risen(alarm: Alarm, condition: Condition, now: datetime) -> Alarm:
    """The condition came true again, so it must be acknowledged again."""
    return Alarm(condition=condition, active=True, raised=now, count=alarm.count + 1, suspended=alarm.suspended)


def own(alarm: str, kind: str, subject: str, active: bool, severity: Severity = Severity.P3, **seen: Any) -> Condition:  # noqa: ANN401 - evidence is free-form
    """Make a condition of the daemon's own: journal, feed, line, rule in trouble."""
    return Condition(alarm=alarm, active=active, severity=severity, kind=kind, subject=subject, evidence=seen)
