"""An export as a spreadsheet, for people: every cell is text or a number, whatever it begins with."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from daemon.feeds.texts import Language

ROWS = 1_000_000
"""Lines on one sheet; a sheet holds 1 048 576."""
LONGEST = 32_000
"""Characters in one cell; a cell holds 32 767."""
PROOF = "证明"
"""The sheet that holds what the file can be checked by."""
COLUMNS = (
    ("number", "编号", "number", 10), ("time", "时间", "time", 24), ("text", "事件", "event", 50),
    ("severity", "级别", "level", 6), ("place", "位置", "place", 16), ("subject", "对象", "subject", 18),
    ("kind", "种类", "kind", 20), ("actor", "来源", "by", 24), ("cause", "起因", "cause", 20),
    ("content", "内容", "content", 60), ("hash", "哈希", "hash", 20),
)  # fmt: skip
"""Key of a line, heads in Chinese and in English, width."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_SETTINGS = {
    "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
    "use_zip64": True,
}  # fmt: skip


def write(
    path: Path, head: Mapping[str, Any], lines: Iterable[Mapping[str, Any]], end: Mapping[str, Any], language: Language
) -> int:
    """Write all of it; how many events there were. OSError."""
    with xlsxwriter.Workbook(str(path), _SETTINGS) as book:
        table = _Table(book, language, str(head.get("timezone", "")))
        for line in lines:
            table.put(line)
        values = {**head, "lines": table.count, "head": f"{end['head']['number']}:{end['head']['hash']}"}
        values["sha256"] = table.digest.hexdigest()
        sheet = book.add_worksheet(PROOF)
        sheet.set_column(0, 1, 40)
        for row, (name, value) in enumerate(values.items()):
            sheet.write_string(row, 0, name)
            sheet.write_string(row, 1, clean(str(value)), table.plain)
    return table.count


def sealed(cells: Iterable[str]) -> bytes:
    """A row as the digest of the file takes it."""
    return ("\x1f".join(cells) + "\x1e").encode("utf-8", "surrogatepass")


class _Table:
    """Lines over as many sheets as they need."""

    def __init__(self, book: xlsxwriter.Workbook, language: Language, zone: str) -> None:
        self._book, self._language, self._zone = book, language, zone
        self.plain: Format = book.add_format({"quote_prefix": True, "num_format": "@"})
        self._bold: Format = book.add_format({"bold": True})
        self.digest, self.count = sha256(), 0
        self._sheet: Worksheet | None = None

    def put(self, line: Mapping[str, Any]) -> None:
        row = self.count % ROWS
        if row == 0 or self._sheet is None:
            self._sheet = self._begin(self.count // ROWS + 1)
        self.count += 1
        cells = [str(line["number"]), *(_cell(line, name, self._language) for name, *_ in COLUMNS[1:])]
        self.digest.update(sealed(cells))
        self._sheet.write_number(row + 1, 0, line["number"])
        for column, text in enumerate(cells[1:], 1):
            if text:
                self._sheet.write_string(row + 1, column, text, self.plain if text.startswith(_FORMULA) else None)

    def _begin(self, number: int) -> Worksheet:
        title = "日志" if self._language == "zh" else "journal"
        sheet = self._book.add_worksheet(f"{title} {number}")
        sheet.freeze_panes(1, 0)
        for column, (name, zh, en, width) in enumerate(COLUMNS):
            words = zh if self._language == "zh" else en
            sheet.set_column(column, column, width)
            sheet.write_string(
                0, column, f"{words}（{self._zone}）" if name == "time" and self._zone else words, self._bold
            )
        return sheet


def _cell(line: Mapping[str, Any], name: str, language: Language) -> str:
    value = line.get(name, "")
    if name == "text":
        value = value[language]
    elif name == "time":
        value = value[:23].replace("T", " ")
    elif name == "content":
        value = msgspec.json.encode(value).decode() if value else ""
    elif name == "severity":
        value = value or ""
    return clean(str(value))


def clean(text: str) -> str:
    """As a cell can hold it: no characters that XML forbids, not too long."""
    text = "".join(one if one >= " " or one in "\t\n" else " " for one in text)
    text = text.encode("utf-8", "replace").decode().replace("\ufffe", " ").replace("\uffff", " ")
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
