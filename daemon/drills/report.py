"""What came of a drill or a walk test, out of the journal: times per person, per door, per head, in seconds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from daemon.config.load import Plan
from daemon.feeds.catalogue import title
from daemon.feeds.phrases import phrase
from daemon.journal.journal import Filter, Journal
from gatehouse.events import Event

_MOST = 5000
_LEGS = ("queued", "sent", "delivered", "read", "failed")
_KIND = {"drill": "drill", "walktest": "walk"}
_MARK = {"drill": "drill", "walktest": "test"}


class NoReportError(Exception):
    """There was no such drill or test; the text says so."""


async def report(journal: Journal, plan: Plan, sort: str, id_: str) -> dict[str, Any]:
    """The report on one of them; without an id, or with a zone's name, on the latest. NoReportError, JournalError."""
    if sort not in _KIND:
        raise NoReportError(f"没有 {sort!r} 这种报告。 There are reports on drill and walktest.")
    kind = _KIND[sort]
    begun = await journal.query(0, _MOST, Filter(kinds=(f"{kind}.started",)), newest=True)
    start = next((event for event in reversed(begun) if _is(event, sort, id_)), None)
    if start is None:
        raise NoReportError(
            f"日志里没有{f' {id_} 的' if id_ else '任何'}记录。 No {sort} {id_ or 'at all'} is in the journal."
        )
    mine = str(start.content[_MARK[sort]])
    events = await journal.query(start.number - 1, _MOST, Filter(kinds=(f"{kind}.*",), text=mine))
    events = [event for event in events if event.content.get(_MARK[sort]) == mine]
    told = _Report(plan, start, events)
    return told.drill() if sort == "drill" else told.walk()


def _is(event: Event, sort: str, id_: str) -> bool:
    return not id_ or id_ in (event.content.get(_MARK[sort]), event.subject, event.subject.partition(".")[2])


@dataclass
class _Report:
    plan: Plan
    start: Event
    events: Sequence[Event]
    zone: ZoneInfo = field(init=False)

    def __post_init__(self) -> None:
        self.zone = ZoneInfo(self.plan.site.site.timezone)

    def _head(self) -> dict[str, Any]:
        start, end = self.start, next((each for each in self.events if each.kind.endswith(".ended")), None)
        why = str(end.content.get("why", "")) if end else ""
        return {
            "id": start.content.get("drill") or start.content.get("test"),
            "site": self.plan.site.site.name,
            "zone": start.subject,
            "place": self.plan.titles.get(start.subject, start.subject),
            "by": start.content.get("by", ""),
            "reason": start.content.get("reason", ""),
            "minutes": start.content.get("minutes"),
            "started": self._local(start.at),
            "ended": self._local(end.at) if end else None,
            "lasted": self._after(end) if end else None,
            "why": {"zh": phrase(why, "zh"), "en": why},
            "by_end": end.content.get("by", "") if end else "",
        }

    def _local(self, at: datetime) -> str:
        return at.astimezone(self.zone).isoformat(timespec="milliseconds")

    def _after(self, event: Event) -> float:
        """Seconds from the start."""
        return round((event.at - self.start.at).total_seconds(), 3)

    # A drill

    def drill(self) -> dict[str, Any]:
        """Per person, per output; and what would have gone to the police."""
        played = str(self.start.content.get("played", ""))
        police = self._first("drill.alarm_escalated")
        return self._head() | {
            "sort": "drill",
            "played": played,
            "text": {"zh": title(played, "zh"), "en": title(played, "en")},
            "people": self._people(),
            "outputs": self._outputs(),
            "steps": [{"step": each.content.get("step"), "after": self._after(each)}
                      for each in self.events if each.kind == "drill.ladder_step"],
            "police_due": police and self._after(police),
        }  # fmt: skip

    def _first(self, kind: str) -> Event | None:
        return next((event for event in self.events if event.kind == kind), None)

    def _people(self) -> list[dict[str, Any]]:
        rows: dict[str, dict[str, Any]] = {}
        for event in self.events:
            content, word = event.content, event.kind.removeprefix("drill.message_")
            if word in _LEGS:
                who = str(content.get("person") or content.get("channel", ""))
                row = self._row(rows, who)
                row["channels"].setdefault(content.get("channel", ""), {}).setdefault(word, self._after(event))
                row[word] = self._after(event) if row[word] is None else row[word]
            elif (deed := _deed(event)) and (who := self._who(content)):
                row = self._row(rows, who)
                for what in ("answered", deed):  # whatever he says first is his answer
                    row[what] = self._after(event) if row[what] is None else row[what]
        return list(rows.values())

    def _row(self, rows: dict[str, dict[str, Any]], who: str) -> dict[str, Any]:
        fresh = {"person": who, "channels": {}} | dict.fromkeys((*_LEGS, *_ANSWERS))
        return rows.setdefault(who, fresh)

    def _who(self, content: Mapping[str, Any]) -> str:
        """What colleagues call who did it: `li (root)` and `李四 (root)` are both 李四."""
        plain = self.plan.directory.who_is(str(content.get("by") or content.get("person", "")))
        person = self.plan.directory.people.get(plain)
        return person.name if person else plain

    def _outputs(self) -> list[dict[str, Any]]:
        wanted = self.start.content.get("outputs") or []
        return [self._output(str(name)) for name in wanted]

    def _output(self, name: str) -> dict[str, Any]:
        told = next((each for each in self.events if each.kind == "drill.output_told" and each.subject == name), None)
        proofs = {
            str(each.content.get("proof")): self._after(each)
            for each in self.events
            if each.kind == "drill.confirmed" and each.content.get("output") == name
        }
        its = None if told is None else self._after(told)
        relay, leaf = proofs.get("relay"), proofs.get("open")
        first = min((each for each in (relay, leaf) if each is not None), default=None)
        return {
            "output": name,
            "title": self.plan.titles.get(name, name),
            "told": its,
            "relay": relay,
            "open": leaf,
            "delay": None if its is None or first is None else round(first - its, 3),
        }

    # A walk test

    def walk(self) -> dict[str, Any]:
        """Per head."""
        places: Mapping[str, Any] = self.start.content.get("heads") or {}
        rows: dict[str, dict[str, Any]] = {
            point: dict.fromkeys(("first", "last", "after")) | {"head": point, "where": str(where), "count": 0}
            for point, where in places.items()
        }
        for event in self._tripped():
            row = rows[str(event.content["head"])]
            if row["first"] is None:
                row |= {"first": self._local(event.at), "after": self._after(event)}
            row |= {"last": self._local(event.at), "count": event.content.get("count", 0)}
        missing = [row["head"] for row in rows.values() if not row["count"]]
        end = next((each for each in self.events if each.kind == "walk.ended"), None)
        still = end.content.get("tripped", []) if end else []
        return self._head() | {"sort": "walktest", "heads": list(rows.values()), "missing": missing, "still": still}

    def _tripped(self) -> Iterable[Event]:
        return (event for event in self.events if event.kind == "walk.tripped")


_ANSWERS = ("answered", "going", "on_site", "verified", "helped")
_DEEDS = {
    "drill.ladder_answered": "answered",
    "drill.alarm_acknowledged": "answered",
    "drill.alarm_verified": "verified",
    "drill.alarm_on_site": "on_site",
}
_BY_PHONE = {"take": "going", "help": "helped"}
"""What only a phone can say."""


def _deed(event: Event) -> str:
    """What a person has done there, a word of `_ANSWERS`; empty for nothing."""
    if event.kind == "drill.patrol_obeyed":
        return _BY_PHONE.get(str(event.content.get("command")), "")
    return _DEEDS.get(event.kind, "")
