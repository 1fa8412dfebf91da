"""Settings as people write them in a site file (`10s`, `300 mA`, `on`, a point's name), checked where they stand.

A field named after a word of Python ends in an underscore: `for_` is written `for` in the file.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_UNITS = {
    "A": ("A", 1.0), "mA": ("A", 0.001), "V": ("V", 1.0), "W": ("W", 1.0), "kW": ("W", 1000.0),
    "°C": ("°C", 1.0), "%": ("%", 1.0), "Hz": ("Hz", 1.0), "ppm": ("ppm", 1.0), "kWh": ("kWh", 1.0), "lx": ("lx", 1.0),
    "µA": ("A", 0.000001), "%LEL": ("%LEL", 1.0), "m": ("m", 1.0), "cm": ("m", 0.01), "mm": ("m", 0.001),
}  # fmt: skip
_SWITCH = {"on": True, "off": False, True: True, False: False}
_NUMBER = re.compile(r"\s*(-?[0-9]+(?:\.[0-9]+)?)\s*(\S+)\s*\Z")


@dataclass(frozen=True, slots=True)
class Amount:
    """A number and its unit."""

    number: float
    unit: str

    def into(self, unit: str) -> float:
        """The number in another unit of the same dimension; ValueError when there is no way between the two."""
        if unit not in _UNITS or _UNITS[unit][0] != _UNITS[self.unit][0]:
            raise ValueError(f"{self.number:g} {self.unit} cannot be compared with a value in {unit or 'no unit'}")
        return self.number * _UNITS[self.unit][1] / _UNITS[unit][1]


@dataclass(frozen=True, slots=True)
class Refers:
    """Marks a setting that names something of the site: `point`, `door`, `lane`, `zone`, `output`, `device`, `line`."""

    to: str


@dataclass(frozen=True, slots=True)
class Judges:
    """Marks a quantity that is held against the point or points of another setting: their units must be comparable."""

    setting: str


@dataclass(frozen=True, slots=True)
class Below:
    """Marks a quantity that must be smaller than the one of another setting: a warning below its alarm."""

    setting: str


def _parse(raw: object, units: dict[str, Any], code: str) -> tuple[float, str]:
    match = _NUMBER.match(raw) if isinstance(raw, str) else None
    if match is None or match[2] not in units:
        example = "10s or 2m" if code == "duration" else "300 mA or 60 °C"
        known = ", ".join(units)
        raise PydanticCustomError(code, "write a number and its unit, such as {example}; units: {units}",
                                  {"example": example, "units": known})  # fmt: skip
    return float(match[1]), match[2]


def _seconds(raw: object) -> float:
    if type(raw) is float:  # a default of the program, not of the file
        return raw
    number, unit = _parse(raw, _SECONDS, "duration")
    if number < 0:
        raise PydanticCustomError("negative_duration", "a length of time is not negative")
    return number * _SECONDS[unit]


def _amount(raw: object) -> Amount:
    return raw if isinstance(raw, Amount) else Amount(*_parse(raw, _UNITS, "quantity"))


def _switch(raw: object) -> bool:
    if not isinstance(raw, str | bool) or raw not in _SWITCH:
        raise PydanticCustomError("on_off", "write on or off")
    return _SWITCH[raw]


Duration = Annotated[float, BeforeValidator(_seconds), WithJsonSchema({"type": "string", "examples": ["10s", "2m"]})]
Quantity = Annotated[Amount, BeforeValidator(_amount), WithJsonSchema({"type": "string", "examples": ["300 mA"]})]
OnOff = Annotated[bool, BeforeValidator(_switch), WithJsonSchema({"enum": ["on", "off", True, False]})]
"""A switch's value: on or off."""
PointName = Annotated[str, Refers("point")]
