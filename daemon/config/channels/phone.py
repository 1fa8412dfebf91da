"""Channels to telephones by a gateway's HTTP interface: `sms`, `voice`."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from daemon.config import gateways
from daemon.config.channels.channel import Channel, in_clear, named
from daemon.config.faults import Where, listed
from daemon.config.strict import SecretName
from daemon.config.subscribers.subscriber import Doubt


def _form(raw: object) -> object:
    if isinstance(raw, str):
        try:
            return gateways.shipped(raw)
        except KeyError:
            known = listed(gateways.names())
            raise PydanticCustomError("no_gateway", "no such gateway", {"known": known}) from None
    return raw


GatewayForm = Annotated[
    gateways.Form,
    BeforeValidator(_form),
    WithJsonSchema({"anyOf": [{"enum": gateways.names()}, {"type": "object"}]}),
]
"""The name of a shipped form, or one written out."""


class _Telephone(Channel):
    """One of the two."""

    gateway: GatewayForm
    """aliyun-sms, tencent-sms, … or how to ask another one."""
    with_: dict[str, str] = Field(default_factory=dict, alias="with")
    """The settings that the gateway needs: signature, template, …"""
    keys: dict[str, SecretName] = Field(default_factory=dict)
    """The secrets that the gateway needs: key_id, key, …"""
    variables: dict[str, str] = Field(default_factory=lambda: {"text": "{title}"})
    """The variables of the approved template, in its order: {title}, {text}, {name}, {severity} may stand in them."""
    ca: SecretName | None = None
    """A secret holding the certificate authority (PEM) where it is not one of the system's."""
    plaintext: bool = False
    """True: accept http:// to a gateway outside the house."""

    def doubts(self) -> Iterator[Doubt]:
        """In clear, or with gaps that nothing fills."""
        yield from in_clear("gateway", self.gateway.url, plaintext=self.plaintext)
        given = {*self.with_, *self.keys}
        for gap in sorted(self.gateway.gaps() - given):
            key = "keys" if gap in ("key", "key_id") else "with"
            yield Doubt(key, "gateway_gap", {"value": gap, "key": key})
        for name in sorted(given - self.gateway.gaps()):
            key = "with" if name in self.with_ else "keys"
            yield Doubt(key, "gateway_unused", {"value": name, "known": listed(sorted(self.gateway.gaps()))})
        for name, text in self.variables.items():
            for gap in gateways.FIELD.findall(text):
                if gap not in gateways.FIELDS:
                    yield Doubt("variables", "gateway_field", {"value": f"{name}: {text}", "gap": gap,
                                                               "known": listed(gateways.PLAIN)})  # fmt: skip

    def secrets(self) -> Mapping[Where, str]:
        """Keys and authority."""
        return {("keys", name): secret for name, secret in self.keys.items()} | named(ca=self.ca)


class Sms(_Telephone):
    """短信: a short message."""

    kind: Literal["sms"]


class Voice(_Telephone):
    """语音: a call that reads the message out."""

    kind: Literal["voice"]
