"""Everything else, through the library apprise (extra `gatehouse[apprise]`): some 130 services by an address.

It answers only yes or no, and says yes to some services that answer HTTP 200 with an error in it, so `sent` proves less
here than anywhere else. It works in threads of its own and cannot be stopped: one message at a time, and a time limit.
"""

import importlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from daemon.channels.message import Message, ReceiptState, Recipient
from daemon.channels.names import aside
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
    _busy: bool = False

    async def send(self, message: Message, recipient: Recipient) -> ReceiptState:
        """SENT when the library says yes; the recipient is part of its address."""
        body = cut(message.text or message.title, self.room)

        def notify(client: Any) -> bool:  # noqa: ANN401 - the library's own class
            return bool(client.notify(title=message.title, body=body, notify_type=_KINDS[message.severity]))

        if not await self._in_thread(notify):
            raise SendError(Fate.AGAIN, "the library says that it was not sent", after=5.0)
        return ReceiptState.SENT

    async def probe(self) -> None:
        """See that the library is there and takes the address; the service is not asked."""
        await self._in_thread(lambda _: True)

    async def close(self) -> None:
        """The thread ends with its message."""

    async def _in_thread(self, work: Callable[[Any], bool]) -> bool:
        """What the library does; it may outlast whoever waits for it."""
        url = self.url()
        if self._busy:
            raise SendError(Fate.AGAIN, "the library is still at an earlier message", after=5.0)
        self._busy = True

        def all_of_it() -> bool:
            try:
                return work(_client(url))
            finally:
                self._busy = False

        return await aside(all_of_it)


def _client(url: str) -> Any:  # noqa: ANN401 - the library's own class
    """Loading the library takes a second, and more at its first address: never in the loop."""
    for name, level in (("apprise", logging.CRITICAL), ("urllib3", logging.ERROR)):
        logging.getLogger(name).setLevel(level)  # they tell addresses, and these hold keys
    try:
        library = importlib.import_module("apprise")
    except ImportError:
        raise SendError(Fate.REFUSED, MISSING) from None
    client = library.Apprise()
    if not client.add(url):
        raise SendError(Fate.REFUSED, "the library does not take the address in the secret")
    return client
