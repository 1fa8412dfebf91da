"""What may be told to whom: every kind of event, its fields, and the tier from which each may be seen.

Tiers (who may know what): 0 health of the system; 1 the life of alarms, no person, card, plate or flat; 2 also people
and credentials; 3 everything that is listed here. What is not listed here is never published.

Below tier 2 there is no free text at all: a field passes only when its value has the field's closed form (a word of a
list, a small count, a name out of the site file), so a person's name in the wrong place cannot slip through.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from string import Formatter
from typing import Any

from daemon.feeds.phrases import phrase
from daemon.feeds.texts import ACTIONS, ALARMS, KINDS, LEVELS, REFUSALS, STATES, VERDICTS, Language, Text
from daemon.feeds.texts_drills import ENDS, PLAYED
from daemon.recorder import drilled
from gatehouse.alarms import AlarmState
from gatehouse.events import Event

PERSONAL = 2
"""The least tier that may know of people."""

SEVERITIES = frozenset({1, 2, 3, 4})

Form = Callable[[object], bool]

_WORD = "[a-z]+[0-9]{0,3}"
_PART = f"{_WORD}([_-]({_WORD}|[0-9]{{1,2}}))*"
_NAME = re.compile(rf"{_PART}(\.{_PART}){{0,3}}(\.[0-9]{{1,2}})?")
"""A name out of the site file that cannot be a card, a telephone or a flat: no more than three digits in a row."""
_EVENT_ID = re.compile(r"[0-9a-f]{12}-[0-9]{1,18}")
_KIND = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")
_DAY, _SHA256 = re.compile(r"20[0-9]{2}-[01][0-9]-[0-3][0-9]"), re.compile(r"[0-9a-f]{64}")
_NAMED = frozenset({"doors", "lanes", "zones", "devices", "lines", "outputs"})
_OWN = frozenset({"daemon", "journal", "feeds", "rules", "tasks", "config", "ladders", "recording"})


def _one_of(*words: str) -> Form:
    known = frozenset(words)
    return lambda value: isinstance(value, str) and value in known


def _name(value: object) -> bool:
    return isinstance(value, str) and len(value) <= 120 and _NAME.fullmatch(value) is not None


def _count(value: object) -> bool:
    return type(value) is int and 0 <= value < 100_000


def _yes_or_no(value: object) -> bool:
    return isinstance(value, bool)


def _event_id(value: object) -> bool:
    return isinstance(value, str) and _EVENT_ID.fullmatch(value) is not None


def _number(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**53


def _day(value: object) -> bool:
    return isinstance(value, str) and _DAY.fullmatch(value) is not None


def _hash(value: object) -> bool:
    return isinstance(value, str) and _SHA256.fullmatch(value) is not None


@dataclass(frozen=True, slots=True)
class Field:
    """From which tier a field may be seen; `form` is what it must look like for readers below `PERSONAL`."""

    tier: int
    form: Form | None = None
    open_from: int = PERSONAL  # the tier from which `form` is not asked for

    def shows(self, value: object, tier: int) -> bool:
        """Whether a reader of this tier may see this value."""
        return tier >= self.tier and (tier >= self.open_from or (self.form is not None and self.form(value)))


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of event: the least tier it is published to, and its fields."""

    tier: int
    fields: Mapping[str, Field] = field(default_factory=dict)


