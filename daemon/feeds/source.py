"""What a feed needs of the journal, and the times that it keeps."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from daemon.journal.query import Filter
from gatehouse.events import Event


class Source(Protocol):
    """What a feed needs of the journal."""

    @property
    def head(self) -> int:
        """Number of the newest durable event."""

    @property
    def head_hash(self) -> str:
        """Hash of its line."""

    @property
    def epoch(self) -> str:
        """Empty until it is open; another one means that the numbers began anew."""

    @property
    def trouble(self) -> str:
        """Why it cannot write; empty when it can."""

    async def read(self, after: int, limit: int = 256) -> list[Event]:
        """Durable events."""

    async def query(self, after: int = 0, limit: int = 256, wanted: Filter | None = None) -> list[Event]:
        """Durable events that are wanted; JournalError when they cannot be read."""

    def waiting(self, after: str = "") -> Sequence[Event]:
        """Events that are not durable yet, oldest first; only those behind the one of this id, where it is there."""

    async def wait_beyond(self, number: int, timeout: float) -> None:  # noqa: ASYNC109 - the journal's own contract
        """Return on a greater number, on a change of trouble or waiting, or after the time."""

    def keep(self, key: str, state: bytes | None) -> None:
        """Remember a small state; never waits."""

    async def kept(self, prefix: str = "") -> dict[str, bytes]:
        """What was remembered; OSError when it cannot be read."""

    def cursor(self, subscriber: str) -> int:
        """The number up to which it has everything."""

    def move(self, subscriber: str, number: int) -> None:
        """Set the cursor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds."""

    away: float = 30.0  # without a lasting connection, then it is trouble
    lasting: float = 5.0  # a connection younger than this may be one of a row that fail
    first_pause: float = 0.5  # before the second attempt to connect; doubled up to
    longest_pause: float = 10.0
    refused: float = 10.0  # before a refused event is tried again
    acknowledge: float = 15.0  # the other side may take for the message that has waited longest
    look: float = 1.0  # between two looks at the state
    heartbeat: float = 10.0  # between two states when nothing changes
    farewell: float = 0.5  # for each of the last two steps: saying goodbye, hanging up
    grace: float = 0.1  # in which a severity 1 event may go out in its order, before it is sent ahead


USUAL = Pace()
