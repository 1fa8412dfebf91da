"""The channel to patrol phones: `kind: patrol`."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from daemon.config.channels.channel import Channel, named
from daemon.config.faults import Where
from daemon.config.strict import SecretName, Slug, between
from daemon.config.subscribers.mqtt import BrokerUrl
from daemon.config.subscribers.subscriber import Doubt, loopback
from daemon.patrol.command import public_key
from rules._settings import Duration


def _keys(raw: object) -> object:
    """One key or several, as a list; each must be one."""
    keys = [raw] if isinstance(raw, str) else raw
    if isinstance(keys, list):
        for key in keys:
            try:
                public_key(key if isinstance(key, str) else "")
            except ValueError as error:
                raise PydanticCustomError("patrol_key", "no public key") from error
    return keys


Keys = Annotated[list[str], BeforeValidator(_keys), Field(min_length=1, max_length=4)]
"""The public key of a guard's phone (Ed25519, base64), or several while he changes phones."""
Confirmed = Annotated[Duration, between(2, 300, ("2s", "5m"))]


class Patrol(Channel):
    """Phones of guards behind an MQTT broker: cards out, signed answers in."""

    kind: Literal["patrol"]
    broker: BrokerUrl
    """mqtts://host:port; mqtt:// on this machine only."""
    user: str | None = None
    password: SecretName | None = None
    client: SecretName | None = None
    """A secret holding the client's certificate and key (PEM)."""
    ca: SecretName | None = None
    """A secret holding the certificate authority (PEM) where it is not one of the system's."""
    plaintext: bool = False
    """True: accept a broker without TLS on another machine."""
    guards: Annotated[dict[Slug, Keys], Field(min_length=1, max_length=200)]
    """Name of an entry of `people:` -> the public key of this guard's phone. Take it out when a phone is lost."""
    delivered: Confirmed = 15.0
    """A phone that has not confirmed a message after this time was not reached: the next channel is tried."""
    least: Literal["P1", "P2", "P3", "P4"] = "P3"
    """Alarms up to this severity are shown on phones."""

    def doubts(self) -> Iterator[Doubt]:
        """Places and names in clear, half a name, one key for two guards."""
        host = self.broker.split("://")[1].rsplit(":", 1)[0]
        clear = self.broker.startswith("mqtt://")
        if clear and not self.plaintext and not loopback(host):
            yield Doubt("broker", "broker_in_clear", {"value": f"'{self.broker}'"})
        if clear and self.client is not None:
            yield Doubt("client", "client_in_clear")
        if self.password is not None and self.user is None:
            yield Doubt("password", "user_and_password")
        holders: dict[str, str] = {}
        for guard, keys in self.guards.items():
            for key in keys:
                if (first := holders.setdefault(key, guard)) != guard:
                    yield Doubt("guards", "patrol_key_twice", {"value": guard, "known": first})

    def secrets(self) -> Mapping[Where, str]:
        """Password, client's certificate, authority."""
        return named(password=self.password, client=self.client, ca=self.ca)
