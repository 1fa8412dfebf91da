"""What a third-party driver may ask for beyond turning bytes into values, and how it says so."""

import ast
from collections.abc import Collection
from typing import Final, Literal, get_args

Right = Literal["files", "network", "processes", "threads", "native"]
"""files: read and write files. network: sockets. processes: start and signal others. threads: threads of its own.
native: ctypes and compiled modules that come neither with Python nor with gatehouse."""
RIGHTS: Final[tuple[Right, ...]] = get_args(Right)
_NAME = "RIGHTS"


class RightsError(Exception):
    """A driver's `RIGHTS` that cannot be understood; the text says what would be right."""


def declared(source: bytes) -> tuple[Right, ...]:
    """What the file says in `RIGHTS = (…)`, read and not run; none where it says nothing. RightsError, SyntaxError."""
    said: tuple[Right, ...] = ()
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Assign):
            targets: list[ast.expr] = statement.targets
        elif isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        else:
            continue
        if any(isinstance(target, ast.Name) and target.id == _NAME for target in targets):
            said = _meant(statement.value)
    return said


def _meant(value: ast.expr | None) -> tuple[Right, ...]:
    try:
        names = ast.literal_eval(value) if value is not None else ()
    except ValueError:
        names = None
    if not isinstance(names, tuple | list | set) or not all(name in RIGHTS for name in names):
        raise RightsError(f"{_NAME} is written out, as a tuple of {', '.join(RIGHTS)}; for none: {_NAME} = ()")
    return tuple(right for right in RIGHTS if right in names)


def lacking(wanted: Collection[Right], allowed: Collection[Right]) -> list[Right]:
    """What was declared and not allowed."""
    return [right for right in RIGHTS if right in wanted and right not in allowed]
