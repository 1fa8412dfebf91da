"""Alarms as a document for people and programs: what stands, which cases are open, what is set apart."""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from daemon.alarms.annunciator import Annunciator
from daemon.alarms.shelving import Disabled
from daemon.config.load import Plan
from daemon.feeds.catalogue import title
from daemon.feeds.phrases import phrase
from daemon.feeds.texts import CAUSES, STATES, VERDICTS, Language
from gatehouse.alarms import Alarm, AlarmState

_PAGE = 50
_LANGUAGES: tuple[Language, ...] = ("zh", "en")


def standing(book: Annunciator, plan: Plan) -> list[dict[str, Any]]:
    """Every alarm not back to normal, the gravest and oldest first; what is set apart comes last."""
    return [entry(alarm, plan) for alarm in _ranked(book.standing.values())]


async def paged(alarms: Iterable[Alarm], plan: Plan) -> list[dict[str, Any]]:
    """The same of any alarms; between two pages everybody else has a turn, for in a flood there may be thousands."""
    told = []
    for number, alarm in enumerate(_ranked(alarms), 1):
        told.append(entry(alarm, plan))
        if number % _PAGE == 0:
            await asyncio.sleep(0)
    return told


def brief(book: Annunciator) -> list[dict[str, Any]]:
    """Of every alarm that stands what subscribers may be told, with little effort: it is asked for all the time."""
    return [
        {
            "id": alarm.condition.alarm,
            "kind": alarm.condition.kind,
            "subject": alarm.condition.subject,
            "severity": int(alarm.condition.severity),
            "state": alarm.state.value,
            "raised": alarm.raised.isoformat(),
            "count": alarm.count,
            "acknowledged_by": alarm.acknowledged_by,
            "drill": alarm.drill,
        }
        for alarm in _ranked(book.standing.values())
    ]


def _ranked(alarms: Iterable[Alarm]) -> list[Alarm]:
    return sorted(alarms, key=lambda its: (its.suspended is not None, its.condition.severity, its.raised))


def entry(alarm: Alarm, plan: Plan) -> dict[str, Any]:
    """One alarm in words."""
    condition, zone = alarm.condition, ZoneInfo(plan.site.site.timezone)
    return {
        "id": condition.alarm,
        "occurrence": alarm.occurrence,
        "incident": alarm.incident,
        "severity": int(condition.severity),
        "kind": condition.kind,
        "text": {language: _title(alarm, language) for language in _LANGUAGES},
        "subject": condition.subject,
        "place": plan.titles.get(condition.subject, ""),
        "state": alarm.state.value,
        "state_text": {language: _state(alarm, language) for language in _LANGUAGES},
        "active": alarm.active,
        "known": alarm.known,
        "latch": condition.latch,
        "raised": alarm.raised.isoformat(),
        "local": _local(alarm.raised, zone),
        "last": alarm.last.isoformat(),
        "count": alarm.count,
        "chattering": alarm.chattering,
        "open": alarm.open,
        "calls": alarm.calls,
        "drill": alarm.drill,
        "acknowledged_by": alarm.acknowledged_by,
        "silenced_by": alarm.silenced_by,
        "handling": _handling(alarm, plan),
        "apart": _apart(alarm, zone),
        "evidence": msgspec.to_builtins(condition.evidence, str_keys=True, enc_hook=repr),
    }


def _title(alarm: Alarm, language: Language) -> str:
    mark = {"zh": "【演练】", "en": "[DRILL] "}[language] if alarm.drill else ""
    return mark + title(alarm.condition.kind, language)


def _state(alarm: Alarm, language: Language) -> str:
    return STATES[alarm.state if alarm.state is not AlarmState.NORMAL or not alarm.open else "open"].say(language)


def _handling(alarm: Alarm, plan: Plan) -> dict[str, Any]:
    its = alarm.handling
    document: dict[str, Any] = msgspec.to_builtins(its)
    own = plan.site.alarms.false_causes
    document["text"] = {
        language: " ".join(filter(None, (
            VERDICTS[its.verdict].say(language) if its.verdict else "",
            own.get(its.cause) or (CAUSES[its.cause].say(language) if its.cause in CAUSES else its.cause),
        ))) for language in _LANGUAGES
    }  # fmt: skip
    return document


def _apart(alarm: Alarm, zone: ZoneInfo) -> dict[str, Any] | None:
    if alarm.suspended is None:
        return None
    return {
        "by": alarm.set_apart_by,
        "why": alarm.set_apart_why,
        "until": alarm.until.isoformat() if alarm.until else None,
        "local": _local(alarm.until, zone) if alarm.until else None,
    }


def disabled(entries: Iterable[Disabled], plan: Plan) -> list[dict[str, Any]]:
    """What is out of service, the one that comes back first at the top."""
    zone = ZoneInfo(plan.site.site.timezone)
    return [
        {
            "target": its.target,
            "place": plan.titles.get(its.target, ""),
            "by": its.by,
            "why": its.why,
            "text": {language: phrase(its.why, language) for language in _LANGUAGES},
            "since": its.since.isoformat(),
            "until": its.until.isoformat(),
            "local": _local(its.until, zone),
        }
        for its in sorted(entries, key=lambda its: its.until)
    ]


def _local(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat()
