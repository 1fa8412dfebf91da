"""企业微信 WeCom: a group's robot, which tells a whole group, and an application's message, which rings one member.

Sources: developer.work.weixin.qq.com, by path. Robot: 消息推送配置说明 (91770), 20 messages a minute for each robot,
text of 2048 bytes. Application: 获取access_token (91039), 发送应用消息 (90236), 访问频率限制 (90312), 全局错误码
(90313), 30 messages a minute to one member; what is more is thrown away without an error, so the outbox counts each
member by himself. `enable_duplicate_check` stays off: it would swallow a ladder's second ring. Unverified against the
real service.
"""

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any

import orjson

from daemon.channels.codes import again, failure, fix, judged, theirs
from daemon.channels.message import Message, ReceiptState, Recipient
from daemon.channels.secret_text import SecretText
from daemon.channels.sender import Fate, SendError
from daemon.channels.text import whole
from daemon.channels.web import Answer, Web
from daemon.clock import Clock
from daemon.log import keep_secret

SERVER = "https://qyapi.weixin.qq.com"
ROOM = 2048
_JSON = {"Content-Type": "application/json"}
_MOBILE = re.compile(r"\+?\d{11,15}\Z")
_EARLIER = 300.0
"""Seconds by which a token is renewed before its time."""
_STALE = (40014, 42001)
"""The token is no longer valid: fetch another and ask again."""

ROBOT = {
    -1: again("the service is busy"),
    40008: theirs("it does not take this kind of message"),
    40058: theirs("it finds a fault in the message"),
    44004: theirs("the message is empty"),
    45002: theirs("the message is too long for it"),
    45009: again("too many messages; it takes more later", 60.0),
    45033: again("too many at the same time", 2.0),
    93000: fix("the robot's key is not valid: the robot was removed, or the key is not whole"),
    93004: fix("the robot was switched off; switch it on in the group"),
    93008: fix("the robot is not in the group any more"),
}
"""The robot's error numbers."""
APPLICATION = {
    -1: again("the service is busy"),
    40001: fix("the application's secret is not accepted"),
    40003: theirs("it does not know this member"),
    40013: fix("the corporation's id is not accepted"),
    40056: fix("the application's number is not accepted"),
    40014: again("it did not take our token"),
    41001: again("it did not take our token"),
    42001: again("it did not take our token"),
    45002: theirs("the message is too long for it"),
    45009: again("too many messages; it takes more later", 60.0),
    45033: again("too many at the same time", 2.0),
    48002: fix("the application has no right to send"),
    60011: fix("the application has no right to this member"),
    60020: fix("this box's address is not among the application's trusted addresses (企业可信IP)"),
    60111: theirs("it does not know this member"),
    81013: theirs("the member is not known, or not in the application's range (可见范围)"),
    82001: theirs("it does not know this member"),
    301002: fix("the application has no right to send"),
}
"""The application's error numbers."""


@dataclass(slots=True)
class Robot:
    """A group's robot. The recipient's address, if any, is whom to mention: userids, mobiles, `@all`, with commas."""

    web: Web
    key: SecretText
    server: str = SERVER
    room: int = ROOM

    async def send(self, message: Message, recipient: Recipient) -> ReceiptState:
        """SENT: the group's server has it; whether anybody looks is not known."""
        text: dict[str, Any] = {"content": whole(message, self.room)}
        named = [each.strip() for each in recipient.address.split(",") if each.strip()]
        if mobiles := [each for each in named if _MOBILE.match(each)]:
            text["mentioned_mobile_list"] = mobiles
        if users := [each for each in named if not _MOBILE.match(each)]:
            text["mentioned_list"] = users
        key = self.key()
        answer = await self.web.ask(
            "POST", f"{self.server}/cgi-bin/webhook/send", params={"key": key}, headers=_JSON,
            content=orjson.dumps({"msgtype": "text", "text": text}),
        )  # fmt: skip
        judged(answer, ROBOT, key, *named)
        return ReceiptState.SENT

    async def probe(self) -> None:
        """See that the service is there."""
        self.key()
        await self.web.knock(self.server)

    async def close(self) -> None:
        """Hang up."""
        await self.web.close()


@dataclass(slots=True)
class Application:
    """Messages of an application; the recipient's address is one member's userid."""

    web: Web
    corp: str
    agent: int
    secret: SecretText
    clock: Clock
    server: str = SERVER
    room: int = ROOM
    _token: str = ""
    _until: float = 0.0
    _fetching: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def send(self, message: Message, recipient: Recipient) -> ReceiptState:
        """SENT: the service accepted it for this member; whether his phone rang is not known."""
        if not recipient.address:
            raise SendError(Fate.REFUSED, "the recipient has no address here", channel=False)
        body = orjson.dumps({
            "touser": recipient.address, "msgtype": "text", "agentid": self.agent,
            "text": {"content": whole(message, self.room)},
        })  # fmt: skip
        if _stale(answer := await self._post(body)):  # before its time: the first try was in vain, and cost nothing
            answer = await self._post(body)
        table = judged(answer, APPLICATION, self._token, recipient.address)
        if table.get("invaliduser") or table.get("unlicenseduser"):
            raise failure(APPLICATION, 81013, "")
        return ReceiptState.SENT

    async def probe(self) -> None:
        """Get a token: the corporation's id and the secret are right."""
        await self._fetch()

    async def close(self) -> None:
        """Hang up."""
        self._token = ""
        await self.web.close()

    async def _post(self, body: bytes) -> Answer:
        token = await self._fetch()
        answer = await self.web.ask(
            "POST", f"{self.server}/cgi-bin/message/send", params={"access_token": token}, headers=_JSON, content=body
        )
        if _stale(answer) and token == self._token:
            self._token = ""
        return answer

    async def _fetch(self) -> str:
        """A token; they last two hours, and asking too often is refused."""
        async with self._fetching:
            now = self.clock.monotonic()
            if self._token and now < self._until:
                return self._token
            secret = self.secret()
            asked = {"corpid": self.corp, "corpsecret": secret}
            answer = judged(
                await self.web.ask("GET", f"{self.server}/cgi-bin/gettoken", params=asked), APPLICATION, secret
            )
            if not isinstance(token := answer.get("access_token"), str) or not token:
                raise SendError(Fate.AGAIN, "the service gave no token")
            keep_secret(token)
            self._token = token
            self._until = now + max(60.0, float(answer.get("expires_in", 7200)) - _EARLIER)
            return token


def _stale(answer: Answer) -> bool:
    try:
        return answer.table().get("errcode") in _STALE
    except SendError:
        return False