_FREE = Field(2)
_ACCESS = {"card": _FREE, "person": _FREE, "reason": Field(1, _one_of(*REFUSALS)), "door": _FREE}
_ORDER = {"value": _FREE, "priority": _FREE, "issuer": _FREE, "reason": _FREE, "by": _FREE}
_ALARM = {
    "alarm": Field(1, _name),
    "alarm_kind": Field(1, _one_of(*ALARMS)),
    "state": Field(1, _one_of(*AlarmState)),
    "count": Field(1, _count),
    "occurrence": Field(1, _event_id),
    "incident": Field(1, _event_id),
    "open": Field(1, _yes_or_no),
    "chattering": Field(1, _yes_or_no),
    "verdict": Field(1, _one_of(*VERDICTS)),
    "false_cause": _FREE,
    "assigned_to": _FREE,
    "note": _FREE,
    "until": _FREE,
    "reason": _FREE,
    "evidence": _FREE,
    "by": _FREE,
}
_COMMAND = {"command": _FREE, "reason": _FREE, "by": _FREE}
_DAEMON = {"boot": _FREE, "seconds": _FREE, "missing": _FREE}
_JOURNAL = dict.fromkeys(("why", "number", "faults", "first", "last", "severities", "file", "after", "kept"), _FREE) | {
    "count": Field(0, _count)
}
_CUT = {"rule": Field(0, _one_of("days", "size", "disk", "front")), "days": Field(0, _count), "count": Field(0, _count)}
_CUT |= dict.fromkeys(("bytes", "used", "free", "classes", "first_line", "last_line", "oldest", "newest"), _FREE)
_CUT |= dict.fromkeys(("runs", "proof", "hash", "unsent"), _FREE)
_EXPORTED = dict.fromkeys(
    ("by", "reason", "since", "until", "kinds", "tier", "format", "file", "lines", "number", "hash"), _FREE
)
_HEAD = {"day": Field(0, _day), "number": Field(0, _number), "hash": Field(0, _hash)}
_WHY = {"why": _FREE}
_CONFIG = {"by": _FREE, "changes": _FREE, "why": _FREE}
_LADDER = dict.fromkeys(
    ("alarm", "alarm_kind", "occurrence", "ladder", "step", "early", "late", "by", "why", "answered"), _FREE
)
_MESSAGE = dict.fromkeys(
    (
        "alarm",
        "alarm_kind",
        "occurrence",
        "step",
        "ring",
        "person",
        "channel",
        "key",
        "why",
        "late",
        "instead",
        "test",
        "by",
    ),
    _FREE,
)
_PATROL = dict.fromkeys(
    ("person", "guard", "command", "id", "alarm", "alarm_kind", "occurrence", "off_shift", "why", "unwritten"), _FREE
)
_FEED = {"subscriber": Field(0, _name), "why": _FREE}
_ROLLCALL = {"subscriber": Field(0, _name), "minutes": Field(0, _count), "seconds": _FREE, "by": _FREE, "what": _FREE}

_BY_AREA = {"alarm": _ALARM, "output": _ORDER, "command": _COMMAND, "ladder": _LADDER, "message": _MESSAGE}
_BY_AREA |= {"patrol": _PATROL}
_PLAYED = {kind: _BY_AREA[kind.partition(".")[0]] for kind in PLAYED}
_ID = {"drill": Field(1, _event_id)}
_DRILL = _ID | {"minutes": Field(1, _count), "why": Field(1, _one_of(*ENDS))}
_DRILL |= dict.fromkeys(("by", "reason", "until", "outputs", "output", "proof", "point", "played"), _FREE)
_WALK = dict.fromkeys(
    ("test", "by", "reason", "until", "minutes", "why", "heads", "head", "where", "count", "missing"), _FREE
)
_WALK |= dict.fromkeys(("walked", "tripped"), _FREE)

