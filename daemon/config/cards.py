"""The card list: a CSV file as property managers keep it, into a book of cards."""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from daemon.config.faults import Fault, Place, listed, nearest
from rules._cards import Card, CardBook, digits
from rules._hours import WeeklyHours

LARGEST = 20_000_000
"""Bytes; the reference estate's 40 000 cards take about 3 million."""
COLUMNS = ("number", "name", "doors", "from", "until", "hours")
_NEEDED = ("number", "name", "doors")
_CHINESE = {"卡号": "number", "姓名": "name", "门": "doors", "起始": "from", "截止": "until", "时段": "hours"}
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?\Z")
_NUMBER = re.compile(r"[0-9A-F]{4,20}\Z")
_ROUNDED = re.compile(r"[0-9.]+[eE]\+[0-9]+\Z")
_LINE_END = re.compile(r"\r\n|\r|\n")
_BETWEEN = re.compile(r"[\s,;、]+")

Passages = Mapping[str, list[str]]
"""As a list may name them, `north` and `doors.north` -> all that it may mean, in full."""


def passages(doors: Iterator[str] | list[str], lanes: Iterator[str] | list[str]) -> Passages:
    """How the doors and lanes of a site may be named in a card list."""
    names: dict[str, list[str]] = {}
    for full in [*(f"doors.{name}" for name in doors), *(f"lanes.{name}" for name in lanes)]:
        names.setdefault(full, []).append(full)
        names.setdefault(full.partition(".")[2], []).append(full)
    return names


def read(file: Path, known: Passages) -> tuple[CardBook, list[Fault]]:
    """The cards of a list, without the faulty rows, and their faults."""
    listing = _List(file, known)
    try:
        with file.open("rb") as source:  # a pipe or device says nothing of its size
            raw = source.read(LARGEST + 1)
    except FileNotFoundError:
        return CardBook(), [Place(file, 1, 1).fault((), "no_file")]
    except OSError as error:
        return CardBook(), [Place(file, 1, 1).fault((), "unreadable", why=error.strerror or error)]
    if len(raw) > LARGEST:
        return CardBook(), [Place(file, 1, 1).fault((), "too_large", size=file.stat().st_size, limit=LARGEST)]
    try:
        text = _decoded(raw)
    except UnicodeDecodeError:
        return CardBook(), [Place(file, 1, 1).fault((), "cards_text")]
    try:
        cards = list(listing.cards(text))
    except csv.Error as error:
        return CardBook(), [Place(file, 1, 1).fault((), "unreadable", why=error)]
    return CardBook(cards), listing.faults


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("gb18030")


@dataclass(slots=True)
class _Row:
    """One row of the list, by column."""

    place: Callable[[str], Place]
    number: int
    cells: Mapping[str, str]
    name: str
    """As written; the other cells are normalised."""


@dataclass(slots=True)
class _List:
    file: Path
    known: Passages
    faults: list[Fault] = field(default_factory=list)

    def cards(self, text: str) -> Iterator[Card]:
        """Every sound row as a card."""
        lines = _LINE_END.split(text)
        reader = csv.reader(io.StringIO(text, newline=""), strict=False)
        columns = self._columns(next(reader, []))
        if columns is None:
            return
        seen: dict[str, int] = {}
        begin, rows = reader.line_num, 0
        for cells in reader:
            begin, line = reader.line_num, begin + 1
            if not any(cell.strip() for cell in cells):
                continue
            rows += 1
            if len(cells) != len(columns):
                place = Place(self.file, line, 1)
                self.faults.append(place.fault((), "cards_cells", row=line, value=len(cells), wanted=len(columns)))
                continue
            plain = {column: _plain(cell) for column, cell in zip(columns, cells, strict=True)}
            row = _Row(self._placer(lines, line, columns), line, plain, cells[columns.index("name")].strip())
            card = self._card(row, seen)
            if card is not None:
                yield card
        if not rows:
            self.faults.append(Place(self.file, 1, 1).fault((), "cards_rows"))

    def _placer(self, lines: list[str], line: int, columns: list[str]) -> Callable[[str], Place]:
        return lambda column: Place(self.file, line, _starts(lines[line - 1])[columns.index(column)])

    def _columns(self, header: list[str]) -> list[str] | None:
        columns = [_CHINESE.get(name, name.casefold()) for name in map(_plain, header)]
        if set(columns) <= set(COLUMNS) and set(_NEEDED) <= set(columns) and len(set(columns)) == len(columns):
            return columns
        odd = next((name for name in columns if name not in COLUMNS), "")
        near, known = nearest(odd, COLUMNS), ",".join(COLUMNS)
        self.faults.append(Place(self.file, 1, 1).fault((), "cards_column", near, value=listed(header), known=known))
        return None

    def _card(self, row: _Row, seen: dict[str, int]) -> Card | None:
        before, number = len(self.faults), self._number(row, seen)
        name = row.name
        if not name:
            self._fault(row, "name", "card_no_name", value=number)
        doors = frozenset(self._doors(row, number))
        first, last, hours = self._date(row, "from"), self._date(row, "until"), self._hours(row)
        if first and last and last < first:
            self._fault(row, "until", "card_dates", value=last, other=first)
        if len(self.faults) > before:
            return None
        return Card(number=number, name=name, doors=doors, first=first, last=last, hours=hours)

    def _number(self, row: _Row, seen: dict[str, int]) -> str:
        text = row.cells["number"]
        number = "".join(text.split()).replace("-", "").upper()
        if _ROUNDED.match(text):
            self._fault(row, "number", "card_number_lost", value=text)
        elif not _NUMBER.match(number):
            self._fault(row, "number", "card_number", value=text)
        elif (first := seen.setdefault(digits(number), row.number)) != row.number:
            self._fault(row, "number", "card_twice", value=text, first=first)
        return number

    def _doors(self, row: _Row, number: str) -> Iterator[str]:
        names = [name for name in _BETWEEN.split(row.cells["doors"]) if name]
        if not names:
            self._fault(row, "doors", "card_no_door", value=number)
        for name in names:
            meant = self.known.get(name, [])
            if len(meant) == 1:
                yield meant[0]
                continue
            near = "" if meant else nearest(name, self.known)
            code = "card_door_ambiguous" if meant else "card_door"
            known = meant or [full for full, (only, *_) in self.known.items() if full == only]
            self._fault(row, "doors", code, nearest=near, value=name, known=listed(known))

    def _date(self, row: _Row, column: str) -> date | None:
        text = row.cells.get(column, "")
        if not text:
            return None
        try:
            match = _DATE.match(text)
            if match:
                return date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            pass  # such as February 30: told below
        self._fault(row, column, "card_date", value=text)
        return None

    def _hours(self, row: _Row) -> WeeklyHours | None:
        text = row.cells.get("hours", "")
        try:
            return WeeklyHours.parse(text) if text else None
        except ValueError as error:
            self._fault(row, "hours", "card_hours", value=text, why=error)
            return None

    def _fault(self, row: _Row, column: str, code: str, nearest: str = "", **values: object) -> None:
        self.faults.append(row.place(column).fault((column,), code, nearest=nearest, row=row.number, **values))


def _plain(cell: str) -> str:
    """A cell as it was meant: full-width digits and letters become plain ones, and spaces around it go."""
    return unicodedata.normalize("NFKC", cell).strip()


def _starts(line: str) -> list[int]:
    """The column, from 1, at which each cell of a line begins."""
    starts, quoted = [1], False
    for number, character in enumerate(line, 2):
        quoted ^= character == '"'
        if character == "," and not quoted:
            starts.append(number)
    return starts
