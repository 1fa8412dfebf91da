"""The steps in the life of one occurrence. Each gives the next state; none writes, calls or keeps anything."""

from dataclasses import replace
from datetime import datetime

from gatehouse.alarms import NEEDS_CLOSE, Alarm, AlarmState, Condition, Handling


def risen(alarm: Alarm, condition: Condition, now: datetime, *, chattering: bool) -> Alarm:
    """The condition came true again, or graver: what anybody knew, silenced or found out is about the last time."""
    knew = bool(alarm.acknowledged_by)
    return replace(
        alarm,
        condition=condition,
        active=True,
        known=True,
        last=now,
        count=alarm.count + 1,
        acknowledged_by="",
        reset_by="",
        silenced_by=alarm.silenced_by if chattering and not knew else "",
        chattering=alarm.chattering or chattering,
        handling=Handling() if knew else alarm.handling,
    )


def followed(alarm: Alarm, by: str) -> Alarm:
    """Another occurrence has taken its place on the list; somebody must still close this one, where that is wanted."""
    return replace(alarm, active=False, suspended=None, until=None, followed_by=by)


def after_reset(alarm: Alarm, by: str) -> Alarm:
    """A latched alarm after its reset, acknowledged with it. ValueError unless its condition is known to be gone."""
    if alarm.active or not alarm.known:
        raise ValueError("its inputs cannot be read" if not alarm.known else "its condition still holds")
    return replace(alarm, acknowledged_by=alarm.acknowledged_by or by, reset_by=by)


def after_close(alarm: Alarm, by: str, note: str) -> Alarm:
    """A case that is over. ValueError while the alarm stands, or before anybody said whether it was true."""
    if alarm.state is not AlarmState.NORMAL:
        raise ValueError(why_not_closed(alarm))
    if alarm.condition.severity in NEEDS_CLOSE and alarm.handling.verdict is None:
        raise ValueError("nobody has verified it")
    handling = replace(alarm.handling, closed_by=by, note=note or alarm.handling.note)
    return replace(alarm, handling=handling)


def why_not_closed(alarm: Alarm) -> str:
    """What an alarm that stands still needs."""
    if alarm.suspended is not None:
        return "it is set apart; take it back first"
    if alarm.active:
        return "its condition still holds"
    return "nobody has acknowledged it" if not alarm.acknowledged_by else "it is latched; reset it first"
