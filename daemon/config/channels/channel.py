"""What every entry of `channels:` says, whatever service carries its messages."""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, InstanceOf, WithJsonSchema
from pydantic_core import PydanticCustomError, PydanticKnownError

from daemon.config.document import Secret
from daemon.config.faults import Where
from daemon.config.strict import STRICT
from daemon.config.subscribers.subscriber import Doubt, loopback
from rules._settings import Duration

_URL = re.compile(r"https?://(\[[0-9a-fA-F:.]+\]|[^:\s/?#\[\]@]+)(?::([0-9]{1,5}))?(/[!-~]*)?\Z")


def _limit(seconds: float) -> float:
    if not 0.5 <= seconds <= 60:
        raise PydanticCustomError("duration_range", "write {least} to {most}", {"least": "500ms", "most": "1m"})
    return seconds


def _url(text: str) -> str:
    match = _URL.match(text)
    if match is None or "#" in text or not 0 < int(match[2] or 1) < 65536:
        raise PydanticCustomError("webhook_url", "write https://host/path")
    return text.rstrip("/")


@dataclass(frozen=True, slots=True)
class Place:
    """A web address, or the name of the secret that holds it."""

    text: str
    secret: bool = False


def _place(raw: object) -> Place:
    if isinstance(raw, Secret):
        return Place(raw.name, secret=True)
    if not isinstance(raw, str):
        raise PydanticKnownError("string_type")
    return Place(_url(raw))


Url = Annotated[str, AfterValidator(_url)]
"""https://host or https://host/path, without the last stroke."""
HiddenUrl = Annotated[
    InstanceOf[Place],
    BeforeValidator(_place),
    WithJsonSchema({"type": "string", "description": "https://host/path, or !secret NAME where it holds a key."}),
]
Addressing = Literal["needed", "optional", "unused"]


class Channel(BaseModel):
    """What does not depend on the service."""

    model_config = STRICT

    addressing: ClassVar[Addressing] = "needed"
    """Whether a recipient must have an address; of a group it is whom to mention."""

    title: str = ""
    limit: Annotated[Duration, AfterValidator(_limit)] | None = None
    """How long one try may take; by kind where nothing stands here."""
    per_minute: Annotated[int, Field(ge=1, le=6000)] | None = None
    """How many messages it may send in a minute; what its service documents where nothing stands here."""
    language: Literal["zh", "en"] = "zh"
    """Of the few words that the channel adds itself: that it is a drill, and how many messages there are in one."""

    def doubts(self) -> Iterator[Doubt]:
        """What the settings may say one by one, but not together."""
        return iter(())

    def secrets(self) -> Mapping[Where, str]:
        """The secrets that it names, by where they stand in the entry."""
        return {}


def named(**secrets: str | None) -> dict[Where, str]:
    """Secrets that stand at the first level, those that are there."""
    return {(key.rstrip("_"),): name for key, name in secrets.items() if name is not None}


def in_clear(key: str, url: str, *, plaintext: bool) -> Iterator[Doubt]:
    """Messages would cross a network outside the house without encryption."""
    parts = urlsplit(url)
    if parts.scheme == "http" and not plaintext and not near(parts.hostname or ""):
        yield Doubt(key, "channel_in_clear", {"value": f"'{url}'"})


def near(host: str) -> bool:
    """Whether a host is this machine, or has an address of the house's own network."""
    try:
        return loopback(host) or ipaddress.ip_address(host.strip("[]")).is_private
    except ValueError:
        return False
