"""What a run of the campaign leaves behind: what was done to the world, what came of it, and when nobody could."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class Promises:
    """What is held against the record. Seconds."""

    act: float = 0.5
    """Contact or button at the device to the relay at the device; after a start, counted from armed."""
    hear: float = 1.0
    """Cause of an alarm to each subscriber that can be reached."""
    back: float = 12.0
    """A path that is whole again to the subscriber hearing what it missed: a feed waits for up to 10 s to dial anew."""
    delay: float = 2.0
    """What the site itself lets a leakage wait before it is an alarm (`for`)."""
    look: float = 1.0
    """How old a measured value can be: the leakage's scan has a period of 1 s, and its delay begins with a reading."""
    unlock: float = 3.0
    """How long the site frees a door for a card or a button."""
    rise: float = 4.0
    """A boom's own way up."""
    flight: float = 1.0
    """An event of this last moment before a kill may be lost: nobody was told of it."""
    slack: float = 1.0
    """After its time a door may be free for this long."""


class Span(NamedTuple):
    """From when to when something could not do its work; `end` is inf while it lasts."""

    start: float
    end: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One thing done to the world: `swipe` of a card at a reader, or `exit` pressed at a door."""

    at: float
    what: str
    where: str
    key: str = ""
    opens: str = ""
    """The door that has to open for it."""


@dataclass(slots=True, kw_only=True)
class Episode:
    """A hazard from its beginning to the reset by a person whose name tells which episode it was."""

    what: str
    alarm: str
    by: str
    start: float
    stop: float = inf
    """The contact was let go, the current fell."""
    ended: Sequence[float] = ()
    """Each time that a reset was asked for; from the first on, doors may be locked."""

    answered: float = 0.0
    """When the last of them was answered; 0 when none was."""

    @property
    def reset(self) -> float:
        """The first instant at which a release may have been ended."""
        return self.ended[0] if self.ended else inf


@dataclass(frozen=True, slots=True)
class Told:
    """One event as a subscriber heard it."""

    event: Mapping[str, Any]
    at: float


@dataclass(slots=True)
class Record:
    """One house, from the first start to the last stop. All instants are of the machine's monotonic clock."""

    deeds: list[Deed] = field(default_factory=list)
    episodes: list[Episode] = field(default_factory=list)
    diary: list[dict[str, Any]] = field(default_factory=list)
    """What the simulated bodies did: doors, booms, the siren."""
    down: list[Span] = field(default_factory=list)
    """No daemon that was armed: from a kill, or a start, to armed."""
    away: list[Span] = field(default_factory=list)
    """The way to the subscribers was disturbed."""
    heard: dict[str, list[Told]] = field(default_factory=dict)
    """By subscriber, each message in the order of arrival, repeats too."""
    refilled: dict[str, set[str]] = field(default_factory=dict)
    """Ids that came only when they were asked for again."""
    journal: list[dict[str, Any]] = field(default_factory=list)
    """Every line in order, with those that only a file set aside, or a look before the damage, still has."""
    changed: set[str] = field(default_factory=set)
    """Ids under which the journal has lines of different content."""
    settled: set[str] = field(default_factory=set)
    """Lines that had to be acknowledged when the house came to rest; what follows tells of the last stop."""
    owed: dict[str, set[str]] = field(default_factory=dict)
    """By subscriber, the ids of the lines that it may see."""
    broken: list[str] = field(default_factory=list)
    """What a look at the whole found wrong: the chain, an end that was no end."""
    notes: dict[str, float] = field(default_factory=dict)
    """Figures of the fault itself, such as how long things took."""


def past(at: float, spans: Iterable[Span], before: float = 0.0) -> float:
    """The instant from which work could go on: `at`, or the end of the outages that hold it or begin soon after it."""
    moved = True
    spans = list(spans)
    while moved:
        moved = False
        for span in spans:
            if span.start - before <= at < span.end:
                at, moved = span.end, True
    return at


def within(at: float, spans: Iterable[Span], before: float = 0.0, after: float = 0.0) -> bool:
    """Whether an instant lies in an outage, or close to one."""
    return any(span.start - before <= at <= span.end + after for span in spans)
