"""What a site file says, as types. Reading and checking the file is `daemon.config.load`'s business."""

import re
from ipaddress import ip_address
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from daemon.config.alarms import Alarms
from daemon.config.channels import AnyChannel
from daemon.config.people import Escalation, Ladder, Person, Rota
from daemon.config.record import Record
from daemon.config.recording import Recording
from daemon.config.strict import SLUG, STRICT, SecretName, Slug, between
from daemon.config.subscribers import AnySubscriber
from daemon.plugins.rights import Right
from rules._settings import Duration, OnOff, Refers

__all__ = ["SLUG", "SecretName", "Slug"]  # and all that is defined here

_ENDPOINT = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:\s/\[\]]+):([0-9]{1,5})\Z")


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise PydanticCustomError("timezone", "not a time zone") from error
    return name


def _endpoint(text: str) -> str:
    match = _ENDPOINT.match(text)
    if match is None or not 0 < int(match[2]) < 65536:
        raise PydanticCustomError("endpoint", "write host:port")
    return text


def _peer(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError as error:
        raise PydanticCustomError("peer_address", "write an IP address") from error


Opening = Annotated[Duration, between(1, 3600, ("1s", "1h"))]
"""How long something is let open: never no time at all, which would be a way out refused; never for good."""
PulseTime = Annotated[Duration, between(0.1, 10, ("100ms", "10s"))]
Travel = Annotated[Duration, between(1, 120, ("1s", "2m"))]
Freshness = Annotated[Duration, between(0.1, 5, ("100ms", "5s"))]
Endpoint = Annotated[str, AfterValidator(_endpoint)]
Peer = Annotated[str, AfterValidator(_peer)]
Format = Literal["8N1", "8E1", "8O1", "8N2", "8E2", "8O2", "7E1", "7O1", "7N2"]
"""Data bits, parity and stop bits of a character."""
Relay = Annotated[str, Refers("relay")]
"""A point that can be switched."""
Contact = Annotated[str, Refers("contact")]
"""A point that is on or off."""


Way = Annotated[str, Field(max_length=200)]
"""How one gets there, for the cards of guards on their phones. No code of a door and no name belongs here."""


class Section(BaseModel):
    """A table of the site file: frozen, and unknown keys are faults."""

    model_config = STRICT


class SiteHeader(Section):
    """`site:`"""

    id: Slug
    name: str
    timezone: Annotated[str, AfterValidator(_timezone)] = "Asia/Shanghai"
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    """Degrees north; south is less than nothing. For lamps that follow the sun."""
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    """Degrees east; west is less than nothing."""


WAYS = ("serial", "tcp", "rtu_over_tcp", "listen")
"""Where a line can end."""


class Wires(Section):
    """Where a line ends. Exactly one of the four."""

    serial: str | None = None
    """A port by /dev/serial/by-id or by-path."""
    tcp: Endpoint | None = None
    """host:port of a device or gateway that speaks the TCP form of its protocol (Modbus TCP)."""
    rtu_over_tcp: Endpoint | None = None
    """host:port of a serial server that passes bytes through unchanged."""
    listen: Endpoint | None = None
    """host:port of this box at which a device that speaks unasked calls."""
    peer: Peer | None = None
    """With `listen`: the one IP address that may call."""


class Line(Wires):
    """One entry of `lines:`."""

    baud: Annotated[int, Field(ge=300, le=256000)] = 9600
    format: Format = "8N1"
    """Data bits, parity (N, E, O) and stop bits, in quotes. Meters mostly want "8E1", Modbus ASCII "7E1"."""
    title: str = ""
    udp: bool = False
    """With `listen`: datagrams instead of a TCP connection."""
    unstable_name: bool = False
    """True: accept a port such as /dev/ttyUSB0, which may be another one after a restart."""

    @property
    def bits(self) -> int:
        """Of one character on the wire, with its start bit."""
        return 1 + int(self.format[0]) + (self.format[1] != "N") + int(self.format[2])


class Device(Section):
    """One entry of `devices:`; settings of the driver stand beside these keys."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True, use_attribute_docstrings=True)

    line: Annotated[str, Refers("line")]
    driver: str
    title: str = ""
    inverted: list[str] = []
    """Switch channels that are true in rest (normally-closed contacts); they are turned round."""


class Door(Section):
    """One entry of `doors:`."""

    title: str
    way: Way = ""
    """How guards get there, for their phones."""
    lock: Relay
    """The relay."""
    energised: Literal["open", "closed"] = "open"
    """What the door is while the relay is on: open for a strike, closed for a magnetic lock."""
    contact: Contact | None = None
    """True while the door leaf stands open."""
    reader: Annotated[str, Refers("reader")] | None = None
    exit: Contact | None = None
    """Request-to-exit button or break-glass."""
    unlock: Opening = 5.0
    """How long a card, an exit button or an operator unlocks it."""
    held: Duration = 20.0
    """Open longer than this after it was let open: held."""


class Lane(Section):
    """One entry of `lanes:`."""

    title: str
    way: Way = ""
    """How guards get there, for their phones."""
    open: Relay
    close: Relay
    presence: Contact
    """True while something stands under the boom."""
    up: Contact | None = None
    down: Contact | None = None
    reader: Annotated[str, Refers("reader")] | None = None
    pulse: PulseTime = 0.5
    travel: Travel = 6.0
    """The longest time that the boom takes from end to end."""
    stay: Opening = 15.0
    """How long it stays up for a car that was let in but does not come."""
    presence_limit: Freshness = 1.0
    """A presence reading older than this counts as a car under the boom."""


class SwitchOutput(Section):
    """One entry of `outputs:`: a siren, a lamp."""

    title: str
    relay: Relay
    rest: OnOff = False


class Zone(Section):
    """One entry of `zones:`."""

    title: str
    way: Way = ""
    """How guards get there, for their phones."""
    fire: list[Contact] = []
    """Contacts of the fire panel, already decided there: any one of them releases."""
    release: list[Annotated[str, Refers("passage")]] = []
    """Doors and lanes that go free on fire."""
    sirens: list[Annotated[str, Refers("switch")]] = []
    drill: list[Annotated[str, Refers("output")]] = []
    """Doors and lanes that go free, outputs that go on in a drill; without any only people are called."""
    stale: Literal["alarm", "release"] = "alarm"
    """What a fire contact that cannot be read does: raise a fault, or also free the zone."""


class ThirdPartyDriver(Section):
    """One entry of `drivers:`, by the name that stands after `driver:`."""

    allow: list[Right] = []
    """What this third-party driver may do besides turning bytes into values."""


class Access(Section):
    """`access:`"""

    cards: str
    """CSV file beside the site file: number, name, doors, from, until, hours."""


class Site(Section):
    """A whole site file."""

    site: SiteHeader
    lines: dict[Slug, Line]
    devices: dict[Slug, Device]
    doors: dict[Slug, Door] = {}
    lanes: dict[Slug, Lane] = {}
    outputs: dict[Slug, SwitchOutput] = {}
    zones: dict[Slug, Zone] = {}
    rules: dict[Slug, dict[str, Any]] = {}
    """Name -> kind and the settings of that kind."""
    subscribers: dict[Slug, AnySubscriber] = {}
    channels: dict[Slug, AnyChannel] = {}
    people: dict[Slug, Person] = {}
    rotas: dict[Slug, Rota] = {}
    ladders: dict[Slug, Ladder] = {}
    escalation: Escalation | None = None
    drivers: dict[str, ThirdPartyDriver] = {}
    """What third-party drivers may do."""
    alarms: Alarms = Alarms()
    access: Access | None = None
    journal: Record = Record()
    recording: Recording = Recording()
