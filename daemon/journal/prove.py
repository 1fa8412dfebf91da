"""Holds a journal against heads that were kept elsewhere: was history written anew, or cut off?"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from daemon.journal.chain import Verdict, parse_head, verify
from daemon.journal.query import query

Said = Literal["proved", "cut", "gone", "changed", "unknown"]
"""proved: all up to this head is as it was. cut: this very line was cut by retention, inside. gone: it lies before the
first line. changed: the journal says otherwise. unknown: the journal does not reach so far."""

_HASH = re.compile(r"[0-9a-fA-F]{64}")
_PLAIN = re.compile(r"([0-9]{1,18}):([0-9a-fA-F]{64})\b")
_NUMBERS = ("newest", "head", "number")
_DEEP = 6


@dataclass(frozen=True, slots=True)
class Head:
    """A number and its hash, as somebody kept them."""

    number: int
    hash: str
    source: str = ""
    """Where it was found: a file and a line."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What the journal says to a head."""

    head: Head
    said: Said
    line: int = 0
    """changed: the first line that is not as it was, where that is known. cut: the line that tells of the cut."""
    after: int = 0
    """changed, without a `line`: all up to this one is as it was."""
    rule: str = ""
    """cut: days, size or disk."""
    at: str = ""
    """cut: when, ISO 8601."""


def read_heads(path: Path) -> Iterator[Head]:
    """Heads in a file, one to a line: NUMBER:HASH, or JSON in which a number stands beside a `hash`, such as what
    `mosquitto_sub -v` wrote of a state topic; lines without one are passed over. OSError, ValueError if there is none.
    """
    found = False
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            for head in _in_line(line, f"{path.name}:{number}"):
                found = True
                yield head
    if not found:
        raise ValueError(
            f"{path}：其中没有链头；链头写成 编号:哈希，或是 MQTT 的状态消息。 "
            f"{path}: no head in it; one is written NUMBER:HASH, or is a state message of MQTT, with newest and hash"
        )


def prove(
    path: Path, heads: Sequence[Head], progress: Callable[[int, int], None] | None = None
) -> tuple[Verdict, list[Proof]]:
    """Check the whole journal, and each head against it. OSError, JournalError."""
    verdict = verify(path, progress=progress, wanted={head.number for head in heads})
    proved = [head.number for head in heads if verdict.hashes.get(head.number) == head.hash]
    return verdict, [_judge(path, verdict, head, proved) for head in heads]


def one_head(text: str) -> Head:
    """NUMBER:HASH; ValueError."""
    return Head(*parse_head(text))


def _judge(path: Path, verdict: Verdict, head: Head, proved: Sequence[int]) -> Proof:
    fault = verdict.first_fault
    if fault is not None and fault <= head.number:
        return Proof(head, "changed", line=fault)
    if head.number in verdict.hashes:
        if verdict.hashes[head.number] == head.hash:
            return Proof(head, "proved")
        return Proof(head, "changed", after=max((number for number in proved if number < head.number), default=0))
    if head.number in verdict.cuts:
        return _cut(path, verdict.cuts[head.number], head)
    return Proof(head, "gone" if head.number <= verdict.gone else "unknown")


def _cut(path: Path, told: int, head: Head) -> Proof:
    for event in query(path, told - 1, 1):
        if event.number == told:
            return Proof(head, "cut", line=told, rule=str(event.content.get("rule", "")), at=event.at.isoformat())
    return Proof(head, "cut", line=told)


def _in_line(line: str, source: str) -> Iterator[Head]:
    """JSON first: a number and a hash may stand far from each other in it."""
    start = line.find("{")
    if start >= 0:
        with suppress(msgspec.MsgspecError, UnicodeEncodeError):
            yield from _in_json(msgspec.json.decode(line[start:].strip().encode()), source, _DEEP)
            return
    for number, digest in _PLAIN.findall(line):
        yield Head(int(number), digest.lower(), source)


def _in_json(found: Any, source: str, deep: int) -> Iterator[Head]:  # noqa: ANN401 - any JSON
    if deep == 0:
        return
    if isinstance(found, dict):
        digest = found.get("hash")
        number = next((found[name] for name in _NUMBERS if type(found.get(name)) is int), None)
        if isinstance(digest, str) and _HASH.fullmatch(digest) and number is not None and number > 0:
            yield Head(number, digest.lower(), source)
        yield from _each(found.values(), source, deep)
    elif isinstance(found, list):
        yield from _each(found, source, deep)


def _each(found: Iterable[Any], source: str, deep: int) -> Iterator[Head]:
    for its in found:
        yield from _in_json(its, source, deep - 1)
