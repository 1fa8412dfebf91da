"""How many lines and bytes there are of each kind, counted along with every line that comes or goes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import apsw

from daemon.journal.schema import has_second

OVERHEAD = 160
"""Bytes of a line in the file beside its body: hash, columns and their indices; measured."""
_ADD = (
    "INSERT INTO sizes (kind, lines, bytes) VALUES (?, ?, ?)"
    " ON CONFLICT (kind) DO UPDATE SET lines = lines + excluded.lines, bytes = bytes + excluded.bytes"
)


@dataclass(slots=True)
class Size:
    """Of the lines of one kind."""

    lines: int = 0
    bytes: int = 0
    """Of their bodies."""

    @property
    def room(self) -> int:
        """Bytes that they take in the file, about."""
        return self.bytes + self.lines * OVERHEAD


def count(database: apsw.Connection, kinds: Iterable[tuple[str, int]], sign: int = 1) -> None:
    """Add lines, each by its kind and the bytes of its body, to what is counted; or take them off."""
    sizes: dict[str, Size] = {}
    for kind, length in kinds:
        size = sizes.setdefault(kind, Size())
        size.lines += 1
        size.bytes += length
    database.executemany(_ADD, [(kind, sign * size.lines, sign * size.bytes) for kind, size in sizes.items()])


def sizes(database: apsw.Connection) -> dict[str, Size]:
    """What there is of each kind."""
    if not has_second(database):
        return {}
    rows: Any = database.execute("SELECT kind, lines, bytes FROM sizes")
    return {kind: Size(lines, size) for kind, lines, size in rows}
