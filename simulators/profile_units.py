"""A unit made from a profile's YAML by another hand: pymodbus makes and reads its bytes, and none of our code is used.

It is strict: what its limits forbid, and registers of which the YAML says nothing, are refused with an exception.
"""

import random
import struct
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from math import isfinite, prod
from pathlib import Path
from typing import Any, cast

from pymodbus.client.mixin import ModbusClientMixin
from pymodbus.constants import ExcCodes
from pymodbus.framer import FramerAscii, FramerBase, FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU, ModbusPDU
from ruamel.yaml import YAML

TABLES = {1: "coil", 2: "discrete", 3: "holding", 4: "input", 5: "coil", 6: "holding", 15: "coil", 16: "holding"}
FRAMERS = {"rtu": FramerRTU, "ascii": FramerAscii, "tcp": FramerSocket}
BAD = object()
"""Expected of a channel: no value."""
_TYPES = ModbusClientMixin.DATATYPE
_FORMS = {
    "u16": _TYPES.UINT16,
    "s16": _TYPES.INT16,
    "u32": _TYPES.UINT32,
    "s32": _TYPES.INT32,
    "u64": _TYPES.UINT64,
    "s64": _TYPES.INT64,
    "float32": _TYPES.FLOAT32,
}
_SPANS = {
    "u8": (0, 255),
    "s8": (-128, 127),
    "u16": (0, 65535),
    "s16": (-32768, 32767),
    "u32": (0, 2**32 - 1),
    "s32": (-(2**31), 2**31 - 1),
    "u64": (0, 2**60),
    "s64": (-(2**60), 2**60),
    "bcd": (0, 9999),
}
Place = tuple[str, int]


def load(file: Path) -> dict[str, Any]:
    """The YAML, as it is."""
    found: dict[str, Any] = YAML(typ="safe").load(file)
    return found


@dataclass
class Entry:
    """One channel, by the words of the YAML."""

    name: str
    said: dict[str, Any]
    index: int
    order: str = "high-first"

    @property
    def width(self) -> int:
        """Addresses that it takes."""
        form = self.said.get("form", "u16")
        if self.said["table"] in {"coil", "discrete"}:
            return 1
        return self.said.get("registers", 1) if form in {"text", "bcd"} else max(1, _FORMS[form].value[1])

    @property
    def places(self) -> list[Place]:
        """These."""
        start = self.said["address"] + self.index * self.said.get("step", self.width)
        return [(self.said["table"], start + offset) for offset in range(self.width)]


def entries(yaml: dict[str, Any]) -> Iterator[Entry]:
    """All channels."""
    for name, said in yaml["points"].items():
        count = said.get("count", 1)
        for index in range(count):
            order = said.get("words", "high-first")
            yield Entry(name if count == 1 else f"{name}{index + 1}", said, index, order)


def ordered(words: list[int], order: str) -> list[int]:
    """Registers as they come with the highest first -> as this device sends them, and the other way round."""
    if order.startswith("low-first"):
        words = [*reversed(words)]
    return [struct.unpack("<H", struct.pack(">H", word))[0] for word in words] if order.endswith("swapped") else words


