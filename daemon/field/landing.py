"""What becomes of an answer: readings, doubt, or that the device is to be asked otherwise."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from daemon.field.exchange import PluginFaultError
from daemon.field.presence import Last, Presence
from daemon.field.scheduler import ASIDE, Scheduler
from daemon.field.trace import Ring
from gatehouse.driver import Device, DriverError, Learner, Sample, Scan
from gatehouse.points import Quality

if TYPE_CHECKING:
    from daemon.field.lines import Sink

HELD = 10.0
"""Seconds until a device whose map does not fit is asked again."""
_T = TypeVar("_T")


class Tell(Protocol):
    """Say that a device came or went."""

    def __call__(self, unit: Presence, *, online: bool, why: str, now: float) -> None:
        """`why` is for people."""


class Landing:
    """Between the wire and the image."""

    def __init__(self, sink: "Sink", scheduler: Scheduler, ring: Ring, tell: Tell) -> None:
        """Nothing has landed yet."""
        self._sink, self._scheduler, self._ring, self._tell = sink, scheduler, ring, tell

    def take(self, unit: Presence, scan: Scan, answer: bytes, now: float) -> bool:
        """Bring the answer in; True when it is to be asked again at once because this reading is in doubt."""
        if not scan.points:
            self._settle(unit, scan, answer, now)
            return False
        if unit.discard:
            unit.discard = unit.doubt = False
            return True
        again = unit.doubt
        doubt = again or unit.unsettled(now)
        last = unit.last.get(scan.name)
        if last is not None and last.good and not doubt and last.answer == answer:
            unit.landed(scan, now)
            self._sink.same(unit.name, scan.points, now)
            return False
        unit.doubt = False
        device: Any = unit.device
        try:
            samples: Mapping[str, Sample] = guarded("read", _samples, device, scan, answer)
        except DriverError as error:
            self._refused(unit, scan, answer, str(error), now)
            return again
        if doubt:
            samples = {channel: _doubted(sample) for channel, sample in samples.items()}
        good = all(sample.quality is Quality.GOOD for sample in samples.values())
        unit.last[scan.name] = Last(answer, good=good)
        unit.landed(scan, now)
        self._sink.land(unit.name, samples, now)
        return again

    def set_aside(self, unit: Presence, scan: Scan, now: float) -> None:
        """A scan alone stays unanswered: its points are not known, its device is asked the others as before."""
        self._refused(unit, scan, b"", f"not answered, as others are; asked again every {ASIDE:g} s", now)

    def plan(self, unit: Presence, now: float) -> None:
        """Ask the device what it wants to be asked from now on."""
        device: Any = unit.device
        scans: Sequence[Scan] = guarded("scans", device.scans)
        unit.planned(scans)
        self._scheduler.plan(unit.name, scans, now)

    def _refused(self, unit: Presence, scan: Scan, answer: bytes, why: str, now: float) -> None:
        """Its points are bad, but for those that the device, having learnt from this, is asked otherwise."""
        unit.last.pop(scan.name, None)
        self._learns(unit, scan, answer, now)
        still = {channel for other in unit.scans if other != scan for channel in other.points}
        bad = {channel: Sample(None, Quality.BAD, why) for channel in scan.points if channel not in still}
        if bad:
            self._sink.land(unit.name, bad, now)

    def _learns(self, unit: Presence, scan: Scan, answer: bytes, now: float) -> bool:
        """Tell a device that learns; True when it is asked otherwise from now on."""
        if not isinstance(unit.device, Learner) or not guarded("learn", unit.device.learn, scan, answer):
            return False
        self._ring.note("learnt", unit.name, answer, now, scan.name)
        self.plan(unit, now)
        return True

    def _settle(self, unit: Presence, scan: Scan, answer: bytes, now: float) -> None:
        """A read that brings no values, only whether the others may be trusted."""
        device: Any = unit.device
        why = ""
        try:
            guarded("read", _samples, device, scan, answer)
        except DriverError as error:
            why = str(error)
        if self._learns(unit, scan, answer, now):
            why = ""
        elif why:
            unit.planned([scan])
            self._scheduler.plan(unit.name, [scan], now, now + HELD)
        elif unit.held:
            self.plan(unit, now)
        unit.held = why
        if why:
            unit.alive = False  # what it is owed, it is owed anew
            self._tell(unit, online=False, why=why, now=now)
        elif unit.ready and not unit.online:
            unit.alive_since = now
            self._tell(unit, online=True, why="answers", now=now)


def guarded(verb: str, call: Callable[..., _T], *given: object) -> _T:
    """A call into a plug-in: its own error passes, anything else is its fault."""
    try:
        return call(*given)
    except DriverError:
        raise
    except Exception as error:
        raise PluginFaultError(f"{type(error).__name__} in {verb}: {error}") from error


def _samples(device: Device, scan: Scan, answer: bytes) -> Mapping[str, Sample]:
    """What it makes of an answer; ValueError where that is more than was asked for."""
    samples = device.read(scan, answer)
    if strange := [name for name, sample in samples.items() if name not in scan.points or type(sample) is not Sample]:
        raise ValueError(f"{strange} is no sample of {scan.name}")
    return samples


def _doubted(sample: Sample) -> Sample:
    if sample.quality is not Quality.GOOD:
        return sample
    return replace(sample, quality=Quality.UNCERTAIN, note="just back, or after a missed answer: to be read again")
