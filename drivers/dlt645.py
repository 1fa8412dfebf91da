"""DL/T 645-2007 electricity meters: `{line: meters, driver: dlt645, address: "012345678901"}`.

One exchange brings one value. Meters mostly talk at 2400 baud, format "8E1". The remote trip and close of a meter are
not offered: no source that we trust describes their frame. Sources: 600888/dlt645, esphome-component-dlt645, and the
standard's text on timing as public code quotes it. Unverified on hardware.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from drivers import _bcd
from drivers._meter_frames import DLT645, Finder, sealed
from gatehouse.driver import DriverError, Question, Sample, Scan, ScanClass, Wire
from gatehouse.points import Point, Value

_READ, _GOOD, _MORE, _REFUSED = 0x11, 0x91, 0xB1, 0xD1
_CONTROL, _DATA = 8, 10
_OFFSET = 0x33
_ANYBODY, _EVERYBODY = "A" * 12, "9" * 12
_USUAL, _PATIENCE, _WORST = 0.1, 0.6, 1.2
"""The standard lets an answer begin after 20 to 500 ms, and each next byte come up to 500 ms later."""
_NOTICED = 90.0
"""A meter is asked something at least this often, so that its silence is reported within 100 s."""
_ERRORS = (
    "it says only `other error`", "it has no such value; take it out of what is read", "wrong password or no right",
    "its baud rate cannot be changed", "tariff limit", "tariff limit", "tariff limit", "unknown error",
)  # fmt: skip


def _date(data: bytes) -> str:
    """YYMMDDWW, the last being the day of the week."""
    text = _bcd.digits(data)
    return f"20{text[:2]}-{text[2:4]}-{text[4:6]}"


def _time(data: bytes) -> str:
    text = _bcd.digits(data)
    return f"{text[:2]}:{text[2:4]}:{text[4:]}"


def _word(data: bytes) -> str:
    """Bits whose meaning is in the meter's manual, as four hexadecimal digits."""
    return data[::-1].hex().upper()


_TEXTS = {"YYMMDDWW": _date, "hhmmss": _time, "NNNNNNNNNNNN": _bcd.digits, "BBBB": _word}


@dataclass(frozen=True, slots=True)
class _Item:
    """One value of a meter. What can be below 0 carries its sign in its top bit."""

    name: str
    identifier: int
    title: str
    form: str
    """As the standard writes it, with 0 for a digit; two digits a byte."""
    unit: str = ""
    low: float = float("-inf")
    high: float = float("inf")
    slow: bool = True

    @property
    def size(self) -> int:
        """Bytes of it."""
        return len(self.form.replace(".", "")) // 2

    def decode(self, data: bytes) -> Value:
        """Its value; ValueError when the bytes are none."""
        if len(data) != self.size:
            raise ValueError(f"{len(data)} bytes came where {self.form} has {self.size}")
        if self.form in _TEXTS:
            return _TEXTS[self.form](data)
        decode = _bcd.signed if self.low < 0 else _bcd.number
        return decode(data, len(self.form.partition(".")[2]))


def _phases() -> Iterator[_Item]:
    for number, letter in enumerate("abc", 1):
        at, title = number << 8, letter.upper()
        yield _Item(f"volts_{letter}", 0x02010000 + at, f"{title} 相电压", "000.0", "V", 0, 500, slow=False)
        yield _Item(f"amps_{letter}", 0x02020000 + at, f"{title} 相电流", "000.000", "A", -800, 800, slow=False)
        yield _Item(f"power_{letter}", 0x02030000 + at, f"{title} 相有功功率", "00.0000", "kW", -80, 80, slow=False)


