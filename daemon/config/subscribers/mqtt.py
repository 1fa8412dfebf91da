"""A subscriber that is served by an MQTT broker: `kind: mqtt`, or no kind at all."""

import re
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from daemon.config.strict import SecretName
from daemon.config.subscribers.subscriber import Doubt, Subscriber, loopback

_BROKER = re.compile(r"mqtts?://(\[[0-9a-fA-F:.]+\]|[^:\s/\[\]@]+)(?::([0-9]{1,5}))?\Z")


def _broker(text: str) -> str:
    match = _BROKER.match(text)
    if match is None or not 0 < int(match[2] or 1) < 65536:
        raise PydanticCustomError("broker", "write mqtts://host:port")
    return text


BrokerUrl = Annotated[str, AfterValidator(_broker)]
"""mqtt://host:port or mqtts://host:port."""


class Mqtt(Subscriber):
    """A broker, and as whom to write to it."""

    secrets: ClassVar[tuple[str, ...]] = ("password", "client", "ca")

    kind: Literal["mqtt"] = "mqtt"
    broker: BrokerUrl
    """mqtt://host:port or mqtts://host:port."""
    user: str | None = None
    password: SecretName | None = None
    client: SecretName | None = None
    """A secret holding the client's certificate and key (PEM)."""
    ca: SecretName | None = None
    """A secret holding the certificate authority (PEM) where it is not one of the system's."""
    plaintext: bool = False
    """True: accept a broker without TLS on another machine."""

    def doubts(self) -> Iterator[Doubt]:
        """Names and passwords in clear."""
        host = self.broker.split("://")[1].rsplit(":", 1)[0]
        clear = self.broker.startswith("mqtt://")
        if clear and not self.plaintext and not loopback(host):
            yield Doubt("broker", "broker_in_clear", {"value": f"'{self.broker}'"})
        if clear and self.client is not None:
            yield Doubt("client", "client_in_clear")
