"""What is wrong with an expression, as a code with its values: the words for it are the daemon's."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gatehouse.points import Point

if TYPE_CHECKING:  # CEL is 10 MB, for sites that have expressions
    from rules._cel import Complaint

_UNDECLARED = re.compile(r"undeclared reference to '(.*)'")
_OVERLOAD = re.compile(r"found no matching overload for '(.*)' applied to '\((.*)\)'")
_SELECT = re.compile(r"expression of type '(.*)' cannot be the operand of a select operation")
_FIELD = re.compile(r"\A\W*|(?<=\w)\W.*")
_SORTS = {"double": "number", "int": "whole number", "bool": "on or off", "string": "text", "dyn": "value"}
_WORDS = {"and": "&&", "or": "||", "not": "!", "=": "==", "on": "true", "off": "false"}
_SLIPS = re.compile(r"(?<![\w.\"'])(and|or|not|AND|OR|NOT)(?![\w.\"'])|(?<![=!<>])(=)(?!=)")
_BARE_UNIT = re.compile(r"[0-9]+(?:\.[0-9]+)?\s*(°C|%|[a-zA-Z]{1,4})(?![\w(.])")


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong."""

    line: int
    column: int
    code: str
    values: Mapping[str, object] = field(default_factory=dict)
    known: Collection[str] = ()
    """Names that would have been right, the likeliest among them to be proposed."""
    setting: tuple[str, ...] = ("when",)
    """Where in the rule it is."""

    @classmethod
    def at(cls, text: str, place: int, code: str, **values: object) -> "Flaw":
        """At a character of the text, counted from 0."""
        before = text[: max(place, 0)]
        return cls(before.count("\n") + 1, len(before) - before.rfind("\n"), code, values)


class FormulaError(ValueError):
    """An expression that is no condition, with all that is wrong with it."""

    def __init__(self, flaws: Iterable[Flaw]) -> None:
        self.flaws = tuple(flaws)
        first = self.flaws[0]
        super().__init__(f"`when` {first.line}:{first.column}: {first.code} {dict(first.values)}")


def told(complaint: "Complaint", text: str, words: Mapping[str, Point | None], limits: Collection[str]) -> Flaw:
    """The compiler's complaint in the words of points."""
    spot = complaint.line, complaint.column
    if dashed := _dashed(text, words):
        return dashed
    if found := _UNDECLARED.fullmatch(complaint.text):
        return _unknown(text, spot, found[1], words, limits)
    if found := _OVERLOAD.fullmatch(complaint.text):
        sorts = [_SORTS.get(each, each) for each in found[2].split(", ")]
        code = "formula_whole" if set(sorts) == {"number", "whole number"} else "formula_sorts"
        return Flaw(*spot, code, {"operator": found[1].strip("_@").replace("_", " "), "sorts": ", ".join(sorts)})
    if complaint.text.startswith("no condition"):
        return Flaw(*spot, "formula_no_condition")
    if _SELECT.fullmatch(complaint.text):
        return Flaw(*spot, "formula_aspect", {"value": _FIELD.sub("", _row(text, spot)[spot[1] - 1 :])})
    return _syntax(text, spot, complaint.text)


def _row(text: str, spot: tuple[int, int]) -> str:
    return [*text.split("\n"), ""][spot[0] - 1]


def _dashed(text: str, words: Mapping[str, Point | None]) -> Flaw | None:
    """A point that is written as everywhere else in the site, where its dash is a minus."""
    for word, point in words.items():
        if (
            point is not None
            and point.name != word
            and (found := re.search(rf"(?<![\w.-]){re.escape(point.name)}\b", text))
        ):
            return Flaw.at(text, found.start(), "formula_dash", value=point.name, instead=word)
    return None


def _unknown(
    text: str, spot: tuple[int, int], name: str, words: Mapping[str, Point | None], limits: Collection[str]
) -> Flaw:
    start = _row(text, spot).rfind(name.partition(".")[0], 0, spot[1])
    at = (spot[0], start + 1 if start >= 0 else spot[1])
    if name.lower() in _WORDS:
        return Flaw(*at, "formula_word", {"value": name, "instead": _WORDS[name.lower()]})
    if name in words:
        return Flaw(*at, "formula_two", {"value": name})
    if name.rpartition(".")[0] in words:
        return Flaw(*at, "formula_aspect", {"value": name.rpartition(".")[2]})
    device = name.partition(".")[0]
    mine = [word for word in words if word.startswith(f"{device}.")]
    devices = dict.fromkeys(word.split(".")[0] for word in words)
    known = mine or [*limits, *devices]
    return Flaw(*at, "formula_name", {"value": name}, known)


def _syntax(text: str, spot: tuple[int, int], said: str) -> Flaw:
    if "recursion" in said or said.startswith("too long"):
        return Flaw(*spot, "formula_too_much", {"why": said})
    if slip := _SLIPS.search(text):
        word = slip[1] or slip[2]
        return Flaw.at(text, slip.start(), "formula_word", value=word, instead=_WORDS[word.lower()])
    if unit := _BARE_UNIT.search(text):
        return Flaw.at(text, unit.start(), "formula_bare_unit", value=unit[0])
    why = re.sub(r"\s*expecting \{.*", "", said.removeprefix("Syntax error: "))
    return Flaw(*spot, "formula_syntax", {"why": why})
