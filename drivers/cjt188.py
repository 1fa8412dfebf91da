"""CJ/T 188 water, heat and gas meters: `{line: meters, driver: cjt188, type: cold_water, address: "00001234567890"}`.

One exchange brings everything (901F). Meters mostly talk at 2400 baud, format "8E1". Valves are not moved: the sources
disagree about the order of the bytes that do it. Sources: shiyuecamus/ng-gateway, frames published by users of the
meters; of heat meters only what these agree about is offered, and no meters of cold. Unverified on hardware.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from drivers import _bcd
from drivers._meter_frames import CJT188, Finder, sealed
from gatehouse.driver import DriverError, Question, Sample, Scan, ScanClass, Wire
from gatehouse.points import Point, Quality, Value

_READ, _GOOD, _MORE, _REFUSED = 0x01, 0x81, 0xA1, 0xC1
_KIND, _ADDRESS, _CONTROL, _DATA = 1, slice(2, 9), 9, 11
_READING = 0x901F
_USUAL, _PATIENCE, _WORST = 0.2, 1.0, 2.0
"""No source names the times; these are wide ones, and `slower` widens them further."""
_SHOWN = 16
"""Bytes of a refusal that are shown."""
_NOTICED = 90.0
"""A meter is asked at least this often, so that its silence is reported within 100 s."""
_KINDS = {
    "cold_water": 0x10, "hot_water": 0x11, "drinking_water": 0x12, "reclaimed_water": 0x13,
    "heat": 0x20, "gas": 0x30,
}  # fmt: skip
_UNITS: Mapping[str, Mapping[int, tuple[float, float]]] = {
    "m³": {0x2C: (1, 1), 0x29: (1, 1000)},
    "kWh": {0x05: (1, 1), 0x08: (1000, 1), 0x0E: (10, 36), 0x11: (10_000, 36)},
    "kW": {0x17: (1, 1), 0x14: (1, 1000)},
    "m³/h": {0x35: (1, 1), 0x32: (1, 1000)},
}
"""Unit wanted -> the byte behind a number -> what to multiply and to divide by: m³ and L; kWh, MWh, MJ, GJ; kW, W."""


@dataclass(frozen=True, slots=True)
class _Field:
    """A part of the answer."""

    name: str
    title: str
    at: int
    decode: Callable[[bytes, int], Value]
    unit: str = ""
    usual: bool = True
    low: float = float("-inf")
    high: float = float("inf")


def _quantity(unit: str) -> Callable[[bytes, int], Value]:
    """Four bytes with two decimals, and the byte of the unit."""

    def decode(data: bytes, at: int) -> Value:
        times, by = _UNITS[unit][data[at + 4]]
        return _bcd.number(data[at : at + 4], 2) * times / by

    return decode


def _degrees(data: bytes, at: int) -> Value:
    return _bcd.number(data[at : at + 3], 2)


def _hours(data: bytes, at: int) -> Value:
    return int(_bcd.digits(data[at : at + 3]))


def _clock(data: bytes, at: int) -> Value:
    """Century, year, month, day, hour, minute, second."""
    text = _bcd.digits(data[at : at + 7])
    return f"{text[:4]}-{text[4:6]}-{text[6:8]} {text[8:10]}:{text[10:12]}:{text[12:]}"


def _shut(data: bytes, at: int) -> Value:
    """The valve; ValueError when it is broken, and nobody knows how it stands."""
    if data[at] & 2:
        raise ValueError("the meter says that its valve is faulty")
    return bool(data[at] & 1)


def _bit(number: int) -> Callable[[bytes, int], Value]:
    return lambda data, at: bool(data[at] >> number & 1)


def _word(data: bytes, at: int) -> Value:
    """Both bytes of the status as four hexadecimal digits: all but three bits are the maker's own."""
    return data[at : at + 2][::-1].hex().upper()


def _status(at: int, *, valve: bool) -> tuple[_Field, ...]:
    return (
        _Field("valve_shut", "阀门关闭", at, _shut, usual=valve),
        _Field("valve_fault", "阀门故障", at, _bit(1), usual=valve),
        _Field("battery_low", "电池欠压", at, _bit(2)),
        _Field("status", "状态字", at, _word, usual=False),
    )


