"""A fault of a site: where it is, what was found, what would be right; in Chinese and in English."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from daemon.config.wording import TERMS, WORDS

Where = tuple[str | int, ...]
"""The way to a value: ("zones", "b12", "fire", 0)."""
Language = Literal["en", "zh"]


class Term(str):
    """A word of the program inside a message, a key of `wording.TERMS`; all other values are the user's own."""

    __slots__ = ()


class Both(str):
    """A piece of a message that was composed in both languages; as a text it is the English one."""

    __slots__ = ("zh",)
    zh: str

    def __new__(cls, en: str, zh: str) -> "Both":
        """The same, in English and in Chinese."""
        made = super().__new__(cls, en)
        made.zh = zh
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong with a site."""

    file: Path
    line: int
    column: int
    path: str
    """`doors.north.contact`; empty where the file as a whole is meant."""
    code: str
    """Stable word for machines and translations, a key of `daemon.config.wording.WORDS`."""
    values: Mapping[str, str] = field(default_factory=dict)
    nearest: str = ""
    """The known name that was perhaps meant."""

    @property
    def found(self) -> str:
        """What stands there, in English."""
        return self._say("en")[0]

    @property
    def right(self) -> str:
        """What would be right, in English."""
        return self._say("en")[1]

    def _say(self, language: Language) -> tuple[str, str]:
        words = WORDS[self.code]
        if language == "en":
            return words[0].format_map(self.values), words[1].format_map(self.values)
        values = {name: _chinese(value) for name, value in self.values.items()}
        return words[2].format_map(values), words[3].format_map(values)

    def text(self, language: Language = "en") -> str:
        """One message for a technician."""
        found, right = self._say(language)
        place = f"{self.file}:{self.line}:{self.column}"
        if language == "en":
            ask = f"; did you mean {self.nearest}?" if self.nearest else ""
            return f"{place} {self.path}{': ' if self.path else ''}{found}; {right}{ask}"
        ask = f"；是不是 {self.nearest}？" if self.nearest else ""
        return f"{place} {self.path}{'：' if self.path else ''}{found}；{right}{ask}"

    def __str__(self) -> str:
        return self.text()


@dataclass(frozen=True, slots=True)
class Place:
    """A spot in a file, counted from 1."""

    file: Path
    line: int
    column: int

    def fault(self, where: Where, code: str, nearest: str = "", **values: object) -> Fault:
        """A fault at this spot."""
        words = {name: value if isinstance(value, Term | Both) else str(value) for name, value in values.items()}
        return Fault(file=self.file, line=self.line, column=self.column, path=dotted(where), code=code, values=words,
                     nearest=nearest)  # fmt: skip

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class ConfigError(Exception):
    """A site that cannot be run, with all of its faults."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = sorted(faults, key=lambda fault: (str(fault.file), fault.line, fault.column))
        super().__init__("\n".join(str(fault) for fault in self.faults))


def _chinese(value: str) -> str:
    if isinstance(value, Both):
        return value.zh
    return TERMS[value] if isinstance(value, Term) else value


def dotted(where: Where) -> str:
    """The way to a value as people write it: `zones.b12.fire[0]`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in where).lstrip(".")


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that looks most like this one; empty when none does."""
    folded = {candidate.casefold(): candidate for candidate in known}
    close = difflib.get_close_matches(str(name).casefold(), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else ""


def listed(names: Iterable[str], limit: int = 16) -> str:
    """Names in one line, runs of numbers shortened: `input1…input8, relay1…relay8`."""
    shown: list[str] = []
    for run in _runs(names):
        shown += run if len(run) < 3 else [f"{run[0]}…{run[-1]}"]
    more = len(shown) - limit
    return ", ".join(shown[:limit]) + (f" … (+{more})" if more > 0 else "") or "-"


def _runs(names: Iterable[str]) -> list[list[str]]:
    """Neighbours such as relay1, relay2, relay3 together."""
    runs: list[list[str]] = []
    follower: str | None = None
    for name in names:
        if name == follower:
            runs[-1].append(name)
        else:
            runs.append([name])
        stem = name.rstrip("0123456789")
        follower = f"{stem}{int(name[len(stem) :]) + 1}" if len(stem) < len(name) < len(stem) + 9 else None
    return runs
