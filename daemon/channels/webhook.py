"""A web address of one's own: JSON by POST, signed with a shared key, so that the other end can know who speaks.

Header `X-Gatehouse-Signature: sha256=…` is the hexadecimal HMAC-SHA256, keyed with the shared key, of the header
`X-Gatehouse-Timestamp`, a full stop, and the body. `Idempotency-Key` stays the same when a message is sent again.
"""

import hashlib
import hmac
from dataclasses import dataclass

import orjson

from daemon.channels.message import Message, ReceiptState, Recipient
from daemon.channels.secret_text import SecretText
from daemon.channels.sender import Fate, SendError
from daemon.channels.text import cut, quoted
from daemon.channels.web import Web
from daemon.clock import Clock

ROOM = 32_000


def signature(key: str, timestamp: str, body: bytes) -> str:
    """As it stands in the header, behind `sha256=`."""
    return hmac.new(key.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


@dataclass(slots=True)
class Hook:
    """One address. The recipient's address travels along for the other end to use."""

    web: Web
    url: SecretText | str
    key: SecretText | None
    site: str
    clock: Clock
    room: int = ROOM

    async def send(self, message: Message, recipient: Recipient) -> ReceiptState:
        """SENT for any 2xx; DELIVERED or READ when a JSON answer says so in `state`; an `error` there is a refusal."""
        now = self.clock.utc()
        body = orjson.dumps({
            "key": message.key, "site": self.site, "at": now.isoformat(), "severity": int(message.severity),
            "drill": message.drill, "title": message.title, "text": cut(message.text, self.room),
            "recipient": {"name": recipient.name, "address": recipient.address},
        })  # fmt: skip
        headers = {"Content-Type": "application/json", "Idempotency-Key": message.key}
        if self.key is not None:
            timestamp = str(int(now.timestamp()))
            headers["X-Gatehouse-Timestamp"] = timestamp
            headers["X-Gatehouse-Signature"] = f"sha256={signature(self.key(), timestamp, body)}"
        answer = await self.web.ask("POST", self._url(), headers=headers, content=body)
        answer.check()
        return _state(answer.body, recipient.address)

    async def probe(self) -> None:
        """See that the host is there."""
        await self.web.knock(self._url())

    async def close(self) -> None:
        """Hang up."""
        await self.web.close()

    def _url(self) -> str:
        return self.url if isinstance(self.url, str) else self.url()


def _state(body: bytes, address: str) -> ReceiptState:
    try:
        table = orjson.loads(body)
    except orjson.JSONDecodeError:
        table = None
    if not isinstance(table, dict):
        return ReceiptState.SENT
    if table.get("error"):
        raise SendError(Fate.REFUSED, f"refused by the other end: {quoted(table['error'], address)}", channel=False)
    if table.get("state") in (ReceiptState.DELIVERED, ReceiptState.READ):
        return ReceiptState(table["state"])
    return ReceiptState.SENT
