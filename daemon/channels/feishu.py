"""飞书 Feishu (Lark): a group's custom robot, signed.

open.feishu.cn, 自定义机器人使用指南: 100 messages a minute and 5 a second for each robot, 20 KB for a request; it warns
of refusals at whole and half hours, when everybody sends. Unverified against the real service.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

import orjson

from daemon.channels.codes import again, failure, fix, judged, theirs
from daemon.channels.message import Message, ReceiptState, Recipient
from daemon.channels.secret_text import SecretText
from daemon.channels.text import whole
from daemon.channels.web import Web
from daemon.clock import Clock

SERVER = "https://open.feishu.cn"
ROOM = 15_000

CODES = {
    9499: theirs("it finds a fault in the message"),
    11232: again("too many messages; it takes more later", 5.0),
    19001: fix("the robot's token is not known: the robot was removed, or the token is not whole"),
    19002: theirs("it finds a fault in the message"),
    19007: fix("the robot was switched off; switch it on in the group"),
    19021: fix("the signature is not accepted; see the robot's 签名校验 and this box's clock"),
    19022: fix("this box's address is not among the robot's addresses (IP 白名单)"),
    19024: fix("the message holds none of the robot's keywords (自定义关键词)"),
    19036: theirs("it finds a fault in the message"),
}


def signature(secret: str, seconds: int) -> str:
    """Base64 of the HMAC-SHA256 of nothing, keyed with time and secret on two lines: so the guide has it."""
    key = f"{seconds}\n{secret}".encode()
    return base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()


@dataclass(slots=True)
class Robot:
    """A group's robot. The recipient's address, if any, is whom to mention: open_ids, user_ids, `all`, with commas."""

    web: Web
    token: SecretText
    sign: SecretText | None
    clock: Clock
    server: str = SERVER
    room: int = ROOM

    async def send(self, message: Message, recipient: Recipient) -> ReceiptState:
        """SENT: the group's server has it; whether anybody looks is not known."""
        named = [each.strip().removeprefix("@") for each in recipient.address.split(",") if each.strip()]
        mentions = "".join(f'<at user_id="{_attribute(each)}"></at>' for each in named)
        body: dict[str, Any] = {"msg_type": "text", "content": {"text": mentions + _plain(whole(message, self.room))}}
        if self.sign is not None:
            seconds = int(self.clock.utc().timestamp())
            body |= {"timestamp": str(seconds), "sign": signature(self.sign(), seconds)}
        token = self.token()
        answer = await self.web.ask(
            "POST", f"{self.server}/open-apis/bot/v2/hook/{token}", headers={"Content-Type": "application/json"},
            content=orjson.dumps(body),
        )  # fmt: skip
        table = judged(answer, CODES, token, *named, number="code", said="msg")
        if table.get("StatusCode"):  # the older form of its answers
            raise failure(CODES, table["StatusCode"], table.get("StatusMessage"), token, *named)
        return ReceiptState.SENT

    async def probe(self) -> None:
        """See that the service is there."""
        self.token()
        await self.web.knock(self.server)

    async def close(self) -> None:
        """Hang up."""
        await self.web.close()


def _attribute(text: str) -> str:
    return "".join(each for each in text if each.isalnum() or each in "_-.")


def _plain(text: str) -> str:
    """Nothing in a title may call up people: `<at …>` would."""
    return text.replace("<at", "‹at")
