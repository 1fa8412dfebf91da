"""A subscriber that takes SIA DC-09, as the receivers of alarm centres do: `kind: sia_dc09`."""

import re
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from daemon.config.strict import SecretName, between
from daemon.config.subscribers.subscriber import Doubt, Subscriber, loopback
from rules._settings import Duration

_RECEIVER = re.compile(r"(?:tcp|udp)://(\[[0-9a-fA-F:.]+\]|[^:\s/?#\[\]@]+):([0-9]{1,5})\Z")


def _receiver(text: str) -> str:
    match = _RECEIVER.match(text)
    if match is None or not 0 < int(match[2]) < 65536:
        raise PydanticCustomError("sia_receiver", "write tcp://host:port")
    return text


Code = Annotated[str, Field(pattern=r"^[A-Z]{2}(/[A-Z]{2})?$")]


class SiaDc09(Subscriber):
    """A receiver, and as whom to speak to it."""

    secrets: ClassVar[tuple[str, ...]] = ("key",)

    kind: Literal["sia_dc09"]
    receiver: Annotated[str, AfterValidator(_receiver)]
    """tcp://host:port or udp://host:port."""
    account: Annotated[str, Field(pattern=r"^[0-9A-F]{3,16}$")]
    """Under which the alarm centre knows the site: 3 to 16 digits 0-9 A-F."""
    key: SecretName | None = None
    """A secret: the AES key, 16, 24 or 32 bytes as they are, or `hex:` and twice as many digits."""
    prefix: Annotated[str, Field(pattern=r"^[0-9A-F]{1,6}$")] = "0"
    """The account prefix (L), as the alarm centre says."""
    receiver_number: Annotated[str, Field(pattern=r"^[0-9A-F]{1,6}$")] | None = None
    """The receiver number (R), where the alarm centre wants one."""
    area: Annotated[int, Field(ge=0, le=999)] = 0
    """The area (ri) of all messages."""
    numbers: dict[str, Annotated[int, Field(ge=0, le=9999)]] = Field(default_factory=dict)
    """Zone and door numbers of the alarm centre: `zones.b12: 12`; what is not listed has the number 0."""
    codes: dict[str, Code] = Field(default_factory=dict)
    """Other codes than ours, by kind of alarm: `fire: FA/FH`."""
    heartbeat: Annotated[Duration, between(5, 86400, ("5s", "24h"))] = 60.0
    """An empty message after so much silence."""
    plaintext: bool = False
    """True: accept messages without a key to another machine."""

    def doubts(self) -> Iterator[Doubt]:
        """Without a key everybody on the way reads, and writes acknowledgements."""
        host = self.receiver.split("://")[1].rpartition(":")[0]
        if self.key is None and not self.plaintext and not loopback(host):
            yield Doubt("receiver", "sia_in_clear", {"value": f"'{self.receiver}'"})
