"""Events: the immutable lines of the journal."""

from datetime import datetime
from typing import Any

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened. Written once, never changed."""

    id: str  # the same in every repeat: `<start of this daemon>-<running number>`
    at: datetime  # UTC
    kind: str  # word of the catalogue: `access.granted`, `alarm.raised`
    subject: str  # `doors.north`, `zones.b12`, `devices.io1`
    actor: str = ""  # `rule:north.access`, `person:李四`
    cause: str = ""  # id of the event that led to this one
    severity: int = 0  # 1-4 for alarms, 0 for all else
    content: dict[str, Any] = {}
    number: int = 0  # place in the journal, from 1 without gaps; 0 while it is not in it