_EVERY_PHASE = tuple(_phases())
_SINGLE = (
    _Item("volts", 0x02010100, "电压", "000.0", "V", 0, 500, slow=False),
    _Item("amps", 0x02020100, "电流", "000.000", "A", -800, 800, slow=False),
)
_WHOLE = (
    _Item("power", 0x02030000, "有功功率", "00.0000", "kW", -80, 80, slow=False),
    _Item("reactive", 0x02040000, "无功功率", "00.0000", "kvar", -80, 80, slow=False),
    _Item("apparent", 0x02050000, "视在功率", "00.0000", "kVA", -80, 80, slow=False),
    _Item("power_factor", 0x02060000, "功率因数", "0.000", "", -1, 1, slow=False),
    _Item("amps_neutral", 0x02800001, "零线电流", "000.000", "A", -800, 800, slow=False),
    _Item("hertz", 0x02800002, "频率", "00.00", "Hz", 40, 70),
    _Item("temperature", 0x02800007, "表内温度", "000.0", "°C", -50, 120),
    _Item("energy", 0x00000000, "组合有功电能", "000000.00", "kWh"),
    _Item("energy_import", 0x00010000, "正向有功电能", "000000.00", "kWh", 0),
    _Item("energy_export", 0x00020000, "反向有功电能", "000000.00", "kWh", 0),
    _Item("date", 0x04000101, "电表日期", "YYMMDDWW"),
    _Item("time", 0x04000102, "电表时间", "hhmmss"),
    _Item("number", 0x04000401, "通信地址", "NNNNNNNNNNNN"),
    *(_Item(f"status{n}", 0x04000500 + n, f"运行状态字 {n}", "BBBB") for n in range(1, 8)),
)
_USUALLY = {
    1: ("volts", "amps", "power", "energy", "hertz"),
    3: ("volts_a", "volts_b", "volts_c", "amps_a", "amps_b", "amps_c", "power", "energy", "hertz"),
}


@dataclass
class Device:
    """One meter."""

    address: str
    """The twelve digits on its plate, in quotes. AAAAAAAAAAAA: whichever it is, where it is the only meter there."""
    phases: Literal[1, 3] = 1
    only: tuple[str, ...] = ()
    """Values to read instead of the usual ones."""
    also: tuple[str, ...] = ()
    """Values to read besides the usual ones."""
    every: Annotated[float, Field(ge=1, le=_NOTICED)] = 60.0
    """Seconds between two readings of volts, amperes and power."""
    slowly: Annotated[float, Field(ge=1, le=3600)] = _NOTICED
    """Seconds between two readings of everything else."""
    wakeup: Annotated[int, Field(ge=0, le=4)] = 4
    """FE bytes that go before each request."""
    slower: Annotated[float, Field(ge=0, le=10)] = 0.0
    """Seconds that what stands in between, such as a radio link, adds to every answer at worst."""
    wire: Wire = "serial"
    """Filled in from the line."""
    _items: Mapping[str, _Item] = field(init=False, repr=False)
    _questions: Mapping[str, Question] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """ValueError when the settings make no sense."""
        _check_address(self.address, self.wire)
        known = {item.name: item for item in ((*_SINGLE, *_WHOLE) if self.phases == 1 else (*_EVERY_PHASE, *_WHOLE))}
        for name in (*self.only, *self.also):
            if name not in known:
                setting = "only" if name in self.only else "also"
                raise ValueError(f"{setting}: {name} is no value of a meter with phases: {self.phases}; "
                                 f"it has {', '.join(known)}")  # fmt: skip
        self._items = {name: known[name] for name in (*(self.only or _USUALLY[self.phases]), *self.also)}
        if self.slowly > _NOTICED and all(item.slow for item in self._items.values()):
            raise ValueError(f"slowly: at most {_NOTICED:g} where nothing is read more often, or a silent meter would "
                             "be noticed too late")  # fmt: skip
        self._questions = {name: self._question(item) for name, item in self._items.items()}

    @property
    def answers_for_all(self) -> bool:
        """It is asked in a way that any meter of its kind would answer."""
        return self.address == _ANYBODY

    def points(self) -> Sequence[Point]:
        """One for each value that is read."""
        return [
            Point(name=item.name, title=item.title, unit=item.unit, low=item.low, high=item.high)
            for item in self._items.values()
        ]

    def scans(self) -> Sequence[Scan]:
        """One for each value that is read."""
        return [
            Scan(
                name=name,
                kind=ScanClass.SLOW if item.slow else ScanClass.MEASURE,
                period=self.slowly if item.slow else self.every,
                points=(name,),
            )
            for name, item in self._items.items()
        ]

    def ask(self, scan: Scan) -> Question:
        """Read one value."""
        return self._questions[scan.name]

    def read(self, scan: Scan, answer: bytes) -> Mapping[str, Sample]:
        """The value; DriverError when the meter refused or its answer is none."""
        if len(answer) < _DATA + 2:
            raise DriverError(f"{scan.name}: {len(answer)} bytes are no answer; the shortest has {_DATA + 2}")
        control, data = answer[_CONTROL], _plain(answer)
        if control == _REFUSED:
            raise DriverError(f"{scan.name}: the meter refused: {_refusal(data)}")
        if control == _MORE:
            raise DriverError(f"{scan.name}: the meter has more to say than fits one frame; that is not read here")
        try:
            return {scan.name: Sample(self._items[scan.name].decode(data[4:]))}
        except ValueError as error:
            raise DriverError(f"{scan.name}: {error}") from error

    def _question(self, item: _Item) -> Question:
        address = _bcd.packed(self.address) if self.address != _ANYBODY else bytes.fromhex(_ANYBODY)
        identifier = bytes(byte + _OFFSET & 0xFF for byte in item.identifier.to_bytes(4, "little"))
        head = b"\x68" + address + b"\x68"
        request = sealed(head + bytes((_READ, 4)) + identifier, self.wakeup)

        def ours(frame: bytes) -> bool:
            return frame.startswith(head) or (self.answers_for_all and frame[7:8] == b"\x68")

        def answers(frame: bytes) -> bool:
            if not ours(frame):
                return False
            if frame[_CONTROL] == _REFUSED:
                return frame[_DATA - 1] == 1
            return frame[_CONTROL] in {_GOOD, _MORE} and frame[_DATA:-2].startswith(identifier)

        finder = Finder(DLT645, request[self.wakeup :], answers, ours)
        return Question(
            request=request,
            find=finder.find,
            expected=4 + _DATA + 4 + item.size + 2,
            usual=_USUAL,
            patience=_PATIENCE + self.slower,
            worst=_WORST + self.slower,
        )