EVENTS: Mapping[str, Kind] = {
    "daemon.started": Kind(0, _DAEMON),
    "daemon.armed": Kind(0, _DAEMON),
    "daemon.stopped": Kind(0, _DAEMON),
    "access.granted": Kind(2, _ACCESS),
    "access.denied": Kind(1, _ACCESS),
    "output.told": Kind(2, _ORDER),
    "output.confirmed": Kind(2, _ORDER),
    "demand.expired": Kind(2, _COMMAND),
    "operator.command": Kind(2, _COMMAND),
    "command.refused": Kind(2, _COMMAND),
    "alarm.raised": Kind(1, _ALARM),
    "alarm.repeated": Kind(1, _ALARM),
    "alarm.returned": Kind(1, _ALARM),
    "alarm.acknowledged": Kind(1, _ALARM),
    "alarm.reset": Kind(1, _ALARM),
    "alarm.noted": Kind(1, _ALARM),
    "alarm.followed": Kind(1, _ALARM),
    "alarm.verified": Kind(1, _ALARM),
    "alarm.assigned": Kind(1, _ALARM),
    "alarm.on_site": Kind(1, _ALARM),
    "alarm.closed": Kind(1, _ALARM),
    "alarm.silenced": Kind(1, _ALARM),
    "alarm.shelved": Kind(1, _ALARM),
    "alarm.unshelved": Kind(1, _ALARM),
    "alarm.disabled": Kind(1, _ALARM),
    "alarm.enabled": Kind(1, _ALARM),
    "alarm.escalated": Kind(1, _ALARM),
    **dict.fromkeys(
        ("ladder.begun", "ladder.step", "ladder.answered", "ladder.spent", "ladder.ended"), Kind(2, _LADDER)
    ),
    **{f"message.{word}": Kind(2, _MESSAGE) for word in ("queued", "sent", "delivered", "read", "failed")},
    "patrol.obeyed": Kind(2, _PATROL),
    "patrol.refused": Kind(2, _PATROL),
    **{drilled(kind): Kind(2, fields | _ID) for kind, fields in _PLAYED.items()},
    "drill.started": Kind(1, _DRILL),
    "drill.ended": Kind(1, _DRILL),
    "drill.confirmed": Kind(2, _DRILL),
    **dict.fromkeys(("walk.started", "walk.tripped", "walk.ended"), Kind(2, _WALK)),
    "device.offline": Kind(0, _WHY),
    "device.online": Kind(0, _WHY),
    "line.down": Kind(0, _WHY),
    "line.up": Kind(0, _WHY),
    "feed.connected": Kind(0, _FEED),
    "feed.lost": Kind(0, _FEED),
    "feed.refused": Kind(0, _FEED),
    **dict.fromkeys(("rollcall.asked", "rollcall.answered", "rollcall.missed"), Kind(0, _ROLLCALL)),
    **dict.fromkeys(("centre.clock", "centre.denied"), Kind(0, _ROLLCALL)),
    "journal.damaged": Kind(0, _JOURNAL),
    "journal.dropped": Kind(0, _JOURNAL),
    "journal.replaced": Kind(0, _JOURNAL),
    "journal.head": Kind(0, _HEAD),
    "journal.cut": Kind(0, _CUT),
    "journal.exported": Kind(2, _EXPORTED),
    "config.applied": Kind(0, _CONFIG),
    "config.kept": Kind(0, _CONFIG),
    "config.rolled_back": Kind(0, _CONFIG),
    "schedule.changed": Kind(2, {"value": _FREE, "reason": _FREE}),
}
"""Every kind of event that gatehouse writes."""

_UNLISTED = Kind(3)
_ANNOUNCED = frozenset({"drill.started", "drill.ended"})


def staged(kind: str) -> bool:
    """Whether it belongs to a drill or a walk test and nobody outside is to see it: all but that there is a drill."""
    return kind.startswith(("drill.", "walk.")) and kind not in _ANNOUNCED


def fields_of(kind: str) -> Mapping[str, Field]:
    """The fields of a kind of event; none for an unlisted kind."""
    return EVENTS.get(kind, _UNLISTED).fields


@dataclass(frozen=True, slots=True)
class View:
    """An event as one reader may see it."""

    subject: str
    place: str
    actor: str
    cause: str
    severity: int
    content: dict[str, Any]


def published(kind: str, tier: int) -> bool:
    """Whether this tier gets events of this kind at all; an unlisted kind goes to tier 3 only, without content."""
    return tier >= EVENTS.get(kind, _UNLISTED).tier and _KIND.fullmatch(kind) is not None


def see(event: Event, titles: Mapping[str, str], tier: int) -> View:
    """The event with all that this tier may not see taken out of it."""
    subject = event.subject if may_name(event.subject, titles, tier) else ""
    return View(
        subject=subject,
        place=titles.get(subject, subject.rpartition(".")[2]),
        actor=_actor(event.actor, tier),
        cause=event.cause if tier >= PERSONAL or _EVENT_ID.fullmatch(event.cause) else "",
        severity=event.severity if event.severity in SEVERITIES else 0,
        content=visible(event.content, fields_of(event.kind), tier),
    )


def visible(content: Mapping[str, Any], fields: Mapping[str, Field], tier: int) -> dict[str, Any]:
    """The listed fields of a content that this tier may see."""
    return {name: value for name, value in content.items() if name in fields and fields[name].shows(value, tier)}