@dataclass
class Unit:
    """Registers and bits by table and address, and what is odd about this product."""

    yaml: dict[str, Any]
    unit: int = 1
    values: dict[Place, int] = field(default_factory=dict)
    asked: list[tuple[int, int, int]] = field(default_factory=list)
    """Function, address and count or value of each request."""
    forbidden: set[Place] = field(default_factory=set)
    """Not to be touched: reading them may do something."""

    async def async_getValues(  # noqa: N802 - pymodbus's name
        self, _unit: int, function: int, address: int, count: int = 1
    ) -> list[Any] | ExcCodes:
        """What a read brings, or how it is refused."""
        table = TABLES[function]
        if function > 4:  # pymodbus reads back what it wrote
            return [self.values.get((table, address + offset), 0) for offset in range(count)]
        self.asked.append((function, address, count))
        limits = self.yaml.get("limits", {})
        bits = table in {"coil", "discrete"}
        if count > (limits.get("bits", 2000) if bits else limits.get("registers", 125)):
            return ExcCodes.ILLEGAL_VALUE
        odd = limits.get("even") and not bits and (address % 2 or count % 2)
        places = [(table, address + offset) for offset in range(count)]
        if self.forbidden.intersection(places):
            raise RuntimeError(f"{address} to {address + count - 1} is read, which does something")
        if odd or not all(place in self.values for place in places):
            return ExcCodes.ILLEGAL_ADDRESS
        return [bool(self.values[place]) if bits else self.values[place] for place in places]

    async def async_setValues(  # noqa: N802 - pymodbus's name
        self, _unit: int, function: int, address: int, values: list[Any]
    ) -> ExcCodes | None:
        """Take a write; pymodbus answers it."""
        self.asked.append((function, address, len(values)))
        if function == 6 and self.yaml.get("limits", {}).get("register_write") == "multiple":
            return ExcCodes.ILLEGAL_FUNCTION
        for offset, value in enumerate(values):
            self.values[TABLES[function], address + offset] = int(value)
        return None

    def answer(self, framing: str, request: bytes) -> bytes:
        """What it says to one frame."""
        framer: FramerBase = FRAMERS[framing](DecodePDU(True))
        used, pdu = framer.handleFrame(request, self.unit, 0)
        if used != len(request) or pdu is None:
            raise RuntimeError(f"{request.hex(' ')} is no request")
        answer = _finish(pdu.datastore_update(self, self.unit))  # type: ignore[arg-type] # it is asked for no more
        answer.dev_id, answer.transaction_id = pdu.dev_id, pdu.transaction_id
        return framer.buildFrame(answer)

    # Its registers

    def fill(self, dice: random.Random) -> None:
        """Something plausible, or the marker of nothing, in every register that the YAML names."""
        words: dict[str, str] = {}
        for entry in settles(self.yaml):
            if "words" in entry:
                test, order = dice.choice(sorted(entry["words"].items()))
                words |= dict.fromkeys(waiting(self.yaml, entry), order)
                self.put([(entry["table"], entry["address"] + n) for n in range(2)], [test >> 16, test & 0xFFFF])
        self.orders = words
        for channel in self.entries():
            self._fill(channel, dice)
        for entry in settles(self.yaml):
            self.settle(entry, dice)
        if self.yaml.get("limits", {}).get("even"):
            for table, address in [place for place in self.values if place[0] in {"holding", "input"}]:
                self.values.setdefault((table, address ^ 1), 0)

    def entries(self) -> list[Entry]:
        """Its channels, with the order of words that this very unit has."""
        found = list(entries(self.yaml))
        for entry in found:
            if entry.order == "settled":
                entry.order = self.orders[entry.name]
        return found

    def put(self, places: list[Place], words: list[int]) -> None:
        """Set registers."""
        self.values.update(zip(places, words, strict=True))

    def settle(self, entry: dict[str, Any], dice: random.Random, *, well: bool = True) -> None:
        """Be, or be not, as an entry of `settle` wants it."""
        width = 2 if entry.get("form", "u16") in {"u32", "s32", "float32"} else 1
        places = [(entry["table"], entry["address"] + offset) for offset in range(width)]
        if entry.get("expect") == "refusal":
            for place in places:
                self.values.pop(place, None)
                if not well:
                    self.values[place] = 1
        elif "expect" in entry:
            right = dice.choice(entry["expect"])
            self.put(places, words_of(right if well else right ^ 0x15, entry.get("form", "u16")))
        elif "words" not in entry:
            low, high = entry.get("low", 0), entry.get("high", 0xFFFE)
            value = dice.randint(low, high) if well else high + 1
            self.put(places, words_of(value, entry.get("form", "u16")))
        elif not well:
            self.put(places, [0xDEAD, 0xBEEF])

    def _fill(self, entry: Entry, dice: random.Random) -> None:
        said, places = entry.said, entry.places
        if said["table"] in {"coil", "discrete"}:
            self.put(places, [dice.randrange(2)])
            return
        form = said.get("form", "u16")
        if form == "text":
            self.put(places, [dice.randrange(0x2121, 0x7A7A) & 0x7F7F for _ in places])
            return
        words = ordered(words_of(raw(said, form, dice), form, entry.width), entry.order)
        mask = 0xFFFF
        if said.get("byte") or form in {"u8", "s8"}:
            high = said["byte"] == "high"
            mask, words = (0xFF00, [words[0] << 8 & 0xFF00]) if high else (0x00FF, [words[0] & 0xFF])
        elif "bit" in said or "bits" in said:
            first, last = said.get("bits", [said.get("bit"), said.get("bit")])
            wide = ((1 << (last - first + 1)) - 1) << first
            number = int.from_bytes(b"".join(word.to_bytes(2, "big") for word in words), "big") << first & wide
            for offset, place in enumerate(places):
                shift = 16 * (entry.width - 1 - offset)
                kept = self.values.get(place, dice.randrange(0x10000)) & ~(wide >> shift) & 0xFFFF
                self.values[place] = kept | (number >> shift & 0xFFFF)
            return
        for place, word in zip(places, words, strict=True):
            self.values[place] = (self.values.get(place, 0) & ~mask & 0xFFFF) | (word & mask)

    # What is to be read

    def expected(self, channels: set[str]) -> dict[str, Any]:
        """The value of each channel, or BAD."""
        known = {entry.name: entry for entry in self.entries() if not entry.said.get("self_clearing")}
        return {name: self.value(known[name], known) for name in known if name in channels}

    def value(self, entry: Entry, known: dict[str, Entry]) -> Any:  # noqa: ANN401 - a value or BAD
        """What a channel says now."""
        said = entry.said
        if "only_if" in said and self.value(partner(known, entry, said["only_if"]), known) is not True:
            return BAD
        words = [self.values[place] for place in entry.places]
        if said["table"] in {"coil", "discrete"}:
            return bool(words[0]) is not said.get("inverted", False)
        value = meaning(said, words, entry.order)
        if value is BAD or not said.get("times"):
            return value
        factors = [self.value(partner(known, entry, name), known) for name in said["times"]]
        return BAD if BAD in factors else prod([value, *factors])