def _check_address(address: str, wire: Wire) -> None:
    if wire == "tcp":
        raise ValueError("dlt645 has no form of its own on TCP; write rtu_over_tcp for the line of a serial server")
    if address == _EVERYBODY:
        raise ValueError(f"address {address} speaks to all meters, and none answers; write that of this one")
    if address != _ANYBODY and not (len(address) == 12 and address.isascii() and address.isdecimal()):
        raise ValueError(f"address {address} is none; write the twelve digits on the meter's plate, zeros in front "
                         'included, in quotes: "000012345678"')  # fmt: skip


def _plain(frame: bytes) -> bytes:
    """The data field as it was before 33 was added to each byte."""
    return bytes(byte - _OFFSET & 0xFF for byte in frame[_DATA:-2])


def _refusal(data: bytes) -> str:
    """Its error byte in words."""
    bits = data[0] if data else 0
    return ", ".join(dict.fromkeys(text for bit, text in enumerate(_ERRORS) if bits >> bit & 1)) or "without a reason"


_BY_IDENTIFIER = {item.identifier: item for item in (*_EVERY_PHASE, *_WHOLE)}


def explain(frame: bytes) -> str:
    """A frame of either direction in one line, for the trace of its line."""
    body = frame.lstrip(b"\xfe")
    if body[:1] != b"\x68" or DLT645.whole(body) != len(body):
        return f"{len(frame)} bytes that are no DL/T 645 frame"
    control, data = body[_CONTROL], _plain(body)
    address = body[1:7][::-1].hex().upper()
    item = _BY_IDENTIFIER.get(int.from_bytes(data[:4], "little"))
    name = item.name if item else data[3::-1].hex().upper()
    if control == _READ:
        return f"meter {address}: read {name}"
    if control == _REFUSED and data:
        return f"meter {address}: refused: {_refusal(data)}"
    if control == _GOOD and item:
        with suppress(ValueError):
            return f"meter {address}: {name} {item.decode(data[4:])} {item.unit}".rstrip()
    return f"meter {address}: function {control:#04x}, {data.hex(' ').upper() or 'no data'}"
