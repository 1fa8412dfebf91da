"""Whether a device is there, how well it answers, and what it said last."""

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

from daemon.field.jobs import Job
from daemon.field.scheduler import QUICK_MISSES
from gatehouse.driver import Device, Question, ScanClass

TRIPS = 128
"""Exchanges of which the time is kept; a power of two."""
SETTLES = 3.0
"""Seconds within which a device that came to life takes the settings it is owed."""
LOST_AFTER = 5.0
LOST_AFTER_SAFETY = 2.0
"""Seconds without a good answer, besides three misses in a row, after which a device is lost; after the longer time two
misses will do: where many die at once, each has to wait for its turn to be missed."""
LOST_SURELY = 9.0
"""Seconds after which one will do: within ten it is to be known of wired safety devices."""
_MEANWHILE = 1.0
"""Seconds since the first miss, where fewer than three are enough: one that is asked once a minute may have missed a
single glitch."""

_NO_TIME = 1e-4
"""Seconds: it took some, even where the wire is none and its bytes take no time."""


@dataclass(slots=True, eq=False)
class Presence:
    """One device on a line."""

    name: str
    device: Device
    good_at: float
    """When it last answered, or when we began to ask."""
    jobs: Sequence[Job] = ()
    """What it is asked at present."""
    online: bool | None = None
    why: str = "not asked yet"
    fault: str = ""
    """Set for good when its driver is broken."""
    held: str = ""
    """Why it is out of service though it answers: its map is not the one that its driver knows."""
    alive: bool = False
    """It has answered since it was lost; whether it is online is another matter."""
    doubt: bool = False
    """The next reading is not to be trusted: it may be the answer to an earlier question."""
    discard: bool = False
    """Nor worth telling: it is asked again at once."""
    misses: int = 0
    missed_at: float = 0.0
    """When the first of them was."""
    late: int = 0
    """How often it had answered late when it was missed last."""
    hints: int = 0
    """How often something was heard that may have been its late answer, up to then."""
    brief: bool = False
    """When it was missed last it was not waited for as long as it may take."""
    asked: bool = True
    """When it was missed last a question went out; else its driver could not even ask."""
    waited: float = -inf
    """When it was last waited for as long as it may take, in vain."""
    owed: list[Question] = field(default_factory=list)
    """Writes that it needs before it is as the profile wants it."""
    prepare_at: float = 0.0
    """Not before this; one that ignores its settings is still read in between."""
    alive_since: float = 0.0
    polls: int = 0
    tally: Counter[str] = field(default_factory=Counter)
    trips: "array[float]" = field(default_factory=lambda: array("f", bytes(4 * TRIPS)))
    """Seconds from question to answer of the last exchanges, in a ring; 0 where there was none."""
    turns: "array[float]" = field(default_factory=lambda: array("f", bytes(4 * TRIPS)))
    """Those that the device itself took, on a serial line: all but the bytes' own time; in the same ring."""
    worst_age: float = 0.0

    @property
    def lost_after(self) -> float:
        """Seconds."""
        safety = any(job.scan.kind is ScanClass.SAFETY for job in self.jobs)
        return LOST_AFTER_SAFETY if safety else LOST_AFTER

    @property
    def ready(self) -> bool:
        """What it is asked brings values: it may be told something, too."""
        return not self.held and (not self.jobs or any(job.scan.points for job in self.jobs))

    @property
    def hinted(self) -> bool:
        """Since it was missed last something was heard that may have been its answer."""
        return self.tally["late"] > self.late or self.tally["hints"] > self.hints

    def unsettled(self, now: float) -> bool:
        """Not yet as the profile wants it: its inputs may still drive its relays. One that never takes its settings
        counts as settled all the same, or its fire contact would never be heard."""
        return bool(self.owed) and now - self.alive_since < SETTLES

    def missed(self, now: float, *, aside: bool) -> None:
        """It did not; `aside`: nor was it expected to answer this."""
        if not self.misses:
            self.missed_at = now
        self.polls += 1
        self.tally["misses"] += 1
        self.doubt = True
        self.discard = aside
        self.misses += not aside

    def overdue(self, now: float) -> bool:
        """Silent for so long that it is lost, wherever the fault is."""
        return (self.online is not False or self.alive or bool(self.held)) and now - self.good_at >= self.lost_after

    def lost(self, now: float) -> bool:
        """Lost needs time and misses."""
        if not self.misses or not self.overdue(now):
            return False
        if self.misses >= QUICK_MISSES:
            return True
        enough = LOST_AFTER if self.misses == QUICK_MISSES - 1 else LOST_SURELY
        return now - self.missed_at >= _MEANWHILE and now - self.good_at >= enough

    def gone(self) -> None:
        """Nothing of what it said holds any more."""
        self.owed.clear()
        self.forget()
        for job in self.jobs:
            job.landed = -inf

    def forget(self) -> None:
        """What it says next is looked at anew, even if it is the very same."""
        for job in self.jobs:
            job.last = None
            job.known.clear()

    def took(self, trip: float, wire: float) -> None:
        """Its answer was there `trip` seconds after the question, of which the bytes took `wire`."""
        place = self.polls % TRIPS
        self.trips[place], self.turns[place] = trip, max(trip - wire, _NO_TIME)

    def aged(self, job: Job, passed: float) -> None:
        """What a scan brings was so many seconds old; remember the most."""
        if job.worst < passed < inf:
            job.worst = passed
            self.worst_age = max(self.worst_age, passed - job.scan.period)

    def came_along(self, job: Job, now: float) -> None:
        """What other scans would have brought is renewed as well."""
        for other in job.over:
            passed, other.landed = now - other.landed, now
            self.aged(other, passed)

    def status(self, now: float) -> dict[str, Any]:
        """For people; times in milliseconds, ages in seconds."""
        trips = sorted(trip for trip in self.trips if trip)
        return {
            "online": self.online,
            "why": self.why,
            "last_answer": round(now - self.good_at, 3),
            "worst_lateness": round(self.worst_age, 3),
            "round_trip_p50": round(1000 * trips[len(trips) // 2], 2) if trips else None,
            "round_trip_p99": round(1000 * trips[len(trips) * 99 // 100], 2) if trips else None,
            "polls": self.polls,
            **{name: self.tally[name] for name in _COUNTERS},
            "scans": {job.scan.name: _ages(job, now) for job in self.jobs},
        }


def _ages(job: Job, now: float) -> dict[str, Any]:
    return {
        "kind": job.scan.kind.name.lower(),
        "period": job.scan.period,
        "worst_age": round(job.worst, 3),
        "age": round(now - job.landed, 3) if job.landed > -inf else None,
    }


_COUNTERS = ("misses", "writes", "refused", "noise", "foreign", "echo", "crc", "half", "late", "doubled")
