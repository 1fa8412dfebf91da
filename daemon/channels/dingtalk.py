"""钉钉 DingTalk: a group's custom robot, signed.

open.dingtalk.com, 自定义机器人发送群消息 and 自定义机器人安全设置: 20 messages a minute for each robot, and who sends
more is shut out for ten minutes; 20000 bytes. Of the three ways to secure a robot the signature (加签) is the one meant
here; a keyword works too when a title always holds it. Unverified against the real service.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Any

import orjson

from daemon.channels.codes import Code, again, fix, judged, theirs
from daemon.channels.message import Message, ReceiptState, Recipient
from daemon.channels.secret_text import SecretText
from daemon.channels.sender import Fate
from daemon.channels.text import whole
from daemon.channels.web import Web
from daemon.clock import Clock

SERVER = "https://oapi.dingtalk.com"
ROOM = 18_000
_SHUT_OUT = 600.0
_MOBILE = re.compile(r"\+?[\d-]{11,17}\Z")

CODES = {
    -1: again("the service is busy"),
    40035: theirs("it finds a fault in the message"),
    43004: theirs("it finds a fault in the message"),
    130101: Code(Fate.AGAIN, "too many messages; it takes none for ten minutes", _SHUT_OUT),
    300001: fix("the robot's token is not known: the robot was removed, or the token is not whole"),
    300005: fix("the robot's token is not known: the robot was removed, or the token is not whole"),
    310000: fix("the signature, keyword or address is not accepted; see the robot's 安全设置 and this box's clock"),
    400013: fix("the group was dissolved"),
    400101: fix("the robot's token is not known: the robot was removed, or the token is not whole"),
    400102: fix("the robot was switched off; switch it on in the group"),
    400105: theirs("it does not take this kind of message"),
    400106: fix("the robot is not in the group any more"),
    410100: Code(Fate.AGAIN, "too many messages; it takes none for ten minutes", _SHUT_OUT),
    430101: theirs("it refuses the words of the message"),
    430102: theirs("it refuses the words of the message"),
    430103: theirs("it refuses the words of the message"),
    430104: theirs("it refuses the words of the message"),
    460101: theirs("the message is too long for it"),
}


def signature(secret: str, milliseconds: int) -> str:
    """Base64 of the HMAC-SHA256, keyed with the secret, of time and secret on two lines."""
    text = f"{milliseconds}\n{secret}".encode()
    return base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()


@dataclass(slots=True)
class Robot:
    """A group's robot. The recipient's address, if any, is whom to mention: mobiles, userids, `@all`, with commas."""

    web: Web
    token: SecretText
    sign: SecretText | None
    clock: Clock
    server: str = SERVER
    room: int = ROOM

    async def send(self, message: Message, recipient: Recipient) -> ReceiptState:
        """SENT: the group's server has it; whether anybody looks is not known."""
        named = [each.strip() for each in recipient.address.split(",") if each.strip()]
        at: dict[str, Any] = {
            "atMobiles": [each for each in named if _MOBILE.match(each)],
            "atUserIds": [each for each in named if not _MOBILE.match(each) and each != "@all"],
            "isAtAll": "@all" in named,
        }
        text = {"content": whole(message, self.room)}
        answer = await self.web.ask(
            "POST", f"{self.server}/robot/send", params=self._asked(), headers={"Content-Type": "application/json"},
            content=orjson.dumps({"msgtype": "text", "text": text, "at": at}),
        )  # fmt: skip
        judged(answer, CODES, *named)
        return ReceiptState.SENT

    async def probe(self) -> None:
        """See that the service is there."""
        self._asked()
        await self.web.knock(self.server)

    async def close(self) -> None:
        """Hang up."""
        await self.web.close()

    def _asked(self) -> dict[str, str]:
        asked = {"access_token": self.token()}
        if self.sign is not None:
            milliseconds = int(self.clock.utc().timestamp() * 1000)
            asked |= {"timestamp": str(milliseconds), "sign": signature(self.sign(), milliseconds)}
        return asked
