"""What every kind of channel must be able to do: send one message once, and say what became of it."""

from enum import Enum
from typing import Protocol

from daemon.channels.message import Message, ReceiptState, Recipient


class Fate(Enum):
    """What may be hoped for after a failed try."""

    AGAIN = "again"
    """It was not taken; another try may succeed."""
    UNREACHED = "unreached"
    """The other end was never reached, so nothing arrived; another try may succeed."""
    REFUSED = "refused"
    """It will never be taken as things stand: somebody must change something."""
    UNKNOWN = "unknown"
    """No answer came after it was sent: it may have arrived."""


class SendError(Exception):
    """One try failed. The text is for people and holds no key, token, address or phone number."""

    def __init__(self, fate: Fate, why: str, *, after: float = 0.0, channel: bool = True) -> None:
        """`after`: seconds in which another try is pointless. `channel`: not this recipient's or message's own fault,
        so the next message would fare no better."""
        super().__init__(why)
        self.fate, self.why, self.after, self.channel = fate, why, after, channel


class Sender(Protocol):
    """One channel's way out. It makes one try; the outbox repeats, counts, condenses and remembers."""

    @property
    def room(self) -> int:
        """Bytes of UTF-8 that title and text of one message may have together; a sender cuts what is longer."""

    async def send(self, message: Message, recipient: Recipient) -> ReceiptState:
        """SENT or DELIVERED, as far as the other end's answer proves; SendError."""

    async def probe(self) -> None:
        """See that the other end can be reached, without anybody noticing; SendError."""

    async def close(self) -> None:
        """Let go of connections."""
