"""Where a broker is, and how it may turn us away."""

from dataclasses import dataclass, field

from daemon.feeds.carrier import UnreachableError


class TurnedAwayError(UnreachableError):
    """The broker answered and does not want us."""


class VersionRefusedError(UnreachableError):
    """The broker said that it does not speak this version of MQTT."""


class HungUpError(UnreachableError):
    """It took the connection and said no word: perhaps it does not know this version of MQTT."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where to, and as whom."""

    host: str
    port: int
    client_id: str
    will_topic: str
    will: bytes
    tls: bool = False
    ca: bytes | None = field(default=None, repr=False)
    client: bytes | None = field(default=None, repr=False)
    user: str | None = None
    password: str | None = field(default=None, repr=False)
