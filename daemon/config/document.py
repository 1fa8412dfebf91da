"""YAML text to plain data that remembers the place of every key and value. Everything odd is refused in plain words."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from daemon.config.faults import Fault, Place, Where

LARGEST = 1_000_000
"""Bytes; the reference estate's site takes about a tenth of it."""
_MOST_VALUES = 100_000
_DEEPEST = 20
_MOST_OPEN = 100
_BRACKETS = re.compile(r"[\[\]{}]")
_PLAIN = "tag:yaml.org,2002:"
_MERGE = _PLAIN + "merge"
_ODD = {_PLAIN + name for name in ("binary", "set", "omap", "pairs")}
_INT, _HEX = re.compile(r"[-+]?[0-9]{1,40}\Z"), re.compile(r"0x[0-9a-fA-F]{1,40}\Z")  # anything longer is a text
_FLOAT = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?\Z")
_CONSTANTS = {"true": True, "True": True, "false": False, "False": False, "null": None, "~": None, "": None}
_WIDE = "：，［］｛｝＃　“”‘’＂"
_HINTS = (  # part of ruamel's complaint, and what a technician should look for
    ("could not find expected ':'", "syntax_colon"),
    ("mapping values are not allowed", "syntax_colons"),
    ("found character '\\t'", "syntax_tab"),
    ("cannot start any token", "syntax_quote"),
    ("did not find expected key", "syntax_indent"),
    ("expected <block end>", "syntax_indent"),
    ("while scanning a quoted scalar", "syntax_open_quote"),
    ("flow mapping", "syntax_bracket"),
    ("flow sequence", "syntax_bracket"),
    ("undefined alias", "syntax_star"),
    ("another document", "syntax_documents"),
)


@dataclass(frozen=True, slots=True)
class Secret:
    """What `!secret NAME` becomes; only where a secret is expected does it count as a value."""

    name: str


@dataclass(slots=True)
class Document:
    """Data, and where each part of it was written."""

    file: Path
    data: dict[str, Any] = field(default_factory=dict)
    keys: dict[Where, Place] = field(default_factory=dict)
    values: dict[Where, Place] = field(default_factory=dict)
    numbers: dict[Where, str] = field(default_factory=dict)
    """Numbers that are written in another way than they print: with zeros in front, or with an E."""
    styles: dict[Where, str] = field(default_factory=dict)
    """Texts that are not written plainly: by quotes, or in a block behind | or >."""
    faults: list[Fault] = field(default_factory=list)

    def place(self, where: Where, *, at_key: bool = False) -> Place:
        """Where a value (or its key) stands; what is not written stands where the table does that should hold it."""
        if not at_key and where in self.values:
            return self.values[where]
        while where not in self.keys and where:
            where = where[:-1]
        return self.keys.get(where, Place(self.file, 1, 1))

    def fault(self, where: Where, code: str, *, at_key: bool = False, nearest: str = "", **values: object) -> None:
        """Note a fault at a value, or at its key."""
        self.faults.append(self.place(where, at_key=at_key).fault(where, code, nearest=nearest, **values))


def read(file: Path, *, numbered: bool = False) -> Document:
    """Read one file; what cannot be read is in its faults. `numbered`: keys that are whole numbers stay numbers."""
    document = Document(file)
    text = _text(document)
    return document if text is None else _read(document, text, numbered=numbered)


def parse(file: Path, text: str) -> Document:
    """Read what might be written to a file."""
    return _read(Document(file), text, numbered=False)


def _read(document: Document, text: str, *, numbered: bool) -> Document:
    node = _compose(document, text)
    if node is not None:
        _Reader(document, numbered=numbered).root(node)
    return document


