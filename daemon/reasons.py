"""Why a rule did or did not do something: what it looks at, what it said last, and what became of that."""

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping
from datetime import tzinfo
from typing import Any

import msgspec

from daemon.clock import Clock
from daemon.config.faults import listed, nearest
from daemon.engine import Engine
from daemon.feeds.catalogue import title
from daemon.feeds.phrases import phrase
from daemon.feeds.texts import Language
from daemon.operator import RefusedError, UnknownError
from gatehouse.alarms import AlarmState, Condition
from gatehouse.demands import Demand
from gatehouse.events import Event
from gatehouse.rule import Note, Rule

LANGUAGES: tuple[Language, ...] = ("zh", "en")
_UNSAID = frozenset({"name", "subject", "cards", "words"})
"""Fields of rules that are no settings, or too long to be told."""


class Reasons:
    """Looks at the engine; changes nothing and judges nothing."""

    def __init__(self, engine: Engine, titles: Mapping[str, str], clock: Clock, zone: Callable[[], tzinfo]) -> None:
        """Of this engine, in the words and the local time of this site."""
        self._engine, self._titles, self._clock, self.zone = engine, titles, clock, zone

    def listed(self) -> list[dict[str, Any]]:
        """Every rule in a line."""
        return [self._line(rule) for rule in self._engine.rules.values()]

    def find(self, name: str) -> tuple[str, str]:
        """A rule by its own name, or by an alarm of which it speaks: rule and alarm. UnknownError, RefusedError."""
        rules, alarms = self._engine.rules, self._alarms()
        if name in rules:
            return name, ""
        if name in alarms:
            return alarms[name], name
        ends = {end: (rule, "") for end, rule in _endings(name, rules)}
        ends |= {end: (alarms[end], end) for end in alarms if end.endswith(f".{name}")}
        if len(ends) == 1:
            return next(iter(ends.values()))
        if ends:
            raise RefusedError(f"{name!r} 指的不止一个。 It may be any of: {listed(sorted(ends))}.")
        near = nearest(name, {**rules, **alarms})
        guess_zh, guess_en = (f"，是不是 {near}？", f"; did you mean {near}?") if near else ("。", ".")
        raise UnknownError(f"没有叫 {name!r} 的规则或报警{guess_zh} No rule or alarm is called {name!r}{guess_en}")

    def _alarms(self) -> dict[str, str]:
        """Alarm -> the rule that speaks of it; empty for those of the daemon's own."""
        spoken = dict.fromkeys(self._engine.annunciator.standing, "")
        for rule, (_, answers) in self._engine.said.items():
            spoken |= {answer.alarm: rule for answer in answers if isinstance(answer, Condition)}
        return spoken

    def explain(self, name: str) -> dict[str, Any]:
        """A rule, or the one behind an alarm, as it stands. UnknownError, RefusedError."""
        rule_name, alarm = self.find(name)
        if not rule_name:
            return {"rule": "", "alarm": alarm, "own": self._standing(alarm)}
        rule, engine, now = self._engine.rules[rule_name], self._engine, self._clock.monotonic()
        at, answers = engine.said.get(rule_name, (-math.inf, ()))
        wake = engine.agenda.asked(rule_name)
        unread = [point for point in rule.inputs if f"rule {rule_name}" in engine.waiting or point in engine.waiting]
        return self._line(rule) | {
            "alarm": alarm,
            "meaning": _meaning(rule),
            "settings": _settings(rule),
            "judged": None if math.isinf(at) else round(now - at, 3),
            "wakes": None if math.isinf(wake) else round(wake - now, 3),
            "waits_for": unread,
            "failed": self._failure(rule_name),
            "inputs": {point: self._input(point) for point in rule.inputs},
            "conditions": [self._condition(each) for each in answers if isinstance(each, Condition)],
            "demands": [self._demand(each) for each in answers if isinstance(each, Demand)],
            "notes": [_plain(each) for each in answers if isinstance(each, Note)],
            "outputs": {output: self._output(output) for output in rule.outputs},
        }

    def _line(self, rule: Rule) -> dict[str, Any]:
        outputs = list(rule.outputs)
        subject = str(getattr(rule, "subject", "") or getattr(rule, "zone", "") or (outputs[0] if outputs else ""))
        _, answers = self._engine.said.get(rule.name, (0.0, ()))
        standing = self._engine.annunciator.standing
        last = self._engine.recorder.acted.get(f"rule:{rule.name}")
        return {
            "rule": rule.name,
            "kind": type(rule).__module__.rpartition(".")[2],
            "subject": subject,
            "place": self._titles.get(subject, ""),
            "alarms": [one.alarm for one in answers if isinstance(one, Condition) and one.alarm in standing],
            "wants": sum(isinstance(answer, Demand) for answer in answers),
            "acted": last.astimezone(self.zone()).isoformat() if last else None,
        }

    def _input(self, name: str) -> dict[str, Any]:
        now, point = self._clock.monotonic(), self._engine.image.points[name]
        reading = self._engine.image.read(name, now)
        return {
            "title": point.title,
            "value": reading.value,
            "unit": point.unit,
            "quality": reading.quality.name.lower(),
            "age": None if math.isinf(reading.at) else round(now - reading.at, 3),
            "limit": None if math.isinf(point.max_age) else round(point.max_age, 3),
            "unchanged": None if math.isinf(reading.changed) else round(now - reading.changed, 3),
            "momentary": point.momentary,
            "note": _text(reading.note),
        }

    def _condition(self, condition: Condition) -> dict[str, Any]:
        return {
            "alarm": condition.alarm,
            "text": {language: title(condition.kind, language) for language in LANGUAGES},
            "severity": int(condition.severity),
            "active": condition.active,
            "latch": condition.latch,
            "evidence": _plain(condition.evidence),
            "standing": self._standing(condition.alarm),
        }

    def _standing(self, alarm: str) -> dict[str, Any] | None:
        """An alarm that is not back to normal."""
        its = self._engine.annunciator.standing.get(alarm)
        if its is None:
            return None
        return {
            "state": its.state.value,
            "latched": its.state is AlarmState.LATCHED,
            "raised": its.raised.astimezone(self.zone()).isoformat(),
            "count": its.count,
            "known": its.known,
            "acknowledged_by": its.acknowledged_by,
            "evidence": _plain(its.condition.evidence),
        }

    def _demand(self, demand: Demand) -> dict[str, Any]:
        decision = self._engine.arbiter.decisions[demand.output]
        granted, against = decision.demand == demand, ""
        if demand.veto:
            granted = decision.value != demand.value
        if not granted:
            winner = decision.demand
            against = f"{int(winner.priority)} {winner.issuer}: {winner.reason}" if winner else decision.why
        return self._wish(demand) | {"output": demand.output, "granted": granted, "against": _text(against)}

    def _wish(self, demand: Demand) -> dict[str, Any]:
        left = None if demand.until is None else round(demand.until - self._clock.monotonic(), 3)
        return {
            "issuer": demand.issuer,
            "priority": int(demand.priority),
            "value": demand.value,
            "veto": demand.veto,
            "reason": _text(demand.reason),
            "left": left,
        }

    def _output(self, output: str) -> dict[str, Any]:
        arbiter = self._engine.arbiter
        decision, missing = arbiter.decisions[output], arbiter.unlearned().get(output, set())
        return {
            "title": arbiter.outputs[output].title,
            "told": decision.value,
            "why": _text(decision.why),
            "waits_for": sorted(missing),
            "wishes": [self._wish(demand) for demand in arbiter.demands(output)],
        }

    def _failure(self, rule: str) -> str:
        alarm = self._engine.annunciator.standing.get(f"rules.{rule}.failed")
        return str(alarm.condition.evidence.get("error", "")) if alarm is not None and alarm.active else ""


