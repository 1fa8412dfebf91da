"""Channels to servers of one's own or anybody's: `ntfy`, `webhook`, `apprise`."""

import importlib.util
from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from daemon.config.channels.channel import Addressing, Channel, HiddenUrl, Url, in_clear, named
from daemon.config.faults import Where
from daemon.config.strict import SecretName
from daemon.config.subscribers.subscriber import Doubt


class Ntfy(Channel):
    """Notices to phones by topic."""

    kind: Literal["ntfy"]
    server: Url = "https://ntfy.sh"
    topic: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")] = ""
    """For messages to nobody in particular; who knows the topic of an open server can read it."""
    token: SecretName | None = None
    user: str | None = None
    password: SecretName | None = None
    ca: SecretName | None = None
    """A secret holding the certificate authority (PEM) where it is not one of the system's."""
    plaintext: bool = False
    """True: accept http:// to a server outside the house."""

    def doubts(self) -> Iterator[Doubt]:
        """In clear, or half a name."""
        yield from in_clear("server", self.server, plaintext=self.plaintext)
        if (self.user is None) != (self.password is None):
            yield Doubt("password" if self.user is None else "user", "user_and_password")

    def secrets(self) -> Mapping[Where, str]:
        """Token, password, authority."""
        return named(token=self.token, password=self.password, ca=self.ca)


class Webhook(Channel):
    """An address of one's own that takes JSON by POST."""

    addressing: ClassVar[Addressing] = "optional"

    kind: Literal["webhook"]
    url: HiddenUrl
    key: SecretName | None = None
    """A secret known to both sides: every message is signed with it (HMAC-SHA256)."""
    ca: SecretName | None = None
    """A secret holding the certificate authority (PEM) where it is not one of the system's."""
    plaintext: bool = False
    """True: accept http:// to a server outside the house."""

    def doubts(self) -> Iterator[Doubt]:
        """In clear."""
        if not self.url.secret:
            yield from in_clear("url", self.url.text, plaintext=self.plaintext)

    def secrets(self) -> Mapping[Where, str]:
        """Address, key, authority."""
        return named(url=self.url.text if self.url.secret else None, key=self.key, ca=self.ca)


class Apprise(Channel):
    """Everything else, through the library apprise."""

    addressing: ClassVar[Addressing] = "unused"

    kind: Literal["apprise"]
    url: SecretName
    """A secret: one address of apprise, which holds keys and recipients alike."""

    def doubts(self) -> Iterator[Doubt]:
        """The library is an extra."""
        if importlib.util.find_spec("apprise") is None:
            yield Doubt("kind", "no_apprise")

    def secrets(self) -> Mapping[Where, str]:
        """The address."""
        return named(url=self.url)
