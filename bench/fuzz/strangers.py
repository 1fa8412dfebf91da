"""Third-party drivers that lie: what the daemon makes of their process's packets, and their host of the daemon's.

No process is started: packets come from a case. The first byte of each piece says how it travels: in a good envelope
under the number that is waited for, under another one, bare, or not at all.
"""

import math
import socket
from collections.abc import Sequence
from contextlib import suppress
from random import Random
from typing import Any

import msgspec
from pydantic import ValidationError

from bench.fuzz.cases import Case, Wrong, rubbish, spoiled
from bench.fuzz.loop import LoopClock, StillLoop
from bench.fuzz.stream import checked
from daemon.config import plugins, thirdparty
from daemon.plugins import settings as rebuilt
from daemon.plugins import wire
from daemon.plugins.host import Host
from daemon.plugins.process import DriverFaultError, DriverProcess
from drivers import _blueprint
from gatehouse.driver import DriverError, Question, Scan, ScanClass
from gatehouse.points import Point

_PACK = wire.ENCODER.encode
_OWN = (DriverError, DriverFaultError)
_SCAN = Scan(name="state", kind=ScanClass.MEASURE, period=1.0, points=("level",))
_GOOD: dict[str, Any] = {
    "load": {"rights": [], "fields": ["address"], "settings": {"properties": {"address": {"type": "integer"}}},
             "walls": [], "digest": "0"},
    "make": [False, True, True, [["level", "水位", "%", True, False, 0.0, 100.0]], [["state", 2, 1.0, ["level"]]]],
    "scans": [["state", 2, 1.0, ["level"]]],
    "ask": [1, b"?1.", 3, 0.1, 0.2, 0.3, 0.0],
    "find": [3, b"!7.", ""],
    "read": {"level": [7, 2, ""]},
    "prepare": [[1, b"?1.", 3, 0.1, 0.2, 0.3, 0.0]],
    "hear": [[3, b"!7.", ""], {"level": [7.5, 2, ""]}],
    "learn": True,
    "accept": None,
}  # fmt: skip
_VALUES: Sequence[Any] = (
    None, True, False, 0, 1, -1, 255, 1 << 53, (1 << 64) - 1, -(1 << 63), 0.0, -0.0, math.nan, math.inf, -math.inf,
    1e308, "", "level", "x" * 65, "x" * 5000, "\x1b[2J", "a\x00b", "\ud7ff", b"", b"!7.", b"\xff" * 5000, [], {}, [[]],
    [None] * 600, {"level": None}, msgspec.msgpack.Ext(5, b"x"), msgspec.Raw(b"\xc1"),
    msgspec.Raw(b"\x91" * 3000 + b"\xc0"), msgspec.Raw(b"\xdd\xff\xff\xff\xff"),
    msgspec.Raw(b"\xa5\xff\xfe\xfd\xfc\xfb"), msgspec.Raw(b"\xd6\xff\x00\x00\x00\x01"),
)  # fmt: skip


def varied(dice: Random, value: Any, depth: int = 5) -> Any:
    """The same, but for one or another thing in it."""
    if not depth or dice.random() < 0.12:
        return dice.choice(_VALUES)
    if isinstance(value, list) and value:
        at = dice.randrange(len(value))
        kept = [*value[:at], varied(dice, value[at], depth - 1), *value[at + 1 :]]
        return kept + kept if dice.random() < 0.05 else kept
    if isinstance(value, dict) and value:
        key = dice.choice(list(value))
        return value | {key: varied(dice, value[key], depth - 1)}
    return dice.choice(_VALUES)


def packed(dice: Random, good: Any) -> bytes:
    """As a driver that means well, ill, or nothing at all would say it."""
    roll = dice.random()
    said = _PACK(good if roll < 0.35 else varied(dice, good))
    if roll > 0.85:
        return spoiled(dice, said, _PACK(good))
    return rubbish(dice, b"\x90\x91\xc0\xc1\x80\xdd\xff") if roll > 0.98 else said