def _text(document: Document) -> str | None:
    file, start = document.file, Place(document.file, 1, 1)
    try:
        size = file.stat().st_size
        raw = b"" if size > LARGEST else file.read_bytes()
    except FileNotFoundError:
        document.faults.append(start.fault((), "no_file"))
        return None
    except OSError as error:
        document.faults.append(start.fault((), "unreadable", why=error.strerror or str(error)))
        return None
    if size > LARGEST:
        document.faults.append(start.fault((), "too_large", size=size, limit=LARGEST))
        return None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - before.rfind(b"\n")
        document.faults.append(Place(file, line, column).fault((), "not_utf8", byte=f"0x{raw[error.start]:02X}"))
        return None
    if not text.strip():
        document.faults.append(start.fault((), "empty_file"))
        return None
    return text


def _compose(document: Document, text: str) -> Node | None:
    depth = 0
    for bracket in _BRACKETS.finditer(text):  # ruamel takes minutes for thousands of open brackets
        depth += 1 if bracket[0] in "[{" else -1
        if depth > _MOST_OPEN:
            document.faults.append(_spot(document.file, text, bracket.start()).fault((), "too_deep", limit=_DEEPEST))
            return None
    try:
        node: Node | None = YAML(typ="rt").compose(text)
    except MarkedYAMLError as error:
        document.faults.append(_syntax(document.file, text, error))
    except ReaderError as error:
        place = _spot(document.file, text, error.position)
        document.faults.append(place.fault((), "control_character", character=f"U+{ord(text[error.position]):04X}"))
    except RecursionError:
        document.faults.append(Place(document.file, 1, 1).fault((), "too_deep", limit=_DEEPEST))
    except (YAMLError, ValueError) as error:
        document.faults.append(Place(document.file, 1, 1).fault((), "syntax", why=str(error).splitlines()[0]))
    else:
        if node is None:
            document.faults.append(Place(document.file, 1, 1).fault((), "empty_file"))
        return node
    return None


def _spot(file: Path, text: str, position: int) -> Place:
    return Place(file, text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position))


def _syntax(file: Path, text: str, error: MarkedYAMLError) -> Fault:
    mark, start = error.problem_mark or error.context_mark, error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    place, lines = Place(file, line, column), [*text.split("\n"), ""]
    complaint = f"{error.context or ''} {error.problem or ''}"
    if "while scanning a quoted scalar" in complaint or " flow " in complaint:
        opened = next((n for n in range(start.line if start else 0, line) if _opens(lines[n])), None)
        if opened is not None:
            return Place(file, opened + 1, lines[opened].rindex('"') + 1).fault((), "syntax_open_quote")
    near = range(max(0, (start.line if start else line - 1) - 1), min(line, len(lines)))
    for number in near:  # a full-width colon is the commonest slip with a Chinese keyboard, and ruamel cannot see it
        code = lines[number].split("#")[0]
        if (wide := next((c for c in code if c in _WIDE), None)) and not _parses_alone(code):
            ascii_form = unicodedata.normalize("NFKC", wide)
            place = Place(file, number + 1, code.index(wide) + 1)
            return place.fault((), "syntax_wide", character=wide, instead=ascii_form)
    code = next((code for part, code in _HINTS if part in complaint), "syntax")
    if code == "syntax_bracket" and "got ':'" in complaint and start and start.line + 1 == line:
        code = "syntax_colons"
    if code == "syntax_bracket" and start:
        return Place(file, start.line + 1, start.column + 1).fault((), code, noticed=f"{line}:{column}")
    return place.fault((), code, why=(error.problem or "").strip())


def _opens(line: str) -> bool:
    """Whether a line opens a double quote that it does not close."""
    return line.split(" #", maxsplit=1)[0].replace('\\"', "").count('"') % 2 == 1


def _parses_alone(line: str) -> bool:
    try:
        return isinstance(YAML(typ="rt").compose(line.strip() or "x: 1"), MappingNode)
    except YAMLError:
        return False


