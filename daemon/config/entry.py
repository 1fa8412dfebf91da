"""One entry of a site file, changed where it stands: comments, order, and every other byte of the file stay.

A writer of YAML would lay the whole file out anew, so only places are asked of the parser, and text is cut and put in
at these places. That it means what it should, and that nothing else means anything else, is read back and compared.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from daemon.config import document

_PLAIN = re.compile(r"[A-Za-z_\u4e00-\u9fff][A-Za-z0-9_./°%\u4e00-\u9fff-]*(?: [A-Za-z0-9_./°%\u4e00-\u9fff-]+)*\Z")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
_ALIAS = re.compile(r"\s*:\s*(\*[^\s,\[\]{}]+)")
_COMMA = re.compile(r"\s*,")


class EntryError(Exception):
    """The entry cannot be changed where it stands; `code` and `values` say why."""

    def __init__(self, code: str, **values: str) -> None:
        """`code`: absent, alias, shared, syntax."""
        self.code, self.values = code, values
        super().__init__(f"{code}: {values}")


Pair = tuple[Node, Node]
Cut = tuple[int, int, str]
"""From, to, and what stands there instead."""


def changed(text: str, where: tuple[str, str], values: Mapping[str, Any], dropped: Collection[str]) -> str:
    """The file with other values in one entry, such as ("devices", "io1"). EntryError."""
    entry = _entry(text, where)
    own = {key.value: (key, value) for key, value in entry.value if isinstance(key, ScalarNode)}
    cuts = [_value(text, own[name], value) for name, value in values.items() if name in own]
    going = [name for name in own if name in dropped and name not in values]
    cuts += _drop(text, entry, [own[name] for name in going])
    staying = [pair for name, pair in own.items() if name not in going]
    if new := {name: value for name, value in values.items() if name not in own}:
        cuts.append(_add(text, entry, staying, new))
    after = _cut(text, cuts)
    _prove(text, after, where, dict(values), going)
    return after


def taken_over(text: str, other: str, where: tuple[str, str]) -> str:
    """The file with one entry as it stands in another text. EntryError."""
    start, end = _span(text, where)
    return text[:start] + other[slice(*_span(other, where))] + text[end:]


def _cut(text: str, cuts: list[Cut]) -> str:
    for start, end, instead in sorted(cuts, reverse=True):
        text = text[:start] + instead + text[end:]
    return text


def _root(text: str) -> Node | None:
    try:
        node: Node | None = YAML(typ="rt").compose(text)
    except (YAMLError, ValueError) as error:
        raise EntryError("syntax", why=str(error).splitlines()[0]) from error
    return node


def _pair(text: str, where: tuple[str, str]) -> Pair:
    node = _root(text)
    found: Pair | None = None
    for step in where:
        pairs = node.value if isinstance(node, MappingNode) else []
        found = next(((key, value) for key, value in pairs if key.value == step), None)
        if found is None:
            raise EntryError("absent", name=".".join(where))
        if alias := _ALIAS.match(text, found[0].end_mark.index):
            raise EntryError("alias", name=".".join(where), alias=alias[1])
        node = found[1]
    assert found is not None  # noqa: S101 - there is at least one step
    return found


def _entry(text: str, where: tuple[str, str]) -> MappingNode:
    _, value = _pair(text, where)
    if not isinstance(value, MappingNode):
        raise EntryError("absent", name=".".join(where))
    return value


def _span(text: str, where: tuple[str, str]) -> tuple[int, int]:
    """From its name to its end; of one that is written line by line to the end of the last line."""
    key, value = _pair(text, where)
    end = _end(text, value)
    if isinstance(value, MappingNode) and not value.flow_style:
        rest = text.find("\n", end)
        end = len(text) if rest < 0 else rest - text[:rest].endswith("\r")
    return key.start_mark.index, end


def _end(text: str, node: Node) -> int:
    """Where its own text ends: the parser's end of a block lies behind the comments that follow it."""
    if isinstance(node, MappingNode | SequenceNode) and not node.flow_style and node.value:
        last = node.value[-1]
        if not isinstance(last, tuple):
            return _end(text, last)
        key, value = last
        alias = _ALIAS.match(text, key.end_mark.index)
        return alias.end() if alias else _end(text, value)
    end: int = node.end_mark.index
    while isinstance(node, ScalarNode) and end > node.start_mark.index and text[end - 1] in "\r\n":
        end -= 1  # of a text in a block
    return end