class _End(socket.socket):
    """The daemon's end of a socket that leads nowhere."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        super().__init__(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._pieces = list(reversed(pieces))
        self._number = 0

    def setsockopt(self, *_: Any) -> None:
        """No matter."""

    def send(self, data: Any, *_: Any) -> int:
        """Remember the number that is waited for."""
        self._number = msgspec.msgpack.decode(data)[0]
        return len(data)

    def recv_into(self, buffer: Any, *_: Any, **__: Any) -> int:
        """The next packet."""
        if not self._pieces:
            raise BlockingIOError
        piece = self._pieces.pop()
        how, said = piece[:1] or b"\0", piece[1:]
        if how < b"\xd0":
            said = b"\x93\x00" + _PACK(self._number) + said
        elif how < b"\xe0":
            said = b"\x93" + bytes((1 + how[0] % 3,)) + _PACK(self._number) + said
        elif how < b"\xe8":
            said = b"\x93\x00" + _PACK(self._number ^ 1) + said
        elif how < b"\xec":
            raise BlockingIOError
        elif how < b"\xee":
            raise ConnectionResetError(104, "Connection reset by peer")
        size = min(len(said), len(buffer))
        buffer[:size] = said[:size]
        return size


class _Process(DriverProcess):
    """A driver's process that is none."""

    def __init__(self, pieces: Sequence[bytes], clock: LoopClock) -> None:
        self._pieces = pieces
        super().__init__(None, "acme:Device", [], clock)

    def _start(self) -> None:
        self._end = _End(self._pieces)
        self._finalizer: Any = self._end.close
        self._loading_until = self._clock.monotonic() + 10.0
        self._send("load", 0, [], *self._load)


class Processes:
    """The daemon's side."""

    budget = 0.05

    def __init__(self) -> None:
        """With a clock that stands still."""
        self._clock = LoopClock(StillLoop())

    def make(self, dice: Random) -> Case:
        """A conversation in which most goes well until something does not."""
        number = dice.randrange(1 << 16)
        verbs = ["load", "make", *[_verb(number, turn) for turn in range(6)]]
        broken = dice.randrange(len(verbs) + 1)
        pieces = []
        for turn, verb in enumerate(verbs):
            if turn == broken or (turn > 1 and dice.random() < 0.5):
                how = dice.randrange(256) if dice.random() < 0.3 else 0
                said = _PACK(dice.choice(("no", "", "\x1b[2J" * 200))) if 0xD0 <= how < 0xE0 else b""
                pieces.append(bytes((how,)) + (said or packed(dice, _GOOD[verb])))
            else:
                pieces.append(b"\0" + _PACK(_GOOD[verb]))
        return Case(number, tuple(pieces))

    def take(self, case: Case) -> int:
        """Load it, make a device of it, and use that."""
        try:
            process = _Process(case.pieces, self._clock)
        except DriverFaultError:
            return 0
        try:
            device: Any = thirdparty._kind("acme", process).build()  # noqa: SLF001 - what loading a site does
            return self._used(device, case.number)
        except (DriverFaultError, rebuilt.SchemaError, ValueError):
            return 0
        finally:
            process.close()

    def _used(self, device: Any, number: int) -> int:
        _points(device.points())
        done = 0
        question: Question | None = None
        for turn in range(6):
            try:
                question = self._call(device, _verb(number, turn), question)
                done += 1
            except _OWN as error:
                if len(str(error)) > 2 * wire.MOST_TEXT or not str(error).isprintable():
                    raise Wrong(f"it says {str(error)!r:.200}") from error
        return done

    def _call(self, device: Any, verb: str, question: Question | None) -> Question | None:  # noqa: C901 - verbs are many
        if hasattr(device, "hear"):
            heard = device.hear(b"!7.!8", 1.0)
            if heard is not None:
                checked(heard[0], b"!7.!8")
                _samples(device, heard[1])
            return None
        for scan in device.scans():
            if not (isinstance(scan, Scan) and 0.02 <= scan.period <= 86400 and len(scan.points) <= wire.MOST_POINTS):
                raise Wrong(f"{scan!r:.200}")
        if verb == "read":
            _samples(device, device.read(_SCAN, b"!7."))
        elif verb == "find" and question is not None:
            found = question.find(b"!7.!8")
            if found is not None:
                checked(found, b"!7.!8")
        elif verb == "learn" and hasattr(device, "learn"):
            device.learn(_SCAN, b"")
        elif verb == "prepare" and hasattr(device, "prepare"):
            for owed in device.prepare():
                _question(owed)
        elif verb == "accept" and hasattr(device, "accept") and question is not None:
            device.accept(question, b"!7.")
        else:
            return _question(device.ask(_SCAN))
        return question


