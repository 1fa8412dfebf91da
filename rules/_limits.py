"""Limits with their units, as an expression names them: a number there cannot carry one."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import BeforeValidator, TypeAdapter, ValidationError, WithJsonSchema

from rules._settings import Amount, Duration, Quantity

_AMOUNT, _LENGTH = TypeAdapter[Amount](Quantity), TypeAdapter[float](Duration)


@dataclass(frozen=True, slots=True)
class Limit:
    """A number and its unit; a length of time is in seconds."""

    number: float
    unit: str

    def turned(self, units: Iterable[str | None]) -> "Limit":
        """In the unit of the points it may be held against, where those that it can be turned into have but one."""
        if self.unit == "s":
            return self
        fitting = {}
        for unit in {unit for unit in units if unit}:
            try:
                fitting[unit] = Amount(self.number, self.unit).into(unit)
            except ValueError:
                continue
        if len(fitting) != 1:
            return self
        ((unit, number),) = fitting.items()
        return replace(self, number=number, unit=unit)


def _limit(raw: object) -> object:
    if isinstance(raw, Limit):
        return raw
    try:
        return Limit(_LENGTH.validate_python(raw), "s")
    except ValidationError:
        pass  # no length of time; what is wrong with it as a quantity is told below
    amount = _AMOUNT.validate_python(raw)
    return Limit(amount.number, amount.unit)


Limited = Annotated[
    Limit, BeforeValidator(_limit), WithJsonSchema({"type": "string", "examples": ["60 °C", "300 mA", "5m"]})
]
