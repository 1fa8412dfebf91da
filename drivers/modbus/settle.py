"""What a profile wants to have read before it trusts itself: map versions, word orders, plausible values."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from drivers.modbus.codec import Table
from drivers.modbus.parts import Address, Channel, Number, Part, Text
from drivers.modbus.point import BITS, Order


class Settle(Part):
    """One entry of `settle:`: a read, and what must come of it before the points count."""

    table: Table
    address: Address
    form: Literal["u16", "s16", "u32", "s32", "float32"] = "u16"
    expect: Annotated[list[int], Field(min_length=1)] | Literal["refusal"] | None = None
    """Any of these numbers; or that the device answers with an exception, because its map has nothing there."""
    low: Number | None = None
    high: Number | None = None
    """Or anything between these: what the site's own mains or weather makes plausible. Raw, without a scale."""
    words: dict[int, Order] = Field(default_factory=dict)
    """Or one of these numbers, each of which tells the order of words of the points with `words: settled`."""
    points: Annotated[list[Channel], Field(min_length=1)] | None = None
    """These points wait for it; left out: the whole device does."""
    why: Text
    """What it means when it is otherwise, and what to do."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        faults = list(self._faults())
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _faults(self) -> Iterator[str]:
        ways = [self.expect is not None, self.low is not None or self.high is not None, bool(self.words)]
        if sum(ways) != 1:
            yield "write one of expect, words, or low and high"
        if self.words and (self.form != "u32" or self.table in BITS):
            yield "words: the test number is a u32 in registers; say form: u32"
        if self.table in BITS and (self.form != "u16" or ways[1]):
            yield f"a {self.table} is on or off: expect: [1], [0] or refusal"
        if isinstance(self.expect, list) and self.form == "float32":
            yield "a float32 is settled by low and high, not by exact numbers"
        if self.low is not None and self.high is not None and self.low > self.high:
            yield f"low ({self.low:g}) is above high ({self.high:g})"
        if self.address + self.width > 0x10000:
            yield "it reaches beyond address 65535"

    @property
    def width(self) -> int:
        """Addresses to read."""
        return 2 if self.form in {"u32", "s32", "float32"} else 1