def _verb(number: int, turn: int) -> str:
    verbs = ("ask", "find", "read", "prepare", "learn", "accept")
    return verbs[(number >> 2 * turn) % 6] if turn else "ask"


def _points(points: Sequence[Point]) -> None:
    names = [point.name for point in points]
    if len(set(names)) != len(names) or len(names) > wire.MOST_POINTS:
        raise Wrong(f"{len(names)} points: {names[:5]}")
    if not all(point.low <= point.high for point in points):
        raise Wrong(f"limits {[(point.low, point.high) for point in points][:5]}")


def _question(question: Question) -> Question:
    times = (question.usual, question.patience, question.worst, question.gap)
    if not (0 <= times[0] <= times[1] <= times[2] <= 10 and 0 <= times[3] <= 10):
        raise Wrong(f"times {times}")
    if not 1 <= len(question.request) <= wire.MOST_RECEIVED or not 0 <= question.expected <= wire.MOST_RECEIVED:
        raise Wrong(f"a request of {len(question.request)} bytes, {question.expected} expected")
    return question


def _samples(device: Any, samples: Any) -> None:
    known = {point.name for point in device.points()}
    if strange := samples.keys() - known:
        raise Wrong(f"{strange} is no channel")
    for name, sample in samples.items():
        value = sample.value
        if isinstance(value, float) and not math.isfinite(value):
            raise Wrong(f"{name} is {value}")
        if not isinstance(value, bool | int | float | str | None) or (isinstance(value, str) and len(value) > 256):
            raise Wrong(f"{name} is {value!r:.200}")


# Settings


_TYPES: Sequence[Any] = ("integer", "string", "number", "boolean", "array", "null", "object", "x", 5, None, [])
_LIMITS = ("minimum", "maximum", "exclusiveMinimum", "minLength", "maxLength", "pattern", "minItems", "maxItems",
           "description", "title")  # fmt: skip
_PATTERNS = ("^a+$", "(a+)+$", "[", "(?=x)", "a{1000000}", "(a{1000}){1000}", ".*" * 50, "\\", 5, None)


_WRITTEN: Sequence[dict[str, Any]] = (
    {}, {"address": 5}, {"address": "a" * 40, "wait": [1, "a", [2]]}, {"wait": {}, "": None},
)  # fmt: skip


