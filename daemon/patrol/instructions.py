"""What to do at an alarm, by its kind, out of `config/cards/instructions.yaml`."""

import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import msgspec
from ruamel.yaml import YAML

_FILE = Path("cards") / "instructions.yaml"
_SHIPPED = (
    Path(__file__).parents[2] / "config" / _FILE,
    Path(sys.prefix) / "share" / "gatehouse" / "config" / _FILE,
)
USUAL = "usual"
"""The entry for kinds that have none."""


class Lines(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing, in both languages, line by line."""

    zh: list[str] = []
    en: list[str] = []


class Instruction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry."""

    do: Lines
    never: Lines = Lines()
    """What must not be done there."""
    calls: bool = True
    """False: nobody may telephone there, so an app offers no call."""


@lru_cache(maxsize=1)
def shipped() -> Mapping[str, Instruction]:
    """By kind of alarm; several kinds share one entry: `fire, fire_confirmed: …`."""
    file = next(file for file in _SHIPPED if file.is_file())
    entries = msgspec.convert(YAML(typ="safe", pure=True).load(file.read_text("utf-8")), dict[str, Instruction])
    return {kind.strip(): entry for kinds, entry in entries.items() for kind in kinds.split(",")}


def instruction(kind: str) -> Instruction:
    """For this kind of alarm, or the usual one."""
    known = shipped()
    return known.get(kind) or known[USUAL]
