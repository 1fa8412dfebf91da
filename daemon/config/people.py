"""Who can be called, when, and in which order: `people:`, `rotas:`, `ladders:` and `escalation:` of a site file."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field, InstanceOf, WithJsonSchema
from pydantic_core import PydanticCustomError, PydanticKnownError

from daemon.config.document import Secret
from daemon.config.strict import STRICT, Slug, between
from daemon.escalation.directory import Address
from rules._hours import Hours
from rules._settings import Duration


def _address(raw: object) -> Address:
    if isinstance(raw, Address):
        return raw
    if isinstance(raw, Secret):
        return Address(raw.name, secret=True)
    if not isinstance(raw, str):
        raise PydanticKnownError("string_type")
    if not raw.strip():
        raise PydanticCustomError("no_address", "nothing stands here")
    return Address(raw.strip())


Reach = Annotated[
    InstanceOf[Address],
    BeforeValidator(_address),
    WithJsonSchema({"type": "string", "description": "!secret NAME, or the address itself."}),
]
"""An address at a channel; best as !secret, for a site file is shown to many."""
After = Annotated[Duration, between(0, 86400, ("0s", "24h"))]
Again = Annotated[Duration, between(15, 86400, ("15s", "24h"))]
Hold = Annotated[Duration, between(1, 86400, ("1s", "24h"))]
Unread = Annotated[Duration, between(5, 3600, ("5s", "1h"))]
Tested = Annotated[Duration, between(86400, 400 * 86400, ("1d", "400d"))]


class Person(BaseModel):
    """One entry of `people:`. No more of a person than is needed to call."""

    model_config = STRICT

    name: Annotated[str, Field(min_length=1, max_length=40)]
    """As colleagues say it."""
    roles: list[Slug] = []
    """What the person is here; steps may ring all of a role. Usual: patrol, manager, neighbour."""
    addresses: dict[Slug, Reach] = {}
    """Name or kind of a channel -> the address there, in the order in which the person is to be called."""
    phone: Reach | None = None
    """Telephone number for all channels that take one and are not among the addresses."""
    language: Literal["zh", "en"] = "zh"
    """Of the messages."""


class Shift(BaseModel):
    """One shift of a rota."""

    model_config = STRICT

    hours: Hours
    """Days and hours, such as Mon-Fri 08:00-20:00; one across midnight belongs to the day on which it begins."""
    people: list[str] = []
    """Names of entries of `people:`."""


class Rota(BaseModel):
    """One entry of `rotas:`: who is on shift."""

    model_config = STRICT

    title: str = ""
    shifts: dict[Slug, Shift]
    dates: dict[str, dict[Slug, list[str]]] = {}
    """2026-10-01 -> shift -> who works instead in the shift that begins on that day: holidays, swaps."""
    fallback: str = ""
    """A person, rota or role, called when nobody is on shift."""


class Step(BaseModel):
    """One step of a ladder."""

    model_config = STRICT

    after: After = 0.0
    """After the alarm. A step begins earlier when nobody of the last one can be reached."""
    outputs: list[str] = []
    """Sirens and lamps, on until somebody answers."""
    hold: Hold | None = None
    """After this time the outputs go off even if nobody has answered."""
    ring: list[str] = []
    """People, rotas and roles that are called, all at once."""
    by: list[str] = []
    """Channels, one after the other for each person; none: the order of the person's own addresses."""
    post: list[str] = []
    """Channels into which it is written for all who read there: a group's robot."""
    police: bool = False
    """An event alarm.escalated for subscribers of tier 1 and above."""
    repeat: Again | None = None
    """Call the same again after this time."""
    times: Annotated[int, Field(ge=1, le=100)] | None = None
    """How often in all; without it, until somebody answers."""
    answers: Annotated[int, Field(ge=1, le=10)] = 1
    """How many different people must answer."""
    until: Literal["acknowledged", "verified", "on_site", "closed"] | None = None
    """What somebody must have done before this step ends; without it, what the ladder says."""
    unread: Unread | None = None
    """A message not read within this time moves on: to the next channel, after the last to the next step. Without it:
    so long that the channels fill the time until the next step."""


class Ladder(BaseModel):
    """One entry of `ladders:`: in which order an alarm calls for people."""

    model_config = STRICT

    title: str = ""
    severity: list[Literal["P1", "P2", "P3", "P4"]] = []
    """For alarms of these severities; without it, of all."""
    zones: list[str] = []
    """For alarms of these zones only."""
    kinds: list[str] = []
    """For these kinds of alarms only: fire, door_forced."""
    until: Literal["acknowledged", "verified", "on_site", "closed"] = "acknowledged"
    """What somebody must have done before the ladder stops."""
    steps: Annotated[list[Step], Field(min_length=1, max_length=40)]


class Escalation(BaseModel):
    """`escalation:`"""

    model_config = STRICT

    tested_within: Tested = 90 * 86400.0
    """How long a test of a channel (`gatehouse ladder test`) counts."""
