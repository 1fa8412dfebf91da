"""The reads by which a device shows that it is what its profile says, before anything else of it counts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from drivers.modbus._decode import number
from drivers.modbus.codec import EXCEPTION, read_pdu, refuses
from drivers.modbus.point import BITS, Order
from drivers.modbus.profile import Profile
from drivers.modbus.settle import Settle
from gatehouse.driver import DriverError

_NOT_THERE = (1, 2, 3)
"""Exceptions by which a device says that its map has nothing there. By others it says that it is busy, or a gateway
that the device is silent, which is no word about the map."""
_NAMES = {"coil": "coil", "discrete": "discrete input", "holding": "holding register", "input": "input register"}


@dataclass
class Settling:
    """What is settled of one device since it came to life."""

    profile: Profile
    _covered: list[frozenset[str]] = field(init=False)
    _content: set[int] = field(init=False, default_factory=set)
    _found: dict[int, Order] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Nothing is."""
        self._covered = [self.profile.covered(entry) for entry in self.profile.settle]

    def waits(self, channel: str) -> frozenset[int]:
        """The entries that must be content before this channel counts."""
        return frozenset(place for place, covered in enumerate(self._covered) if channel in covered)

    def outstanding(self, places: Collection[int]) -> int | None:
        """The first of these entries that is not content."""
        return next((place for place in sorted(places) if place not in self._content), None)

    def first(self) -> int | None:
        """The first entry, of those that the whole device waits for, that is not content."""
        entries = enumerate(self.profile.settle)
        return self.outstanding([place for place, entry in entries if entry.points is None])

    def forget(self) -> None:
        """It may be another device by now."""
        self._content.clear()
        self._found.clear()

    def pdu(self, place: int) -> bytes:
        """The request of an entry."""
        entry = self.profile.settle[place]
        return read_pdu(entry.table, entry.address, entry.width)

    def orders(self, channels: Collection[str]) -> Mapping[str, Order]:
        """The orders of words found out for these channels."""
        found = ((self._covered[place], order) for place, order in self._found.items())
        return {name: order for covered, order in found for name in covered.intersection(channels)}

    def judge(self, place: int, answer: bytes) -> None:
        """Take the answer to an entry; DriverError, in words, when it is not content."""
        entry = self.profile.settle[place]
        self._content.discard(place)
        found = _refusal(answer) or _content(entry, answer, self._found, place)
        if found and not (entry.expect == "refusal" and refuses(answer) and answer[1] in _NOT_THERE):
            where = f"{_NAMES[entry.table]} {entry.address}"
            raise DriverError(f"{where} {found}, expected {_expected(entry)}: {entry.why.zh} / {entry.why.en}")
        self._content.add(place)


def _refusal(answer: bytes) -> str:
    if refuses(answer):
        return f"gives exception {answer[1]} to function {answer[0] & ~EXCEPTION}"
    return ""


def _content(entry: Settle, answer: bytes, orders: dict[int, Order], place: int) -> str:
    """Nothing when what was read is as it should be; else what it is."""
    data = answer[2:]
    if len(data) != (1 if entry.table in BITS else 2 * entry.width):
        return f"is answered with {len(data)} bytes of data"
    value = data[0] & 1 if entry.table in BITS else number(data, entry.form)
    if entry.words:
        order = entry.words.get(int(value))
        if order is None:
            return f"holds {int(value):#010x}"
        orders[place] = order
        return ""
    if isinstance(entry.expect, list):
        return "" if value in entry.expect else f"holds {value:g}"
    low = float("-inf") if entry.low is None else entry.low
    high = float("inf") if entry.high is None else entry.high
    plausible = entry.expect != "refusal" and low <= value <= high
    return "" if plausible else f"holds {value:g}"


def _expected(entry: Settle) -> str:
    if entry.words:
        return " or ".join(f"{value:#010x}" for value in entry.words)
    if entry.expect == "refusal":
        return "a refusal"
    if entry.expect:
        return " or ".join(map(str, entry.expect))
    if entry.low is None or entry.high is None:
        return f"at least {entry.low:g}" if entry.high is None else f"at most {entry.high:g}"
    return f"{entry.low:g} to {entry.high:g}"
