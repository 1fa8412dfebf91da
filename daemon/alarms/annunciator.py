"""The book of alarms: what rules say of conditions, and what people do about them, become states and events."""

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec
import structlog

from daemon.alarms.incidents import Incidents
from daemon.alarms.lives import after_close, after_reset, followed, risen
from daemon.alarms.rate import MINUTE, WINDOW, Rate
from daemon.alarms.shelving import BY_HAND, Disabled, Shelving
from daemon.clock import Clock, SystemClock
from gatehouse.alarms import Alarm, AlarmState, Condition, Severity, Verdict

log = structlog.get_logger()

Emit = Callable[..., object]
Hear = Callable[[str, Alarm], None]

GROUP = 60.0
"""Seconds after people were called for an alarm in which it does not call them anew, unless somebody acknowledged."""
FLOOD = "alarms.flood"


class Annunciator:
    """Every alarm that is not back to normal, and every case that is not closed. Nothing here waits.

    Nothing is ever deleted from the journal.
    """

    def __init__(self, emit: Emit, clock: Clock | None = None) -> None:
        """`emit(kind, subject, actor=…, severity=…, content=…)` writes an event."""
        self.standing: dict[str, Alarm] = {}
        """By the alarm's id."""
        self.cases: dict[str, Alarm] = {}
        """Occurrences that are back to normal and that somebody has still to close, by their names."""
        self.judged: dict[str, Severity] = {}
        """Alarms of which anybody said anything since somebody emptied this."""
        self._clock: Clock = clock or SystemClock()
        self.shelving = Shelving(self, emit, self._clock)
        self.wrote: Callable[[Alarm, object], None] = _nobody
        """Handed every alarm as it is by now, and the event that says so, before anybody hears of it."""
        self._emit = emit
        self._hearers: list[Hear] = []
        self._incidents, self._rate = Incidents(), Rate()
        self._called: dict[str, float] = {}  # when people were last called for what stands
        self._moved: dict[str, str] = {}  # in this run: the newest occurrence; what the last run knew of them is over
        self._recall: set[str] = set()  # to be called for again as soon as it is known to hold
        self._forget_at = 0.0
        self._mark, self._count = secrets.token_hex(6), 0

    def watch(self, hear: Hear) -> None:
        """Call `hear(kind, alarm)` at every change of an alarm, right after its event; it neither raises nor waits.

        People are to be called at `alarm.raised` and at nothing else; whether to call on tells `alarm.calls`.
        """
        self._hearers.append(hear)

    # After a restart

    def restore(self, states: Iterable[bytes], left: bytes | None = None) -> None:
        """Take back what stood when the daemon last ran; their conditions are judged anew before they count as gone.

        `left`: what `Shelving` had the journal keep.
        """
        disabled, alarms = [], []
        for state in states:
            found = _read(state)
            if isinstance(found, Disabled):
                disabled.append(found)
            elif found is not None:
                alarms.append(found)
        self.shelving.remember(left)
        back = []
        for alarm in sorted(alarms, key=lambda alarm: (alarm.last, alarm.raised, alarm.count)):
            if alarm.state is AlarmState.NORMAL and alarm.open:
                self.cases.setdefault(alarm.occurrence, alarm)
            elif alarm.state is not AlarmState.NORMAL:
                back.append(alarm)
        self._take_back({alarm.condition.alarm: alarm for alarm in back})
        for alarm in back:
            self._settle(alarm)
        self.shelving.restore(disabled, [alarm for alarm in self.standing.values() if not alarm.known])
        self.tick(self._clock.monotonic())

    def _take_back(self, newest: Mapping[str, Alarm]) -> None:
        now, utc = self._clock.monotonic(), self._clock.utc()
        for name, alarm in newest.items():
            if name in self._moved:
                continue
            self.standing[name] = replace(alarm, known=False)
            called, rose = (now - max(0.0, (utc - at).total_seconds()) for at in (alarm.raised, alarm.last))
            self._called[name] = called
            if alarm.drill:
                continue  # no real alarm is one incident with what was played, nor part of a flood of it
            if alarm.incident:
                self._incidents.stir(alarm.condition.subject, alarm.incident, rose)
            if now - called < WINDOW:
                self._rate.called(called)

    def _settle(self, alarm: Alarm) -> None:
        """What is known by now, or was newer then, has taken its place."""
        name = alarm.condition.alarm
        stands = self.standing.get(name)
        newest = self._moved.get(name) or (stands.occurrence if stands else "")
        if newest != alarm.occurrence:
            self.change(followed(alarm, newest), "alarm.followed", "daemon")

    # What rules say

    def judge(self, condition: Condition, issuer: str, now: datetime) -> None:
        """Take a rule's word on one alarm."""
        name = condition.alarm
        self.judged[name] = condition.severity
        old = self.standing.get(name)
        if old is not None and old.drill:
            raise ValueError(f"{name} is an alarm of a drill: no rule may speak of it")
        if old is None:
            if condition.active:
                self._rise(condition, f"rule:{issuer}", now)
        elif condition.active is None:
            if old.known:
                self.standing[name] = replace(old, known=False)
        elif condition.active and (not old.active or condition.severity < old.condition.severity):
            self._rise_again(old, condition, f"rule:{issuer}", now)
        elif old.active and not condition.active:
            self._recall.discard(name)
            gone = replace(old, active=False, known=True)
            self.change(gone, "alarm.returned", f"rule:{issuer}", evidence=condition.evidence)
        elif not old.known:
            self.standing[name] = replace(old, known=True)
            if name in self._recall:
                self.call_again(self.standing[name])

    def _rise(self, condition: Condition, actor: str, now: datetime) -> None:
        occurrence = self._name()
        alarm = Alarm(condition=condition, active=True, raised=now, last=now, occurrence=occurrence)
        alarm = self.shelving.mark(replace(alarm, incident=self._incident(alarm)))
        self._rate.rose(condition.alarm, self._clock.monotonic())
        self.change(alarm, "alarm.raised" if alarm.suspended is None else "alarm.noted", actor)

    def _rise_again(self, old: Alarm, condition: Condition, actor: str, now: datetime) -> None:
        """One alarm with a counter; people are called anew when they knew of the last, or are to know of worse."""
        mono = self._clock.monotonic()
        if condition.severity is Severity.P1 and old.suspended in BY_HAND:
            old = self.shelving.escape(old)
        graver, late = condition.severity < old.condition.severity, mono - self._since(old) >= GROUP
        again = risen(old, condition, now, chattering=self._rate.rose(condition.alarm, mono))
        if old.acknowledged_by:
            again = replace(again, occurrence=self._name())
            again = replace(again, incident=self._incident(again))
        else:
            self._incidents.stir(again.condition.subject, again.incident, mono)
        if old.suspended is not None:
            self.change(again, "alarm.noted", actor)
        elif old.acknowledged_by or graver or late:
            self.change(replace(again, raised=now), "alarm.raised", actor)
        else:
            self.change(again, "alarm.repeated", actor)
        if again.occurrence != old.occurrence:
            self.change(followed(old, again.occurrence), "alarm.followed", actor)

    def stage(self, condition: Condition, drill: str, by: str) -> Alarm:
        """Raise an alarm of a drill, or take up again the one that a restart has found."""
        old = self.standing.get(condition.alarm)
        if old is not None and old.drill == drill:
            self.standing[condition.alarm] = back = replace(old, active=True, known=True)
            return back
        now, occurrence = self._clock.utc(), self._name()
        alarm = Alarm(condition=condition, active=True, raised=now, last=now, occurrence=occurrence,
                      incident=occurrence, drill=drill)  # fmt: skip
        return self.change(alarm, "alarm.raised", f"person:{by}", by=by)

    def strike(self, alarm: Alarm, by: str, why: str) -> Alarm:
        """The drill of an alarm is over, and the alarm with it: closed as a test in the name of who answers for it."""
        its = alarm.handling
        handling = replace(its, verdict=Verdict.TEST, verified_by=its.verified_by or by, closed_by=by)
        over = replace(alarm, active=False, known=True, suspended=None, handling=handling,
                       acknowledged_by=alarm.acknowledged_by or by, reset_by=alarm.reset_by or by)  # fmt: skip
        return self.change(over, "alarm.closed", "daemon", by=by, why=why)

    def _since(self, alarm: Alarm) -> float:
        return self._called.get(alarm.condition.alarm, float("-inf"))

    def call_again(self, alarm: Alarm) -> None:
        """Call people for it unless somebody knows, or it is gone; when that is not known yet, as soon as it is."""
        name = alarm.condition.alarm
        self._recall.discard(name)
        if not alarm.active or not alarm.calls:
            return
        if alarm.known:
            self.change(replace(alarm, raised=self._clock.utc(), silenced_by=""), "alarm.raised", "daemon")
        else:
            self._recall.add(name)

    def tick(self, now: float) -> None:
        """Do what time alone asks for."""
        self.shelving.tick(now)
        if FLOOD in self.standing:
            self._judge_flood(now)
        if now >= self._forget_at:
            self._forget_at = now + MINUTE
            self._rate.forget(now)

    def _judge_flood(self, now: float) -> None:
        flooding = self._rate.flooding(now)
        if flooding or FLOOD in self.standing:
            self.judge(
                own(FLOOD, "alarm_flood", "daemon", flooding, alarms=self._rate.count, seconds=WINDOW),
                "daemon",
                self._clock.utc(),
            )

    # What people do

    def acknowledge(self, alarm: str, by: str) -> Alarm:
        """Note that a named person knows; KeyError when it does not stand, ValueError when already done."""
        old = self.standing[alarm]
        if old.acknowledged_by:
            raise ValueError(f"already acknowledged by {old.acknowledged_by}")
        return self.change(replace(old, acknowledged_by=by), "alarm.acknowledged", f"person:{by}", by=by)

    def reset(self, alarm: str, by: str) -> Alarm:
        """Let a latched alarm go in a person's name; ValueError while its condition holds or cannot be read."""
        return self.change(after_reset(self.standing[alarm], by), "alarm.reset", f"person:{by}", by=by)

    def silence(self, alarm: str, by: str) -> Alarm:
        """Stop its sounders until it rises again, or another does; it is not acknowledged by that."""
        return self.change(replace(self.standing[alarm], silenced_by=by), "alarm.silenced", f"person:{by}", by=by)

    def handle(self, alarm: Alarm, kind: str, by: str, *, why: str | None = None, **done: Any) -> Alarm:  # noqa: ANN401 - the fields of Handling
        """Note what a person did about an occurrence."""
        handled = replace(alarm, handling=replace(alarm.handling, **done))
        return self.change(handled, kind, f"person:{by}", by=by, why=why)

    def close(self, occurrence: str, by: str, note: str = "") -> Alarm:
        """End a case in a person's name; KeyError when it is none, ValueError when nobody has verified it."""
        closed = after_close(self.cases[occurrence], by, note)
        return self.change(closed, "alarm.closed", f"person:{by}", by=by)

    # All of it

    def change(
        self,
        alarm: Alarm,
        kind: str,
        actor: str,
        *,
        evidence: dict[str, Any] | None = None,
        by: str | None = None,
        why: str | None = None,
    ) -> Alarm:
        """Take an alarm as it is now, write the event, and tell all who watch."""
        self._put(alarm)
        condition = alarm.condition
        content = _content(alarm, condition.evidence if evidence is None else evidence)
        content |= {key: said for key, said in (("by", by), ("reason", why)) if said is not None}
        more = {"drill": alarm.drill} if alarm.drill else {}
        severity = int(condition.severity)
        self.wrote(alarm, self._emit(kind, condition.subject, actor=actor, severity=severity, content=content, **more))
        self.tell(kind, alarm)
        return alarm

    def tell(self, kind: str, alarm: Alarm) -> None:
        """Tell all who watch; by itself only of what has been written already."""
        now, name = self._clock.monotonic(), alarm.condition.alarm
        if kind == "alarm.raised":
            self._called[name] = now
        for hear in self._hearers:
            try:
                hear(kind, alarm)
            except Exception:  # a fault of one who hears must keep no siren, person or feed from hearing
                log.exception("a hearer of alarms has a fault", alarm=name, kind=kind)
        if kind == "alarm.raised" and name != FLOOD and not alarm.drill:
            self._rate.called(now)
            self._judge_flood(now)

    def _put(self, alarm: Alarm) -> None:
        """Where it belongs by now: it stands, or is a case, or neither."""
        name, stands = alarm.condition.alarm, self.standing.get(alarm.condition.alarm)
        if not alarm.followed_by:
            self._moved[name] = alarm.occurrence
        if alarm.state is not AlarmState.NORMAL:
            self.standing[name] = alarm
            return
        if stands is not None and stands.occurrence == alarm.occurrence:
            del self.standing[name]
            self._called.pop(name, None)
        if alarm.open:
            self.cases[alarm.occurrence] = alarm
        else:
            self.cases.pop(alarm.occurrence, None)

    def _name(self) -> str:
        """Of a new occurrence or incident; never repeats."""
        self._count += 1
        return f"{self._mark}-{self._count}"

    def _incident(self, alarm: Alarm) -> str:
        return self._incidents.join(alarm.condition.subject, self._name(), self._clock.monotonic())


