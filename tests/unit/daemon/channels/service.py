"""A service that does what a test says, in virtual time, and people who keep their receipts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from daemon.channels.message import Message, Receipt, ReceiptState, Recipient
from daemon.channels.outbox import Outbox, Pace
from daemon.channels.sender import SendError
from gatehouse.alarms import Severity
from tests.unit.daemon.bus import LoopClock

GUARD = Recipient("李四", "13800001111")


@dataclass
class Service:
    """The other end; `answers` are given one by one, then all is well."""

    answers: list[Any] = field(default_factory=list)
    probes: list[Any] = field(default_factory=list)
    seconds: float = 0.05
    room: int = 2000
    sent: list[tuple[float, Message, str]] = field(default_factory=list)
    closed: int = 0
    at_once: int = 0
    most_at_once: int = 0

    async def send(self, message: Message, recipient: Recipient) -> ReceiptState:
        now = asyncio.get_running_loop().time()
        self.sent.append((now, message, recipient.address))
        answer = self.answers.pop(0) if self.answers else ReceiptState.SENT
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(answer if isinstance(answer, float) else self.seconds)
        finally:
            self.at_once -= 1
        if isinstance(answer, Exception):
            raise answer
        return ReceiptState.SENT if isinstance(answer, float) else answer

    async def probe(self) -> None:
        answer = self.probes.pop(0) if self.probes else None
        if isinstance(answer, SendError):
            raise answer

    async def close(self) -> None:
        self.closed += 1

    @property
    def titles(self) -> list[str]:
        return [message.title for _, message, _ in self.sent]


class Post:
    """An outbox, what it says of its trouble, and every receipt by the message's key."""

    def __init__(self, service: Service, pace: Pace | None = None) -> None:
        self.service, self.troubles = service, []
        self.receipts: dict[str, list[Receipt]] = {}
        self.box = Outbox("group", service, LoopClock(), self.troubles.append, pace or Pace())

    def put(self, key: str, severity: int = 3, to: Recipient = GUARD, **more: Any) -> None:
        heard = self.receipts.setdefault(key, [])
        self.box.put(Message(key, f"title {key}", f"text {key}", Severity(severity), **more), to, heard.append)

    def states(self, key: str) -> list[str]:
        return [receipt.state.value for receipt in self.receipts[key]]

    def why(self, key: str) -> str:
        return self.receipts[key][-1].why

    def over(self) -> bool:
        return all(receipts[-1].final for receipts in self.receipts.values())

    async def settled(self, limit: float = 60.0) -> None:
        """Every message has found its end."""
        end = asyncio.get_running_loop().time() + limit
        while not self.over():
            assert asyncio.get_running_loop().time() < end, "never came to be"
            await asyncio.sleep(0.25)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self.box.run())
            yield
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
