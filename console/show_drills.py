"""Draws drills and walk tests: what runs, and the reports; the same tables on a screen and in a spreadsheet."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import xlsxwriter
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from console.show import clock
from console.words_drills import word

_PEOPLE = ("queued", "sent", "delivered", "read", "failed", "answered", "going", "on_site", "verified", "helped")
_OUTPUTS = ("told", "relay", "open", "delay")
_FACTS = ("id", "site", "place", "by", "reason", "started", "ended", "lasted", "police_due")
Cell = str | float | int | None


class Sheet(NamedTuple):
    """One table."""

    title: str
    heads: list[str]
    rows: list[list[Cell]]


def sheets(report: dict[str, Any], language: str) -> list[Sheet]:
    """A report as tables: the facts, then people and outputs, or heads."""

    def said(*keys: str) -> list[str]:
        return [word(key, language) for key in keys]

    facts: list[list[Cell]] = [
        [word(key, language), _value(report[key], key)] for key in _FACTS if report.get(key) not in (None, "")
    ]
    facts.append([word("why", language), report["why"][language] or word("running", language)])
    title = word(report["sort"], language)
    if report["sort"] == "walktest":
        rows = [[row["where"], row["head"], row["count"], _value(row["first"], "first"), _value(row["last"], "last")]
                for row in report["heads"]]  # fmt: skip
        facts.append([word("missing", language), "、".join(report["missing"]) or "0"])
        if report["still"]:
            facts.append([word("still", language), "、".join(report["still"])])
        return [Sheet(title, ["", ""], facts), Sheet(word("head", language),
                said("where", "head", "count", "first", "last"), rows)]  # fmt: skip
    facts.append([word("played", language), report["text"][language]])
    people = [[row["person"], *(row[key] for key in _PEOPLE)] for row in report["people"]]
    outputs = [[row["title"], *(row[key] for key in _OUTPUTS)] for row in report["outputs"]]
    return [
        Sheet(title, ["", ""], facts),
        Sheet(word("people", language), said("person", *_PEOPLE), people),
        Sheet(word("outputs", language), said("output", *_OUTPUTS), outputs),
    ]


def write(path: Path, report: dict[str, Any], language: str) -> None:
    """A report as a spreadsheet, whose cells are text or numbers, whatever they begin with. OSError."""
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        bold = book.add_format({"bold": True})
        for number, sheet in enumerate(sheets(report, language)):
            page = book.add_worksheet(f"{number + 1} {sheet.title.partition('，')[0].partition(',')[0]}"[:31])
            page.set_column(0, 0, 24)
            page.set_column(1, len(sheet.heads), 22 if len(sheet.heads) < 6 else 12)
            table: list[list[Cell]] = [[*sheet.heads], *sheet.rows]
            for row, cells in enumerate(table):
                for column, cell in enumerate(cells):
                    if isinstance(cell, int | float):
                        page.write_number(row, column, cell)
                    elif cell:
                        page.write_string(row, column, cell, None if row else bold)


class ShowDrills:
    """In one language, on one terminal."""

    def __init__(self, console: Console, language: str) -> None:
        """Draw there."""
        self._console, self._language = console, language

    def report(self, report: dict[str, Any]) -> None:
        """All tables of a report."""
        for sheet in sheets(report, self._language):
            self._console.print(_table(sheet))

    def status(self, document: dict[str, Any]) -> None:
        """All that runs, each head and output with how far it has come."""
        for part in self._parts(document):
            self._console.print(part)

    def _parts(self, document: dict[str, Any]) -> Iterator[Text | Table]:
        if not document["drills"] and not document["walks"]:
            yield Text(word("none", self._language))
        for drill in document["drills"]:
            yield self._head("drill", drill)
            rows: list[list[Cell]] = [[its["title"], _told(its["told"], self._language), "、".join(
                word(proof, self._language) for proof in its["confirmed"])] for its in drill["outputs"]]  # fmt: skip
            yield _table(Sheet("", [word(key, self._language) for key in ("output", "told", "confirmed")], rows))
        for walk in document["walks"]:
            yield self._head("walktest", walk)
            yield Text(word("danger", self._language), style="bold red")
            yield _table(Sheet("", [word(key, self._language) for key in ("where", "head", "state", "count", "first",
                         "last")], [self._row(head) for head in walk["heads"]]))  # fmt: skip

    def _head(self, sort: str, its: dict[str, Any]) -> Text:
        left = word("left", self._language, minutes=f"{its['left'] / 60:.0f}")
        names = f"{word(sort, self._language)} {its['place']}  {its['by']}  {its['reason']}  {left}  {its['id']}"
        return Text(names, style="bold yellow")

    def _row(self, head: dict[str, Any]) -> list[Cell]:
        state = "tripped" if head["tripped"] else "done" if head["count"] else "missing"
        said = word(state, self._language)
        return [
            head["where"],
            head["head"],
            said,
            head["count"],
            *(_value(head[key], key) for key in ("first", "last")),
        ]


def _told(value: object, language: str) -> str:
    words = {"open": "told_open", "closed": "told_closed", "True": "told_on", "False": "told_off"}
    return word(words.get(str(value), "told_held"), language)


def _value(value: Any, key: str) -> Cell:  # noqa: ANN401 - JSON
    if key in ("first", "last", "started", "ended") and isinstance(value, str):
        return value[:19].replace("T", " ") if key in ("started", "ended") else clock(value)
    return value if isinstance(value, str | int | float) or value is None else str(value)


def _table(sheet: Sheet) -> Table:
    table = Table(title=sheet.title or None, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD,
                  show_edge=False, pad_edge=False, show_header=any(sheet.heads))  # fmt: skip
    for head in sheet.heads:
        table.add_column(head, overflow="fold")
    for row in sheet.rows:
        table.add_row(*("—" if cell is None else f"{cell:g}" if isinstance(cell, float) else str(cell) for cell in row))
    return table