def _place(text: str, pair: Pair) -> tuple[int, int]:
    """Where the value of a pair stands, an alias as it is written."""
    key, value = pair
    if alias := _ALIAS.match(text, key.end_mark.index):
        return alias.start(1), alias.end(1)
    return value.start_mark.index, _end(text, value)


def _value(text: str, pair: Pair, value: object) -> Cut:
    start, end = _place(text, pair)
    gap = " " if start and text[start - 1] == ":" else ""
    return start, end, gap + written(value)


def _drop(text: str, entry: MappingNode, going: list[Pair]) -> Iterator[Cut]:
    if entry.flow_style:
        yield from _drop_from_flow(text, list(entry.value), {id(key) for key, _ in going})
        return
    for pair in going:
        start = text.rfind("\n", 0, pair[0].start_mark.index) + 1
        end = text.find("\n", _place(text, pair)[1])
        yield start, len(text) if end < 0 else end + 1, ""


def _drop_from_flow(text: str, pairs: list[Pair], going: set[int]) -> Iterator[Cut]:
    """Runs of neighbours, each with the comma behind it; at the end of the braces with the one before it."""
    for leaves, run in groupby(range(len(pairs)), lambda number: id(pairs[number][0]) in going):
        first, *_, last = (numbers := list(run))[0], numbers[-1]
        if not leaves:
            continue
        start, end = pairs[first][0].start_mark.index, _place(text, pairs[last])[1]
        if last + 1 < len(pairs):
            comma, following = text.index(",", end), pairs[last + 1][0].start_mark.index
            between = text[comma + 1 : following]  # a comment there stays
            yield start, comma + 1 if between.strip() else following, ""
        elif first:
            yield _place(text, pairs[first - 1])[1], end, ""
        else:
            behind = _COMMA.match(text, end)
            yield start, behind.end() if behind else end, ""


def _add(text: str, entry: MappingNode, staying: Sequence[Pair], new: Mapping[str, Any]) -> Cut:
    words = [f"{name}: {written(value)}" for name, value in new.items()]
    if entry.flow_style:
        if not staying:
            start = entry.end_mark.index - 1
            return start, start, ", ".join(words)
        end = _place(text, staying[-1])[1]
        return end, end, "".join(f", {word}" for word in words)
    last = staying[-1] if staying else entry.value[-1]
    indent = text[text.rfind("\n", 0, entry.value[0][0].start_mark.index) + 1 : entry.value[0][0].start_mark.index]
    line = "\r\n" if "\r\n" in text else "\n"
    end = text.find("\n", _place(text, last)[1])
    if end < 0:
        return len(text), len(text), "".join(f"{line}{indent}{word}" for word in words)
    return end + 1, end + 1, "".join(f"{indent}{word}{line}" for word in words)


def written(value: object) -> str:
    """A value as people write it, fit for a line or a pair of braces."""
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {written(each)}" for key, each in value.items()) + "}"
    text = str(value)
    if not isinstance(value, str) or (_PLAIN.match(text) and text.casefold() not in _WORDS):
        return text
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else f"\\U{ord(character):08x}"


def _prove(before: str, after: str, where: tuple[str, str], values: dict[str, Any], going: list[str]) -> None:
    """Read back: the entry says what it should, and nothing else says anything else."""
    old, new = (document.parse(Path("site.yaml"), text) for text in (before, after))
    section, name = where
    wanted = {key: value for key, value in old.data[section][name].items() if key not in going} | values
    got = new.data.get(section, {}).get(name)
    rest = [_without(each.data, where) for each in (old, new)]
    if new.faults or got != wanted or rest[0] != rest[1]:
        raise EntryError("shared", name=".".join(where))


def _without(data: Mapping[str, Any], where: tuple[str, str]) -> dict[str, Any]:
    section, name = where
    return {**data, section: {key: value for key, value in data.get(section, {}).items() if key != name}}