def partner(known: dict[str, Entry], entry: Entry, name: str) -> Entry:
    """What a channel means by another's name."""
    return known[name] if name in known else known[f"{name}{entry.index + 1}"]


def settles(yaml: dict[str, Any]) -> list[dict[str, Any]]:
    """What has to be settled before it counts."""
    found: list[dict[str, Any]] = yaml.get("settle", [])
    return found


def waiting(yaml: dict[str, Any], settle: dict[str, Any]) -> set[str]:
    """The channels that wait for an entry of `settle`."""
    wanted = settle.get("points")
    known = list(entries(yaml))
    return {e.name for e in known if wanted is None or e.name in wanted or e.name.rstrip("0123456789") in wanted}


def words_of(value: float, form: str, width: int = 1) -> list[int]:
    """A number as registers, the highest first."""
    if form == "bcd":
        text = f"{int(value):0{4 * width}d}"
        return [int(text[at : at + 4], 16) for at in range(0, len(text), 4)]
    if form in {"u8", "s8"}:
        return [int(value) & 0xFF]
    return ModbusClientMixin.convert_to_registers(value, _FORMS[form])


def number_of(words: list[int], form: str, order: str) -> float:
    """The number in these registers."""
    return ModbusClientMixin.convert_from_registers(ordered(words, order), _FORMS[form])  # type: ignore[return-value]


def raw(said: dict[str, Any], form: str, dice: random.Random) -> float:
    """A number that a register may hold: plausible, or the marker of nothing."""
    if said.get("invalid") and dice.random() < 0.2:
        return cast("float", dice.choice(said["invalid"]))
    if "flags_above" in said and dice.random() < 0.5:
        return cast("int", said["flags_above"]) + 1 + dice.randrange(256)
    if "enum" in said:
        return cast("float", dice.choice(list(said["enum"])))
    if form == "float32":
        return float("nan") if dice.random() < 0.1 else dice.uniform(said.get("low", -1000), said.get("high", 1000))
    first, last = said.get("bits", [0, 0] if "bit" in said else [0, -1])
    least, most = _SPANS[form] if last < first else (0, (1 << (last - first + 1)) - 1)
    scale, offset = Decimal(str(said.get("scale", 1))), Decimal(str(said.get("offset", 0)))
    low = int((Decimal(str(said.get("low", -(2**62)))) - offset) / scale)
    high = int((Decimal(str(said.get("high", 2**62))) - offset) / scale)
    return dice.randint(max(least, low), min(most, high))


def meaning(said: dict[str, Any], words: list[int], order: str) -> Any:  # noqa: ANN401 - a value or BAD
    """What these registers say, by the words of the YAML."""
    form = said.get("form", "u16")
    if form == "text":
        data = b"".join(word.to_bytes(2, "big") for word in words)
        data = {"both": data, "high": data[0::2], "low": data[1::2]}[said.get("chars", "both")]
        return data.decode()
    if form == "bcd":
        raw: float = int("".join(f"{word:04x}" for word in ordered(words, order)))
    elif "byte" in said:
        raw = words[0] >> 8 if said["byte"] == "high" else words[0] & 0xFF
        raw = raw - 256 if form == "s8" and raw > 127 else raw
    else:
        raw = number_of(words, form, order)
    if "bit" in said or "bits" in said:
        first, last = said.get("bits", [said.get("bit"), said.get("bit")])
        raw = int(raw) >> first & (1 << (last - first + 1)) - 1
    if raw in said.get("invalid", []) or not isfinite(raw):
        return BAD
    if "bit" in said:
        return bool(raw) is not said.get("inverted", False)
    if "enum" in said:
        above = said.get("flags_above")
        if raw not in said["enum"] and above is not None and raw > above:
            return "+".join(str(word) for value, word in said["enum"].items() if int(raw) >> value & 1)
        return said["enum"].get(raw, BAD)
    return float(Decimal(raw) * Decimal(str(said.get("scale", 1))) + Decimal(str(said.get("offset", 0))))


def _finish(steps: Coroutine[Any, Any, ModbusPDU]) -> ModbusPDU:
    """Run a coroutine that waits for nothing."""
    try:
        steps.send(None)
    except StopIteration as end:
        return cast("ModbusPDU", end.value)
    raise RuntimeError("pymodbus waited in the middle of a request")
