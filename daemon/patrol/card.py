"""An alarm as a guard's phone shows it: where, how to get there, what to do and never to do, who is on it already.

The card of a drill says 演练 before anything else, for an app that knows nothing of drills, too.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from daemon.alarms.annunciator import Annunciator
from daemon.config.load import Plan
from daemon.feeds.catalogue import title
from daemon.feeds.texts import STATES, VERDICTS, Text
from daemon.patrol.instructions import Lines, instruction
from daemon.patrol.wordings import REHEARSED, STAGED
from gatehouse.alarms import Alarm, AlarmState

Card = dict[str, Any]
_LONGEST = 200
"""Characters of anything that people wrote."""


class Cards:
    """Makes cards of alarms. A card holds no evidence but the place, and no person but colleagues who answered."""

    def __init__(self, plan: Callable[[], Plan], book: Annunciator) -> None:
        """`plan` as it is by now."""
        self._plan, self._book = plan, book

    def find(self, occurrence: str) -> Alarm | None:
        """The alarm of exactly this occurrence, while it stands or is open."""
        everything = (*self._book.standing.values(), *self._book.cases.values())
        return next((alarm for alarm in everything if alarm.occurrence == occurrence), None)

    def open(self, least: int) -> list[Alarm]:
        """All up to this severity that stand and are not set apart, then what is played, then cases that nobody closed;
        the gravest first, those that nobody has acknowledged before others, the newest before older ones."""
        standing = [alarm for alarm in self._book.standing.values() if alarm.suspended is None]
        everything = {alarm.occurrence: alarm for alarm in (*self._book.cases.values(), *standing) if alarm.open}
        mine = [alarm for alarm in everything.values() if alarm.condition.severity <= least]
        return sorted(mine, key=_rank)

    def card(self, alarm: Alarm, expires: datetime) -> Card:
        """What the phone shows; after `expires` it must say that this may be old."""
        its, doing = alarm.condition, instruction(alarm.condition.kind)
        card: Card = {
            "occurrence": alarm.occurrence,
            "incident": alarm.incident,
            "kind": its.kind,
            "text": _named(alarm),
            "severity": int(its.severity),
            "place": self._plan().titles.get(its.subject, its.subject),
            "state": str(alarm.state),
            "state_text": _said(alarm),
            "active": alarm.active,
            "raised": alarm.raised,
            "last": alarm.last,
            "count": alarm.count,
            "do": _duties(alarm, doing.do),
            "calls": doing.calls,
            "expires": expires,
        }
        if alarm.drill:
            card["drill"] = True
        if doing.never.zh:
            card["never"] = _lines(doing.never)
        card |= {name: value for name, value in self._more(alarm).items() if value}
        return card

    def _more(self, alarm: Alarm) -> Card:
        its, handled = alarm.condition, alarm.handling
        zones, way = self._around(its.subject)
        where = its.evidence.get("where")
        return {
            "where": where[:_LONGEST] if isinstance(where, str) else "",
            "zones": zones,
            "way": way,
            "acknowledged_by": alarm.acknowledged_by,
            "assigned_to": handled.assigned_to,
            "on_site_by": handled.on_site_by,
            "verdict": str(handled.verdict or ""),
        }

    def _around(self, subject: str) -> tuple[list[str], str]:
        """The titles of the zones it belongs to, and the way in."""
        site = self._plan().site
        section, _, name = subject.partition(".")
        ways = {"doors": site.doors.get(name), "lanes": site.lanes.get(name), "zones": site.zones.get(name)}
        own = ways.get(section)
        zones = [zone for key, zone in site.zones.items() if subject == f"zones.{key}" or _holds(zone.release, subject)]
        way = own.way if own is not None else ""
        return [zone.title for zone in zones], way or next((zone.way for zone in zones if zone.way), "")


def _holds(release: list[str], subject: str) -> bool:
    """Written in full or in short."""
    return any(subject == name or subject in (f"doors.{name}", f"lanes.{name}") for name in release)


def _rank(alarm: Alarm) -> tuple[bool, bool, int, bool, float]:
    over = alarm.state is AlarmState.NORMAL
    known, raised = bool(alarm.acknowledged_by), -alarm.raised.timestamp()
    return over, bool(alarm.drill), alarm.condition.severity, known, raised


def _named(alarm: Alarm) -> dict[str, str]:
    kind, mark = alarm.condition.kind, STAGED if alarm.drill else Text("", "")
    return {"zh": mark.zh + title(kind, "zh"), "en": mark.en + title(kind, "en")}


def _duties(alarm: Alarm, doing: Lines) -> dict[str, list[str]]:
    """As in earnest; of a drill it stands before them what is different."""
    said = _lines(doing)
    return {"zh": [REHEARSED.zh, *said["zh"]], "en": [REHEARSED.en, *said["en"]]} if alarm.drill else said


def _said(alarm: Alarm) -> dict[str, str]:
    """How it stands, with what was found."""
    state = STATES[alarm.state]
    verdict = VERDICTS.get(str(alarm.handling.verdict)) if alarm.handling.verdict else None
    zh, en = state.zh, state.en
    if verdict is not None:
        zh, en = f"{zh}，{verdict.zh}", f"{en}, {verdict.en}"
    return {"zh": zh, "en": en}


def _lines(lines: Lines) -> dict[str, list[str]]:
    return {"zh": lines.zh, "en": lines.en}
