"""A remote platform after GB/T 45839-2025, annex D: `kind: gb45839`."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, Field

from daemon.config.strict import STRICT, SecretName, between
from daemon.config.subscribers.subscriber import Doubt, Subscriber, loopback
from daemon.config.subscribers.webhook import web_address
from rules._settings import Duration

_Url = Annotated[str, AfterValidator(web_address)]
_Text = Annotated[str, Field(max_length=200)]


class Gb45839Device(BaseModel):
    """One device as the platform knows it. What is left out is not sent."""

    model_config = STRICT

    serial: Annotated[str, Field(min_length=1, max_length=64)]
    """Its identity code; annex B makes it of 27 characters."""
    company: _Text | None = None
    """Who made it, where that is not the `company` of the subscriber."""
    name: _Text | None = None
    category: _Text | None = None
    """Type of device (categoryName)."""
    net: _Text | None = None
    """How it is connected (netType)."""
    place: _Text | None = None
    """Where it hangs (deviceAddress)."""
    made: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")] | None = None
    """Day of making (productingDate): 2026-01-31."""
    active: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$")] | None = None
    """When it was put to work (activeTime): 2026-01-31 08:00:00."""
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    signal: int | None = None
    """A fixed signalStrength, where the platform wants one of a device on a wire."""
    battery: Annotated[int, Field(ge=0, le=100)] | None = None
    """A fixed batteryPercentage, where the platform wants one of a device on mains."""


class Gb45839(Subscriber):
    """Where the platform's two interfaces are, and what it is to know of the site and its devices."""

    secrets: ClassVar[tuple[str, ...]] = ("client", "ca")

    kind: Literal["gb45839"]
    status: _Url
    """Address of the interface status_info; the standard gives it a name and no path."""
    install: _Url | None = None
    """Address of the interface Install_info; left out: the devices are registered otherwise."""
    company: _Text
    """Who made the devices (company)."""
    site: Gb45839Device
    """This box: alarms of what is not under `devices` are told as its own."""
    devices: dict[str, Gb45839Device] = Field(default_factory=dict)
    """What the platform knows by a code of its own: `zones.b12: {serial: …}`."""
    organization: _Text | None = None
    """organizationName."""
    unit: _Text | None = None
    """Name of the protected unit (client)."""
    address: _Text | None = None
    """Its address."""
    area: _Text | None = None
    """Code of its administrative area."""
    responsible: _Text | None = None
    """Name of the person in charge; only from tier 2 on."""
    mobile: _Text | None = None
    """Their telephone; only from tier 2 on."""
    heartbeat: Annotated[Duration, between(5, 86400, ("5s", "24h"))] = 60.0
    """After so much silence the state of one device that is normal is sent again, each in its turn."""
    client: SecretName | None = None
    """A secret holding the client's certificate and key (PEM)."""
    ca: SecretName | None = None
    """A secret holding the certificate authority (PEM) where it is not one of the system's."""
    plaintext: bool = False
    """True: accept http:// to another machine."""

    def doubts(self) -> Iterator[Doubt]:
        """What happens here, in clear; people that would be named to a reader who may not know of people."""
        for key, url in (("status", self.status), ("install", self.install)):
            address = urlsplit(url or "")
            if address.scheme == "http" and not self.plaintext and not loopback(address.hostname or ""):
                yield Doubt(key, "webhook_in_clear", {"value": f"'{url}'"})
        if self.status.startswith("http:") and self.client is not None:
            yield Doubt("client", "client_in_clear_http")
        for key in ("responsible", "mobile"):
            if getattr(self, key) is not None and self.tier < 2:
                yield Doubt(key, "person_below_tier")
