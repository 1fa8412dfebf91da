"""What all simulated devices are: plain named values, an address, and a refusal for whatever they do not know."""

import math
import struct
from collections.abc import Callable
from typing import Protocol

from pymodbus.constants import ExcCodes

from simulators.clock import Clock

Value = bool | int | float | str
_DRIFT_PERIOD = 37.0


class RefusalError(Exception):
    """A unit's exception answer."""

    def __init__(self, code: ExcCodes) -> None:
        super().__init__(code.name)
        self.code = code


class FieldError(ValueError):
    """A value was set that the device does not have, or cannot have."""


class Values:
    """A device's measured values, by name; they can be set, and can drift gently when that is wanted."""

    def __init__(self, **values: Value) -> None:
        self._values = values
        self._watchers: list[Callable[[str], None]] = []
        self.drift = 0.0
        """Share by which numbers swing slowly around what was set; 0 stands still."""

    def add(self, **values: Value) -> None:
        """Have more values."""
        self._values |= values

    def set(self, name: str, value: object) -> None:
        """Set one; FieldError names what there is."""
        if name not in self._values:
            raise FieldError(f"no value {name!r}; there are: {', '.join(self._values) or 'none'}")
        if isinstance(value, int) and type(self._values[name]) is float:
            value = float(value)
        if type(value) is not type(self._values[name]) or not isinstance(value, Value):
            raise FieldError(f"{name} is {self._values[name]!r}, so it cannot become {value!r}")
        self._values[name] = value
        for callback in self._watchers:
            callback(name)

    def watch(self, callback: Callable[[str], None]) -> None:
        """Be told the name of each value that is set."""
        self._watchers.append(callback)

    def now(self, name: str, now: float) -> float:
        """A number as it is at an instant."""
        value = float(self._values[name])
        if not self.drift:
            return value
        return value * (1 + self.drift * math.sin(2 * math.pi * (now / _DRIFT_PERIOD + len(name) / 7)))

    def flag(self, name: str) -> bool:
        """A yes or no."""
        return bool(self._values[name])

    def number(self, name: str) -> int:
        """A number that is a code or a count."""
        return int(self._values[name])

    def all(self) -> dict[str, Value]:
        """Everything as it was set."""
        return dict(self._values)


class Unit:
    """One Modbus device. Each kind overrides what it answers; all else it refuses as real ones do."""

    def __init__(self, address: int, clock: Clock) -> None:
        self.address = address
        self.clock = clock
        self.values = Values()

    def hears(self) -> bool:
        """False for a request that the device misses, as some do after power-up."""
        return True

    def power_cycle(self) -> None:
        """Off and on again."""

    def state(self) -> dict[str, object]:
        """As JSON can say it."""
        return {"values": self.values.all()}

    def read_coils(self, address: int, count: int) -> list[bool]:
        """FC01."""
        raise RefusalError(ExcCodes.ILLEGAL_FUNCTION)

    def read_inputs(self, address: int, count: int) -> list[bool]:
        """FC02."""
        raise RefusalError(ExcCodes.ILLEGAL_FUNCTION)

    def read_holding(self, address: int, count: int) -> list[int]:
        """FC03."""
        raise RefusalError(ExcCodes.ILLEGAL_FUNCTION)

    def read_registers(self, address: int, count: int) -> list[int]:
        """FC04."""
        raise RefusalError(ExcCodes.ILLEGAL_FUNCTION)

    def write_coil(self, address: int, value: int) -> None:
        """FC05, with the value as it came, which need not be 0xFF00 or 0x0000."""
        raise RefusalError(ExcCodes.ILLEGAL_FUNCTION)

    def write_holding(self, address: int, value: int) -> None:
        """FC06."""
        raise RefusalError(ExcCodes.ILLEGAL_FUNCTION)

    def write_coils(self, address: int, values: list[bool]) -> None:
        """FC15."""
        raise RefusalError(ExcCodes.ILLEGAL_FUNCTION)

    def write_block(self, address: int, values: list[int]) -> None:
        """FC16."""
        raise RefusalError(ExcCodes.ILLEGAL_FUNCTION)


class Terminals(Protocol):
    """A device with screws: relays that others watch, inputs that others drive."""

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of all its terminals."""

    def watch(self, channel: str, callback: Callable[[bool], None]) -> None:
        """Be told each time that a relay moves."""

    def drive(self, channel: str, value: bool) -> None:
        """Put an input under current, or take it away."""

    def sense(self, channel: str) -> bool:
        """How a relay or an input stands."""


def block(registers: dict[int, int], address: int, count: int) -> list[int]:
    """Registers in a row; an exception answer when one of them does not exist."""
    try:
        return [registers[each] & 0xFFFF for each in range(address, address + count)]
    except KeyError:
        raise RefusalError(ExcCodes.ILLEGAL_ADDRESS) from None


def real(value: float) -> tuple[int, int]:
    """A float as two registers, high word first."""
    high, low = struct.unpack(">HH", struct.pack(">f", value))
    return high, low
