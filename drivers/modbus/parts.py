"""The small words that every table of a profile is made of."""

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_TIME = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h)\s*\Z")


def _seconds(raw: object) -> float:
    if type(raw) is float:  # a default of the program
        return raw
    match = _TIME.match(raw) if isinstance(raw, str) else None
    if match is None:
        raise ValueError("write a number and its unit, such as 100ms or 10s")
    return float(match[1]) * _UNITS[match[2]]


Time = Annotated[float, BeforeValidator(_seconds), WithJsonSchema({"type": "string", "examples": ["100ms", "10s"]})]
Address = Annotated[int, Field(ge=0, le=0xFFFF)]
Word = Annotated[int, Field(ge=0, le=0xFFFF)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Channel = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]


class Part(BaseModel):
    """A table of a profile: frozen, and unknown keys are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Text(Part):
    """A title in both languages."""

    zh: str
    en: str
