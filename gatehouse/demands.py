"""Outputs, and who may want what of them."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Literal

from gatehouse.points import Value


class Priority(IntEnum):
    """Who speaks. The smaller number wins; the idea is BACnet's priority array."""

    LIFE_SAFETY_BY_HAND = 1
    LIFE_SAFETY = 2
    PROTECTION = 3  # of equipment and of what stands under it: the boom may not fall on a car
    WAY_OUT = 4
    LOCKDOWN = 5
    INTERLOCK = 6
    ANTI_TAILGATING = 7
    OPERATOR = 8
    ANNUNCIATION = 9  # sirens and lamps of a ladder, until somebody answers
    CREDENTIAL = 10
    SCHEDULE = 14
    REST = 16  # what the output does when nobody wants anything


class Passage(StrEnum):
    """What a door (unlocked, locked) or a lane (boom up, boom down) can be told."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One thing that can be driven: `doors.north`, `lanes.in`, `outputs.siren`."""

    name: str
    kind: Literal["door", "lane", "switch"]
    title: str
    rest: Value
    safe: Value | None = None  # all that levels 1 and 2 may demand of it; None: any value is harmless (siren, lamp)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """A wish, until an instant, that an output shall be X; as a veto: that it shall not."""

    output: str
    value: Value
    priority: Priority
    issuer: str  # a rule's name, or `operator`
    reason: str = ""
    until: float | None = None  # monotonic second after which it is void; None: until its issuer gives it up
    veto: bool = False


@dataclass(frozen=True, slots=True)
class Pulse:
    """A value that the device itself drops after `seconds`, so that a killed daemon cannot leave it on."""

    value: bool
    seconds: float
