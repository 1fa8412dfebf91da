"""Whether what an expression compares and adds is of one unit: degrees with degrees, never degrees with amperes.

A plain number takes the unit of what stands beside it. Products and quotients have a unit of their own (`A·V`,
`kWh/s`), a quotient of equals has none.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from rules._cel_tree import Node

Unit = str | None
"""None: whatever stands beside it. Empty: surely none, such as a power factor or a count."""
_ALIKE = {"_<_", "_<=_", "_>_", "_>=_", "_==_", "_!=_", "@in", "_+_", "_-_"}
_JUDGES = {"_<_", "_<=_", "_>_", "_>=_", "_==_", "_!=_", "@in"}
_THROUGH = {"-_", "double", "int", "uint", "dyn", "_[_]"}
_CHOICE = "_?_:_"


@dataclass(frozen=True, slots=True)
class Clash:
    """Two units that do not go together, and where."""

    at: int
    one: str
    other: str


class UnitError(ValueError):
    """Units that do not go together."""

    def __init__(self, clash: Clash) -> None:
        self.clash = clash
        super().__init__(f"{clash.one or 'no unit'} and {clash.other or 'no unit'}")


def unit_of(node: Node, units: Mapping[str, Unit]) -> Unit:
    """The unit of the whole; UnitError at the first place where two clash. `units`: those of all names."""
    if node.kind == "name":
        return units.get(node.name)
    if node.kind == "fold":
        return _fold(node, units)
    inner = [unit_of(each, units) for each in node.inside]
    if node.kind == "list":
        return _one(node, inner)
    return _call(node, inner) if node.kind == "call" else None


def _call(node: Node, inner: list[Unit]) -> Unit:
    if node.name in _ALIKE:
        unit = _one(node, inner)
        return None if node.name in _JUDGES else unit
    if node.name == _CHOICE:
        return _one(node, inner[1:])
    if node.name in _THROUGH:
        return inner[0]
    if node.name == "_*_":
        return _product(*inner)
    return _quotient(*inner) if node.name == "_/_" else None


def _one(node: Node, units: list[Unit]) -> Unit:
    """The unit that all of these have."""
    known = [unit for unit in units if unit is not None]
    for unit in known[1:]:
        if unit != known[0]:
            raise UnitError(Clash(node.at, known[0], unit))
    return known[0] if known else None


def _product(one: Unit, other: Unit) -> Unit:
    if not one or not other:
        return one or other or (None if one is None and other is None else "")
    return "·".join(sorted((one, other)))


def _quotient(one: Unit, other: Unit) -> Unit:
    if other is None or other == "":
        return one
    return "" if one == other else f"{one or '1'}/{other}"


def _fold(node: Node, units: Mapping[str, Unit]) -> Unit:
    """`list.all(t, …)` and its like: its variable has the unit of the list."""
    over, start, *rest = node.inside
    inside = {**units, node.name: unit_of(over, units)}
    inside["@result"] = unit_of(start, units)
    return [unit_of(each, inside) for each in rest][-2]
