"""A subscriber that is a fire monitoring centre: `kind: gb26875` (GB/T 26875.3-2011)."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from daemon.config.strict import STRICT, between
from daemon.config.subscribers.subscriber import Doubt, Subscriber, loopback
from drivers._gb26875_frames import Check
from drivers._gb26875_units import place
from rules._settings import Duration

_CENTRE = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:\s/\[\]@]+):([0-9]{1,5})\Z")
_PLACE = re.compile(r"([0-9]{1,5})-([0-9]{1,5})\Z")
_PERSONAL = 2


def _centre(text: str) -> str:
    match = _CENTRE.match(text)
    if match is None or not 0 < int(match[2]) < 65536:
        raise PydanticCustomError("endpoint", "write host:port")
    return text


def component_address(text: str) -> str:
    """Checked: `zone-number`, each below 65536."""
    match = _PLACE.match(text)
    if match is None or max(int(match[1]), int(match[2])) > 0xFFFF:
        raise PydanticCustomError("component_address", "write zone-number")
    return text


def address_of(text: str) -> int:
    """The number that `zone-number` stands for."""
    zone, number = map(int, text.split("-"))
    return place(zone, number)


Byte = Annotated[int, Field(ge=0, le=255)]
Address = Annotated[int, Field(ge=0, lt=2**48)]


class Component(BaseModel):
    """What one alarm or place is called at the centre; what is left out follows from the kind of alarm."""

    model_config = STRICT

    system: Byte | None = None
    """Type of system: 1 fire alarm, 13 gas, 128-255 as agreed."""
    address: Byte | None = None
    """Of the system."""
    component: Byte | None = None
    """Type of component: 23 call point, 40 smoke, 17 residual current."""
    place: Annotated[str, AfterValidator(component_address)] | None = None
    """zone-number, as in "10-2"."""
    text: str = ""
    """Instead of the title; 31 bytes of GB 18030."""


class AlarmType(BaseModel):
    """How a kind of alarm is told."""

    model_config = STRICT

    system: Byte = 1
    component: Byte = 0
    state: Literal["fire", "fault", "shielded", "supervise", "started", "feedback", "delayed", "none"] = "supervise"
    """Which bit of the state; none: the centre is not told."""


class AnalogType(BaseModel):
    """How values of a unit are told."""

    model_config = STRICT

    type: Byte
    step: Annotated[float, Field(gt=0)]
    """What one count stands for."""


class Gb26875(Subscriber):
    """A centre, and as whom to report to it."""

    kind: Literal["gb26875"]
    centre: Annotated[str, AfterValidator(_centre)]
    """host:port of the centre."""
    udp: bool = False
    address: Address
    """Ours, as the centre has given it."""
    centre_address: Address
    """The centre's own."""
    system_address: Byte = 1
    """Of all systems that have no other."""
    user_version: Byte = 1
    check: Check = "sum"
    timeout: Annotated[Duration, between(0.5, 3.5, ("500ms", "3.5s"))] = 3.0
    """For a confirmation; after it the frame goes out again, three times."""
    heartbeat: Annotated[Duration, between(5, 60, ("5s", "60s"))] = 25.0
    components: dict[str, Component] = Field(default_factory=dict)
    """By alarm id or place: b12-smoke.confirmed, zones.b12."""
    alarms: dict[str, AlarmType] = Field(default_factory=dict)
    """By kind of alarm, beside and instead of the usual ones."""
    analogs: dict[str, AnalogType] = Field(default_factory=dict)
    """By unit, beside and instead of the usual ones."""
    operators: dict[str, Byte] = Field(default_factory=dict)
    """Number of a person at the centre; all others are 0."""
    clock_error: Annotated[Duration, between(1, 3600, ("1s", "1h"))] = 5.0
    """Difference between the centre's clock and ours from which it is an alarm."""
    plaintext: bool = False
    """True: accept people's names on a protocol that has no encryption."""

    def doubts(self) -> Iterator[Doubt]:
        """Names in clear, two things under one address."""
        if self.tier >= _PERSONAL and not self.plaintext and not loopback(self.centre.rsplit(":", 1)[0]):
            yield Doubt("tier", "centre_in_clear", {"value": str(self.tier)})
        if not any(fnmatchcase("rollcall.answered", pattern) for pattern in self.kinds):
            yield Doubt("kinds", "rollcall_left_out")
        seen: dict[tuple[int, ...], str] = {}
        for name, its in self.components.items():
            if its.place is None:
                continue
            where = (its.system or 0, its.address or self.system_address, address_of(its.place))
            other = seen.setdefault(where, name)
            if other != name:
                yield Doubt("components", "component_twice", {"value": name, "other": other, "place": its.place})
