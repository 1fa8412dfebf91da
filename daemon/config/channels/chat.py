"""Channels of the three chat services: `wecom`, `wecom_app`, `dingtalk`, `feishu`."""

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from daemon.config.channels.channel import Addressing, Channel, Url, in_clear, named
from daemon.config.faults import Where
from daemon.config.strict import SecretName
from daemon.config.subscribers.subscriber import Doubt


class _Chat(Channel):
    """One of them."""

    addressing: ClassVar[Addressing] = "optional"

    server: Url | None = None
    """Where the service is, if not at its maker's: a relay, or an installation of one's own."""
    plaintext: bool = False
    """True: accept http:// to a server outside the house."""

    def doubts(self) -> Iterator[Doubt]:
        """A relay in clear."""
        yield from in_clear("server", self.server or "", plaintext=self.plaintext)


class Wecom(_Chat):
    """企业微信群机器人: a robot in a group of WeCom."""

    kind: Literal["wecom"]
    key: SecretName
    """A secret: what stands behind key= in the robot's address."""

    def secrets(self) -> Mapping[Where, str]:
        """The key."""
        return named(key=self.key)


class WecomApp(_Chat):
    """企业微信应用消息: an application that writes to one member."""

    addressing: ClassVar[Addressing] = "needed"

    kind: Literal["wecom_app"]
    corp: Annotated[str, Field(min_length=1, max_length=64)]
    """企业ID, from 我的企业."""
    agent: Annotated[int, Field(ge=1)]
    """AgentId of the application."""
    secret: SecretName
    """A secret: the application's Secret."""

    def secrets(self) -> Mapping[Where, str]:
        """The application's Secret."""
        return named(secret=self.secret)


class Dingtalk(_Chat):
    """钉钉自定义机器人: a robot in a group of DingTalk."""

    kind: Literal["dingtalk"]
    token: SecretName
    """A secret: what stands behind access_token= in the robot's address."""
    sign: SecretName | None = None
    """A secret: the key of 加签, which begins with SEC."""

    def secrets(self) -> Mapping[Where, str]:
        """Token and key."""
        return named(token=self.token, sign=self.sign)


class Feishu(_Chat):
    """飞书自定义机器人: a robot in a group of Feishu (Lark)."""

    kind: Literal["feishu"]
    token: SecretName
    """A secret: what stands behind hook/ in the robot's address."""
    sign: SecretName | None = None
    """A secret: the key of 签名校验."""

    def secrets(self) -> Mapping[Where, str]:
        """Token and key."""
        return named(token=self.token, sign=self.sign)