def is_of(event: Event, found: Mapping[str, Any]) -> bool:
    """Whether an event tells of the alarm, or else of the rule, that was explained."""
    return event.content.get("alarm") == found["alarm"] if found["alarm"] else event.actor == f"rule:{found['rule']}"


def _endings(name: str, rules: Mapping[str, Rule]) -> Iterator[tuple[str, str]]:
    return ((rule, rule) for rule in rules if rule.endswith(f".{name}"))


def _meaning(rule: Rule) -> str:
    """The first paragraph of what its kind says of itself."""
    module = __import__(type(rule).__module__, fromlist=["__doc__"])
    return " ".join((module.__doc__ or "").strip().partition("\n\n")[0].split())


def _settings(rule: Rule) -> dict[str, Any]:
    """What is set, and what is left as it comes; names as in the site file."""
    if not dataclasses.is_dataclass(rule):
        return {}
    return {
        field.name.rstrip("_"): _plain(getattr(rule, field.name))
        for field in dataclasses.fields(rule)
        if field.init and field.name not in _UNSAID
    }


def _plain(value: object) -> Any:  # noqa: ANN401 - a document
    return msgspec.to_builtins(value, str_keys=True, enc_hook=str)


def _text(why: str) -> dict[str, str]:
    return {language: phrase(why, language) for language in LANGUAGES}
