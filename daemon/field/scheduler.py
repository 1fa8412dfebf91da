"""Who is asked next on a line. Pure: told what happened and when, it keeps no time of its own.

Higher classes first, earliest deadline first inside a class. Lower classes that are late get every fourth exchange, so
that a line full of safety scans never starves a relay's read-back. A device that does not answer leaves the cycle at
its first miss and is only probed, ever more rarely; all silent devices together may use a tenth of the line's time.
"""

import heapq
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from gatehouse.driver import Scan, ScanClass

SILENT_SHARE = 0.1
"""Of the line's time, for all silent devices together, while any device answers."""
_CREDIT = 0.05
"""Seconds of probing that may be saved up."""
QUICK_MISSES = 3
"""After so many misses a device is silent; up to then it is probed quickly, so that a loss is known soon."""
_PAUSES = (0.1, 0.25, 0.5)
_URGED = 0.5
"""Seconds until the next probe of a device for which an order waits."""
_CEILING = {ScanClass.SAFETY: 2.0}
_CEILING_ELSE = 10.0
_TURNS = 3
"""Exchanges in a row that higher classes may take while a lower one is late."""


@dataclass(slots=True, eq=False)
class Job:
    """One scan of one device, round after round."""

    device: str
    scan: Scan
    due: float
    place: int = 0
    """Which of its entries in the queues is the valid one."""

    @property
    def deadline(self) -> float:
        """When it should have been done."""
        return self.due + self.scan.period


@dataclass(slots=True, eq=False)
class _Unit:
    """What the scheduler knows of a device. Its first job is also the probe."""

    jobs: list[Job]
    ceiling: float
    misses: int = 0
    free: float = 0.0
    retired: bool = False

    @property
    def lives(self) -> bool:
        """It is asked in its rhythm."""
        return bool(self.jobs) and not self.misses and not self.retired


_Queue = list[tuple[float, int, Job]]


