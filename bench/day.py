"""A day of a large estate's events in a journal, made by the daemon's own parts: recorder, annunciator, journal.

Where 200 000 comes from: 4 000 households, 10 000 people who pass a door or barrier four times a day, five events each
(let in, told open, confirmed, told closed, confirmed). Beside them cards that are refused, devices that fail and come
back, burglaries and leakages that somebody deals with, and eight times a day smoke, which goes ahead of all the rest.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from daemon.alarms.annunciator import Annunciator
from daemon.journal.journal import Journal
from daemon.recorder import Recorder
from gatehouse.alarms import Condition, Severity, Verdict
from gatehouse.events import Event

DOORS = 300
LENGTH = 86_400.0
_DENIED, _DEVICE, _ALARM, _LIFE = 40, 100, 250, 5_000
"""One in so many passages is beside something else; in a day of 40 000: 1 000, 400, 160 and 8 times."""


class Hands:
    """A clock that is set by hand."""

    def __init__(self, begin: datetime) -> None:
        self._begin, self.passed = begin, 0.0

    def monotonic(self) -> float:
        """Seconds since it began."""
        return self.passed

    def utc(self) -> datetime:
        """The instant that it shows."""
        return self._begin + timedelta(seconds=self.passed)


class Day:
    """Writes the day, one small story after the other; every alarm in it is dealt with before the next begins."""

    def __init__(self, append: Callable[[Event], None], begin: datetime) -> None:
        """`append` takes each event."""
        self.clock = Hands(begin)
        self.count = 0
        self._append = append
        self._recorder = Recorder(self._took, self.clock)
        self._annunciator = Annunciator(self._recorder.emit, self.clock)

    def _took(self, event: Event) -> None:
        self.count += 1
        self._append(event)

    def passage(self, number: int) -> None:
        """Somebody goes through a door; now and then something else happens, too."""
        door = f"doors.d{number % DOORS}"
        self._let_in(number, door)
        if number % _DENIED == 7:
            content = {"card": f"{number:010d}", "person": "", "reason": "unknown", "door": door}
            self._recorder.emit("access.denied", door, actor=f"rule:{door}.access", content=content)
        if number % _DEVICE == 11:
            device = f"devices.g{number % 150}u{number % 32 + 1}"
            self._recorder.emit("device.offline", device, content={"why": "no answer"})
            self._recorder.emit("device.online", device, content={"why": "answers"})
        if number % _ALARM == 13:
            seen = {f"{door}.contact": {"value": True, "quality": "good", "age": 0.0}, "told": "closed", "grace": 3.0}
            self._alarm(door, f"{door}.forced", "door_forced", Severity.P2, seen)
        if number % _LIFE == 17:
            zone = f"b{number % 60}"
            seen = {f"{zone}-smoke.head": {"value": True, "quality": "good", "age": 0.2}}
            self._alarm(f"zones.{zone}", f"{zone}-smoke.alarm", "smoke", Severity.P1, seen)

    def _let_in(self, number: int, door: str) -> None:
        by = f"rule:{door}.access"
        order = {"value": "open", "priority": 10, "issuer": f"{door}.access", "reason": "card"}
        card = {"card": f"{number % 10_000:010d}", "person": "某人", "reason": "", "door": door}
        self._recorder.emit("access.granted", door, actor=by, content=card)
        for content in (order, order | {"value": "closed"}):
            self._recorder.emit("output.told", door, actor=by, content=content)
            self._recorder.emit("output.confirmed", door, actor=by, content=content)

    def _alarm(self, subject: str, name: str, kind: str, severity: Severity, evidence: dict[str, object]) -> None:
        book, now = self._annunciator, self.clock.utc()
        rises = Condition(
            alarm=name, active=True, severity=severity, kind=kind, subject=subject, latch=True, evidence=evidence
        )
        book.judge(rises, name, now)
        occurrence = book.acknowledge(name, "值班员").occurrence
        book.handle(book.standing[name], "alarm.verified", "值班员", verdict=Verdict.FALSE, cause="cooking")
        book.judge(Condition(alarm=name, active=False, severity=severity, kind=kind, subject=subject), name, now)
        book.reset(name, "值班员")
        book.close(occurrence, "值班员")


async def fill(journal: Journal, count: int) -> int:
    """Write about so many events of the past day, at least so many; answers how many when all are durable."""
    day = Day(journal.append, datetime.now(UTC) - timedelta(seconds=LENGTH))
    number = 0
    while day.count < count:
        day.clock.passed = LENGTH * day.count / count
        day.passage(number)
        number += 1
        if number % 200 == 0:
            await asyncio.sleep(0.02)
    while journal.head < day.count:
        await journal.wait_beyond(journal.head, 1.0)
    return day.count
