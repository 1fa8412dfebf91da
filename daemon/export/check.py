"""An export held against itself, and against the journal that it came from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from daemon.export.lines import Reading, Tick
from daemon.export.order import MARK, WHOLE, Place, order_of
from daemon.export.sheets import Book, SheetError
from daemon.export.xlsx import COLUMNS, PROOF, sealed
from daemon.journal.link import link
from daemon.journal.prove import Head

_LONGEST_LINE = 1 << 20
_LISTED = 20


class NotAnExportError(ValueError):
    """The file is no export of gatehouse, or not a whole one; the text says why."""


@dataclass(slots=True)
class Checked:
    """What was found."""

    lines: int = 0
    whole: bool = False
    """The file is as it was written."""
    chained: int = 0
    """Lines whose own hash was computed anew from what is in the file."""
    compared: int = 0
    """Lines that the journal has word for word."""
    gone: int = 0
    """Lines that the journal does not have any more."""
    faults: list[str] = field(default_factory=list)
    """The first of what is wrong."""
    head: Head | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    """What the file says of itself."""

    def add(self, fault: str) -> None:
        """One more."""
        if len(self.faults) < _LISTED:
            self.faults.append(fault)


def is_export(path: Path) -> bool:
    """Whether a file looks like an export rather than like a journal. OSError."""
    with path.open("rb") as file:
        start = file.read(64)
    return start.startswith((b'{"export":"gatehouse', b"PK\x03\x04"))


def check(path: Path, journal: Path | None, place: Place, tick: Tick | None = None) -> Checked:
    """Check an export by itself; JSON Lines also line by line against a journal, if there is one.

    OSError, NotAnExportError, JournalError.
    """
    with path.open("rb") as file:
        if file.read(4) == b"PK\x03\x04":
            return _check_sheets(path)
        file.seek(0)
        return _check_lines(file, journal, place, tick)


def _check_lines(file: BinaryIO, journal: Path | None, place: Place, tick: Tick | None) -> Checked:
    found, digest = Checked(), sha256()
    first = file.readline(_LONGEST_LINE)
    digest.update(first)
    found.facts = _document(first, 1)
    if found.facts.get("export") != MARK:
        raise NotAnExportError("这不是 gatehouse 的导出文件。 This is no export of gatehouse.")
    upto, end = _end(file)
    reading = Reading(journal) if journal is not None else None
    try:
        there = reading.lines(order_of(found.facts), place, upto, tick) if reading and upto else iter(())
        _walk(file, digest, found, _Beside(found, there) if reading else None)
    finally:
        if reading is not None:
            reading.close()
    found.whole = end.get("sha256") == digest.hexdigest() and end.get("lines") == found.lines
    if not found.whole:
        found.add("文件与写成时不同。 The file is not as it was written.")
    found.head = _head(end)
    return found


def _walk(file: BinaryIO, digest: Any, found: Checked, beside: "_Beside | None") -> None:  # noqa: ANN401 - hashlib has no name for it
    before: tuple[int, bytes] | None = None
    for row, raw in enumerate(iter(lambda: file.readline(_LONGEST_LINE), b""), 2):
        document = _document(raw, row)
        if "end" in document:
            break
        digest.update(raw)
        found.lines += 1
        if found.facts.get("tier") == WHOLE:
            before = _chain(document, before, found)
        if beside is not None:
            beside.compare(document)
    if beside is not None:
        beside.finish()


def _chain(line: Mapping[str, Any], before: tuple[int, bytes] | None, found: Checked) -> tuple[int, bytes] | None:
    """Where two lines follow each other, the hash of the second can be computed."""
    number, body, said = line.get("number"), line.get("body"), line.get("hash")
    if not isinstance(number, int) or not isinstance(body, str) or not isinstance(said, str):
        found.add(f"第 {number} 条缺少正文或哈希。 Line {number} lacks its body or its hash.")
        return None
    if before is not None and before[0] == number - 1:
        found.chained += 1
        if link(before[1], number, body.encode()).hex() != said:
            found.add(f"第 {number} 条被改过。 Line {number} was changed.")
    try:
        return number, bytes.fromhex(said)
    except ValueError:
        return None


class _Beside:
    """The same lines as the journal tells them now."""

    def __init__(self, found: Checked, there: Iterator[dict[str, Any]]) -> None:
        self._found, self._there = found, there
        self._next = next(there, None)

    def compare(self, line: Mapping[str, Any]) -> None:
        """Take the next line of the export."""
        number = line.get("number")
        if not isinstance(number, int):
            self._found.add("有一条没有编号。 A line has no number.")
            return
        while self._next is not None and self._next["number"] < number:
            self._missing()
        if self._next is None or self._next["number"] != number:
            self._found.gone += 1
            return
        if differs := _differs(line, self._next):
            self._found.add(f"第 {number} 条与日志不符：{differs}。 Line {number} differs from the journal: {differs}.")
        else:
            self._found.compared += 1
        self._next = next(self._there, None)

    def finish(self) -> None:
        """The export has ended; the journal should have no more."""
        while self._next is not None:
            self._missing()

    def _missing(self) -> None:
        number = self._next["number"] if self._next else 0
        self._found.add(f"缺少第 {number} 条。 Line {number} is missing.")
        self._next = next(self._there, None)


def _differs(line: Mapping[str, Any], there: Mapping[str, Any]) -> str:
    """The field that is not as the journal has it. How places are called may have changed since: that is no fault."""
    ours = msgspec.json.decode(msgspec.json.encode(dict(there)))
    for name in ("time", "kind", "severity", "actor", "cause", "content", "hash", "body"):
        if line.get(name) != ours.get(name):
            return name
    return "" if line.get("subject") in {ours["subject"], ""} or not ours["subject"] else "subject"


def _end(file: BinaryIO) -> tuple[int, dict[str, Any]]:
    """The last line, wherever it is; the file is where it was, afterwards."""
    place = file.tell()
    size = file.seek(0, 2)
    file.seek(max(place, size - 4096))
    tail = file.read().rstrip(b"\n").rpartition(b"\n")[2]
    file.seek(place)
    try:
        end = msgspec.json.decode(tail)["end"]
        return int(end["head"]["number"]), end
    except (msgspec.MsgspecError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
        raise NotAnExportError("文件不完整，末行缺失。 The file is cut off: its last line is missing.") from error


def _document(raw: bytes, row: int) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise NotAnExportError(f"第 {row} 行读不懂。 Line {row} of the file cannot be read: {error}.") from error
    if not isinstance(document, dict):
        raise NotAnExportError(f"第 {row} 行读不懂。 Line {row} of the file cannot be read.")
    return document


def _head(end: Mapping[str, Any]) -> Head | None:
    head = end.get("head")
    if isinstance(head, dict) and isinstance(head.get("number"), int) and isinstance(head.get("hash"), str):
        return Head(head["number"], head["hash"])
    return None


def _check_sheets(path: Path) -> Checked:
    """Whether the cells are those that were written; another program may have saved the file anew meanwhile."""
    found, digest = Checked(), sha256()
    try:
        with Book(path) as book:
            facts = dict(row[:2] for row in book.rows(PROOF))
            for sheet in book.names:
                for row in book.rows(sheet, skip=1) if sheet != PROOF else ():
                    digest.update(sealed(row[: len(COLUMNS)]))
                    found.lines += 1
    except SheetError as error:
        raise NotAnExportError(f"表格读不懂。 The spreadsheet cannot be read: {error}.") from error
    if facts.get("export") != MARK:
        raise NotAnExportError("这不是 gatehouse 的导出文件。 This is no export of gatehouse.")
    found.facts = facts
    found.whole = facts.get("sha256") == digest.hexdigest() and facts.get("lines") == str(found.lines)
    if not found.whole:
        found.add("单元格与写成时不同。 The cells are not those that were written.")
    number, _, said = facts.get("head", "").partition(":")
    found.head = Head(int(number), said) if number.isdecimal() else None
    return found
