"""Alarms: two facts (does the condition hold? has someone acknowledged?) and the states that follow (ISA-18.2)."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any


class Severity(IntEnum):
    """P1 life, P2 intrusion or damage, P3 needs someone this shift, P4 equipment."""

    P1, P2, P3, P4 = 1, 2, 3, 4


class AlarmState(StrEnum):
    """The states of ISA-18.2 / IEC 62682. LATCHED: gone and acknowledged, held until a named person resets it."""

    NORMAL = "normal"
    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned-unacknowledged"
    LATCHED = "latched"
    SHELVED = "shelved"
    SUPPRESSED = "suppressed"
    OUT_OF_SERVICE = "out-of-service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What a rule says of one alarm each time it is judged."""

    alarm: str  # its id, unique in the site: `north.forced`, `b12-leakage.warning`
    active: bool | None  # None: cannot be judged now; the alarm stays as it was and cannot be reset
    severity: Severity
    kind: str  # word of the catalogue: `fire`, `door_forced`
    subject: str  # `zones.b12`, `doors.north`, `devices.io1`
    latch: bool = False
    evidence: dict[str, Any] = field(default_factory=dict)  # the inputs, ages and thresholds that were seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One alarm, as it stands."""

    condition: Condition  # as it was when the alarm last rose
    active: bool  # as last known
    raised: datetime  # UTC
    known: bool = True  # False: the condition cannot be judged at present
    acknowledged_by: str = ""
    reset_by: str = ""
    count: int = 1  # how often it rose since it was last normal
    suspended: AlarmState | None = None  # SHELVED, SUPPRESSED or OUT_OF_SERVICE while set apart

    @property
    def state(self) -> AlarmState:
        """The state that the facts amount to."""
        if self.suspended is not None:
            return self.suspended
        if self.active:
            return AlarmState.ACKNOWLEDGED if self.acknowledged_by else AlarmState.UNACKNOWLEDGED
        if not self.acknowledged_by:
            return AlarmState.RETURNED
        return AlarmState.LATCHED if self.condition.latch and not self.reset_by else AlarmState.NORMAL
