"""Channels by letter: `mail`."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from daemon.config.channels.channel import Channel, named, near
from daemon.config.faults import Where
from daemon.config.strict import SecretName
from daemon.config.subscribers.subscriber import Doubt

_SERVER = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:\s/\[\]@]+):([0-9]{1,5})\Z")
ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\\x00-\x1f\x7f]{1,64}@[A-Za-z0-9.-]{1,190}\Z")


def _server(text: str) -> str:
    match = _SERVER.match(text)
    if match is None or not 0 < int(match[2]) < 65536:
        raise PydanticCustomError("endpoint", "write host:port")
    return text


def _address(text: str) -> str:
    if not ADDRESS.match(text):
        raise PydanticCustomError("mail_address", "write name@host")
    return text


class Mail(Channel):
    """邮件: a letter by SMTP."""

    kind: Literal["mail"]
    server: Annotated[str, AfterValidator(_server)]
    """host:port; 465 with TLS from the start, 587 with starttls."""
    safety: Literal["tls", "starttls", "none"] = "tls"
    from_: Annotated[str, AfterValidator(_address)] = Field(alias="from")
    """Who writes; mostly the account's own address."""
    user: str | None = None
    password: SecretName | None = None
    ca: SecretName | None = None
    """A secret holding the certificate authority (PEM) where it is not one of the system's."""
    plaintext: bool = False
    """True: accept safety: none to a server outside the house."""

    def doubts(self) -> Iterator[Doubt]:
        """In clear, or half a name."""
        if self.safety == "none" and not self.plaintext and not near(self.server.rsplit(":", 1)[0]):
            yield Doubt("safety", "mail_in_clear", {"value": f"'{self.server}'"})
        if (self.user is None) != (self.password is None):
            yield Doubt("password" if self.user is None else "user", "user_and_password")

    def secrets(self) -> Mapping[Where, str]:
        """Password and authority."""
        return named(password=self.password, ca=self.ca)
