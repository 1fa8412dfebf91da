"""Decides which lines go next: what is past its days, what is past its size, and what makes room on a full disk.

In small steps, each of a bounded number of lines, between the commits of events. Never goes: an alarm that a subscriber
still waits for, a line about an alarm that is not over, the newest lines, and a line that vouches for a cut.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw
import structlog

from daemon.clock import Clock
from daemon.journal.calendar import KEY, Calendar
from daemon.journal.cut import CUT, Found, Front, Run, examine, find_front, look_along, proof
from daemon.journal.gaps import REPLACED
from daemon.journal.line import read
from daemon.journal.retention import CLASSES, THINNED, Class, Retention, class_of
from daemon.journal.room import Room, look
from daemon.journal.salvage import LEAST_ROWS, Known
from daemon.journal.sizes import Size, sizes

log = structlog.get_logger()

DAMAGED = "journal.damaged"
STEP = 200
"""Lines that go in one step."""
SPARE = 64 << 20
"""Bytes inside the file that are enough to go on for long on a full disk."""
_LAST_SPARE = 4 << 20
"""With less than this and a full disk even alarms make room that everybody has and that are over, the oldest first."""
_FRONT_RUNS = 100
"""The front moves when at least so many runs lie before it."""


@dataclass(slots=True, kw_only=True)
class Deed:
    """One step, as the store carries it out in one transaction."""

    kind: str = CUT
    content: dict[str, object] = field(default_factory=dict)
    """Of the line that tells of it; empty: there is nothing to tell."""
    found: Found | None = None
    front: Front | None = None
    keeps: Mapping[str, bytes | None] = field(default_factory=dict)


class Trimmer:
    """Works in the thread that writes the journal; `retention` and `subscribers` may be exchanged from outside."""

    def __init__(self, clock: Clock) -> None:
        """Keep all that is kept by default."""
        self.retention = Retention()
        self.subscribers: frozenset[str] | None = None
        """Who still counts; None: everybody who ever had a cursor."""
        self.room: Room | None = None
        self.short: tuple[Class, ...] = ()
        """Classes that do not fit into their size, although all that may go is gone."""
        self._clock = clock
        self._calendar = Calendar()
        self._epoch = ""
        self.resumes: dict[str, int] = {}
        """Where the next look along a kind begins."""
        self._bad: frozenset[int] = frozenset()  # lines that were changed: evidence, which stays
        self._untold: list[int] = []  # those of them that no line has told of yet

    def settle(self, retention: Retention, subscribers: Iterable[str]) -> None:
        """What the site wants kept, and who still gets it."""
        self.retention, self.subscribers = retention, frozenset(subscribers)

    @property
    def doubts(self) -> bool:
        """The clock has jumped, and nothing is dated until it has stood for a day."""
        return self._calendar.doubted

    def next(self, database: apsw.Connection, known: Known, path: Path) -> Deed | None:
        """The next step; None when there is nothing to do now. apsw.Error, OSError."""
        if known.epoch != self._epoch:
            self._epoch, self._bad, self._untold, self.resumes = known.epoch, frozenset(), [], {}
            self._calendar = Calendar(known.kept.get(KEY))
        self.room = look(path, database)
        now = self._clock.utc()
        if self._calendar.look(int(now.timestamp() // 86400), known.head, self._clock.monotonic()):
            self._calendar.forget(known.base)
            return Deed(keeps={KEY: self._calendar.state()})
        step = _Step(self, database, known, sizes(database), self.room)
        found = next((deed for deed in step.deeds() if deed is not None), None)
        return self._tell_bad() if self._untold else found

    def upto(self, days: int) -> int:
        """The newest line that is older than so many days."""
        return self._calendar.upto(days)

    def spoilt(self, numbers: Sequence[int]) -> None:
        """These lines do not fit the chain; they are left alone from now on."""
        self._bad |= frozenset(numbers)
        self._untold += numbers

    def _tell_bad(self) -> Deed:
        numbers, self._untold = self._untold, []
        why = f"line {numbers[0]} was changed, removed or moved: its hash does not fit; it is kept as evidence"
        log.error("the journal was tampered with", finding=why, faults=len(numbers))
        return Deed(kind=DAMAGED, content={"number": numbers[0], "why": why, "faults": len(numbers)})

    @property
    def bad(self) -> frozenset[int]:
        """Lines that are left alone."""
        return self._bad


class _Step:
    """One look at what might go."""

    def __init__(
        self, trimmer: Trimmer, database: apsw.Connection, known: Known, amounts: Mapping[str, Size], room: Room
    ) -> None:
        self._trimmer, self._database, self._known, self._room = trimmer, database, known, room
        self._retention = trimmer.retention
        self._kinds: dict[Class, list[str]] = {name: [] for name in CLASSES}
        self._taken: Counter[Class] = Counter()
        for kind, size in amounts.items():
            if size.lines > 0:
                self._kinds[class_of(kind)].append(kind)
                self._taken[class_of(kind)] += size.room
        names = known.cursors.keys() if trimmer.subscribers is None else trimmer.subscribers
        self._cursors = {name: known.cursors.get(name, 0) for name in names}
        self._slowest = min(self._cursors.values(), default=known.head)
        self._newest = known.head - LEAST_ROWS

    def deeds(self) -> Iterator[Deed | None]:
        """What there is to do, the most urgent first."""
        yield from self._thin()
        by_days: dict[int, list[Class]] = {}
        for name, days in self._retention.days.items():
            by_days.setdefault(days, []).append(name)
        for days, names in sorted(by_days.items()):
            yield self._cut(names, self._trimmer.upto(days), {"rule": "days", "days": days})
        yield from self._shrink()
        yield self._move_front()

    def _thin(self) -> Iterator[Deed | None]:
        """A full disk: the file's own room is all that is left to write into."""
        if self._room.fullest < self._retention.thin_at or self._room.spare >= SPARE:
            return
        told = {"rule": "disk", "used": round(self._room.fullest, 1), "free": self._room.free}
        for name in THINNED:
            yield self._cut([name], self._newest, told)
        if self._room.spare < _LAST_SPARE and self._room.free < _LAST_SPARE:
            yield self._cut(["alarm", "record"], self._newest, told)

    def _shrink(self) -> Iterator[Deed | None]:
        """Past its size a class loses its oldest lines, but none that is promised for longer."""
        short: list[Class] = []
        for name, most in self._retention.bytes.items():
            if self._taken[name] > most:
                short.append(name)
                yield self._cut([name], self._trimmer.upto(CLASSES[name].least), {"rule": "size", "bytes": most})
        most = self._retention.most_bytes
        if most and self._room.lines > most:
            short += [name for name in THINNED if name not in short]
            for name in THINNED:
                yield self._cut([name], self._trimmer.upto(CLASSES[name].least), {"rule": "size", "bytes": most})
        self._trimmer.short = tuple(short)

    def _cut(self, names: Sequence[Class], upto: int, told: Mapping[str, object]) -> Deed | None:
        upto = min(upto, self._newest)
        if upto <= self._known.base:
            return None
        numbers: list[int] = []
        for name in names:
            for kind in self._kinds[name]:
                numbers += self._along(kind, min(upto, self._slowest) if kind.startswith("alarm.") else upto)
        found = examine(self._database, sorted(numbers)[:STEP])
        if found.bad:
            self._trimmer.spoilt(found.bad)
        if not found.runs:
            return None
        return Deed(content={**told, **self._told(found)}, found=found)

    def _along(self, kind: str, upto: int) -> list[int]:
        start = self._trimmer.resumes.get(kind, 0)
        looked = look_along(self._database, kind, (start, upto), STEP, self._is_spared)
        self._trimmer.resumes[kind] = looked.resume
        return looked.numbers

    def _told(self, found: Found) -> dict[str, object]:
        classes = Counter(class_of(kind) for kind, _ in found.kinds)
        content: dict[str, object] = {
            "classes": dict(classes),
            "count": len(found.kinds),
            "first_line": found.runs[0].first,
            "last_line": found.runs[-1].last,
            "oldest": found.oldest,
            "newest": found.newest,
            "runs": len(found.runs),
            "proof": proof(found.runs),
        }
        unsent = {name: _beyond(found.runs, cursor) for name, cursor in self._cursors.items()}
        if any(unsent.values()):
            content["unsent"] = {name: lines for name, lines in unsent.items() if lines}
        return content

    def _is_spared(self, number: int, kind: str) -> bool:
        """Whether a line stays although its time is over."""
        if number in self._trimmer.bad:
            return True
        if kind in {CUT, REPLACED}:
            return self._vouches(number)
        severity: Any = self._database.execute("SELECT severity FROM events WHERE number = ?", (number,)).get
        if not severity:
            return False
        return number > self._slowest or self._is_standing(number)

    def _vouches(self, number: int) -> bool:
        if self._database.execute("SELECT 1 FROM cuts WHERE told = ? LIMIT 1", (number,)).fetchone():
            return True
        content = read(number, self._body(number)).content
        return self._known.base in {content.get("last_line"), content.get("after")}

    def _is_standing(self, number: int) -> bool:
        content = read(number, self._body(number)).content
        state = content.get("alarm_state")
        names = {content.get("alarm"), state.get("occurrence") if isinstance(state, dict) else None}
        return not self._known.standing.keys().isdisjoint(names)

    def _body(self, number: int) -> bytes:
        row: Any = self._database.execute(
            "SELECT CAST(body AS BLOB) FROM events WHERE number = ?", (number,)
        ).fetchone()
        return row[0] if row else b""

    def _move_front(self) -> Deed | None:
        front = find_front(self._database, self._known.base)
        if front is None or (front.forgotten < _FRONT_RUNS and front.base - self._known.base < LEAST_ROWS):
            return None
        content: dict[str, object] = {
            "rule": "front",
            "epoch": self._known.epoch,  # the hash before line 1, which bound it, is gone
            "first_line": self._known.base + 1,
            "last_line": front.base,
            "hash": front.hash.hex(),
            "runs": len(front.kept),
            "proof": proof(front.kept),
        }
        return Deed(content=content, front=front)


def _beyond(runs: Sequence[Run], cursor: int) -> int:
    """How many lines of these runs a subscriber had not confirmed."""
    return sum(max(0, run.last - max(cursor, run.first - 1)) for run in runs)