class Scheduler:
    """The reads of one line."""

    def __init__(self, scans: Mapping[str, Sequence[Scan]], now: float) -> None:
        """Everything is due at once."""
        self._units = {device: _unit(device, wanted, now) for device, wanted in scans.items()}
        self._silent: dict[str, _Unit] = {}
        self._waiting: _Queue = []
        self._ready: dict[ScanClass, _Queue] = {kind: [] for kind in ScanClass}
        self._number = count()
        self._credit = 0.0
        self._credited = now
        self._turns = 0
        for unit in self._units.values():
            for job in unit.jobs:
                self._at(job, now)

    def next(self, now: float) -> Job | None:
        """The exchange to make now; None while nothing is due."""
        if self._silent and (probe := self._probe(now)):
            return probe
        self._release(now)
        kinds = [kind for kind in ScanClass if self._ready[kind]]
        if not kinds:
            return None
        kind = kinds[0]
        late = [low for low in kinds[1:] if self._ready[low][0][0] < now]
        if late and self._turns >= _TURNS:
            kind = min(late, key=lambda low: self._ready[low][0][0])
        self._turns = self._turns + 1 if late and kind is kinds[0] else 0
        return heapq.heappop(self._ready[kind])[-1]

    def wake(self, now: float) -> float:
        """When there may be something to do again; infinity when never."""
        self._release(now)
        if any(self._ready.values()):
            return now
        waiting = self._waiting[0][0] if self._waiting else math.inf
        return min([waiting, *(max(unit.jobs[0].due, self._payable(unit, now)) for unit in self._silent.values())])

    def answered(self, job: Job, now: float, gap: float = 0.0, *, again: bool = False) -> None:
        """It answered: next round in its rhythm, or at once; a silent device is back at full rate."""
        unit = self._units[job.device]
        unit.free = now + gap
        if self._silent.pop(job.device, None):
            unit.misses = 0
            for other in unit.jobs:
                self._at(other, now)
        self._at(job, now if again else max(job.due + job.scan.period, now))

    def put_back(self, job: Job) -> None:
        """It was not asked after all: it keeps its place."""
        if job.device not in self._silent:
            self._wait(job)

    def missed(self, device: str, now: float, spent: float, gap: float = 0.0) -> None:
        """It did not: from now on it is only probed. `spent`: seconds of the line that this took."""
        unit = self._units[device]
        unit.free = now + gap
        if not unit.jobs or unit.retired:
            return
        if unit.misses >= QUICK_MISSES:
            self._accrue(now)
            self._credit -= spent
        steps = unit.misses
        unit.misses += 1
        pause = _PAUSES[steps] if steps < QUICK_MISSES else min(unit.ceiling, 2.0 ** min(steps - QUICK_MISSES, 4))
        for job in unit.jobs:
            job.place = next(self._number)  # whatever stands in the queues for it is void
        unit.jobs[0].due = max(now + pause, unit.free)
        self._silent[device] = unit

    def soon(self, device: str, channel: str, now: float) -> None:
        """Read this channel back now, if its device answers at all."""
        unit = self._units[device]
        for job in unit.jobs if unit.lives else ():
            if channel in job.scan.points:
                self._at(job, now)

    def retire(self, device: str) -> None:
        """Never ask this device again."""
        unit = self._units[device]
        unit.retired = True
        self._silent.pop(device, None)
        for job in unit.jobs:
            job.place = next(self._number)

    def revive(self, now: float) -> None:
        """The wire was away: nobody's silence counts any more."""
        self._silent.clear()
        for unit in self._units.values():
            unit.misses, unit.free = 0, now
            for job in unit.jobs if unit.lives else ():
                self._at(job, now)

    def free(self, device: str) -> float:
        """From when on the device wants to be spoken to again."""
        return self._units[device].free

    def urge(self, device: str, now: float) -> None:
        """An order waits for this device: where it is silent it is probed soon, in its turn and within the share."""
        if unit := self._silent.get(device):
            unit.jobs[0].due = min(unit.jobs[0].due, max(now, unit.free) + _URGED)

    def misses(self, device: str) -> int:
        """How often in a row it has not answered."""
        return self._units[device].misses

    def _probe(self, now: float) -> Job | None:
        """The probe that has waited longest, of those that are due and can be paid for."""
        units = [unit for unit in self._silent.values() if unit.jobs[0].due <= now and self._payable(unit, now) <= now]
        return min((unit.jobs[0] for unit in units), key=lambda job: job.due, default=None)

    def _payable(self, unit: _Unit, now: float) -> float:
        """When the share of the silent allows this one to be probed."""
        self._accrue(now)
        if unit.misses < QUICK_MISSES or self._credit >= 0 or not any(other.lives for other in self._units.values()):
            return now
        return now - self._credit / SILENT_SHARE + 1e-6

    def _accrue(self, now: float) -> None:
        self._credit = min(_CREDIT, self._credit + (now - self._credited) * SILENT_SHARE)
        self._credited = now

    def _at(self, job: Job, due: float) -> None:
        job.due = due
        self._wait(job)

    def _wait(self, job: Job) -> None:
        job.place = next(self._number)
        heapq.heappush(self._waiting, (max(job.due, self._units[job.device].free), job.place, job))

    def _release(self, now: float) -> None:
        """Move what has become due to the queue of its class, and keep the heads of those queues valid."""
        while self._waiting and self._waiting[0][0] <= now:
            _, place, job = heapq.heappop(self._waiting)
            if place == job.place:
                heapq.heappush(self._ready[job.scan.kind], (job.deadline, place, job))
        for ready in self._ready.values():
            while ready:
                _, place, job = ready[0]
                if place == job.place and self._units[job.device].free <= now:
                    break
                heapq.heappop(ready)
                if place == job.place:
                    self._wait(job)


def _unit(device: str, scans: Sequence[Scan], now: float) -> _Unit:
    """The most important and then most frequent scan comes first."""
    jobs = [Job(device, scan, now) for scan in sorted(scans, key=lambda scan: (scan.kind, scan.period))]
    return _Unit(jobs, min((_CEILING.get(scan.kind, _CEILING_ELSE) for scan in scans), default=_CEILING_ELSE))
