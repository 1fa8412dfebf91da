"""The cells of a spreadsheet, row by row, whichever program saved it last."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self
from xml.etree.ElementTree import Element, ParseError, iterparse, parse

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_COLUMN = re.compile(r"[A-Z]{1,3}")
_WIDE = 20
"""Columns that are looked at."""


class SheetError(ValueError):
    """No spreadsheet that can be read."""


class Book:
    """One file."""

    def __init__(self, path: Path) -> None:
        """Open it; SheetError."""
        try:
            self._zip = zipfile.ZipFile(path)
            self._parts = self._find()
            self._shared = self._read_shared()
        except (zipfile.BadZipFile, ParseError, KeyError) as error:
            raise SheetError(str(error)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._zip.close()

    @property
    def names(self) -> list[str]:
        """Of its sheets, in order."""
        return list(self._parts)

    def rows(self, sheet: str, skip: int = 0) -> Iterator[list[str]]:
        """Texts of all cells of each row, empty ones too; SheetError."""
        try:
            with self._zip.open(self._parts[sheet]) as part:
                for number, row in enumerate(_elements(part, "row")):
                    if number >= skip:
                        yield self._cells(row)
        except (KeyError, ParseError, ValueError, IndexError) as error:
            raise SheetError(str(error)) from error

    def _cells(self, row: Element) -> list[str]:
        cells = [""] * _WIDE
        for place, cell in enumerate(row.iter(f"{_MAIN}c")):
            column = _number(cell.get("r", ""), place)
            if column < _WIDE:
                cells[column] = self._text(cell)
        return cells

    def _text(self, cell: Element) -> str:
        if cell.get("t") == "inlineStr":
            return _plain(cell)
        value = cell.findtext(f"{_MAIN}v", "")
        return self._shared[int(value)] if cell.get("t") == "s" else value

    def _find(self) -> dict[str, str]:
        """Name of each sheet, and its part of the file."""
        with self._zip.open("xl/_rels/workbook.xml.rels") as part:
            targets = {its.get("Id", ""): its.get("Target", "") for its in parse(part).getroot()}  # noqa: S314 - as below
        with self._zip.open("xl/workbook.xml") as part:
            sheets = [(its.get("name", ""), its.get(_LINK, "")) for its in _elements(part, "sheet")]
        return {name: _path(targets[link]) for name, link in sheets}

    def _read_shared(self) -> list[str]:
        if "xl/sharedStrings.xml" not in self._zip.namelist():
            return []
        with self._zip.open("xl/sharedStrings.xml") as part:
            return [_plain(its) for its in _elements(part, "si")]


def _elements(part: object, name: str) -> Iterator[Element]:
    """Elements of this name; all is forgotten as it goes by, so that a million rows need no more room than ten."""
    above: list[Element] = []
    for event, element in iterparse(part, events=("start", "end")):  # type: ignore[call-overload] # noqa: S314 - expat stops entity bombs
        if event == "start":
            above.append(element)
            continue
        above.pop()
        if element.tag == f"{_MAIN}{name}":
            yield element
            if above:
                above[-1].clear()


def _plain(element: Element) -> str:
    text = "".join(each.text or "" for each in element.iter(f"{_MAIN}t"))
    return _ESCAPED.sub(lambda code: chr(int(code[1], 16)), text)


def _number(place: str, otherwise: int) -> int:
    match = _COLUMN.match(place)
    if match is None:
        return otherwise
    number = 0
    for letter in match[0]:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _path(target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
