"""What a timetable file says, as types: what is read when, what people do, and what must have come of it."""

import re
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator
from pydantic_core import PydanticCustomError

from daemon.config import document
from daemon.config.document import Document
from daemon.config.faults import ConfigError, Where
from daemon.config.validation import check
from rules._settings import Duration

_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2})?\Z")

NAMELESS = "*"
"""Stands for all alarms that are not named."""


class Instant(float):
    """Seconds from the start, or from the entry before where it was written with a plus."""

    relative = False


def _instant(raw: object) -> object:
    if isinstance(raw, Instant):
        return raw
    text = f"{raw}s" if type(raw) in (int, float) else str(raw).strip()
    bare = text.removeprefix("+").strip()
    parts = _PART.findall(bare)
    if not parts or "".join(number + unit for number, unit in parts) != bare.replace(" ", ""):
        raise PydanticCustomError("instant", "write seconds or a duration")
    made = Instant(sum(float(number) * _SECONDS[unit] for number, unit in parts))
    made.relative = text.startswith("+")
    return made


def _moment(raw: object) -> object:
    if isinstance(raw, datetime):
        return raw
    try:
        return datetime.fromisoformat(raw) if isinstance(raw, str) and _MOMENT.match(raw) else _no_moment()
    except ValueError:
        return _no_moment()


def _no_moment() -> object:
    raise PydanticCustomError("moment", "write a date and a time")


def _alarm(raw: object) -> object:
    return {"state": raw} if isinstance(raw, str) else raw


def _event(raw: object) -> object:
    if not isinstance(raw, str):
        return raw
    kind, _, subject = raw.strip().partition(" ")
    return {"kind": kind, "subject": subject.strip()}


def _reading(raw: object) -> object:
    return raw if isinstance(raw, dict) else {"value": raw}


def _several(raw: object) -> object:
    return raw if isinstance(raw, list) else [raw]


Seconds = Annotated[Instant, PlainValidator(_instant)]
Moment = Annotated[datetime, PlainValidator(_moment)]
State = Literal[
    "normal", "unacknowledged", "acknowledged", "returned-unacknowledged", "latched", "shelved", "suppressed",
    "out-of-service",
]  # fmt: skip


class Part(BaseModel):
    """A table of a timetable: unknown keys are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


class Told(Part):
    """A reading with more than its value."""

    value: Any = None
    quality: Literal["good", "uncertain", "bad"] = "good"
    note: str = ""


class Course(Part):
    """Readings one after another: straight from one value to another, or these in turn."""

    every: Annotated[Duration, Field(gt=0)]
    until: Seconds
    from_: Annotated[float, Field(strict=False)] | None = Field(None, alias="from")
    to: Annotated[float, Field(strict=False)] | None = None
    values: list[Any] = []


class Length(Part):
    """How long something is to be set apart."""

    for_: Duration = Field(alias="for")


class AlarmWanted(Part):
    """How an alarm must stand."""

    state: State | None = None
    active: bool | None = None
    known: bool | None = None
    """False: its condition cannot be judged."""
    count: int | None = None
    severity: Literal["P1", "P2", "P3", "P4"] | None = None
    evidence: dict[str, Any] = {}
    """What must be in it; a number is the same within `tolerance`."""
    tolerance: Annotated[float, Field(ge=0, strict=False)] = 1e-6


class EventWanted(Part):
    """An event that must have been recorded, or must not."""

    kind: str
    subject: str = ""
    content: dict[str, Any] = {}
    count: Annotated[int, Field(ge=1)] = 1
    """At least so many."""
    tolerance: Annotated[float, Field(ge=0, strict=False)] = 1e-6


class ReadingWanted(Part):
    """How a point must read."""

    value: Any = None
    quality: Literal["good", "uncertain", "bad"] | None = None
    tolerance: Annotated[float, Field(ge=0, strict=False)] = 1e-6


class Expect(Part):
    """What must be so."""

    alarms: dict[str, Annotated[AlarmWanted, BeforeValidator(_alarm)]] = {}
    """By id; `*` for all that are not named."""
    outputs: dict[str, Any] = {}
    """What each is told: open, closed, on, off; held where it gets no order."""
    by: dict[str, str] = {}
    """Output -> the rule that has its way."""
    events: Annotated[list[Annotated[EventWanted, BeforeValidator(_event)]], BeforeValidator(_several)] = []
    """Recorded since the last entry that said anything of events: `access.granted`, `access.denied doors.north`."""
    absent: Annotated[list[Annotated[EventWanted, BeforeValidator(_event)]], BeforeValidator(_several)] = []
    """Not recorded since then."""
    points: dict[str, Annotated[ReadingWanted, BeforeValidator(_reading)]] = {}
    """How relays read back, for example."""


class Entry(Part):
    """One line of the timetable."""

    at: Seconds | None = None
    after: Seconds | None = None
    """What is expected is not so up to here."""
    before: Seconds | None = None
    """What is expected has become so by here."""
    until: Seconds | None = None
    """What is expected stays so up to here."""
    set_: dict[str, Any] = Field({}, alias="set")
    do: dict[str, Any] = {}
    """What people do. `restart` is the daemon's own: it dies, and begins anew with what the journal has kept."""
    by: str = "test"
    """Who does it."""
    refused: bool = False
    """What is done must be refused."""
    wall: Moment | None = None
    """The wall clock is set; nothing else moves."""
    expect: Expect | None = None
    note: str = ""


