"""What a line said: the ring in memory against a plain list, and saved files after accidents."""

import json
import shutil
import tempfile
import weakref
from collections import deque
from pathlib import Path
from random import Random

from bench.fuzz.cases import Case, Wrong, rubbish, spoiled
from bench.fuzz.loop import LoopClock, StillLoop
from console.client import RefusedError
from console.direct import read_saved, saved
from daemon.field.blackbox import FOLDER, told
from daemon.field.trace import KEPT, Entry, Ring

_KINDS = (
    "sent",
    "answer",
    "noise",
    "foreign",
    "echo",
    "crc",
    "half",
    "late",
    "stray",
    "miss",
    "learnt",
    "open",
    "lost",
)
_DEVICES = ("", "io1", "io2", "表")
_MOST = 2 << 20
_STEPS = (0.0, 0.001, 0.02, 0.3, 5.0, 70.0)
_TICK = 1 / (1 << 16) + 1e-9


class Rings:
    """A case: what is noted, each piece by its first three bytes: after how long, what, of whom."""

    budget = 0.05

    def __init__(self) -> None:
        """One ring, and beside it a list of the same."""
        self._loop = StillLoop()
        self._ring = Ring(LoopClock(self._loop))
        self._model: deque[Entry] = deque()
        self._noted = 0

    def make(self, dice: Random) -> Case:
        """Some entries, and one look."""
        pieces = [dice.randbytes(3) + rubbish(dice) for _ in range(dice.choice((1, 2, 4)))]
        return Case(dice.randrange(8), tuple(pieces))

    def take(self, case: Case) -> int:
        """Note them, and read all of it now and then."""
        for piece in case.pieces:
            if len(piece) < 3:
                continue
            step = _STEPS[min(piece[0] % 32, 6) - 1] if piece[0] % 32 else 0.05
            self._loop.now += step
            self._note(piece)
        while self._model and self._model[0].at < self._loop.now - KEPT:
            self._model.popleft()
        if self._ring.size > _MOST:
            raise Wrong(f"it keeps {self._ring.size} bytes")
        if case.number == 0:
            self._compare()
        return self._noted

    def _note(self, piece: bytes) -> None:
        kind, device = _KINDS[piece[1] % len(_KINDS)], _DEVICES[piece[2] % len(_DEVICES)]
        scan, now, data = str(piece[2] % 7), self._loop.now, piece[3:]
        if piece[1] >= 0x80:
            request, sent = data[: piece[2] % 9], now - (piece[0] % 3) * 0.004
            self._ring.exchange((device, scan), sent, request, now, data)
            self._model.append(Entry(sent, "sent", device, scan, request))
            self._model.append(Entry(now, "answer", device, scan, data))
        else:
            self._ring.note(kind, device, data, now, scan)
            self._model.append(Entry(now, kind, device, scan, data))

    def _compare(self) -> None:
        kept, model = self._ring.entries(), [e for e in self._model if e.at >= self._loop.now - KEPT + 1.0]
        if len(kept) < len(model) and self._ring.size < 800_000:
            raise Wrong(f"{len(kept)} entries where {len(model)} were made")
        for ours, theirs in zip(reversed(kept), reversed(model), strict=False):
            if _told(ours) != _told(theirs):
                raise Wrong(f"{ours} where {theirs} was noted")
            if abs(ours.at - theirs.at) > 0.01:
                raise Wrong(f"{ours} at another time than {theirs}")
        self._noted = len(kept)


def _told(entry: Entry) -> tuple[str, str, str, bytes]:
    return entry.kind, entry.device, entry.scan, entry.data


_HEAD = {"trace": 1, "line": "gate", "why": "offline", "subject": "devices.io1", "at": "2026-11-21T10:00:00+00:00",
         "said": "", "title": "门", "timezone": "Asia/Shanghai", "endpoint": "/dev/ttyS1", "baud": 9600,
         "drivers": {"io1": "modbus", "meter": "dlt645", "water": "cjt188", "reader": "rdm6300"}}  # fmt: skip


class Saved:
    """A case: a saved trace, whole or not, as it is listed and read."""

    budget = 0.05

    def __init__(self) -> None:
        """A folder for one file."""
        self._state = Path(tempfile.mkdtemp(prefix="fuzz-"))
        self._folder = self._state / FOLDER
        self._folder.mkdir()
        self._finalizer = weakref.finalize(self, shutil.rmtree, self._state)

    def make(self, dice: Random) -> Case:
        """A file that was written well, and what became of it."""
        entries = [
            told(Entry(0.0, dice.choice(_KINDS), dice.choice(("io1", "meter", "")), "x", rubbish(dice)[:300]), 1.8e9)
            for _ in range(dice.choice((0, 1, 3)))
        ]
        lines = [json.dumps(line, ensure_ascii=False).encode() for line in (_HEAD, *entries)]
        if dice.random() < 0.3:
            at = dice.randrange(len(lines))
            lines[at] = dice.choice(_LINES)
        data = b"\n".join(lines) + b"\n"
        roll = dice.random()
        if roll < 0.5:
            data = spoiled(dice, data, dice.choice(_LINES))
        return Case(0, (rubbish(dice, b'{}[]",:0') if roll > 0.95 else data,))

    def take(self, case: Case) -> int:
        """List and read it."""
        (self._folder / "a.jsonl").write_bytes(b"".join(case.pieces))
        (head,) = saved(self._state)
        if not all(type(head[key]) is str for key in ("file", "line", "why", "local")) or type(head["size"]) is not int:
            raise Wrong(f"{head} cannot be shown")
        try:
            return sum(isinstance(entry["text"]["zh"], str) for entry in read_saved(self._state, "a.jsonl"))
        except RefusedError:
            return 0


_LINES = (
    b"", b"1", b"null", b"[]", b"{}", b'"x"', b'{"at": "yesterday"}', b'{"at": 1e300, "kind": "sent", "bytes": ""}',
    b'{"at": NaN, "kind": "sent", "device": "io1", "bytes": "0"}',
    b'{"at": 1, "kind": "open", "device": "io1", "bytes": "zz"}',
    b'{"at": "2026-11-21T10:00:00+00:00", "timezone": "Nowhere/Land", "drivers": {"io1": "../../etc"}}',
    b'{"at": "2026-11-21T10:00:00+00:00", "timezone": 7, "drivers": []}', b"[" * 3000,
    b'{"at": "2026-11-21T10:00:00+00:00", "drivers": {"io1": 7, "io2": "os.path", "": ""}, "timezone": "/etc/passwd"}',
    b'{"at": 1, "kind": 3, "device": [], "scan": null, "bytes": 5}', b"\xff\xfe",
)  # fmt: skip
