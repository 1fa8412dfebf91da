"""Channels of a profile, and the shortest way from the bytes of an answer to a sample."""

import math
import struct
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal

from drivers.modbus.point import BITS, Flash, PointSpec, channel_names
from drivers.modbus.profile import Profile
from gatehouse.driver import Sample
from gatehouse.points import Point, Quality, Value

_ON, _OFF = Sample(True), Sample(False)
_FORMS = {"u16": ">H", "s16": ">h", "u32": ">I", "s32": ">i", "float32": ">f"}


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
        )


def channels(profile: Profile, also: Collection[str]) -> Iterator[Channel]:
    """All channels, without the optional ones that are not asked for."""
    for name, spec in profile.points.items():
        names = channel_names(name, spec)
        for index, channel in enumerate(names):
            if not spec.optional or channel in also or name in also:
                yield Channel(channel, spec, index)


Decoder = Callable[[bytes], Sample]


def decoder(channel: Channel, start: int) -> Decoder:
    """What turns the data of an answer, read from `start`, into this channel's sample."""
    if channel.spec.table in BITS:
        return _bit(channel.address - start, inverted=channel.spec.inverted)
    return _number(channel.spec, 2 * (channel.address - start))


def _bit(offset: int, *, inverted: bool) -> Decoder:
    at, mask = offset >> 3, 1 << (offset & 7)
    yes, no = (_OFF, _ON) if inverted else (_ON, _OFF)
    return lambda data: yes if data[at] & mask else no


def _number(spec: PointSpec, at: int) -> Decoder:
    raw = _raw(spec)
    meaning = _meaning(spec)
    invalid = frozenset(spec.invalid)
    end = at + 2 * spec.width
    last, sample = b"", Sample(None, Quality.BAD)

    def decode(data: bytes) -> Sample:
        nonlocal last, sample
        registers = data[at:end]
        if registers == last:  # most values of a frame that changed have not
            return sample
        number = raw(registers)
        if number in invalid:
            sample = Sample(None, Quality.BAD, f"the device says that there is nothing to measure ({number})")
        else:
            sample = meaning(number)
        last = registers
        return sample

    return decode


def _raw(spec: PointSpec) -> Callable[[bytes], float]:
    unpack = struct.Struct(_FORMS[spec.form or "u16"]).unpack
    shift, mask = _slice(spec)
    low_first = spec.words == "low-first" and spec.width == 2

    def number(registers: bytes) -> float:
        value: float = unpack(registers[2:] + registers[:2] if low_first else registers)[0]
        return (int(value) >> shift) & mask if mask else value

    return number


def _slice(spec: PointSpec) -> tuple[int, int]:
    """Shift and mask; mask 0 for the whole."""
    if spec.byte:
        return (8 if spec.byte == "high" else 0), 0xFF
    if spec.bit is not None:
        return spec.bit, 1
    if spec.bits:
        first, last = spec.bits
        return first, (1 << (last - first + 1)) - 1
    return 0, 0


def _meaning(spec: PointSpec) -> Callable[[float], Sample]:
    if spec.bit is not None:
        yes, no = (_OFF, _ON) if spec.inverted else (_ON, _OFF)
        return lambda number: yes if number else no
    if spec.enum is not None:
        return _words(spec, spec.enum)
    if spec.form == "float32":
        return _float(spec.scale, spec.offset)
    return _scaled(spec.scale, spec.offset)


def _words(spec: PointSpec, enum: dict[int, str | bool]) -> Callable[[float], Sample]:
    known = {value: Sample(word) for value, word in enum.items()}

    def decode(number: float) -> Sample:
        sample = known.get(int(number))
        if sample is not None:
            return sample
        if spec.flags_above is not None and number > spec.flags_above:
            words = [str(word) for value, word in enum.items() if int(number) >> value & 1]
            return Sample("+".join(words))
        return Sample(None, Quality.BAD, f"value {int(number):#x} has no meaning in the profile")

    return decode


def _float(scale: float, offset: float) -> Callable[[float], Sample]:
    def decode(number: float) -> Sample:
        if not math.isfinite(number):
            return Sample(None, Quality.BAD, f"the device says {number}, which is no number")
        return Sample(float(f"{number * scale + offset:.7g}"))  # a float32 knows no more digits

    return decode


def _scaled(scale: float, offset: float) -> Callable[[float], Sample]:
    digits = max(0, *(-int(Decimal(str(part)).as_tuple().exponent) for part in (scale, offset)))
    if scale.is_integer() and offset.is_integer():
        whole, shift = int(scale), int(offset)
        return lambda number: Sample(int(number) * whole + shift)
    return lambda number: Sample(round(number * scale + offset, digits))


def encoded(spec: PointSpec, value: Value) -> int:
    """The register word for a value; ValueError, in words, when it does not fit."""
    if spec.enum is not None:
        words: dict[Value, int] = {word: number for number, word in spec.enum.items()}
        if value not in words:
            raise ValueError(f"{value!r} is none of {', '.join(map(str, words))}")
        return words[value]
    if isinstance(value, str):
        raise ValueError(f"{value!r} is no number")
    raw = round((value - spec.offset) / spec.scale)
    lowest, highest = (-0x8000, 0x7FFF) if spec.form == "s16" else (0, 0xFFFF)
    if not lowest <= raw <= highest:
        raise ValueError(f"{value!r} does not fit into the register ({raw} is outside {lowest}..{highest})")
    return raw & 0xFFFF
