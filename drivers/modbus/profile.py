"""A product on Modbus as data: what is where, in which form, how it is commanded, and what is odd about it."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from drivers.modbus.codec import (
    MOST_BITS,
    MOST_REGISTERS,
    MOST_WRITTEN_BITS,
    MOST_WRITTEN_REGISTERS,
    Manners,
    Table,
)
from gatehouse.driver import ScanClass

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_TIME = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h)\s*\Z")


def _seconds(raw: object) -> float:
    if type(raw) is float:  # a default of the program
        return raw
    match = _TIME.match(raw) if isinstance(raw, str) else None
    if match is None:
        raise ValueError("write a number and its unit, such as 100ms or 10s")
    return float(match[1]) * _UNITS[match[2]]


Time = Annotated[float, BeforeValidator(_seconds), WithJsonSchema({"type": "string", "examples": ["100ms", "10s"]})]
Address = Annotated[int, Field(ge=0, le=0xFFFF)]
Word = Annotated[int, Field(ge=0, le=0xFFFF)]
Channel = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
Form = Literal["u16", "s16", "u32", "s32", "float32"]
BITS: frozenset[Table] = frozenset(("coil", "discrete"))
WIDTHS: dict[Form, int] = {"u16": 1, "s16": 1, "u32": 2, "s32": 2, "float32": 2}


class Part(BaseModel):
    """A table of a profile: frozen, and unknown keys are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Text(Part):
    """A title in both languages."""

    zh: str
    en: str


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
    bridge: Annotated[int, Field(ge=0)] = 0
    """Registers between two wanted ones that may be read with them, because the map says that they exist."""
    even: bool = False
    """Reads begin at an even address and fetch an even number of registers."""
    patience: Time = 0.3
    """The longest that a healthy device takes to begin its answer."""
    worst: Time = 0.6
    """After this not even a late answer comes any more."""
    gap: Time = 0.0
    """The device wants to be left alone this long between two requests."""
    register_write: Literal["single", "multiple"] = "single"
    """Registers are written with function 6, or with function 16 only."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.worst < self.patience:
            raise ValueError(f"worst ({self.worst:g} s) is shorter than patience ({self.patience:g} s)")
        return self

    @property
    def manners(self) -> Manners:
        """The three times, as the codec wants them."""
        return Manners(self.patience, self.worst, self.gap)


class Flash(Part):
    """A coil write whose value is a time: the device drops the pulse by itself."""

    address: Address
    """For the first of counted channels; the others follow by one each."""
    step: Time = 0.1
    """What one count of the value lasts."""
    most: Word = 0x7FFF
    """The largest value."""


class PointSpec(Part):
    """One entry of `points:`; with `count`, as many numbered ones: relay1, relay2, ..."""

    title: Text
    table: Table
    address: Address
    """As on the wire, from 0."""
    count: Annotated[int, Field(ge=1, le=256)] = 1
    step: Annotated[int, Field(ge=1)] | None = None
    """Addresses from one counted channel to the next; left out: as wide as the form."""
    form: Form | None = None
    """How registers make a number; left out: u16."""
    words: Literal["high-first", "low-first"] = "high-first"
    """Which register of a 32-bit number comes first."""
    byte: Literal["high", "low"] | None = None
    bit: Annotated[int, Field(ge=0, le=31)] | None = None
    """Only this bit: on or off."""
    bits: Annotated[list[int], Field(min_length=2, max_length=2)] | None = None
    """Only the bits from..to, both included, 0 the lowest."""
    scale: float = 1.0
    offset: float = 0.0
    """value = raw x scale + offset."""
    unit: str = ""
    enum: dict[int, str | bool] | None = None
    """Meaning of each value; a value that is not listed is a bad reading."""
    flags_above: int | None = None
    """A value above this is a set of bits, each with its meaning in `enum`."""
    invalid: list[int] = []
    """Raw values that mean: there is nothing to measure."""
    low: float | None = None
    high: float | None = None
    """Beyond these it is the sensor that is wrong."""
    inverted: bool = False
    """0 means yes."""
    kind: Literal["safety", "access", "measure", "slow"]
    period: Time
    writable: bool = False
    flash_on: Flash | None = None
    flash_off: Flash | None = None
    optional: bool = False
    """Left alone unless the site asks for it under `also`."""
    note: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        faults = list(self._faults())
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _faults(self) -> Iterator[str]:
        if self.table in BITS:
            registers_only = {"form", "byte", "bit", "bits", "enum", "unit", "scale", "offset"} & self.model_fields_set
            if registers_only:
                yield f"a {self.table} is on or off: it has no {', '.join(sorted(registers_only))}"
        elif self.flash_on or self.flash_off:
            yield "flash_on and flash_off are writes to coils"
        yield from self._slice_faults()
        if self.address + (self.count - 1) * self.stride + self.width > 0x10000:
            yield "it reaches beyond address 65535"

    def _slice_faults(self) -> Iterator[str]:
        slices = [name for name in ("byte", "bit", "bits") if getattr(self, name) is not None]
        if len(slices) > 1:
            yield f"{' and '.join(slices)} are different ways to cut one slice: keep one"
        if self.form == "float32" and (slices or self.enum):
            yield "a float32 has no slices and no enum"
        if self.writable and self.table in {"discrete", "input"}:
            yield f"a {self.table} cannot be written; coils and holding registers can"
        if self.writable and (slices or self.width > 1):
            yield "only whole 16-bit registers can be written"
        if self.bits and not 0 <= self.bits[0] <= self.bits[1] <= 31:
            yield f"bits {self.bits[0]}..{self.bits[1]}: write lowest first, 0 to 31"

    @property
    def width(self) -> int:
        """Addresses that one channel takes."""
        return 1 if self.table in BITS else WIDTHS[self.form or "u16"]

    @property
    def stride(self) -> int:
        """Addresses from one counted channel to the next."""
        return self.step or self.width

    @property
    def scan_class(self) -> ScanClass:
        """The class of the contract."""
        return ScanClass[self.kind.upper()]


class Prepare(Part):
    """A write that the device needs each time it comes to life, and why."""

    table: Literal["coil", "holding"]
    address: Address
    values: Annotated[list[Word], Field(min_length=1, max_length=MOST_WRITTEN_BITS)]
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
    expect: list[int] = []
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
    identify: list[Mark] = []
    """All of these together are this product and no other."""
    limits: Limits = Limits()
    points: dict[Channel, PointSpec]
    prepare: list[Prepare] = []
    quirks: list[str] = []
    conflicts: list[str] = []
    """Where sources disagree, and how to settle it at commissioning."""

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        seen: set[str] = set()
        for name, spec in self.points.items():
            for channel in channel_names(name, spec):
                if channel in seen:
                    raise ValueError(f"points: {channel} comes twice")
                seen.add(channel)
        if not seen:
            raise ValueError("points: a profile without points says nothing")
        return self


def channel_names(name: str, spec: PointSpec) -> list[str]:
    """relay1, relay2, ... for a counted point; else the name itself."""
    return [name] if spec.count == 1 else [f"{name}{index + 1}" for index in range(spec.count)]
