"""Alarms: two facts (does the condition hold? has someone acknowledged?) and the states that follow (ISA-18.2)."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
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


class Verdict(StrEnum):
    """What a person found who went and looked."""

    TRUE, FALSE, TEST = "true", "false", "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """What people did about one occurrence of an alarm; names are empty where nobody did."""

    verdict: Verdict | None = None
    cause: str = ""  # of a false alarm: a word of the site's list
    verified_by: str = ""
    assigned_to: str = ""
    assigned_by: str = ""
    on_site_by: str = ""
    closed_by: str = ""
    note: str = ""  # the newest remark


_UNSET = datetime.min.replace(tzinfo=UTC)
NEEDS_CLOSE = frozenset({Severity.P1, Severity.P2})
"""Severities of which each occurrence stays a case until a named person closes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One occurrence of an alarm, as it stands."""

    condition: Condition  # as it was when the alarm last rose
    active: bool  # as last known
    raised: datetime  # UTC: when people were last called for it
    known: bool = True  # False: the condition cannot be judged at present
    acknowledged_by: str = ""
    reset_by: str = ""
    count: int = 1  # how often it rose since it was last normal
    suspended: AlarmState | None = None  # SHELVED, SUPPRESSED or OUT_OF_SERVICE while set apart
    until: datetime | None = None  # when it comes back by itself, while set apart
    set_apart_at: datetime | None = None
    set_apart_by: str = ""
    set_apart_why: str = ""
    occurrence: str = ""  # the same from the first rise to the close; a rise after an acknowledgement is a new one
    incident: str = ""  # the same for all alarms of one place that rose within a minute of each other
    handling: Handling = Handling()
    last: datetime = _UNSET  # UTC: when it last rose
    silenced_by: str = ""  # who stopped its sounders; it sounds again when it rises again
    chattering: bool = False  # it rose three times within a minute
    drill: str = ""  # the drill that it belongs to; the daemon alone sets it
    followed_by: str = ""  # the occurrence that took its place while nobody had closed it

    def __post_init__(self) -> None:
        """What an older journal does not know of."""
        if self.last is _UNSET or self.last == _UNSET:
            object.__setattr__(self, "last", self.raised)
        if not self.occurrence:
            object.__setattr__(self, "occurrence", self.condition.alarm)

    @property
    def state(self) -> AlarmState:
        """The state that the facts amount to."""
        if self.followed_by:
            return AlarmState.NORMAL
        if self.suspended is not None:
            return self.suspended
        if self.active:
            return AlarmState.ACKNOWLEDGED if self.acknowledged_by else AlarmState.UNACKNOWLEDGED
        if not self.acknowledged_by:
            return AlarmState.RETURNED
        return AlarmState.LATCHED if self.condition.latch and not self.reset_by else AlarmState.NORMAL

    @property
    def open(self) -> bool:
        """Whether it is a case that nobody has closed."""
        return not self.handling.closed_by and (
            self.state is not AlarmState.NORMAL or self.condition.severity in NEEDS_CLOSE
        )

    @property
    def calls(self) -> bool:
        """Whether people are to be called, or called on: nobody has acknowledged it, and it is not set apart."""
        return self.suspended is None and not self.followed_by and not self.acknowledged_by
