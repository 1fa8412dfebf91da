"""What is sent to people, to whom, and what is known of its fate."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gatehouse.alarms import Severity


@dataclass(frozen=True, slots=True)
class Message:
    """One thing to be told; short, because it is read on a lock screen."""

    key: str
    """Stays the same when the same is told again, so that the other end can know a repeat."""
    title: str
    text: str
    severity: Severity
    drill: bool = False
    """Only an exercise; every channel says so first."""
    valid: float = 120.0
    """Seconds from `put` in which it is worth sending; then it has failed."""
    occurrence: str = ""
    """Of the alarm that it is about, for channels that show more of it than words."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a channel shall reach; the address is of the channel's own kind and empty where there is only one end."""

    name: str
    address: str = field(default="", repr=False)
    """A phone number, a user id, a topic: never shown in logs, events or errors."""


class ReceiptState(StrEnum):
    """How far a message came. SENT: the other end took it, which does not prove that it reached anybody."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The state of one message to one recipient since an instant (UTC)."""

    state: ReceiptState
    why: str
    """In words of ours (`daemon.feeds.phrases.phrase` puts them into Chinese); empty where nothing is to be said."""
    at: datetime

    @property
    def final(self) -> bool:
        """Nothing more will be tried."""
        return self.state is not ReceiptState.QUEUED


Report = Callable[[Receipt], None]
"""Hears every receipt of one message, in the loop's thread; it neither raises nor waits."""
