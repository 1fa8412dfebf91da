"""Everything else, through the library apprise (extra `gatehouse[apprise]`): some 130 services by an address.

It answers only yes or no, and says yes to some services that answer HTTP 200 with an error in it, so `sent` proves less
here than anywhere else. It works in threads of its own and cannot be stopped: one message at a time, and a time limit.
"""

import asyncio
import importlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from daemon.channels.message import Message, ReceiptState, Recipient
from daemon.channels.secret_text import SecretText
from daemon.channels.sender import Fate, SendError
from daemon.channels.text import cut
from gatehouse.alarms import Severity

ROOM = 2000
MISSING = "the library apprise is not installed; install gatehouse[apprise]"
_KINDS = {Severity.P1: "failure", Severity.P2: "warning", Severity.P3: "info", Severity.P4: "info"}


@dataclass(slots=True)
class Library:
    """One address of apprise, which holds keys and recipients alike, and so is a secret as a whole."""

    url: SecretText
    room: int = ROOM
    _stuck: int = 0
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "apprise"))

    async def send(self, message: Message, recipient: Recipient) -> ReceiptState:
        """SENT when the library says yes; the recipient is part of its address."""
        client = self._client()
        loop = asyncio.get_running_loop()
        body = cut(message.text or message.title, self.room)
        if self._stuck:
            raise SendError(Fate.AGAIN, "the library is still at an earlier message", after=5.0)
        self._stuck += 1
        future = loop.run_in_executor(self._thread, self._notify, client, message, body)
        if not await asyncio.shield(future):
            raise SendError(Fate.AGAIN, "the library says that it was not sent", after=5.0)
        return ReceiptState.SENT

    async def probe(self) -> None:
        """See that the library is there and takes the address; the service is not asked."""
        self._client()

    async def close(self) -> None:
        """The thread ends with its message."""

    def _notify(self, client: Any, message: Message, body: str) -> bool:  # noqa: ANN401 - the library's own class
        try:
            return client.notify(title=message.title, body=body, notify_type=_KINDS[message.severity]) is True
        finally:
            self._stuck -= 1

    def _client(self) -> Any:  # noqa: ANN401 - the library's own class
        try:
            library = importlib.import_module("apprise")  # 0.2 s, and only where a site asks for it
        except ImportError:
            raise SendError(Fate.REFUSED, MISSING) from None
        client = library.Apprise()
        if not client.add(self.url()):
            raise SendError(Fate.REFUSED, "the library does not take the address in the secret")
        return client
