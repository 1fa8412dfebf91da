"""ntfy: notices to phones by topic, from a server of one's own on the LAN or from the public one.

docs.ntfy.sh, Publish as JSON, Limitations: text of 4096 bytes; a visitor may send 60 at once and then one each 5 s, on
a server of one's own too unless it exempts us. Who knows a topic of an open server can read it and write to it. Tried
with a stand-in only: unverified against the real server.
"""

import base64
from dataclasses import dataclass

import orjson

from daemon.channels.message import Message, ReceiptState, Recipient
from daemon.channels.secret_text import SecretText
from daemon.channels.sender import Fate, SendError
from daemon.channels.text import cut
from daemon.channels.web import Web
from gatehouse.alarms import Severity

PUBLIC = "https://ntfy.sh"
ROOM = 4000
_TITLE = 250
_PRIORITY = {Severity.P1: 5, Severity.P2: 4, Severity.P3: 3, Severity.P4: 2}
"""5 breaks through silence on a phone whose owner allowed it, and goes on ringing."""
_TAGS = {Severity.P1: ["rotating_light"], Severity.P2: ["warning"], Severity.P3: [], Severity.P4: []}


@dataclass(slots=True)
class Topics:
    """Topics of one server; the recipient's address is the topic, `topic` the one of who has none."""

    web: Web
    token: SecretText | None
    user: str | None
    password: SecretText | None
    server: str = PUBLIC
    topic: str = ""
    room: int = ROOM

    async def send(self, message: Message, recipient: Recipient) -> ReceiptState:
        """SENT: the server has it and keeps it for 12 hours; whether a phone fetched it is not known."""
        topic = recipient.address or self.topic
        if not topic:
            raise SendError(Fate.REFUSED, "the recipient has no address here", channel=False)
        body = {
            "topic": topic,
            "title": cut(message.title, _TITLE),
            "message": cut(message.text or message.title, self.room - _TITLE),
            "priority": _PRIORITY[message.severity],
            "tags": _TAGS[message.severity],
        }
        headers = {"Content-Type": "application/json", **self._rights()}
        answer = await self.web.ask("POST", f"{self.server}/", headers=headers, content=orjson.dumps(body))
        answer.check()
        table = answer.table()
        if table.get("event") != "message" or not table.get("id"):
            raise SendError(Fate.AGAIN, f"HTTP {answer.status}, and the answer is not this service's")
        return ReceiptState.SENT

    async def probe(self) -> None:
        """Ask the server whether it is well."""
        answer = await self.web.ask("GET", f"{self.server}/v1/health")
        answer.check()
        if answer.table().get("healthy") is not True:
            raise SendError(Fate.AGAIN, "the server says that it is not well")

    async def close(self) -> None:
        """Hang up."""
        await self.web.close()

    def _rights(self) -> dict[str, str]:
        if self.token is not None:
            return {"Authorization": f"Bearer {self.token()}"}
        if self.user is not None and self.password is not None:
            both = f"{self.user}:{self.password()}".encode()
            return {"Authorization": f"Basic {base64.b64encode(both).decode()}"}
        return {}
