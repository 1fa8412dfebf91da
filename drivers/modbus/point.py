"""One entry of a profile's `points:`: where a value stands, in which form, what it means, and how it is commanded."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from drivers.modbus.codec import Table
from drivers.modbus.parts import Address, Channel, Number, Part, Text, Time, Word
from gatehouse.driver import ScanClass

Form = Literal["u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64", "float32", "bcd", "text"]
Order = Literal["high-first", "low-first", "high-first-swapped", "low-first-swapped"]
BITS: frozenset[Table] = frozenset(("coil", "discrete"))
WIDTHS: dict[Form, int] = {
    "u8": 1,
    "s8": 1,
    "u16": 1,
    "s16": 1,
    "u32": 2,
    "s32": 2,
    "float32": 2,
    "u64": 4,
    "s64": 4,
    "bcd": 1,
    "text": 1,
}
_SIZED: dict[Form, int] = {"bcd": 2, "text": 60}
"""Forms that say themselves how many `registers` they take, and the most of them."""
_MOST_SCALE = 1e12
_OF_NUMBERS = {
    "scale",
    "offset",
    "unit",
    "enum",
    "flags_above",
    "invalid",
    "low",
    "high",
    "byte",
    "bit",
    "bits",
    "times",
}
_OF_READING = {"inverted", "flash_on", "flash_off", "only_if", "form"}
_OF_REGISTERS = {
    "form",
    "registers",
    "chars",
    "words",
    "byte",
    "bit",
    "bits",
    "enum",
    "unit",
    "scale",
    "offset",
    "times",
}


class Flash(Part):
    """A coil write whose value is a time: the device drops the pulse by itself."""

    address: Address
    """For the first of counted channels; the others follow by one each."""
    step: Annotated[Time, Field(gt=0)] = 0.1
    """What one count of the value lasts."""
    most: Annotated[Word, Field(ge=1)] = 0x7FFF
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
    """How registers make a value; left out: u16."""
    registers: Annotated[int, Field(ge=1, le=60)] | None = None
    """How many of them a text or a BCD number takes."""
    chars: Literal["both", "low", "high"] = "both"
    """Of a text: two characters in each register, or one in its low or high byte."""
    words: Order | Literal["settled"] = "high-first"
    """Which register of a 32- or 64-bit number comes first; swapped: the low byte of each comes first as well."""
    byte: Literal["high", "low"] | None = None
    bit: Annotated[int, Field(ge=0, le=63)] | None = None
    """Only this bit: on or off."""
    bits: Annotated[list[int], Field(min_length=2, max_length=2)] | None = None
    """Only the bits from..to, both included, 0 the lowest."""
    scale: Annotated[float, Field(ge=-_MOST_SCALE, le=_MOST_SCALE)] = 1.0
    offset: Number = 0.0
    """value = raw x scale + offset."""
    times: list[Channel] = Field(default_factory=list)
    """Then multiplied by these points, such as the ratios of transformers that the device is set to."""
    unit: str = ""
    enum: dict[int, str | bool] | None = None
    """Meaning of each value; a value that is not listed is a bad reading."""
    flags_above: int | None = None
    """A value above this is a set of bits, each with its meaning in `enum`."""
    invalid: list[int] = Field(default_factory=list)
    """Raw values that mean: there is nothing to measure."""
    only_if: Channel | None = None
    """It counts only while this point, read in the same exchange, is true."""
    low: Number | None = None
    high: Number | None = None
    """Beyond these it is the sensor that is wrong."""
    inverted: bool = False
    """0 means yes."""
    kind: Literal["safety", "access", "measure", "slow"] = "slow"
    period: Annotated[Time, Field(ge=0.02, le=86400)] = 60.0
    writable: bool = False
    self_clearing: bool = False
    """A push of a button: only true is written, to a register as 1, and nothing is ever read back from it."""
    flash_on: Flash | None = None
    flash_off: Flash | None = None
    optional: bool = False
    """Left alone unless the site asks for it under `also`."""
    note: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        sorts = (self._faults(), self._order_faults(), self._slice_faults(), self._form_faults(), self._words_faults())
        faults = [fault for sort in sorts for fault in sort]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _faults(self) -> Iterator[str]:
        said = self.model_fields_set
        if self.table in BITS and (strange := _OF_REGISTERS & said):
            yield f"a {self.table} is on or off: it has no {', '.join(sorted(strange))}"
        if self.self_clearing and (strange := (_OF_NUMBERS | _OF_READING) & said):
            yield f"what clears itself has no {', '.join(sorted(strange))}"
        if not self.self_clearing and (missing := {"kind", "period"} - said):
            yield f"{' and '.join(sorted(missing))} missing: say in which class it is read, and how often"
        if self.scale == 0:
            yield "scale: 0 would make the same of everything"
        if self.low is not None and self.high is not None and self.low > self.high:
            yield f"low ({self.low:g}) is above high ({self.high:g})"
        if self.address + (self.count - 1) * self.stride + self.width > 0x10000:
            yield "it reaches beyond address 65535"

    def _order_faults(self) -> Iterator[str]:
        if self.table != "coil" and (self.flash_on or self.flash_off):
            yield "flash_on and flash_off are writes to coils"
        if self.writable and self.table in {"discrete", "input"}:
            yield f"a {self.table} cannot be written; coils and holding registers can"
        if any(flash.address + self.count > 0x10000 for flash in (self.flash_on, self.flash_off) if flash):
            yield "its flash reaches beyond address 65535"
        if self.self_clearing and not self.writable:
            yield "self_clearing is for what is written: say writable: true"

    def _slice_faults(self) -> Iterator[str]:
        slices = [name for name in ("byte", "bit", "bits") if getattr(self, name) is not None]
        if len(slices) > 1:
            yield f"{' and '.join(slices)} are different ways to cut one slice: keep one"
        if self.form == "float32" and (slices or self.enum):
            yield "a float32 has no slices and no enum"
        if self.writable and (slices or self.form not in {None, "u16", "s16"}):
            yield "only whole 16-bit registers can be written"
        most = 16 * self.width - 1
        if self.bits and not 0 <= self.bits[0] <= self.bits[1] <= most:
            yield f"bits {self.bits[0]}..{self.bits[1]}: write lowest first, 0 to {most}"
        if self.bit is not None and self.bit > most:
            yield f"bit {self.bit}: the highest is {most}"
        if self.byte and self.width > 1:
            yield "byte cuts one register, not a wider number"
        if self.form in {"u8", "s8"} and not self.byte:
            yield f"{self.form} is half a register: say byte: high or byte: low"

    def _form_faults(self) -> Iterator[str]:
        most = _SIZED.get(self.form or "u16")
        if self.registers is not None and most is None:
            yield "registers is for the forms bcd and text; the others know their size"
        elif most is not None and (self.registers or 1) > most:
            yield f"a {self.form} takes at most {most} registers"
        if self.form == "text" and (strange := _OF_NUMBERS & self.model_fields_set):
            yield f"a text has no {', '.join(sorted(strange))}"
        if self.form == "text" and self.registers is None:
            yield "a text says how many registers it takes: registers: 8"
        if self.form == "bcd" and (self.byte or self.bit is not None or self.bits):
            yield "a bcd number has no slices"
        if self.form != "text" and self.chars != "both":
            yield "chars is for the form text"
        if self.flags_above is not None and not (self.enum and min(self.enum) >= 0):
            yield "flags_above wants an enum that names the bits, from 0 on"
        if self.times and (self.enum or self.bit is not None):
            yield "only a number can be multiplied: no times with enum or bit"

    def _words_faults(self) -> Iterator[str]:
        if self.words == "settled" and self.form not in {"u32", "s32", "float32"}:
            yield "words: settled is for the forms u32, s32 and float32"
        elif self.words != "high-first" and (self.width == 1 or self.form == "text"):
            yield "only numbers of several registers have an order of words"

    @property
    def width(self) -> int:
        """Addresses that one channel takes."""
        if self.table in BITS:
            return 1
        form = self.form or "u16"
        return (self.registers or 1) if form in _SIZED else WIDTHS[form]

    @property
    def stride(self) -> int:
        """Addresses from one counted channel to the next."""
        return self.step or self.width

    @property
    def scan_class(self) -> ScanClass:
        """The class of the contract."""
        return ScanClass[self.kind.upper()]

    @property
    def switch(self) -> bool:
        """True or false, never anything else."""
        words = self.enum.values() if self.enum else ()
        return self.table in BITS or self.bit is not None or (bool(words) and all(isinstance(w, bool) for w in words))


def channel_names(name: str, spec: PointSpec) -> list[str]:
    """relay1, relay2, ... for a counted point; else the name itself."""
    return [name] if spec.count == 1 else [f"{name}{index + 1}" for index in range(spec.count)]
