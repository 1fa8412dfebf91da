"""What every entry of `subscribers:` says, whatever carries its events: who may know what, and what is wanted."""

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, NamedTuple

from pydantic import BaseModel, Field

from daemon.config.strict import STRICT

_OFFICIAL = frozenset({"gb26875", "gb45839", "sia_dc09"})
"""Ways to authorities and alarm centres, which act on what they get, whatever their tier."""
_INSIDE = 2
"""The least tier of those who take part in a drill."""


class Doubt(NamedTuple):
    """A setting that is sound by itself and not beside the others; `code` as in `daemon.config.wording`."""

    key: str
    code: str
    values: Mapping[str, object] = {}


class Subscriber(BaseModel):
    """What does not depend on the way."""

    model_config = STRICT

    secrets: ClassVar[tuple[str, ...]] = ()
    """Settings that name a secret; it is looked whether it is there."""

    tier: Annotated[int, Field(ge=0, le=3)]
    title: str = ""
    outside: bool | None = None
    """True: of a drill it gets only that there is one; false: all of it. Without it: true below tier 2."""
    kinds: list[str] = ["*"]
    """Event kinds wanted, as patterns: alarm.*, access.denied."""

    @property
    def outsider(self) -> bool:
        """Whether nothing of a drill but its beginning and its end is for it."""
        official = getattr(self, "kind", "") in _OFFICIAL
        return (self.tier < _INSIDE or official) if self.outside is None else self.outside

    def doubts(self) -> Iterator[Doubt]:
        """What the settings may say one by one, but not together."""
        return iter(())


def loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
