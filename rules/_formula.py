"""A condition over points, as people write it: names found, units held against each other, and judged from readings.

    pump.temperature > hot && pump.running                   the value of a point; `hot` is one of the rule's limits
    pump.temperature.age > 300.0                             seconds since the device said so, or since the start
    pump.temperature.quality == "bad"                        good, uncertain or bad; what is stale is bad
    pump.temperature.last > 60.0                             the last value, be it ever so old

A value that is not good is not there: where it counts, the condition cannot be judged, and where it does not (`a || b`
with a true `a`), it can. Age, quality and last value are always there, save for the last value of what was never read.

`-` in a name is written `_`, because it is a minus in an expression, and a name that is a word of CEL gets `_` at its
end: `lane-in.presence` is `lane_in.presence`, a device called `in` is `in_`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import inf, isfinite

from gatehouse.points import Point, Reading
from gatehouse.rule import Scene
from rules._cel import CelError, Program, Sort, compiled
from rules._cel_tree import Node
from rules._flaws import Flaw, FormulaError, told
from rules._limits import Limit
from rules._units import Unit, UnitError, unit_of

Vocabulary = Mapping[str, Point | None]
"""Points by their names as an expression spells them; None where two points would have one name."""
RESERVED = frozenset({
    "as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop",
    "namespace", "null", "package", "return", "true", "var", "void", "while",
})  # fmt: skip
_ASPECTS: Mapping[str, Sort] = {"age": "number", "quality": "text", "last": ""}
_LIMIT = re.compile(r"[a-z][a-z0-9_]{0,39}")
_NAME = re.compile(r"[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*", re.ASCII)


def spelled(name: str) -> str:
    """A point's name as an expression spells it."""
    parts = (part.replace("-", "_") for part in name.split("."))
    return ".".join(f"{part}_" if part in RESERVED else part for part in parts)


def vocabulary(points: Iterable[Point]) -> dict[str, Point | None]:
    """All points of a site, by what an expression calls them."""
    words: dict[str, Point | None] = {}
    for point in points:
        name = spelled(point.name)
        words[name] = None if name in words else point
    return words


@dataclass(frozen=True, slots=True)
class _Use:
    """One variable: of which point, and what of it."""

    point: Point
    aspect: str
    sort: Sort

    @property
    def unit(self) -> Unit:
        if self.aspect in ("", "last"):
            return self.point.unit if self.point.unit != "1" else ""
        return "s" if self.aspect == "age" else ""

    def value(self, reading: Reading, now: float, start: float) -> object:
        """What the variable stands for; None when it is not there."""
        if self.aspect == "age":
            return now - (reading.at if isfinite(reading.at) else start)
        if self.aspect == "quality":
            return reading.quality.name.lower()
        if self.aspect == "" and not reading.good:
            return None
        value = reading.value
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


@dataclass(frozen=True, slots=True)
class Formula:
    """A condition that can be judged."""

    text: str
    points: tuple[str, ...]
    """What it looks at, by the names of the site."""
    ages: bool
    """It asks for an age, and so may turn while nothing is read."""
    _program: Program = field(repr=False)
    _uses: Mapping[str, _Use] = field(repr=False)
    _limits: Mapping[str, float] = field(repr=False)

    def judge(self, scene: Scene, start: float) -> tuple[bool | None, str]:
        """True, false, or None and why it cannot be judged; what was never read has its age from the `start`."""
        readings = {name: scene.read(name) for name in self.points}
        values: dict[str, object] = dict(self._limits)
        for name, use in self._uses.items():
            value = use.value(readings[use.point.name], scene.now, start)
            if value is not None:
                values[name] = value
        answer, why = self._program.answer(values)
        if answer is None:
            bad = next((f"{name}: {reading.note}" for name, reading in readings.items() if not reading.good), "")
            return None, bad or why
        return answer, ""


def formula(text: str, words: Vocabulary, limits: Mapping[str, Limit]) -> Formula:
    """The condition; FormulaError with all that is wrong with it."""
    if misnamed := list(_misnamed(limits, words)):
        raise FormulaError(misnamed)
    uses = _uses(text, words)
    sorts: dict[str, Sort] = {name: use.sort for name, use in uses.items()} | dict.fromkeys(limits, "number")
    try:
        program = compiled(text, sorts)
    except CelError as error:
        flaws = [told(each, text, words, limits) for each in error.complaints]
        raise FormulaError(flaw for number, flaw in enumerate(flaws) if flaw not in flaws[:number]) from None
    named = {node.name for node in program.tree.walk() if node.kind == "name"}
    uses = {name: use for name, use in uses.items() if name in named}
    flaws = [*_unfit(text, program.tree, uses), *_unused(limits, named)]
    if flaws:
        raise FormulaError(flaws)
    units = {name: use.unit for name, use in uses.items()}
    turned = {name: limit.turned(units.values()) for name, limit in limits.items()}
    try:
        unit_of(program.tree, units | {name: limit.unit for name, limit in turned.items()})
    except UnitError as error:
        clash = error.clash
        raise FormulaError([Flaw.at(text, clash.at, "formula_units", one=clash.one, other=clash.other)]) from None
    points = tuple(dict.fromkeys(use.point.name for use in uses.values()))
    ages = any(use.aspect == "age" for use in uses.values())
    return Formula(text, points, ages, program, uses, {name: limit.number for name, limit in turned.items()})


def _misnamed(limits: Iterable[str], words: Vocabulary) -> Iterable[Flaw]:
    devices = {word.partition(".")[0] for word in words}
    for name in limits:
        if not _LIMIT.fullmatch(name) or name in RESERVED or name in devices:
            yield Flaw(1, 1, "formula_limit_name", {"value": name}, setting=("limits", name))


def _uses(text: str, words: Vocabulary) -> dict[str, _Use]:
    """Whatever in the text may be a point, or an aspect of one: each chain of names, as far as it is known."""
    uses = {}
    for match in _NAME.finditer(text):
        parts = "".join(match[0].split()).split(".")
        for length in range(2, len(parts) + 1):
            use = _use(".".join(parts[:length]), words)
            if use is not None:
                uses[".".join(parts[:length])] = use
    return uses


def _use(name: str, words: Vocabulary) -> _Use | None:
    stem, _, last = name.rpartition(".")
    aspect = last if name not in words and last in _ASPECTS else ""
    point = words.get(stem if aspect else name)
    if point is None:
        return None
    return _Use(point, aspect, _ASPECTS[aspect] if aspect in ("age", "quality") else _sort(point))


def _sort(point: Point) -> Sort:
    if point.sort:
        return point.sort
    return "number" if point.unit or point.low > -inf or point.high < inf else ""


def _unfit(text: str, tree: Node, uses: Mapping[str, _Use]) -> Iterable[Flaw]:
    for name, use in uses.items():
        if use.point.momentary:
            at = text.find(name.split(".")[0])
            yield Flaw.at(text, at, "formula_occurrence", value=use.point.name)
    if not uses:
        yield Flaw.at(text, 0, "formula_constant")
    for node in tree.walk():
        if node.kind == "call" and node.name == "matches":
            yield Flaw.at(text, node.at, "formula_pattern")
    for fold in (node for node in tree.walk() if node.kind == "fold"):
        inner = [node for part in fold.inside[2:] for node in part.walk() if node.kind == "fold"]
        if inner:
            yield Flaw.at(text, fold.at, "formula_nested")
            return


def _unused(limits: Mapping[str, Limit], named: Iterable[str]) -> Iterable[Flaw]:
    for name in limits:
        if name not in named:
            yield Flaw(1, 1, "formula_unused", {"value": name}, setting=("limits", name))
