"""From an event to the bytes that a subscriber gets: CloudEvents 1.0 in JSON; and the retained state beside it.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md, extension `sequence` for the journal's number.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from daemon.feeds.catalogue import EVENTS, PERSONAL, SEVERITIES, View, may_name, see, sentence, visible
from gatehouse.events import Event

CONTENT_TYPE = "application/cloudevents+json"
BATCH_TYPE = "application/cloudevents-batch+json"
LARGEST = 64 * 1024
"""Bytes of the largest event; above it, and where a content is no JSON, it goes out without its free content."""

_encoder = msgspec.json.Encoder(enc_hook=str)


class CloudEvent(msgspec.Struct, frozen=True, kw_only=True):
    """The attributes in the order in which they are written."""

    specversion: str = "1.0"
    id: str
    source: str
    type: str
    time: datetime
    subject: str | msgspec.UnsetType = msgspec.UNSET
    datacontenttype: str = "application/json"
    sequence: str | msgspec.UnsetType = msgspec.UNSET
    unjournaled: bool | msgspec.UnsetType = msgspec.UNSET
    ahead: bool | msgspec.UnsetType = msgspec.UNSET
    refill: str | msgspec.UnsetType = msgspec.UNSET
    data: dict[str, Any]


class Topics:
    """Where one subscriber's messages go. Nothing else is published, and only `refill` is subscribed to."""

    def __init__(self, site: str, subscriber: str) -> None:
        """Topics of one subscriber of one site."""
        self.source = f"/gatehouse/v1/{site}"
        self.root = f"gatehouse/v1/{site}/{subscriber}"
        self.state = f"{self.root}/state"
        self.status = f"{self.root}/status"
        self.refill = f"{self.root}/refill"
        self.reply = f"{self.root}/refill/reply"
        self.refilled = f"{self.root}/refill/events"

    def event(self, kind: str) -> str:
        """Topic of a kind of event."""
        return f"{self.root}/events/{kind.replace('.', '/')}"


def event_message(
    event: Event,
    titles: Mapping[str, str],
    tier: int,
    source: str,
    *,
    unjournaled: bool = False,
    ahead: bool = False,
    refill: str = "",
    largest: int = LARGEST,
) -> bytes:
    """The event as this tier may see it; when that is too large or no JSON, only what has a closed form."""
    marks = _Marks(unjournaled, ahead, refill)
    try:
        message = _pack(event, see(event, titles, tier), source, marks)
    except (TypeError, ValueError, OverflowError, RecursionError):
        message = b""
    if message and len(message) <= largest:
        return message
    return _pack(event, see(event, titles, min(tier, PERSONAL - 1)), source, marks, abridged=True)


class _Marks(NamedTuple):
    """What a message says of itself besides the event."""

    unjournaled: bool
    ahead: bool
    refill: str


def _pack(event: Event, view: View, source: str, marks: _Marks, abridged: bool = False) -> bytes:
    data: dict[str, Any] = {"place": view.place, "actor": view.actor, "cause": view.cause, "severity": view.severity}
    data = {name: value for name, value in data.items() if value} | view.content
    if abridged:
        data["abridged"] = True
    data["text"] = {"zh": sentence(event.kind, view, "zh"), "en": sentence(event.kind, view, "en")}
    return _encoder.encode(
        CloudEvent(
            id=event.id,
            source=source,
            type=f"gatehouse.{event.kind}",
            time=event.at,
            subject=view.subject or msgspec.UNSET,
            sequence=msgspec.UNSET if marks.unjournaled else f"{event.number:020d}",  # compared as text: of one width
            unjournaled=True if marks.unjournaled else msgspec.UNSET,
            ahead=True if marks.ahead else msgspec.UNSET,
            refill=marks.refill or msgspec.UNSET,
            data=data,
        )
    )