def _nobody(alarm: Alarm, event: object) -> None:
    """Nobody keeps it."""


def _content(alarm: Alarm, evidence: dict[str, Any]) -> dict[str, Any]:
    """What an event of an alarm tells."""
    condition, its = alarm.condition, alarm.handling
    content: dict[str, Any] = {
        "alarm": condition.alarm,
        "alarm_kind": condition.kind,
        "state": alarm.state.value,
        "count": alarm.count,
        "occurrence": alarm.occurrence,
        "incident": alarm.incident,
        "open": alarm.open,
        "evidence": evidence,
        "alarm_state": msgspec.to_builtins(alarm, enc_hook=repr),
    }
    more = {
        "verdict": its.verdict,
        "false_cause": its.cause,
        "assigned_to": its.assigned_to,
        "note": its.note,
        "until": alarm.until and alarm.until.isoformat(),
        "chattering": alarm.chattering,
    }
    return content | {key: value for key, value in more.items() if value}


def _read(state: bytes) -> Alarm | Disabled | None:
    """What the last run knew; None when it cannot be read: of another version, or damaged. The others count."""
    try:
        if "target" in msgspec.json.decode(state, type=dict[str, Any]):
            return msgspec.json.decode(state, type=Disabled)
        return msgspec.json.decode(state, type=Alarm)
    except msgspec.DecodeError as error:
        log.error("an alarm of the last run cannot be read", why=str(error), state=state[:1000])
        return None


def own(alarm: str, kind: str, subject: str, active: bool, severity: Severity = Severity.P3, **seen: Any) -> Condition:  # noqa: ANN401 - evidence is free-form
    """Make a condition of the daemon's own: journal, feed, line, rule in trouble."""
    return Condition(alarm=alarm, active=active, severity=severity, kind=kind, subject=subject, evidence=seen)