def may_name(subject: str, titles: Mapping[str, str], tier: int) -> bool:
    """Below `PERSONAL` only things that the site file names, and the daemon's own parts, are called by their names."""
    if tier >= PERSONAL:
        return True
    section = subject.partition(".")[0]
    return (section in _NAMED and subject in titles) or (section in _OWN and _name(subject))


def _actor(actor: str, tier: int) -> str:
    kind, _, name = actor.partition(":")
    if tier >= PERSONAL:
        return actor
    if kind == "rule" and _name(name):
        return actor
    return kind if kind in {"person", "rule", "daemon"} else ""


# Sentences


def describe(event: Event, titles: Mapping[str, str], tier: int = 3, language: Language = "zh") -> str:
    """One plain sentence out of what this tier may see."""
    return sentence(event.kind, see(event, titles, tier), language)


def sentence(kind: str, view: View, language: Language) -> str:
    """One plain sentence out of a view and nothing else."""
    words = _words(kind, view, language)
    for needed, text in _SENTENCES.get(kind, ()):
        if needed <= words.keys():
            return text.say(language).format_map(words)
    return f"{view.place} {kind}".strip()


def title(kind: str, language: Language = "zh") -> str:
    """The name of a kind of event or alarm, for tables and filters; the word itself where there is none."""
    if kind in ALARMS:
        return ALARMS[kind].say(language)
    return KINDS[kind][-1].say(language) if kind in KINDS else kind


def _needs(text: Text) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in Formatter().parse(text.zh) if name)


_SENTENCES = {kind: tuple((_needs(text), text) for text in texts) for kind, texts in KINDS.items()}


def _words(kind: str, view: View, language: Language) -> dict[str, str]:
    content = view.content
    words = {
        name: str(content[name])
        for name in (
            "person",
            "card",
            "by",
            "reason",
            "channel",
            "ladder",
            "step",
            "minutes",
            "seconds",
            "what",
            "where",
        )
        if content.get(name)
    }
    if why := content.get("why"):
        words["why"] = phrase(str(why), language)
    if "reason" in words and kind != "operator.command" and content.get("issuer") != "operator":
        words["reason"] = phrase(words["reason"], language)  # what a person gave as a reason stays as it is
    if view.place:
        words["place"] = view.place
    words |= _alarm_words(content, language)
    if "value" in content and (action := _action(view.subject, content["value"])):
        words["action"] = action.say(language)
    if command := content.get("command"):
        action = _action(view.subject, command)
        words["command"] = action.say(language) if action else str(command)
    priority = content.get("priority")
    if isinstance(priority, int) and priority in LEVELS:
        words["level"] = LEVELS[priority].say(language)
    if seen := _seen(content.get("evidence"), language):
        words["seen"] = seen
    return words


def _alarm_words(content: Mapping[str, Any], language: Language) -> dict[str, str]:
    """Of an alarm: what it is, how often, how it stands, and who is to look."""
    words = {}
    if alarm := content.get("alarm_kind"):
        words["alarm"] = title(str(alarm), language)
    if _count(content.get("count")) and content["count"] > 1:
        words["count"] = str(content["count"])
    if to := content.get("assigned_to"):
        words["to"] = str(to)
    for word, texts in (("verdict", VERDICTS), ("state", STATES)):
        if (said := str(content.get(word))) in texts:
            words[word] = texts[said].say(language)
    return words


def _action(subject: str, value: object) -> Text | None:
    if value is None:
        return ACTIONS["", "held"]
    word = {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)
    return ACTIONS.get((subject.partition(".")[0], word)) or ACTIONS.get(("", word))


def _seen(evidence: object, language: Language) -> str:
    """Where it is, what was measured (at most three numbers), what comes of it; else what the daemon says of itself."""
    if not isinstance(evidence, dict):
        return ""
    values = {name: item["value"] for name, item in evidence.items() if isinstance(item, dict) and "value" in item}
    numbers = [
        f"{name} {value:g}"
        for name, value in values.items()
        if isinstance(value, int | float) and type(value) is not bool
    ]
    forecast = phrase(str(evidence.get("forecast", "")), language)
    why = phrase(str(evidence.get(f"why_{language}", evidence.get("why", ""))), language)
    known = [*numbers[:3], forecast] if numbers or forecast else [why]
    return ", ".join(part for part in (str(evidence.get("where", "")), *known) if part)