def note_message(identity: str, what: str, source: str, at: datetime, content: Mapping[str, Any]) -> bytes:
    """A message that is no event of the journal, as a CloudEvent: status, state, what became of a request."""
    return _encoder.encode(
        CloudEvent(id=identity, source=source, type=f"gatehouse.{what}", time=at, data=dict(content))
    )


def reply_message(reply: Mapping[str, Any], at: datetime) -> bytes:
    """What became of a request."""
    return _encoder.encode({**reply, "time": at})


def status_message(online: bool, at: datetime | None = None) -> bytes:
    """Whether the box is there; without an instant it is the last will, which the broker publishes in our place."""
    return _encoder.encode({"status": "online" if online else "offline"} | ({"time": at} if at else {"will": True}))


def state_view(
    state: Mapping[str, object], titles: Mapping[str, str], tier: int, *, outsider: bool = False
) -> dict[str, Any]:
    """What this tier may know of how things stand. All that `state` may hold, everything else in it is ignored:

    armed, bool; journal, bool (it is well); devices and lines, name -> bool (there); outputs, name -> what it is told;
    alarms, each with id, kind, subject, severity, state, raised (ISO 8601), count, acknowledged_by, drill; drilled,
    names of outputs that only a drill has moved. An outsider is shown none of a drill.
    """
    seen: dict[str, Any] = {name: state[name] for name in ("armed", "journal") if isinstance(state.get(name), bool)}
    for section in ("devices", "lines"):
        seen[section] = {
            name: there
            for name, there in _mapping(state.get(section)).items()
            if isinstance(there, bool) and may_name(f"{section}.{name}", titles, tier)
        }
    alarms = [alarm for alarm in _list(state.get("alarms")) if isinstance(alarm, Mapping)]
    if outsider:
        alarms = [alarm for alarm in alarms if not alarm.get("drill")]
    severities = [alarm.get("severity") for alarm in alarms if not alarm.get("drill")]
    seen["standing"] = {str(severity): severities.count(severity) for severity in sorted(SEVERITIES)}
    if tier >= EVENTS["alarm.raised"].tier:
        seen["alarms"] = [_standing(alarm, titles, tier) for alarm in alarms]
    if tier >= EVENTS["output.told"].tier:
        outputs, moved = _mapping(state.get("outputs")), _list(state.get("drilled")) if outsider else ()
        seen["outputs"] = {
            name: told
            for name, told in outputs.items()
            if isinstance(name, str) and isinstance(told, _TOLD) and name not in moved
        }
    return seen


def state_message(view: Mapping[str, Any], at: datetime, newest: int, head: str) -> bytes:
    """A state view with the instant, the journal's newest number and the hash of that line."""
    return _encoder.encode({"time": at, "newest": newest, "hash": head, **view})


_TOLD = (str, bool, int, float, type(None))
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})")
_ALARM_FIELDS = {
    "id": "alarm", "kind": "alarm_kind", "state": "state", "count": "count", "acknowledged_by": "by", "drill": "drill",
}  # fmt: skip


def _standing(alarm: Mapping[str, Any], titles: Mapping[str, str], tier: int) -> dict[str, Any]:
    content = {ours: alarm[theirs] for theirs, ours in _ALARM_FIELDS.items() if alarm.get(theirs)}
    fields = EVENTS["drill.alarm_raised" if content.get("drill") else "alarm.raised"].fields
    shown = visible(content, fields, tier)
    subject, severity, raised = alarm.get("subject"), alarm.get("severity"), alarm.get("raised")
    if isinstance(subject, str) and may_name(subject, titles, tier):
        shown |= {"subject": subject, "place": titles.get(subject, subject.rpartition(".")[2])}
    if isinstance(severity, int) and severity in SEVERITIES:
        shown["severity"] = int(severity)
    if isinstance(raised, str) and _INSTANT.fullmatch(raised):
        shown["raised"] = raised
    return shown


def _mapping(value: object) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> Iterable[object]:
    return value if isinstance(value, list | tuple) else ()
