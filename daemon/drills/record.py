"""A drill and a walk test as they are kept beside the journal, and what is left of their time after a restart."""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

import msgspec
import structlog

from daemon.alarms.ends import remaining

log = structlog.get_logger()

DRILLS, WALKS = "drills/", "walks/"
"""Prefixes of the keys under which the journal keeps them."""
LONGEST = 4 * 3600.0
"""Seconds; nobody can forget a drill or a test for longer."""
SHORTEST = 60.0


class Held(msgspec.Struct, kw_only=True):
    """What both have: a zone, a person, a reason and an end."""

    id: str
    zone: str
    """`zones.b12`"""
    by: str
    reason: str
    since: datetime
    until: datetime
    left: float
    """Seconds that it had when this was written down."""

    def seconds(self, now: datetime) -> float:
        """What it has after a restart: never more than was left, whatever the clock says."""
        return remaining(self.since, self.until, now, self.left)


class Drill(Held, kw_only=True):
    """An alarm that is played."""

    kind: str
    """Of the alarm that is played: `fire`."""
    severity: int = 1
    outputs: tuple[str, ...]
    """What really moves."""
    occurrence: str = ""
    silent: bool = False
    """Somebody has stopped its sounders."""
    seen: list[str] = []
    """What was confirmed already."""


class Tick(msgspec.Struct, array_like=True):
    """How often a head was tripped, and when."""

    first: datetime
    last: datetime
    count: int


class Walk(Held, kw_only=True):
    """Heads that are tripped one by one."""

    heads: tuple[str, ...]
    """Points."""
    ticks: dict[str, Tick] = {}
    tripped: list[str] = []
    """Heads that were in alarm when this was written down."""


Sort = TypeVar("Sort", Drill, Walk)


def decoded(kept: Mapping[str, bytes], sort: type[Sort]) -> list[Sort]:
    """What the last run had; what cannot be read is left out, so it has ended."""
    found = []
    for key, state in kept.items():
        try:
            found.append(msgspec.msgpack.decode(state, type=sort))
        except msgspec.DecodeError as error:
            log.error("a drill or test of the last run cannot be read: it has ended", key=key, why=str(error))
    return found
