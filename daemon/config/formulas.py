"""What is wrong with an expression, told at the very character of the site file."""

from daemon.config.document import Document
from daemon.config.faults import Both, Place, Where, listed, nearest
from rules._flaws import Flaw, FormulaError

_SORTS = {"number": "数值", "whole number": "整数", "on or off": "开关", "text": "文字", "value": "值"}


def tell(document: Document, rule: Where, error: FormulaError) -> None:
    """Every flaw as a fault."""
    for flaw in error.flaws:
        where = (*rule, *flaw.setting)
        values = {name: _word(name, value) for name, value in flaw.values.items()}
        near = nearest(str(flaw.values.get("value", "")), flaw.known) if flaw.known else ""
        if flaw.known:
            values["known"] = listed(flaw.known)
        document.faults.append(_spot(document, where, flaw).fault(where, flaw.code, nearest=near, **values))


def _word(name: str, value: object) -> object:
    if name != "sorts":
        return value
    english = str(value).split(", ")
    return Both(" and ".join(english), "和".join(_SORTS.get(word, word) for word in english))


def _spot(document: Document, where: Where, flaw: Flaw) -> Place:
    """Exact in a text on one line, and in a block behind `|` that is indented by two; else where the text begins."""
    start, style = document.place(where), document.styles.get(where, "")
    if style == "|":
        key = document.place(where, at_key=True)
        return Place(start.file, start.line + flaw.line, key.column + 1 + flaw.column)
    if style == ">" or flaw.line > 1:
        return start
    return Place(start.file, start.line, start.column + flaw.column - 1 + len(style))