class _Reader:
    """Turns the nodes of one file into data."""

    def __init__(self, document: Document, *, numbered: bool) -> None:
        self._document = document
        self._numbered = numbered
        self._left = _MOST_VALUES

    def root(self, node: Node) -> None:
        """Take the whole file."""
        if not isinstance(node, MappingNode):
            self._document.fault((), "not_a_table")
            return
        data = self._build(node, ())
        if isinstance(data, dict):
            self._document.data = data

    def _spend(self, place: Place, where: Where) -> bool:
        """Count one value; False, with one fault, when there are too many: aliases of aliases grow without bound."""
        self._left -= 1
        if self._left == -1:
            self._document.faults.append(place.fault(where, "too_many", limit=_MOST_VALUES))
        return self._left >= 0

    def _shallow(self, place: Place, where: Where) -> bool:
        if len(where) > _DEEPEST:
            self._document.faults.append(place.fault(where, "too_deep", limit=_DEEPEST))
        return len(where) <= _DEEPEST

    def _build(self, node: Node, where: Where) -> object:
        place = self._place(node)
        self._document.values[where] = place
        if not self._spend(place, where) or not self._shallow(place, where):
            return None
        if node.tag == "!secret" and isinstance(node, ScalarNode):
            return Secret(node.value.strip())
        tag = node.tag or ""
        if not tag.startswith(_PLAIN) or tag in _ODD:
            self._document.faults.append(place.fault(where, "unknown_tag", tag=tag.replace(_PLAIN, "!!")))
            return None
        if isinstance(node, MappingNode):
            return self._table(node, where)
        if isinstance(node, SequenceNode):
            return [self._build(item, (*where, number)) for number, item in enumerate(node.value)]
        if style := getattr(node, "style", None):
            self._document.styles[where] = style
        value = _scalar(node)
        if type(value) in {int, float} and str(value) != node.value:
            self._document.numbers[where] = node.value
        return value

    def _table(self, node: MappingNode, where: Where) -> dict[Any, Any]:
        table: dict[Any, Any] = {}
        own = [(key, value) for key, value in node.value if key.tag != _MERGE]
        borrowed = [pair for key, value in node.value if key.tag == _MERGE for pair in self._borrowed(value, where)]
        for number, (key, value) in enumerate(own + borrowed):
            place = self._place(key)
            if not isinstance(key, ScalarNode) or not (key.tag or "").startswith(_PLAIN):
                self._document.faults.append(place.fault(where, "odd_key"))
                continue
            name = key.value
            if self._numbered and type(number_key := _scalar(key)) is int:
                name = number_key
            inner = (*where, name)
            if name not in table:
                self._document.keys[inner] = place
                table[name] = self._build(value, inner)
            elif number < len(own):
                first = self._document.keys[inner]
                self._document.faults.append(place.fault(inner, "duplicate_key", key=name, first=first))
            if self._left < 0:
                break
        return table

    def _borrowed(self, node: Node, where: Where, depth: int = 0) -> Iterator[tuple[Node, Node]]:
        """What `<<: *other` brings; own keys go before it."""
        for source in node.value if isinstance(node, SequenceNode) else [node]:
            if not isinstance(source, MappingNode) or depth > _DEEPEST:
                self._document.faults.append(self._place(source).fault(where, "odd_merge"))
                continue
            if not self._spend(self._place(source), where):
                return
            yield from ((key, value) for key, value in source.value if key.tag != _MERGE)
            for value in (value for key, value in source.value if key.tag == _MERGE):
                yield from self._borrowed(value, where, depth + 1)

    def _place(self, node: Node) -> Place:
        return Place(self._document.file, node.start_mark.line + 1, node.start_mark.column + 1)


def _scalar(node: Node) -> object:
    text: str = node.value
    if getattr(node, "style", None) is not None or node.tag == _PLAIN + "str":
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INT.match(text):
        return int(text)
    if _HEX.match(text):
        return int(text, 16)
    return float(text) if _FLOAT.match(text) else text