@dataclass(frozen=True, slots=True)
class _Layout:
    """What 901F brings."""

    size: int
    units: Mapping[int, str]
    """Where the bytes of units stand. Any that does not fit means that this maker's meter has another layout."""
    fields: tuple[_Field, ...]


_FLOW = _Layout(
    size=19,
    units={4: "m³", 9: "m³"},
    fields=(
        _Field("volume", "累计流量", 0, _quantity("m³"), "m³", low=0),
        _Field("volume_settled", "结算日累计流量", 5, _quantity("m³"), "m³", usual=False, low=0),
        _Field("clock", "表内时间", 10, _clock, usual=False),
        *_status(17, valve=True),
    ),
)
_HEAT = _Layout(
    size=43,
    units={4: "kWh", 9: "kWh", 14: "kW", 19: "m³/h", 24: "m³"},
    fields=(
        _Field("energy", "累计热量", 5, _quantity("kWh"), "kWh", low=0),
        _Field("power", "热功率", 10, _quantity("kW"), "kW", low=0),
        _Field("volume", "累计流量", 20, _quantity("m³"), "m³", low=0),
        _Field("supply", "供水温度", 25, _degrees, "°C", low=-20, high=200),
        _Field("back", "回水温度", 28, _degrees, "°C", low=-20, high=200),
        _Field("hours", "累计工作时间", 31, _hours, "h", usual=False, low=0),
        _Field("clock", "表内时间", 34, _clock, usual=False),
        *_status(41, valve=False),
    ),
)


@dataclass
class Device:
    """One meter."""

    type: Literal["cold_water", "hot_water", "drinking_water", "reclaimed_water", "heat", "gas"]
    address: str
    """Fourteen digits in quotes: the maker's four and the ten on the plate."""
    code: Annotated[int, Field(ge=0x10, le=0x39)] | None = None
    """The number of its type, where the maker uses another one of the same ten: 0x10 to 0x19 is water."""
    identifier: Literal["low_first", "high_first"] = "low_first"
    """Whether 901F goes over the wire as 1F 90, or as 90 1F as with some older meters."""
    also: tuple[str, ...] = ()
    """Values besides the usual ones: volume_settled, hours, clock, status."""
    every: Annotated[float, Field(ge=1, le=_NOTICED)] = 60.0
    """Seconds between two readings."""
    wakeup: Annotated[int, Field(ge=0, le=20)] = 4
    """FE bytes that go before each request."""
    slower: Annotated[float, Field(ge=0, le=10)] = 0.0
    """Seconds that a slow meter, or what stands in between, adds to every answer at worst."""
    wire: Wire = "serial"
    """Filled in from the line."""
    _layout: _Layout = field(init=False, repr=False)
    _fields: Sequence[_Field] = field(init=False, repr=False)
    _question: Question = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """ValueError when the settings make no sense."""
        kind = _checked(self)
        self._layout = _HEAT if kind >> 4 == _KINDS["heat"] >> 4 else _FLOW
        known = [entry.name for entry in self._layout.fields]
        for name in self.also:
            if name not in known:
                raise ValueError(f"also: {name} is no value of a meter of type {self.type}; it has {', '.join(known)}")
        self._fields = [entry for entry in self._layout.fields if entry.usual or entry.name in self.also]
        self._question = self._asking(kind)

    def points(self) -> Sequence[Point]:
        """What the meter says of itself."""
        return [
            Point(name=entry.name, title=entry.title, unit=entry.unit, low=entry.low, high=entry.high)
            for entry in self._fields
        ]

    def scans(self) -> Sequence[Scan]:
        """One exchange."""
        names = tuple(entry.name for entry in self._fields)
        return [Scan(name="reading", kind=ScanClass.SLOW, period=self.every, points=names)]

    def ask(self, scan: Scan) -> Question:
        """Read 901F."""
        return self._question

    def read(self, scan: Scan, answer: bytes) -> Mapping[str, Sample]:
        """All values; DriverError when the meter refused, or its answer has another layout."""
        if len(answer) < _DATA + 2:
            raise DriverError(f"{len(answer)} bytes are no answer; the shortest has {_DATA + 2}")
        data = answer[_DATA:-2]
        if answer[_CONTROL] == _REFUSED:
            raise DriverError(f"the meter refused, with {data[:_SHOWN].hex(' ').upper() or 'no reason'}")
        if answer[_CONTROL] == _MORE:
            raise DriverError("the meter has more to say than fits one frame; that is not read here")
        body = data[3:]  # behind the identifier and a serial number that meters do not repeat faithfully
        self._check_layout(body)
        return {entry.name: _sample(entry, body) for entry in self._fields}

    def _check_layout(self, body: bytes) -> None:
        if len(body) != self._layout.size:
            raise DriverError(f"{len(body)} bytes came where a meter of type {self.type} sends {self._layout.size}; "
                              "is `type` right?")  # fmt: skip
        for at, unit in self._layout.units.items():
            if body[at] not in _UNITS[unit]:
                known = ", ".join(f"{byte:02X}" for byte in _UNITS[unit])
                raise DriverError(f"unit {body[at]:02X} came where one of {known} ({unit} and its like) belongs: "
                                  "this maker's meter has another layout")  # fmt: skip

    def _asking(self, kind: int) -> Question:
        address = _bcd.packed(self.address)
        identifier = _READING.to_bytes(2, "little" if self.identifier == "low_first" else "big")
        body = b"\x68" + bytes((kind,)) + address + bytes((_READ, 3)) + identifier + b"\0"
        request = sealed(body, self.wakeup)

        def ours(frame: bytes) -> bool:
            return frame[_ADDRESS] == address and frame[_KIND] >> 4 == kind >> 4

        def answers(frame: bytes) -> bool:
            good = frame[_CONTROL] in {_GOOD, _MORE} and frame[_DATA : _DATA + 2] == identifier
            return ours(frame) and (good or frame[_CONTROL] == _REFUSED)

        return Question(
            request=request,
            find=Finder(CJT188, request[self.wakeup :], answers, ours).find,
            expected=4 + _DATA + 3 + self._layout.size + 2,
            usual=_USUAL,
            patience=_PATIENCE + self.slower,
            worst=_WORST + self.slower,
        )


