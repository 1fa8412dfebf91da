"""A book of alarms with a clock moved by hand, a journal that keeps what it is told, and a new run out of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from daemon.alarms.annunciator import Annunciator
from daemon.journal.line import write
from daemon.recorder import Recorder
from gatehouse.alarms import Alarm, Condition, Severity
from gatehouse.events import Event
from tests.unit.daemon.doubles import HandClock


@dataclass
class SetClock(HandClock):
    """Its calendar can be set, as people and time servers do."""

    shift: timedelta = timedelta()

    def utc(self) -> Any:
        return super().utc() + self.shift


@dataclass
class Keeper:
    """The journal's part: each event in order, what each leaves standing, and what is kept beside."""

    events: list[Event] = field(default_factory=list)
    rows: dict[str, bytes] = field(default_factory=dict)
    kept: dict[str, bytes] = field(default_factory=dict)

    def append(self, event: Event) -> None:
        self.events.append(event)
        line = write(event)
        assert "unwritable" not in event.content
        if line.standing is not None:
            name, state = line.standing
            if state is None:
                self.rows.pop(name, None)
            else:
                self.rows[name] = state

    def keep(self, key: str, state: bytes | None) -> None:
        if state is None:
            self.kept.pop(key, None)
        else:
            self.kept[key] = state


class Run:
    """One run of the daemon after another, over the same journal."""

    def __init__(self) -> None:
        self.clock, self.journal = SetClock(), Keeper()
        self.heard: list[tuple[str, Alarm]] = []
        self.start()

    def start(self) -> None:
        """A new process: nothing is known but what the journal holds."""
        self.book = Annunciator(Recorder(self.journal.append, self.clock).emit, self.clock)
        self.book.shelving.keep = self.journal.keep
        self.book.watch(lambda kind, alarm: self.heard.append((kind, alarm)))
        self.book.restore(list(self.journal.rows.values()), self.journal.kept.get("alarms.left"))

    def passes(self, seconds: float) -> None:
        """Time goes by, with a tick at least every half second."""
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.clock.now = min(end, self.clock.now + max(0.5, seconds / 50))
            self.book.tick(self.clock.now)

    def judge(self, alarm: str = "doors.north.forced", active: bool | None = True, **more: Any) -> None:
        """A rule says so."""
        self.book.judge(condition(alarm, active, **more), "r", self.clock.utc())

    def kinds(self, *, own: bool = False) -> list[str]:
        """What happened to alarms, in order, but for the flood's own."""
        return [
            event.kind
            for event in self.journal.events
            if own or not event.content.get("alarm", "").startswith("alarms.")
        ]

    def alarm(self, name: str = "doors.north.forced") -> Alarm:
        return self.book.standing[name]


def condition(alarm: str, active: bool | None, *, severity: int = 2, latch: bool = False, **evidence: Any) -> Condition:
    return Condition(alarm=alarm, active=active, severity=Severity(severity), kind="door_forced",
                     subject=alarm.rpartition(".")[0], latch=latch, evidence=evidence)  # fmt: skip


@pytest.fixture
def run() -> Run:
    return Run()


@pytest.fixture
def point() -> Callable[..., dict[str, Any]]:
    """Evidence of a point, as rules give it."""
    return lambda value=True: {"value": value, "quality": "good", "age": 0.1}
