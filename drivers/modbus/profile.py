"""A product on Modbus as data: what is where, in which form, how it is commanded, and what is odd about it."""

from collections.abc import Collection, Iterator
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from drivers.modbus.codec import (
    MOST_BITS,
    MOST_REGISTERS,
    MOST_WRITTEN_BITS,
    MOST_WRITTEN_REGISTERS,
    Manners,
    Table,
)
from drivers.modbus.parts import Address, Channel, Part, Text, Time, Word
from drivers.modbus.point import Flash, PointSpec, channel_names
from drivers.modbus.settle import Settle

__all__ = ["Flash", "Limits", "Mark", "PointSpec", "Prepare", "Profile", "Settle", "channel_names"]


class Source(Part):
    """Where the facts come from."""

    text: str
    url: str = ""


class Limits(Part):
    """What the device cannot take, and how long it takes."""

    registers: Annotated[int, Field(ge=1, le=MOST_REGISTERS)] = MOST_REGISTERS
    """Most registers in one read."""
    bits: Annotated[int, Field(ge=1, le=MOST_BITS)] = MOST_BITS
    """Most coils or inputs in one read."""
    bridge: Annotated[int, Field(ge=0)] | None = None
    """Registers between two wanted ones that may be read with them, because the map says that they exist. Left out:
    none for safety and access; for the others small gaps, until this very device refuses one."""
    even: bool = False
    """Reads begin at an even address and fetch an even number of registers."""
    usual: Time = 0.02
    """A healthy device usually begins its answer after so long."""
    patience: Annotated[Time, Field(le=5)] = 0.3
    """The longest that a healthy device takes to begin its answer."""
    worst: Annotated[Time, Field(le=10)] = 0.6
    """After this not even a late answer comes any more."""
    gap: Annotated[Time, Field(le=10)] = 0.0
    """The device wants to be left alone this long between two requests."""
    register_write: Literal["single", "multiple"] = "single"
    """Registers are written with function 6, or with function 16 only."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.worst < self.patience:
            raise ValueError(f"worst ({self.worst:g} s) is shorter than patience ({self.patience:g} s)")
        if self.patience < self.usual:
            raise ValueError(f"patience ({self.patience:g} s) is shorter than usual ({self.usual:g} s)")
        return self

    @property
    def manners(self) -> Manners:
        """The four times, as the codec wants them."""
        return Manners(self.patience, self.worst, self.gap, self.usual)


class Prepare(Part):
    """A write that the device needs each time it comes to life, and why."""

    table: Literal["coil", "holding"]
    address: Address
    values: Annotated[list[Word], Field(min_length=1, max_length=MOST_WRITTEN_BITS)]
    only_with: list[Channel] = Field(default_factory=list)
    """Owed only where the site asks for one of these optional points; left out: always."""
    why: str

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.table == "holding" and len(self.values) > MOST_WRITTEN_REGISTERS:
            raise ValueError(f"at most {MOST_WRITTEN_REGISTERS} registers fit into one write")
        if self.address + len(self.values) > 0x10000:
            raise ValueError("it reaches beyond address 65535")
        return self


class Delivered(Part):
    """How it leaves the factory, for finding it on a line; what no source says is left out."""

    baud: Annotated[int, Field(ge=300, le=1_000_000)] | None = None
    format: Annotated[str, Field(pattern=r"^[78][NEO][12]$")] | None = None
    unit: Annotated[int, Field(ge=1, le=255)] | None = None


class Mark(Part):
    """Registers that hold the same on every unit of this product, and tell it from others."""

    table: Literal["holding", "input"]
    address: Address
    form: Literal["u16", "u32", "text"] = "u16"
    expect: list[int] = Field(default_factory=list)
    """Any of these."""
    text: Annotated[str, Field(pattern=r"^[ -~]*$", max_length=64)] = ""
    """What the registers begin with."""
    chars: Literal["both", "low", "high"] = "both"
    """Characters in each register: two, or one in its low or high byte."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.form == "text") != bool(self.text) or bool(self.expect) == bool(self.text):
            raise ValueError("write form: text and the text, or the numbers to expect")
        return self

    @property
    def width(self) -> int:
        """Registers to read."""
        if self.form == "text":
            return -(-len(self.text) // 2) if self.chars == "both" else len(self.text)
        return 2 if self.form == "u32" else 1

    def fits(self, data: bytes) -> bool:
        """Whether these bytes of the registers are this product's."""
        if self.form != "text":
            return int.from_bytes(data, "big") in self.expect
        cut = {"both": slice(None), "high": slice(0, None, 2), "low": slice(1, None, 2)}[self.chars]
        return data[cut].startswith(self.text.encode())


class Profile(Part):
    """A whole profile file."""

    maker: str
    model: str
    title: Text
    source: list[Source]
    hardware: bool
    """True: it was run against the real device. False: "unverified on hardware" is said wherever it shows."""
    grade: Literal["A", "A-", "B+", "B"]
    """A: the vendor's own words, or several independent sources; B: one good source."""
    line: Delivered = Delivered()
    identify: list[Mark] = Field(default_factory=list)
    """All of these together are this product and no other."""
    framing: Literal["rtu", "ascii"] = "rtu"
    """How it frames its messages on a serial line; on Modbus TCP there is only one way."""
    limits: Limits = Limits()
    points: dict[Channel, PointSpec]
    prepare: list[Prepare] = Field(default_factory=list)
    settle: list[Settle] = Field(default_factory=list)
    """What is read before anything else, and must be as expected."""
    quirks: list[str] = Field(default_factory=list)
    conflicts: list[str] = Field(default_factory=list)
    """Where sources disagree, and how to settle it at commissioning."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        faults = list(self._name_faults())
        faults = faults or [
            *self._guard_faults(),
            *self._factor_faults(),
            *self._settle_faults(),
            *self._prepare_faults(),
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @property
    def channels(self) -> dict[str, tuple[str, int]]:
        """Every channel: its entry in `points`, and its place among the counted ones."""
        entries = ((entry, channel_names(entry, spec)) for entry, spec in self.points.items())
        return {name: (entry, index) for entry, names in entries for index, name in enumerate(names)}

    @cached_property
    def shared(self) -> dict[object, Any]:
        """What all devices of this product have in common is kept here, once, by whoever makes it."""
        return {}

    def __copy__(self) -> Self:
        """Another profile as soon as anything in it is changed: it shares nothing with the devices of this one."""
        copied = super().__copy__()
        copied.__dict__.pop("shared", None)
        return copied

    def partner(self, name: str, spec: PointSpec, index: int) -> str:
        """The channel that another channel means by `name`: where both are counted alike, the one of its own number."""
        other = self.points.get(name)
        counted = other is not None and 1 < other.count == spec.count
        return f"{name}{index + 1}" if counted else name

    def owed(self, entry: Prepare, wanted: Collection[str]) -> bool:
        """Whether this setting is to be written to a device of which these channels are wanted."""
        known = self.channels if entry.only_with else {}
        return not entry.only_with or any({name, known[name][0]} & set(entry.only_with) for name in wanted)

    def covered(self, settle: Settle) -> frozenset[str]:
        """The channels that wait for this entry."""
        if settle.points is None:
            return frozenset(self.channels)
        return frozenset(name for name, (entry, _) in self.channels.items() if {name, entry} & set(settle.points))

    def _name_faults(self) -> Iterator[str]:
        seen: set[str] = set()
        for name, spec in self.points.items():
            for channel in channel_names(name, spec):
                if channel in seen:
                    yield f"points: {channel} comes twice"
                seen.add(channel)
        if not seen:
            yield "points: a profile without points says nothing"

    def _guard_faults(self) -> Iterator[str]:
        known = self.channels
        for name, (entry, index) in known.items():
            spec = self.points[entry]
            if spec.only_if is None:
                continue
            guard = self.partner(spec.only_if, spec, index)
            if guard not in known:
                yield f"points: {name}: only_if: there is no point {spec.only_if}"
                continue
            yield from (f"points: {name}: only_if: {fault}" for fault in self._guard_fault(name, guard))

    def _guard_fault(self, name: str, guard: str) -> Iterator[str]:
        """Why the one cannot be read in the same exchange as the other, or says nothing of it."""
        (entry, index), (other, place) = self.channels[name], self.channels[guard]
        spec, its = self.points[entry], self.points[other]
        if not its.switch or its.self_clearing:
            yield f"{guard} is neither true nor false"
        if its.only_if is not None:
            yield f"{guard} itself waits for {its.only_if}"
        if (spec.table, spec.kind, spec.period) != (its.table, its.kind, its.period):
            yield f"{guard} is read in another exchange: give both the same table, kind and period"
            return
        (low, its_width), (high, _) = sorted(
            [(spec.address + index * spec.stride, spec.width), (its.address + place * its.stride, its.width)]
        )
        between = set(range(low + its_width, high)) - self._mapped(spec.table)
        if len(between) > (self.limits.bridge or 0):
            yield f"{guard} does not stand beside it; where the registers between exist, say so with limits: bridge"

    def _mapped(self, table: Table) -> set[int]:
        """Addresses that are read in any case."""
        specs = [spec for spec in self.points.values() if spec.table == table and not spec.optional]
        starts = [(spec.address + index * spec.stride, spec.width) for spec in specs for index in range(spec.count)]
        return {address for start, width in starts for address in range(start, start + width)}

    def _factor_faults(self) -> Iterator[str]:
        known = self.channels
        factors: dict[str, set[str]] = {}
        for name, (entry, index) in known.items():
            spec = self.points[entry]
            factors[name] = {self.partner(factor, spec, index) for factor in spec.times}
            for factor in factors[name]:
                if factor not in known:
                    yield f"points: {name}: times: there is no point {factor}"
                    continue
                its = self.points[known[factor][0]]
                if its.switch or its.enum or its.form == "text":
                    yield f"points: {name}: times: {factor} is no number"
        while leaves := [name for name, of in factors.items() if not of & factors.keys()]:
            for name in leaves:
                del factors[name]
        if factors:
            yield f"points: times: {', '.join(factors)} go round in a circle"

    def _settle_faults(self) -> Iterator[str]:
        known = self.channels
        for settle in self.settle:
            for name in settle.points or ():
                if name not in known and name not in self.points:
                    yield f"settle: points: there is no point {name}"
        for name, (entry, _) in known.items():
            if self.points[entry].words == "settled":
                count = sum(bool(settle.words) and name in self.covered(settle) for settle in self.settle)
                if count != 1:
                    yield f"points: {name}: words: settled needs one entry of settle with words; it has {count}"

    def _prepare_faults(self) -> Iterator[str]:
        for entry in self.prepare:
            for name in entry.only_with:
                place = self.channels.get(name, (name, 0))[0]
                if place not in self.points or not self.points[place].optional:
                    yield f"prepare: only_with: {name} is no optional point"
