"""What a rule is given beside its own settings: things of the site that belong to what it names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from daemon.config.plugins import Kind
from daemon.config.references import Names
from gatehouse.points import Point

_OF_ZONE = ("release", "sirens")
_OF_DOOR = ("contact", "exit")
_OF_SITE = ("latitude", "longitude")


@dataclass
class Filling:
    """The site, as far as rules are made of it."""

    names: Names
    zones: Mapping[str, Mapping[str, Sequence[str]]]
    """Zone -> setting -> full names."""

    def of(self, kind: Kind, given: Mapping[str, Any]) -> dict[str, Any]:
        """What a rule of this kind gets, when this is what was written of it, names in full."""
        values: dict[str, Any] = {}
        if kind.fields.issuperset(("doors", "contacts")):
            values["contacts"] = tuple(self._of_door(name, "contact") for name in given["doors"])
        if kind.fields.issuperset(_OF_ZONE):
            zone = self.zones.get(given["zone"].partition(".")[2], {})
            values |= {setting: tuple(zone.get(setting, ())) for setting in _OF_ZONE}
        if kind.fields.issuperset(("door", *_OF_DOOR)):
            values |= {setting: self._of_door(given["door"], setting) for setting in _OF_DOOR if setting not in given}
        if kind.fields.issuperset(_OF_SITE):
            header = self.names.draft.header
            values |= {setting: getattr(header, setting, None) for setting in _OF_SITE if setting not in given}
        if "words" in kind.fields:
            values["words"] = self.words
        return values

    def _of_door(self, name: str, setting: str) -> str | None:
        point: str | None = getattr(self.names.draft.entries["doors"].get(name.partition(".")[2]), setting, None)
        return point

    @cached_property
    def words(self) -> dict[str, Point | None]:
        """Every point of the site, by what an expression calls it."""
        points = [
            replace(point, name=f"{device}.{channel}")
            for device, channels in self.names.channels.items()
            for channel, point in (channels or {}).items()
        ]
        from rules._formula import vocabulary  # noqa: PLC0415 - CEL is 10 MB, for sites that have expressions

        return vocabulary([*points, *(Point(name=f"{name}.online", sort="switch") for name in self.names.channels)])
