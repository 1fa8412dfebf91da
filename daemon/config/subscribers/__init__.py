"""Who gets what happens, and by which way: the settings of each way are a class of their own, told apart by `kind`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import Discriminator, Tag

from daemon.config.subscribers.gb26875 import Gb26875
from daemon.config.subscribers.gb45839 import Gb45839
from daemon.config.subscribers.mqtt import Mqtt
from daemon.config.subscribers.sia_dc09 import SiaDc09
from daemon.config.subscribers.subscriber import Doubt, Subscriber, loopback
from daemon.config.subscribers.webhook import Webhook

__all__ = [
    "KINDS",
    "AnySubscriber",
    "Doubt",
    "Gb26875",
    "Gb45839",
    "Mqtt",
    "SiaDc09",
    "Subscriber",
    "Webhook",
    "kind_of",
    "loopback",
]

USUAL = "mqtt"
"""What an entry without `kind` is."""
KINDS: Mapping[str, type[Subscriber]] = MappingProxyType(
    {"mqtt": Mqtt, "webhook": Webhook, "sia_dc09": SiaDc09, "gb26875": Gb26875, "gb45839": Gb45839}
)
"""By the word after `kind:`."""


def kind_of(raw: object) -> str:
    """The way that an entry names, known or not."""
    return str(raw.get("kind", USUAL)) if isinstance(raw, dict) else str(getattr(raw, "kind", USUAL))


AnySubscriber = Annotated[
    Annotated[Mqtt, Tag("mqtt")]
    | Annotated[Webhook, Tag("webhook")]
    | Annotated[SiaDc09, Tag("sia_dc09")]
    | Annotated[Gb26875, Tag("gb26875")]
    | Annotated[Gb45839, Tag("gb45839")],
    Discriminator(kind_of),
]
"""One entry of `subscribers:`."""
