"""Makes a division of numbers by nothing a fault, as that of whole numbers is.

CEL divides as IEEE 754 does: 5.0 / 0.0 is infinite, and more than any limit, so a dead voltage would be an alarm. Each
divisor is wrapped into what fails when it is nothing; the language itself knows where such a fault counts.
"""

import re
from collections.abc import Iterable

_SIGNS = re.compile(r"[\s!-]*")
_PLAIN = re.compile(r"0[xX][0-9A-Fa-f]+u?|[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?[uU]?|[A-Za-z_][A-Za-z0-9_]*")
_FIELD = re.compile(r"\s*\.\s*[A-Za-z_][A-Za-z0-9_]*")
_OPENS = re.compile(r"\s*[(\[]")
_TEXT = re.compile(r"'(\\.|[^'\\])*'|\"(\\.|[^\"\\])*\"")
_CLOSING = {"(": ")", "[": "]"}
_BEFORE, _AFTER = "[", "].map(_d, _d == _d - _d ? dyn(1/0) : dyn(_d))[0]"


def guarded(text: str, divisions: Iterable[int]) -> str:
    """The expression whose `/` stand at these places, with every divisor watched. ValueError where none is found."""
    marks: list[tuple[int, str]] = []
    for place in divisions:
        if text[place : place + 1] != "/":
            raise ValueError("a division is not where the compiler says; write the divisor in parentheses")
        start = _SIGNS.match(text, place + 1)
        assert start is not None  # noqa: S101 - it matches nothing, too
        marks += [(place + 1, _BEFORE), (_end(text, start.end()), _AFTER)]
    for place, piece in sorted(marks, key=lambda mark: -mark[0]):
        text = text[:place] + piece + text[place:]
    return text


def _end(text: str, at: int) -> int:
    """Where an operand ends: a number, a name or parentheses, with all that hangs on it."""
    if match := _PLAIN.match(text, at):
        at = match.end()
    elif text[at : at + 1] not in _CLOSING:
        raise ValueError("the divisor is not understood; write it in parentheses")
    while True:
        if match := _FIELD.match(text, at):
            at = match.end()
        elif match := _OPENS.match(text, at):
            at = _closed(text, match.end() - 1)
        else:
            return at


def _closed(text: str, at: int) -> int:
    """Behind what closes the parenthesis or bracket that stands here."""
    waits: list[str] = []
    while at < len(text):
        if match := _TEXT.match(text, at):
            at = match.end()
            continue
        if text[at] in _CLOSING:
            waits.append(_CLOSING[text[at]])
        elif waits and text[at] == waits[-1]:
            waits.pop()
            if not waits:
                return at + 1
        at += 1
    raise ValueError("a parenthesis of the divisor is not closed")
