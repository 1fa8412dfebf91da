"""The tree of a compiled expression, out of the library's own serial form, a CheckedExpr of cel-spec in protobuf.

Read by hand, because the library brings no protobuf and shows its tree in no other way. Field numbers:
https://github.com/google/cel-spec/blob/master/proto/cel/expr/syntax.proto and checked.proto
"""

import struct
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_Fields = dict[int, list[int | bytes]]
_IDENT, _SELECT, _STRUCT = 4, 5, 8
_Kind = Literal["const", "name", "select", "call", "list", "map", "fold"]
_KINDS: dict[int, tuple[_Kind, int, tuple[int, ...]]] = {
    _IDENT: ("name", 1, ()),
    _SELECT: ("select", 2, (1,)),
    6: ("call", 2, (1, 3)),
    7: ("list", 0, (1,)),
    _STRUCT: ("map", 0, ()),
    9: ("fold", 1, (2, 4, 5, 6, 7)),
}
"""Number in an `Expr` -> what it is, the number of its name, the numbers of its operands. All else is a constant."""


@dataclass(frozen=True, slots=True)
class Node:
    """One part of an expression."""

    kind: _Kind
    at: int
    """Where it stands: characters from the beginning; -1 for what the compiler put in itself."""
    name: str = ""
    """Of a name, a call's function (`_>_`, `size`), a select's field, a fold's variable."""
    inside: tuple["Node", ...] = ()
    """Operands; of a fold what it goes over, the start, the condition, the step, the result."""

    def walk(self) -> Iterator["Node"]:
        """The part itself and all inside it."""
        yield self
        for node in self.inside:
            yield from node.walk()


def read(serial: bytes) -> Node:
    """The tree of what the library serialized. ValueError when it is not of the form that is known here."""
    try:
        wrapped = _fields(serial)
        checked = _fields(_bytes(wrapped, 2))
        places = dict(_pairs(_fields(_bytes(checked, 5)), 4))
        names = {number: _text(_fields(raw), 1) for number, raw in _messages(checked, 2)}
        return _Reader(places, names).node(_bytes(checked, 4))
    except (IndexError, KeyError, TypeError, struct.error, UnicodeDecodeError) as error:
        raise ValueError(f"the expression's tree has another form than that of cel-expr-python 0.1: {error}") from error


@dataclass(frozen=True, slots=True)
class _Reader:
    places: dict[int, int]
    names: dict[int, str]

    def node(self, raw: bytes) -> Node:
        fields = _fields(raw)
        number = _whole(fields, 2)
        at = self.places.get(number, -1)
        kind = next((kind for kind in _KINDS if kind in fields), 0)
        inner = _fields(_bytes(fields, kind)) if kind else {}
        if kind == _IDENT:
            return Node("name", at, self.names.get(number) or _text(inner, 1))
        if kind == _SELECT:
            return self._select(at, number, inner)
        if kind == _STRUCT:
            entries = [_fields(entry) for entry in _all(inner, 2)]
            return Node("map", at, "", tuple(node for entry in entries for node in self._nodes(entry, 3, 4)))
        sort, named, numbers = _KINDS.get(kind, ("const", 0, ()))
        return Node(sort, at, _text(inner, named), self._nodes(inner, *numbers))

    def _select(self, at: int, number: int, fields: _Fields) -> Node:
        if number in self.names:  # the compiler found a variable of this whole name
            return Node("name", at, self.names[number])
        return Node("select", at, _text(fields, 2), self._nodes(fields, 1))

    def _nodes(self, fields: _Fields, *numbers: int) -> tuple[Node, ...]:
        return tuple(self.node(raw) for number in numbers for raw in _all(fields, number))


def _fields(raw: bytes) -> _Fields:
    """A protobuf message: its values by field number."""
    fields: _Fields = defaultdict(list)
    at = 0
    while at < len(raw):
        key, at = _varint(raw, at)
        if key & 7 == _VARINT:
            number, at = _varint(raw, at)
            fields[key >> 3].append(number)
        else:
            if key & 7 == _BYTES:
                length, at = _varint(raw, at)
            else:
                length = {_FIXED64: 8, _FIXED32: 4}[key & 7]
            if at + length > len(raw):
                raise IndexError("it ends in the middle")
            fields[key >> 3].append(raw[at : at + length])
            at += length
    return fields


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = raw[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at


def _all(fields: _Fields, number: int) -> list[bytes]:
    return [value for value in fields.get(number, []) if isinstance(value, bytes)]


def _bytes(fields: _Fields, number: int) -> bytes:
    return _all(fields, number)[-1]


def _text(fields: _Fields, number: int) -> str:
    return _bytes(fields, number).decode() if number in fields else ""


def _whole(fields: _Fields, number: int) -> int:
    value = fields[number][-1] if number in fields else 0
    if not isinstance(value, int):
        raise TypeError("a number is no number")
    return value


def _pairs(fields: _Fields, number: int) -> Iterator[tuple[int, int]]:
    for entry in map(_fields, _all(fields, number)):
        yield _whole(entry, 1), _whole(entry, 2)


def _messages(fields: _Fields, number: int) -> Iterator[tuple[int, bytes]]:
    for entry in map(_fields, _all(fields, number)):
        yield _whole(entry, 1), _bytes(entry, 2)
