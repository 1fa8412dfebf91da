"""A subscriber that takes events by HTTPS: `kind: webhook`."""

import re
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from daemon.config.strict import SecretName
from daemon.config.subscribers.subscriber import Doubt, Subscriber, loopback

_URL = re.compile(r"https?://(\[[0-9a-fA-F:.]+\]|[^:\s/?#\[\]@]+)(?::([0-9]{1,5}))?(/[!-~]*)?\Z")


def web_address(text: str) -> str:
    """https://host/path, without name and password."""
    match = _URL.match(text)
    if match is None or "#" in text or not 0 < int(match[2] or 1) < 65536:
        raise PydanticCustomError("webhook_url", "write https://host/path")
    return text


class Webhook(Subscriber):
    """An address that takes CloudEvents by POST."""

    secrets: ClassVar[tuple[str, ...]] = ("key", "token", "client", "ca")

    kind: Literal["webhook"]
    url: Annotated[str, AfterValidator(web_address)]
    """https://host/path; no name or password in it."""
    key: SecretName
    """A secret of 16 bytes or more, known to both sides: every request is signed with it (HMAC-SHA256)."""
    token: SecretName | None = None
    """A secret sent as `Authorization: Bearer …`, where the other side wants one."""
    client: SecretName | None = None
    """A secret holding the client's certificate and key (PEM)."""
    ca: SecretName | None = None
    """A secret holding the certificate authority (PEM) where it is not one of the system's."""
    batch: Annotated[int, Field(ge=1, le=500)] = 50
    """Most events in one request; 1: always single events, never a list."""
    plaintext: bool = False
    """True: accept http:// to another machine."""

    def doubts(self) -> Iterator[Doubt]:
        """What happens here, in clear."""
        address = urlsplit(self.url)
        clear = address.scheme == "http"
        if clear and not self.plaintext and not loopback(address.hostname or ""):
            yield Doubt("url", "webhook_in_clear", {"value": f"'{self.url}'"})
        if clear and self.client is not None:
            yield Doubt("client", "client_in_clear_http")
