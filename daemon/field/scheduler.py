"""Who is asked next on a line. Pure: told what happened and when, it keeps no time of its own.

Higher classes first, earliest deadline first inside a class. Lower classes that wait get exchanges at the pace that
they need on the whole, and at most every fourth: a line full of safety scans starves no read-back and no measure, and
measures that became due all at once do not hold up an alarm all at once. A device that does not answer leaves the cycle
at its first miss and is only probed, ever more rarely; all silent devices together may use a tenth of the line's time.
A scan that alone stays unanswered is set aside: it is retried rarely, in the same tenth, and its device is not silent.
"""

import heapq
import math
from collections.abc import Mapping, Sequence
from itertools import count

from daemon.field.bursts import MANY, Burst
from daemon.field.jobs import Job, Unit, acquaint, paces
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
ASIDE = 10.0
"""Seconds until a scan is retried that its device does not answer though it answers others."""
TURNS = 3
"""Exchanges in a row that higher classes may take while a lower one waits."""
_GOLDEN = 0.618034
"""Its multiples never crowd, however many there are."""
_Queue = list[tuple[float, int, Job]]


class Scheduler:
    """The reads of one line."""

    def __init__(self, scans: Mapping[str, Sequence[Scan]], now: float) -> None:
        """Everything is due at once."""
        self._units: dict[str, Unit] = {}
        self._silent: dict[str, Unit] = {}
        self._waiting: _Queue = []
        self._ready: tuple[_Queue, ...] = tuple([] for _ in ScanClass)
        self._number, self._rests = count(), 0.0
        """Until when one that was forgotten may still answer: a new one may be the same unit under another name."""
        self._begun, self._number_served = 0.0, 0
        self._credit, self._credited = 0.0, now
        self._lower_served = [0] * len(ScanClass)
        """By class: which exchange was the last one of those below."""
        self._probed, self._burst = False, Burst()
        self._doubted = self._burst.doubted
        self._paces: dict[ScanClass, float] = {}
        self._served = [now for _ in ScanClass]
        for device, wanted in scans.items():
            self.plan(device, wanted, now)

    def plan(self, device: str, scans: Sequence[Scan], now: float, due: float | None = None) -> list[Job]:
        """From now on the device, perhaps a new one, has these scans: those it had keep their turn, others are due at
        once. With `due` none is asked before then."""
        unit = self._units.setdefault(device, Unit([], _CEILING_ELSE, free=self._rests))
        had = {job.scan: job for job in unit.jobs}
        for job in unit.jobs:
            job.gone = job.scan not in scans
            job.place = next(self._number) if job.gone else job.place
        # The most important and then most frequent scan comes first.
        wanted = sorted(scans, key=lambda scan: (scan.kind, scan.period))
        unit.jobs = [had.get(scan) or Job(device, scan, unit, now) for scan in wanted]
        rode = [job for job in unit.jobs if job.rides]
        acquaint(unit.jobs)
        unit.ceiling = min((_CEILING.get(scan.kind, _CEILING_ELSE) for scan in scans), default=_CEILING_ELSE)
        unit.culprit = None
        if not unit.jobs:
            self._silent.pop(device, None)
            self._doubted.discard(unit)
        elif device in self._silent:
            self._probe_of(unit).due = max(now, due or now, unit.free)
        for job in unit.jobs if unit.lives else ():
            if due is not None or job.scan not in had:
                self._at(job, now if due is None else due)
            elif job in rode and not job.rides:
                self._wait(job)
        self._paces.clear()
        return unit.jobs

    def forget(self, device: str) -> None:
        """It is no device of this line any more."""
        self.retire(device)
        unit = self._units.pop(device)
        self._rests = max(self._rests, unit.free)
        for job in unit.jobs:
            job.gone = True
        self._paces.clear()

    def next(self, now: float) -> Job | None:
        """The exchange to make now; None while nothing is due."""
        if self._waiting and self._waiting[0][0] <= now:
            self._release(now)
        safety, access, measure, slow = self._ready
        if self._silent or access or measure or slow:
            return self._choose(now)
        while safety:
            _, place, job = heapq.heappop(safety)
            if place == job.place:
                if job.unit.free <= now:
                    self._served[0] = now
                    self._number_served += 1
                    return self._or_more(job, now) if job.under else job
                self._wait(job)
        return None

    def _choose(self, now: float) -> Job | None:
        """The same where there is more than one class, or somebody is silent."""
        self._clean(now)
        if self._silent and (job := self._amid_silence(now)):
            return job
        self._probed = False
        waits = [kind for kind, queue in enumerate(self._ready) if queue]
        if not waits:
            return None
        kind = waits[0]
        if len(waits) > 1 and self._lets_in(kind, now):
            kind = min(waits[1:], key=lambda low: self._ready[low][0][0])
        self._number_served += 1
        for above in range(kind):
            self._lower_served[above] = self._number_served
        self._served[kind] = now
        return self._or_more(heapq.heappop(self._ready[kind])[-1], now)

    def _amid_silence(self, now: float) -> Job | None:
        """A living device that has waited through it, or a probe; None where it is anybody's turn."""
        if owed := self._burst.next(now):
            owed.place = next(self._number)  # its entry in the queue is void
            self._number_served += 1
            self._served[owed.scan.kind] = now
            return self._or_more(owed, now)
        unknown = len(self._silent) >= MANY and self._burst.unknown(now)
        if (self._probed or unknown) and any(self._ready):
            return None
        probe = self._probe(now)
        self._probed = probe is not None  # two in a row would keep the living waiting
        return probe

    def _turn_of_the_living(self, now: float, spent: float) -> None:
        """So much silence is over."""
        self._probed = True
        if self._burst.silence(spent, now):
            self._release(now)
            self._burst.owe(self._ready[: ScanClass.MEASURE], many=len(self._silent) >= MANY)

    def _or_more(self, job: Job, now: float) -> Job:
        """Instead of it a scan that is due as well and brings the same besides: bytes cost less than an exchange."""
        for more in job.under:
            if more.due <= now and not more.aside:
                self._wait(job)  # should the other come to nothing, this one has kept its turn
                self._served[more.scan.kind] = now
                return more
        return job

    def _lets_in(self, kind: int, now: float) -> bool:
        """Whether it is a lower class's turn, though this one has something to do."""
        if self._number_served - self._lower_served[kind] < TURNS:
            return False
        self._paces = self._paces or paces(job.scan for unit in self._units.values() for job in unit.jobs)
        return now - max(self._served[kind + 1 :]) >= self._paces[ScanClass(kind)]

    def wake(self, now: float) -> float:
        """When there may be something to do again; infinity when never."""
        self._release(now)
        self._clean(now)
        if any(self._ready):
            return now
        waiting = self._waiting[0][0] if self._waiting else math.inf
        if not self._silent:
            return waiting
        probes = (max(self._probe_of(unit).due, self._payable(unit, now)) for unit in self._silent.values())
        return min(waiting, *probes)

    def answered(self, job: Job, now: float, gap: float = 0.0) -> Job | None:
        """It answered: next round in its rhythm; a silent device is back at full rate. Comes back with the scan that is
        set aside from now on, since it alone stays unanswered."""
        unit = job.unit
        if unit.retired:
            return None
        unit.free = now + gap
        if self._doubted:
            self._doubted.discard(unit)
        aside = None
        if job.alone:
            job.alone, job.aside = 0, False
        if unit.misses:
            aside = self._returned(job, now)
        for other in job.over:
            self._at(other, max(other.due + other.scan.period, now))
        if job.gone:
            return aside
        job.place = place = next(self._number)
        rides = bool(job.over) and job.rides
        due = self._second(job, now) if rides and not job.begun else job.due + job.scan.period
        if rides:
            job.due = max(due, now)
        elif due > now or gap:
            job.due = max(due, now)
            heapq.heappush(self._waiting, (max(due, unit.free), place, job))
        else:
            job.due = now
            heapq.heappush(self._ready[job.scan.kind], (now + job.scan.period, place, job))
        return aside

    def _returned(self, job: Job, now: float) -> Job | None:
        """It was silent, and is asked again in its rhythm."""
        unit = job.unit
        self._silent.pop(job.device, None)
        if not self._silent:
            self._burst.ended()
        aside = _accused(unit, job)
        if not any(other.lives for other in self._units.values()):  # what ailed all of them may be over
            self._credit = 0.0
            for silent in self._silent.values():
                self._probe_of(silent).due = max(now, silent.free)
        unit.misses = 0
        for other in unit.jobs:
            self._at(other, now + ASIDE if other.aside else now)
        return aside

    def again(self, job: Job, now: float) -> None:
        """Ask the same once more, at once."""
        if not job.gone:
            job.due = now
            self._queue(job)

    def put_back(self, job: Job) -> None:
        """It was not asked after all: it keeps its place."""
        if job.device not in self._silent and not job.gone:
            self._wait(job)

    def missed(self, device: str, now: float, spent: float, gap: float = 0.0, job: Job | None = None) -> None:
        """It did not: from now on it is only probed. `spent`: seconds of the line; `job`: what was asked, if a scan."""
        unit = self._units[device]
        unit.free = now + gap
        if not unit.jobs or unit.retired or (job and job.gone):
            return
        if unit.misses >= QUICK_MISSES or (job and job.aside):
            self.charge(now, spent)
        if job and job.aside and not unit.misses:
            self._at(job, now + ASIDE)
            return
        if not (steps := unit.misses) and unit not in self._doubted:
            self._burst.begin(self._units.values())
        self._doubted.discard(unit)
        unit.culprit = job if not steps or unit.culprit is job else None
        unit.misses, unit.missed, unit.first = steps + 1, now, False
        pause = _PAUSES[steps] if steps < QUICK_MISSES else min(unit.ceiling, 2.0 ** min(steps - QUICK_MISSES, 4))
        for other in unit.jobs:
            other.place = next(self._number)  # whatever stands in the queues for it is void
        self._probe_of(unit).due = max(now + pause, unit.free)
        self._silent[device] = unit
        self._turn_of_the_living(now, spent)

    def charge(self, now: float, spent: float) -> None:
        """So many seconds of the line went to somebody silent."""
        self._accrue(now)
        self._credit -= spent

    def soon(self, device: str, channel: str, now: float) -> None:
        """Read this channel back now, if its device answers at all."""
        unit = self._units[device]
        for job in unit.jobs if unit.lives else ():
            if channel in job.scan.points and not job.aside:
                self._at(job, now)

    def retire(self, device: str) -> None:
        """Never ask this device again."""
        unit = self._units[device]
        unit.retired = True
        self._silent.pop(device, None)
        self._doubted.discard(unit)
        for job in unit.jobs:
            job.place = next(self._number)

    def revive(self, now: float) -> None:
        """The wire was away: nobody's silence counts any more. Who was missed is asked last, what stands in its turn:
        all have one though the wire is lost again after each answer, or since nobody answers."""
        self._silent.clear()
        for unit in sorted(self._units.values(), key=lambda unit: unit.missed):
            missed, unit.misses, unit.free = unit.misses, 0, now
            for job in unit.jobs if unit.lives else ():
                due = job.due if job.landed > -math.inf else min(job.due, now)
                self._at(job, now if missed else due)
        self._burst.begin(self._units.values())

    def free(self, device: str) -> float:
        """From when on the device wants to be spoken to again."""
        return self._units[device].free

    def pressed(self, now: float, *, late: bool) -> bool:
        """A safety or access read is due or, with `late`, past its deadline."""
        self._release(now)
        self._clean(now)
        heads = [queue[0][0] for queue in self._ready[: ScanClass.MEASURE] if queue]
        return any(not late or deadline < now for deadline in heads)

    def urge(self, device: str, now: float, *, first: bool = False) -> None:
        """An order waits for this device: where it is silent it is probed soon, in its turn and within the share.
        `first`: at once, before all others."""
        if unit := self._silent.get(device):
            probe, unit.first = self._probe_of(unit), first or unit.first
            probe.due = min(probe.due, max(now, unit.free) + (0.0 if first else _URGED))

    @property
    def silent(self) -> int:
        """How many have not answered when they were asked last."""
        return len(self._silent)

    def misses(self, device: str) -> int:
        """How often in a row it has not answered."""
        return self._units[device].misses

    def payable(self, now: float) -> float:
        """From when on the share of the silent allows a question that may stay unanswered."""
        self._accrue(now)
        if self._credit >= 0 or not any(unit.lives for unit in self._units.values()):
            return now
        return now - self._credit / SILENT_SHARE + 1e-6

    def _probe_of(self, unit: Unit) -> Job:
        """The most important first, then others in turn: the scan may be at fault, not the device."""
        jobs = [job for job in unit.jobs if not job.aside] or unit.jobs
        return jobs[(unit.misses - 1) % len(jobs)]

    def _probe(self, now: float) -> Job | None:
        """The probe that has waited longest, of those that are due and can be paid for."""
        probes = [(self._probe_of(unit), unit) for unit in self._silent.values()]
        due = [job for job, unit in probes if job.due <= now and self._payable(unit, now) <= now]
        return min(due, key=lambda job: (not job.unit.first, job.due), default=None)

    def _payable(self, unit: Unit, now: float) -> float:
        """When the share of the silent allows this one to be probed."""
        return now if unit.misses < QUICK_MISSES else self.payable(now)

    def _accrue(self, now: float) -> None:
        self._credit = min(_CREDIT, self._credit + (now - self._credited) * SILENT_SHARE)
        self._credited = now

    def _at(self, job: Job, due: float) -> None:
        job.due = due
        self._wait(job)

    def _second(self, job: Job, now: float) -> float:
        """When one that rides is due for the second time: all began at once, and come spread over their period. Those
        with a turn of their own are spread by their pace."""
        job.begun, period = True, job.scan.period
        self._begun = (self._begun + _GOLDEN) % 1.0
        due = job.due + period * self._begun
        return due if due > now else due + period

    def _wait(self, job: Job) -> None:
        if not job.rides:
            self._queue(job)

    def _queue(self, job: Job) -> None:
        job.place = place = next(self._number)
        due, free = job.due, job.unit.free
        heapq.heappush(self._waiting, (max(due, free), place, job))

    def _release(self, now: float) -> None:
        """Move what has become due to the queue of its class."""
        waiting, ready = self._waiting, self._ready
        while waiting and waiting[0][0] <= now:
            _, place, job = heapq.heappop(waiting)
            if place != job.place:
                continue
            if job.aside and (at := self.payable(now)) > now:
                heapq.heappush(waiting, (at, place, job))
            else:
                heapq.heappush(ready[job.scan.kind], (job.due + job.scan.period, place, job))

    def _clean(self, now: float) -> None:
        """Keep the heads of the queues valid: wanted, and their device may be spoken to."""
        for queue in self._ready:
            while queue:
                _, place, job = queue[0]
                if place == job.place and job.unit.free <= now:
                    break
                heapq.heappop(queue)
                if place == job.place:
                    self._wait(job)


def _accused(unit: Unit, answered: Job) -> Job | None:
    """The scan that was missed while this one was answered, when that was once too often."""
    culprit, unit.culprit = unit.culprit, None
    if culprit is None or culprit is answered or culprit.gone or culprit.aside:
        return None
    culprit.alone += unit.misses
    culprit.aside = culprit.alone >= QUICK_MISSES
    return culprit if culprit.aside else None
