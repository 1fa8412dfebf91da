"""The shortest way from an answer to samples: one look at all its numbers, work only for those that have changed."""

import math
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from operator import itemgetter
from typing import Any

from drivers.modbus._points import Channel
from drivers.modbus.point import BITS, Order, PointSpec
from gatehouse.driver import Sample
from gatehouse.points import Quality

Samples = dict[str, Sample]
Meaning = Callable[[Any], Sample]
"""What one number, or the bytes of one that `struct` does not know, says."""

_ON, _OFF = Sample(True), Sample(False)
_CODES = {"u16": "H", "s16": "h", "u32": "I", "s32": "i", "u64": "Q", "s64": "q", "float32": "f"}

# A frozen dataclass takes twice as long to fill itself, and this happens for each number that changes.
_new: Callable[[type[Sample]], Sample] = object.__new__
_set_value, _set_quality, _set_note = (
    Sample.__dict__[name].__set__ for name in ("value", "quality", "note")
)  # fmt: skip
_GOOD = Quality.GOOD


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the numbers of an answer stand and what each says: for all devices of a product the same."""

    unpack: Callable[[bytes], tuple[Any, ...]]
    fields: int
    entries: tuple[tuple[str, int, Meaning], ...]
    """Name of a channel, place of its number, and what that says."""

    def decoder(self) -> Callable[[bytes], Samples]:
        """What turns the answers of one device into samples."""
        unpack, entries = self.unpack, self.entries
        last: tuple[Any, ...] = (None,) * self.fields
        kept: Samples = {}

        def decode(data: bytes) -> Samples:
            nonlocal last
            numbers = unpack(data)
            for name, place, meaning in entries:
                number = numbers[place]
                if number != last[place]:  # most values of a frame that changed have not
                    kept[name] = meaning(number)
            last = numbers
            return kept.copy()

        return decode


@dataclass(frozen=True, slots=True)
class Bits:
    """Where the bits of an answer stand: for all devices of a product the same."""

    places: tuple[tuple[str, int, int, Sample, Sample], ...]
    """Name of a channel, byte, mask, and what it says when it is set and when not."""

    def decoder(self) -> Callable[[bytes], Samples]:
        """What turns answers into samples."""
        places = self.places
        return lambda data: {name: yes if data[at] & mask else no for name, at, mask, yes, no in places}


def layout(channels: Iterable[Channel], first: int, orders: Mapping[str, Order]) -> Layout | Bits:
    """How the data of an answer, read from `first`, say these channels' values.

    `orders`: the order of words of those channels where it had to be found out."""
    wanted = tuple(channels)
    if wanted[0].spec.table in BITS:
        return _bits(wanted, first)
    return _registers(wanted, first, orders)


def bad(note: str) -> Sample:
    """No value, and why."""
    return Sample(None, Quality.BAD, note)


def _bits(channels: tuple[Channel, ...], first: int) -> Bits:
    places = []
    for channel in channels:
        offset = channel.address - first
        yes, no = (_OFF, _ON) if channel.spec.inverted else (_ON, _OFF)
        places.append((channel.name, offset >> 3, 1 << (offset & 7), yes, no))
    return Bits(tuple(places))


def _registers(channels: tuple[Channel, ...], first: int, orders: Mapping[str, Order]) -> Layout:
    fields: dict[tuple[int, str], int] = {}
    entries = []
    for channel in channels:
        offset, code, meaning = _field(channel.spec, orders.get(channel.name))
        place = fields.setdefault((2 * (channel.address - first) + offset, code), len(fields))
        entries.append((channel.name, place, meaning))
    return Layout(_unpacker(list(fields)), len(fields), tuple(entries))


def _unpacker(fields: list[tuple[int, str]]) -> Callable[[bytes], tuple[Any, ...]]:
    """All fields with as few looks as possible: one, unless some of them share bytes."""
    layers: list[list[int]] = []
    ends: list[int] = []
    for index in sorted(range(len(fields)), key=fields.__getitem__):
        at, code = fields[index]
        layer = next((number for number, end in enumerate(ends) if end <= at), len(ends))
        if layer == len(ends):
            layers.append([])
            ends.append(0)
        layers[layer].append(index)
        ends[layer] = at + struct.calcsize(">" + code)
    looks = tuple(_look([fields[index] for index in layer]) for layer in layers)
    order = [index for layer in layers for index in layer]
    if len(looks) == 1 and order == sorted(order):
        return looks[0]
    back = itemgetter(*(order.index(index) for index in range(len(fields))), slice(0))  # a slice: always a tuple
    return lambda data: back(tuple(number for look in looks for number in look(data)))


def _look(fields: list[tuple[int, str]]) -> Callable[[bytes], tuple[Any, ...]]:
    form, end = ">", 0
    for at, code in fields:
        form += f"{at - end}x{code}" if at > end else code
        end = at + struct.calcsize(">" + code)
    return struct.Struct(form).unpack_from


def _field(spec: PointSpec, settled: Order | None) -> tuple[int, str, Meaning]:
    """The byte where it begins, its code for `struct`, and what to make of it."""
    if spec.byte:
        return (0 if spec.byte == "high" else 1), ("b" if spec.form == "s8" else "B"), _valid(spec, _meaning(spec))
    form, size = spec.form or "u16", 2 * spec.width
    if form == "text":
        return 0, f"{size}s", _text(spec)
    order: str = (settled or spec.words) if spec.words == "settled" else spec.words
    meaning = _sliced(spec, _valid(spec, _meaning(spec)))
    if form == "bcd":
        return 0, f"{size}s", _bcd(_arranged(order), meaning)
    if order == "high-first" or spec.width == 1:
        return 0, _CODES[form], meaning
    return 0, f"{size}s", _rearranged(_arranged(order), struct.Struct(">" + _CODES[form]), meaning)


def _arranged(order: str) -> Callable[[bytes], bytes]:
    """Bring the bytes of a wide number into the order in which the highest comes first."""
    if order == "low-first-swapped":
        return lambda data: data[::-1]
    if order == "low-first":
        return lambda data: b"".join(data[at : at + 2] for at in range(len(data) - 2, -1, -2))
    if order == "high-first-swapped":
        return lambda data: b"".join(data[at + 1 : at - 1 if at else None : -1] for at in range(0, len(data), 2))
    return bytes


def number(data: bytes, form: str, order: Order = "high-first") -> float:
    """The number of a form that `struct` knows, out of its registers."""
    value: float = struct.unpack(">" + _CODES[form], _arranged(order)(data))[0]
    return value


def _rearranged(arranged: Callable[[bytes], bytes], form: struct.Struct, meaning: Meaning) -> Meaning:
    return lambda data: meaning(form.unpack(arranged(data))[0])


def _bcd(arranged: Callable[[bytes], bytes], meaning: Meaning) -> Meaning:
    def decode(data: bytes) -> Sample:
        digits = arranged(data).hex()
        return meaning(int(digits)) if digits.isdigit() else bad(f"0x{digits} is no BCD number")

    return decode


def _text(spec: PointSpec) -> Meaning:
    cut = {"both": slice(None), "high": slice(0, None, 2), "low": slice(1, None, 2)}[spec.chars]

    def decode(data: bytes) -> Sample:
        said = data[cut].partition(b"\0")[0]
        text = said.decode("utf-8", "replace").strip()
        # Neither half a character nor one that a terminal would obey.
        return Sample(text) if text.isprintable() and "\ufffd" not in text else bad(f"{said.hex(' ')} is no text")

    return decode


def _valid(spec: PointSpec, meaning: Meaning) -> Meaning:
    invalid = frozenset(spec.invalid)
    if not invalid:
        return meaning

    def decode(number: float) -> Sample:
        if number in invalid:
            return bad(f"the device says that there is nothing to measure ({number})")
        return meaning(number)

    return decode


def _sliced(spec: PointSpec, meaning: Meaning) -> Meaning:
    if spec.bit is not None:
        shift, mask = spec.bit, 1
    elif spec.bits:
        shift, mask = spec.bits[0], (1 << (spec.bits[1] - spec.bits[0] + 1)) - 1
    else:
        return meaning
    return lambda number: meaning((number >> shift) & mask)


def _meaning(spec: PointSpec) -> Meaning:
    if spec.bit is not None:
        yes, no = (_OFF, _ON) if spec.inverted else (_ON, _OFF)
        return lambda number: yes if number else no
    if spec.enum is not None:
        return _words(spec, spec.enum)
    if spec.form == "float32":
        return _float(spec.scale, spec.offset)
    return _scaled(spec.scale, spec.offset)


def _words(spec: PointSpec, enum: dict[int, str | bool]) -> Meaning:
    known = {value: Sample(word) for value, word in enum.items()}

    def decode(number: int) -> Sample:
        sample = known.get(number)
        if sample is not None:
            return sample
        if spec.flags_above is not None and number > spec.flags_above:
            words = [str(word) for value, word in enum.items() if number >> value & 1]
            strange = number & ~sum(1 << value for value in enum)
            words += [f"bit{place}" for place in range(number.bit_length()) if strange >> place & 1]
            return Sample("+".join(words))
        return bad(f"value {number:#x} has no meaning in the profile")

    return decode


def _float(scale: float, offset: float) -> Meaning:
    def decode(number: float) -> Sample:
        if not math.isfinite(number):
            return bad(f"the device says {number}, which is no number")
        sample = _new(Sample)
        _set_value(sample, float(f"{number * scale + offset:.7g}"))  # a float32 knows no more digits
        _set_quality(sample, _GOOD)
        _set_note(sample, "")
        return sample

    return decode


def digits(spec: PointSpec) -> int:
    """Decimals that scale and offset give a whole number."""
    return max(0, *(-int(Decimal(str(part)).as_tuple().exponent) for part in (spec.scale, spec.offset)))


def _scaled(scale: float, offset: float) -> Meaning:
    """Reckoned in whole numbers, then divided once: the nearest there is to the decimal that is meant."""
    exponents = (int(Decimal(str(part)).as_tuple().exponent) for part in (scale, offset))
    power = 10 ** max(0, *(-exponent for exponent in exponents))
    times, plus = (int(Decimal(str(part)) * power) for part in (scale, offset))
    whole = power == 1 or (scale.is_integer() and offset.is_integer())
    if whole:
        times, plus = int(scale), int(offset)

    def decode(number: int) -> Sample:
        sample = _new(Sample)
        _set_value(sample, number * times + plus if whole else (number * times + plus) / power)
        _set_quality(sample, _GOOD)
        _set_note(sample, "")
        return sample

    return decode