def _checked(device: Device) -> int:
    """The number of its type; ValueError when a setting cannot be."""
    address, kind = device.address, _KINDS[device.type]
    if device.wire == "tcp":
        raise ValueError("cjt188 has no form of its own on TCP; write rtu_over_tcp for the line of a serial server")
    if not (len(address) == 14 and address.isascii() and address.isdecimal()) or address == "9" * 14:
        raise ValueError(f"address {address} is none; write fourteen digits in quotes, zeros in front included: the "
                         'four of the maker and the ten on the plate, "78330011223344"')  # fmt: skip
    if device.code is not None and device.code >> 4 != kind >> 4:
        raise ValueError(f"code {device.code:#04x} is none of a meter of type {device.type}; "
                         f"those are {kind & 0xF0:#04x} to {kind | 9:#04x}")  # fmt: skip
    return kind if device.code is None else device.code


def _sample(entry: _Field, body: bytes) -> Sample:
    try:
        return Sample(entry.decode(body, entry.at))
    except ValueError as error:
        return Sample(None, Quality.BAD, str(error))


def explain(frame: bytes) -> str:
    """A frame of either direction in one line, for the trace of its line."""
    body = frame.lstrip(b"\xfe")
    if body[:1] != b"\x68" or CJT188.whole(body) != len(body):
        return f"{len(frame)} bytes that are no CJ/T 188 frame"
    address, control, data = body[_ADDRESS][::-1].hex().upper(), body[_CONTROL], body[_DATA:-2]
    if control == _READ:
        return f"meter {address}: read {data[1::-1].hex().upper()}"
    if control == _REFUSED:
        return f"meter {address}: refused: {data.hex(' ').upper() or 'without a reason'}"
    return f"meter {address}: function {control:#04x}, {data.hex(' ').upper() or 'no data'}"