class Timetable(Part):
    """A whole file."""

    about: str = ""
    site: Any
    """A site's file or folder, seen from this file; or a whole small site."""
    rules: dict[str, dict[str, Any]] = {}
    """Taken into the site's rules; one of the same name takes the other's place."""
    start: Moment = datetime(2026, 11, 21, 12, 0)  # noqa: DTZ001 - local time of the site
    """What the site's clocks show at 0s."""
    quiet: bool = True
    """All that is not set at 0s is read as it is when nothing happens: switches off, measures 0, booms down."""
    timetable: Annotated[list[Entry], Field(min_length=1)]


def read(file: Path) -> tuple[Timetable, Document]:
    """A timetable, and where each word of it stands; ConfigError with all of its faults."""
    text = document.read(file)
    made = check(Timetable, text.data, (), text) if not text.faults else None
    if made is not None:
        _check_order(made, text)
    if made is None or text.faults:
        raise ConfigError(text.faults)
    return made, text


def instants(timetable: Timetable) -> list[float]:
    """When each entry has its turn, in seconds from the start: `at`, else `after`, else when the one before had."""
    found: list[float] = []
    now = 0.0
    for entry in timetable.timetable:
        first = entry.at if entry.at is not None else entry.after
        if first is not None:
            now = resolved(first, now)
        found.append(now)
    return found


def resolved(instant: Instant, before: float) -> float:
    """Seconds from the start."""
    return before + instant if instant.relative else float(instant)


def _check_order(timetable: Timetable, text: Document) -> None:
    last = 0.0
    for number, (entry, now) in enumerate(zip(timetable.timetable, instants(timetable), strict=True)):
        where: Where = ("timetable", number)
        if now < last:
            text.fault((*where, "at" if entry.at is not None else "after"), "goes_back", value=f"{now:g}s",
                       last=f"{last:g}s")  # fmt: skip
        last = max(now, last)
        _check_entry(entry, now, where, text)


def _check_entry(entry: Entry, now: float, where: Where, text: Document) -> None:
    if entry.at is None and (entry.set_ or entry.do or entry.wall):
        text.fault((*where, "at"), "missing", at_key=True, key="at", meaning="")
    if entry.at is not None and entry.after is not None:
        text.fault((*where, "after"), "one_instant")
    for name in ("before", "until"):
        end = getattr(entry, name)
        if end is not None and resolved(end, now) < now:
            text.fault((*where, name), "goes_back", value=f"{resolved(end, now):g}s", last=f"{now:g}s")
    if entry.expect is None and (entry.before or entry.until or entry.after):
        text.fault((*where, "expect"), "missing", at_key=True, key="expect", meaning="")
    if not (entry.set_ or entry.do or entry.expect or entry.wall):
        text.fault(where, "says_nothing")
