"""Channels of a profile, and the register words for what they are told."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, cast

from drivers.modbus.point import BITS, Flash, PointSpec
from drivers.modbus.profile import Profile
from gatehouse.points import Point, Value


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel: its entry in the profile, and its own place."""

    name: str
    spec: PointSpec
    index: int

    @property
    def address(self) -> int:
        """Where it begins, on the wire."""
        return self.spec.address + self.index * self.spec.stride

    @property
    def end(self) -> int:
        """The first address after it."""
        return self.address + self.spec.width

    def flash(self, value: bool) -> tuple[Flash, int] | None:
        """The device's own pulse to this value and its address; None when it has none."""
        flash = self.spec.flash_on if value else self.spec.flash_off
        return (flash, flash.address + self.index) if flash else None

    def point(self) -> Point:
        """As the contract wants it."""
        spec, number = self.spec, str(self.index + 1) if self.spec.count > 1 else ""
        return Point(
            name=self.name,
            title=spec.title.zh + number,
            unit=spec.unit,
            writable=spec.writable,
            low=-math.inf if spec.low is None else spec.low,
            high=math.inf if spec.high is None else spec.high,
            sort=_sort(spec),
        )


def _sort(spec: PointSpec) -> Literal["", "switch", "number", "text"]:
    words = {type(word) for word in (spec.enum or {}).values()}
    if spec.table in BITS or spec.bit is not None or words == {bool}:
        return "switch"
    if spec.form == "text" or words == {str}:
        return "text"
    return "" if words else "number"


def channels(profile: Profile, also: Collection[str]) -> dict[str, Channel]:
    """All channels, without the optional ones that are neither asked for nor needed by others; the same for all devices
    of a product, so that thousands of them take little room."""
    wanted = frozenset(also)
    if wanted not in profile.shared:
        profile.shared[wanted] = _channels(profile, wanted)
    return cast(dict[str, Channel], profile.shared[wanted])


def _channels(profile: Profile, also: Collection[str]) -> dict[str, Channel]:
    known, wanted = profile.channels, set[str]()
    every = {name: Channel(name, profile.points[entry], index) for name, (entry, index) in known.items()}
    more = {
        name
        for name, (entry, _) in known.items()
        if not every[name].spec.optional or not {name, entry}.isdisjoint(also)
    }
    while more - wanted:
        wanted |= more
        more = {other for name in wanted for other in needs(profile, every[name])}
    return {name: channel for name, channel in every.items() if name in wanted}


def needs(profile: Profile, channel: Channel) -> list[str]:
    """The channels that this one means nothing without."""
    spec = channel.spec
    return [profile.partner(name, spec, channel.index) for name in (*spec.times, spec.only_if) if name]


def encoded(spec: PointSpec, value: Value) -> int:
    """The register word for a value; ValueError, in words, when it does not fit."""
    if spec.enum is not None:
        words: dict[Value, int] = {word: number for number, word in spec.enum.items()}
        if value not in words:
            raise ValueError(f"{value!r} is none of {', '.join(map(str, words))}")
        return words[value]
    if isinstance(value, str):
        raise ValueError(f"{value!r} is no number")
    if (spec.low is not None and value < spec.low) or (spec.high is not None and value > spec.high):
        raise ValueError(f"{value!r} is outside {spec.low}..{spec.high}, which the profile gives it")
    raw = round((value - spec.offset) / spec.scale)
    lowest, highest = (-0x8000, 0x7FFF) if spec.form == "s16" else (0, 0xFFFF)
    if not lowest <= raw <= highest:
        raise ValueError(f"{value!r} does not fit into the register ({raw} is outside {lowest}..{highest})")
    return raw & 0xFFFF