class Schemas:
    """The JSON Schemas of settings that a driver says it has."""

    budget = 0.05

    def make(self, dice: Random) -> Case:
        """One as pydantic would write it, more or less."""
        names = ["address", "wait", "a b", "", "__init__", "line", "model_config", "x" * 70, "1", 5]
        properties: Any = {name: self._one(dice, 7) for name in dice.sample(names, dice.choice((1, 2, 5)))}
        schema: dict[str, Any] = {"properties": properties, "required": dice.sample(names, 2), "type": "object"}
        schema["$defs"] = {name: self._one(dice, 5) for name in ("A", "B")}
        if dice.random() < 0.1:  # choices that name each other
            schema["$defs"]["A"] = {"anyOf": [{"$ref": "#/$defs/B"}] * dice.choice((2, 30, 300))}
            schema["$defs"]["B"] = {"anyOf": [{"$ref": "#/$defs/A"}, *[self._one(dice, 3) for _ in range(4)]]}
        if dice.random() < 0.15:
            schema[dice.choice(list(schema))] = dice.choice((None, 5, [], "x", {"a": 1}, [[1]], [{}], True))
        return Case(0, (_PACK(schema),))

    def _one(self, dice: Random, depth: int) -> Any:
        roll = dice.random()
        if not depth or roll < 0.02:
            return dice.choice((None, 5, [], "x", {}))
        if roll < 0.12:
            return {"$ref": dice.choice(("#/$defs/A", "#/$defs/B", "#/$defs/C", "", 5))}
        if roll < 0.22:
            values = ["a", 1, None, True, 1.5, "b"]
            return {"enum": dice.choice((values, [], [[1]], [{}], 5, "abc"))} if roll < 0.2 else {"const": [1]}
        if roll < 0.42:
            return {
                "anyOf": [self._one(dice, depth - 1) for _ in range(dice.choice((0, 1, 2, 9, 40 if depth < 3 else 2)))]
            }
        one: dict[str, Any] = {"type": dice.choice(_TYPES)}
        if dice.random() < 0.5:
            key = dice.choice(_LIMITS)
            one[key] = (
                dice.choice(_PATTERNS) if key == "pattern" else dice.choice((0, 1, -1, 1e400, "x", None, 1 << 63))
            )
        if one["type"] == "array":
            one["items"] = self._one(dice, depth - 1)
            if dice.random() < 0.3:
                one["prefixItems"] = [self._one(dice, depth - 1) for _ in range(dice.choice((0, 1, 3, 12)))]
        return one

    def take(self, case: Case) -> int:
        """Rebuild it, and write something for it."""
        schema = msgspec.msgpack.decode(case.pieces[0])
        try:
            model = rebuilt.model("acme", schema)
        except rebuilt.SchemaError:
            return 0
        for written in _WRITTEN:
            with suppress(ValidationError):
                rebuilt.values(model.model_validate(written))
        return 1


# The driver's side


class _Bare(Host):
    """A host with a driver of ours in it: nothing is loaded, and no walls are raised."""

    def __init__(self, kind: plugins.Kind) -> None:
        super().__init__()
        self._kind = kind

    def _load(self, *_: Any) -> wire.Description:
        raise ImportError("nothing is loaded here")


_CALLS: Sequence[list[Any]] = (
    ["make", {"address": 7}, {}], ["points"], ["scans"], ["ask", ["state", 2, 5.0, ["temperature", "heater"]]],
    ["find", 1, b">07 61.5 ON\r"], ["read", ["state", 2, 5.0, ["temperature"]], b">07 61.5 ON\r"],
    ["write", "heater", True, None], ["write", "heater", True, 1.5], ["accept", 1, b"!07\r"], ["prepare"],
    ["learn", ["state", 2, 5.0, []], b""], ["hear", b"x", 1.0], ["drop"], ["keep", 1], ["load", "", "", []],
)  # fmt: skip


class Hosts:
    """The host's side: every packet is answered by one, or is none of the daemon's and ends the process."""

    budget = 0.05

    def __init__(self) -> None:
        """With the blueprint's tank."""
        self._kind = plugins.described("drivers", "tank", _blueprint.Device)

    def make(self, dice: Random) -> Case:
        """A device is made, then used in any way."""
        pieces = [_PACK([0, "make", 1, [], {"address": 7}, {}])] if dice.random() < 0.9 else []
        for number in range(1, dice.choice((2, 4, 8))):
            verb, *given = dice.choice(_CALLS)
            call = [number, verb, 1, [], *given]
            pieces.append(packed(dice, call))
        return Case(0, tuple(pieces))

    def take(self, case: Case) -> int:
        """Answer all."""
        host, answered = _Bare(self._kind), 0
        for packet in case.pieces:
            try:
                said = host.answer(packet)
            except (msgspec.DecodeError, UnicodeDecodeError, ValueError, TypeError, RecursionError):
                continue  # no packet of the daemon's: the process would end
            if not 0 < len(said) <= wire.MOST:
                raise Wrong(f"answered with {len(said)} bytes")
            answered += msgspec.msgpack.decode(said)[0] == wire.Outcome.DONE
        return answered
