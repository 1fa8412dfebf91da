"""CEL, the Common Expression Language: compiled and type-checked once, bounded when it runs, never true by mistake.

Everything that gatehouse asks of cel-expr-python stands here. The library gives run-time errors as values, whose text
would count as true; here nothing is true but the boolean itself. Nor does a division by nothing make infinities.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from cel_expr_python import cel

from rules._cel_division import guarded
from rules._cel_tree import Node, read

Sort = Literal["", "switch", "number", "text"]
"""What kind of value a variable has; "" when that is only known as it runs."""
LONGEST = 1000
"""Characters of an expression."""
_TYPES = {"": cel.Type.DYN, "switch": cel.Type.BOOL, "number": cel.Type.DOUBLE, "text": cel.Type.STRING}
_ERROR = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): ([^\n]*)")
_TAIL = re.compile(r"\s*\(in container ''\)")


@dataclass(frozen=True, slots=True)
class Complaint:
    """What the compiler says, and where: line and column from 1, 1 and 1 where it does not say."""

    line: int
    column: int
    text: str


class CelError(ValueError):
    """An expression that cannot be compiled, with all that is wrong with it."""

    def __init__(self, complaints: Sequence[Complaint]) -> None:
        self.complaints = tuple(complaints)
        super().__init__("; ".join(f"{each.line}:{each.column} {each.text}" for each in complaints))


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled expression."""

    tree: Node
    """What was meant, all names in full."""
    boolean: bool
    """It surely answers true or false, unless it fails."""
    _compiled: cel.Expression = field(repr=False)

    def __deepcopy__(self, memo: object) -> "Program":
        return self  # nothing in it ever changes, and the library's part cannot be copied

    def answer(self, values: Mapping[str, object]) -> tuple[bool | None, str]:
        """True, false, or None and why not: a value that is not there and counts, a fault, too much work.

        What does not count is not missed: `a || b` is true when a is, whatever b.
        """
        try:
            value = self._compiled.eval(data=values)
        except RuntimeError as error:  # too many steps, too deep
            return None, _plain(str(error))
        if value.type() == cel.Type.BOOL:
            return bool(value.value()), ""
        if value.type() == cel.Type.ERROR or value.type() == cel.Type.UNKNOWN:
            return None, _plain(str(value.value()))
        return None, f"the answer is no true or false, but {value.type().name()}"


def compiled(text: str, variables: Mapping[str, Sort]) -> Program:
    """The expression over these variables. CelError with all that is wrong with it."""
    if len(text) > LONGEST:
        raise CelError([Complaint(1, 1, f"too long: {len(text)} characters, at most {LONGEST}")])
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise CelError([Complaint(1, error.start + 1, "no character")]) from None
    environment = cel.NewEnv(variables={name: _TYPES[sort] for name, sort in variables.items()})
    expression = _compiled(environment, text)
    answers = expression.return_type()
    if answers not in (cel.Type.BOOL, cel.Type.DYN):
        raise CelError([Complaint(1, 1, f"no condition: the answer is {answers.name()}")])
    tree = read(expression.serialize())
    if divisions := [node.at for node in tree.walk() if node.kind == "call" and node.name == "_/_"]:
        try:
            expression = _compiled(environment, guarded(text, divisions))
        except ValueError as error:
            raise CelError([Complaint(1, 1, _plain(str(error)))]) from None
    return Program(tree, answers == cel.Type.BOOL, expression)


def _compiled(environment: cel.Env, text: str) -> cel.Expression:
    try:
        return environment.compile(text)
    except (RuntimeError, ValueError) as error:
        raise CelError(list(_complaints(str(error)))) from None


def _complaints(text: str) -> list[Complaint]:
    found = [
        Complaint(max(int(line), 1), max(int(column), 1), _TAIL.sub("", said))
        for line, column, said in _ERROR.findall(text)
    ]
    return list(dict.fromkeys(found)) or [Complaint(1, 1, _plain(text))]


def _plain(text: str) -> str:
    """Without the library's codes around it."""
    first = text.strip().splitlines()[0] if text.strip() else "no reason given"
    return re.sub(r"^[A-Z_]+: |\s*\[[A-Z_]+\]$", "", first)
