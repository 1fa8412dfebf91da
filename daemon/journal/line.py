"""One line of the journal: an event, and the exact bytes that stand for it in the file and in the hash chain."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from gatehouse.events import Event

IMPORTANCE = range(5)
"""Severities a line may have: 1 life ... 4 equipment, 0 for all that is no alarm."""

_START = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def _text(value: Any) -> str:  # noqa: ANN401 - whatever a caller put into an event
    try:
        return str(value).encode("utf-8", "backslashreplace").decode()
    except Exception as error:  # noqa: BLE001 - a foreign __str__ may do anything; the event must still be written
        return f"{type(value).__name__}: {type(error).__name__}"


_encode: Callable[[object], bytes] = msgspec.json.Encoder(order="sorted", enc_hook=_text).encode


class _Content(msgspec.Struct):
    alarm_state: msgspec.Raw


class _Alarm(msgspec.Struct):
    content: _Content


_whole: Callable[[bytes], _Alarm] = msgspec.json.Decoder(_Alarm).decode
_decode: Callable[[bytes], Event] = msgspec.json.Decoder(Event).decode


@dataclass(slots=True)
class Line:
    """An event on its way to the disk; the bytes are taken at once, so that nobody can change it any more.

    A hundred thousand of them may wait in memory, so little is kept beside the bytes.
    """

    id: str
    at: int
    kind: str
    subject: str
    severity: int
    body: bytes  # JSON with sorted keys, without the number: that is given on the way to the disk
    alarm: str  # the occurrence of the alarm whose state this line holds; empty for all other lines
    over: bool  # that alarm is over, and closed

    @property
    def standing(self) -> tuple[str, bytes | None] | None:
        """An alarm's occurrence, and the whole alarm; None: over, and closed."""
        if not self.alarm:
            return None
        return self.alarm, None if self.over else bytes(_whole(self.body).content.alarm_state)

    @property
    def columns(self) -> tuple[int, str, str, int]:
        """What the file keeps beside the body, to find lines quickly."""
        return self.at, self.kind, self.subject, self.severity

    @property
    def event(self) -> Event:
        """The event as it will be read again, without a number."""
        return read(0, self.body)


def _line(event: Event, alarm: str, over: bool) -> Line:
    return Line(event.id, *columns(event), _body(event), alarm, over)


def write(event: Event) -> Line:
    """Make the line of an event. Never fails: what JSON cannot hold is written as text."""
    try:
        if event.severity not in IMPORTANCE:
            raise ValueError(f"severity {event.severity}")
        return _line(event, *_standing(event))
    except (AttributeError, TypeError, ValueError, OverflowError, RecursionError):
        event = _readable(event)
        return _line(event, "", over=False)


def read(number: int, body: bytes) -> Event:
    """The event of a stored line; for a damaged line an event that says so, so that no reader stops before it."""
    try:
        return msgspec.structs.replace(_decode(body), number=number)
    except (msgspec.MsgspecError, ValueError) as error:
        return Event(
            id=f"{0:012x}-{number}",
            at=_START,
            kind="journal.damaged",
            subject="journal",
            content={"number": number, "why": f"line {number} cannot be read: {error}"},
            number=number,
        )


def columns(event: Event) -> tuple[int, str, str, int]:
    """Microseconds since 1970, kind, subject and severity."""
    return microseconds(event.at), event.kind, event.subject, event.severity


def microseconds(at: datetime) -> int:
    """Since 1970, UTC; an instant without a zone counts as UTC."""
    return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - _START) // _MICROSECOND


def from_microseconds(at: int) -> datetime:
    """The instant so many microseconds after 1970; the nearest there is when that is out of all calendars."""
    try:
        return _START + timedelta(microseconds=at)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC) if at > 0 else datetime.min.replace(tzinfo=UTC)


def _body(event: Event) -> bytes:
    return _encode(
        {
            "actor": event.actor,
            "at": event.at if event.at.tzinfo is UTC else _utc(event.at),
            "cause": event.cause,
            "content": event.content,
            "id": event.id,
            "kind": event.kind,
            "severity": event.severity,
            "subject": event.subject,
        }
    )


def _utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except OverflowError:  # in the first or last hours of all calendars
        return at.replace(tzinfo=UTC)


def _standing(event: Event) -> tuple[str, bool]:
    """Which alarm's state the event holds, and whether it is over."""
    if not event.kind.startswith("alarm."):
        return "", False
    alarm, whole = event.content.get("alarm"), event.content.get("alarm_state")
    if not isinstance(alarm, str) or not isinstance(whole, dict):
        return "", False
    over = event.content.get("state", whole.get("state")) == "normal" and event.content.get("open") is not True
    return str(whole.get("occurrence") or alarm), over


def _readable(event: Event) -> Event:
    """The same event with everything that cannot be written turned into text."""
    return Event(
        id=_text(event.id),
        at=_utc(event.at) if isinstance(event.at, datetime) else _START,
        kind=_text(event.kind),
        subject=_text(event.subject),
        actor=_text(event.actor),
        cause=_text(event.cause),
        severity=event.severity if event.severity in IMPORTANCE else 1,  # unknown: rather too important
        content={"unwritable": _text(event.content)[:4000]},
    )
