"""What becomes of an answer: readings, doubt, or that the device is to be asked otherwise."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from daemon.field.attendance import Attendance, guarded
from daemon.field.jobs import Job
from daemon.field.presence import Presence
from daemon.field.scheduler import ASIDE
from daemon.field.trace import Ring
from gatehouse.driver import Device, DriverError, Learner, Sample, Scan
from gatehouse.points import Quality

if TYPE_CHECKING:
    from daemon.field.lines import Sink

HELD = 10.0
"""Seconds until a device whose map does not fit is asked again."""


class Landing:
    """Between the wire and the image."""

    def __init__(self, sink: "Sink", attendance: Attendance, ring: Ring) -> None:
        """Nothing has landed yet."""
        self._sink, self._attendance, self._ring = sink, attendance, ring

    def take(self, unit: Presence, job: Job, answer: bytes, now: float) -> bool:
        """Bring the answer in; True when it is to be asked again at once because this reading is in doubt."""
        if answer == job.last and not unit.doubt and not (unit.owed and unit.unsettled(now)):
            _landed(unit, job, now)
            self._sink.same(unit.name, job.brings, now)
            return False
        if not job.scan.points:
            self._settle(unit, job, answer, now)
            return False
        if unit.discard:
            unit.discard = unit.doubt = False
            return True
        return self._land(unit, job, answer, now)

    def _land(self, unit: Presence, job: Job, answer: bytes, now: float) -> bool:
        again, unit.doubt = unit.doubt, False
        device: Any = unit.device
        try:
            samples: Mapping[str, Sample] = guarded("read", _samples, device, job.scan, answer)
        except DriverError as error:
            self._refused(unit, job, answer, str(error), now)
            return again
        if again or unit.unsettled(now):
            samples = {channel: _doubted(sample) for channel, sample in samples.items()}
        good = all(sample.quality is Quality.GOOD for sample in samples.values())
        _forget(job)
        job.last = answer if good else None
        _landed(unit, job, now)
        self._sink.land(unit.name, samples, now)
        return again

    def set_aside(self, unit: Presence, job: Job, now: float) -> None:
        """A scan alone stays unanswered: its points are not known, its device is asked the others as before."""
        self._refused(unit, job, b"", f"not answered, as others are; asked again every {ASIDE:g} s", now)

    def _refused(self, unit: Presence, job: Job, answer: bytes, why: str, now: float) -> None:
        """Its points are bad, but for those that the device, having learnt from this, is asked otherwise."""
        _forget(job)
        self._learns(unit, job.scan, answer, now)
        still = {channel for other in unit.jobs if other is not job for channel in other.scan.points}
        bad = {channel: Sample(None, Quality.BAD, why) for channel in job.scan.points if channel not in still}
        if bad:
            self._sink.land(unit.name, bad, now)

    def _learns(self, unit: Presence, scan: Scan, answer: bytes, now: float) -> bool:
        """Tell a device that learns; True when it is asked otherwise from now on."""
        if not isinstance(unit.device, Learner) or not guarded("learn", unit.device.learn, scan, answer):
            return False
        self._ring.note("learnt", unit.name, answer, now, scan.name)
        self._attendance.plan(unit, now)
        return True

    def _settle(self, unit: Presence, job: Job, answer: bytes, now: float) -> None:
        """A read that brings no values, only whether the others may be trusted."""
        device: Any = unit.device
        why = ""
        try:
            guarded("read", _samples, device, job.scan, answer)
        except DriverError as error:
            why = str(error)
        if self._learns(unit, job.scan, answer, now):
            why = ""
        if why:
            self._attendance.hold(unit, job, why, now, now + HELD)
            return
        if unit.held:
            unit.held = ""
            self._attendance.plan(unit, now)
        if unit.ready and not unit.online:
            unit.alive_since = now
            self._attendance.tell(unit, online=True, why="answers", now=now)


def _landed(unit: Presence, job: Job, now: float) -> None:
    passed, job.landed = now - job.landed, now
    unit.aged(job, passed)
    unit.came_along(job, now)


def _forget(job: Job) -> None:
    """What it said last, and what scans of the same channels said, is no more what stands in the image."""
    for each in (job, *job.beside):
        each.last = None
        each.known.clear()


def _samples(device: Device, scan: Scan, answer: bytes) -> Mapping[str, Sample]:
    """What it makes of an answer; ValueError where that is more than was asked for."""
    samples, known = device.read(scan, answer), scan.points + scan.also
    if strange := [name for name, sample in samples.items() if name not in known or type(sample) is not Sample]:
        raise ValueError(f"{strange} is no sample of {scan.name}")
    return samples


def _doubted(sample: Sample) -> Sample:
    if sample.quality is not Quality.GOOD:
        return sample
    return replace(sample, quality=Quality.UNCERTAIN, note="just back, or after a missed answer: to be read again")
