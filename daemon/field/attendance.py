"""Who is on a line and answers: comes, goes, misses, and is out of service."""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

from daemon.field.jobs import Job
from daemon.field.matter import PluginFaultError
from daemon.field.presence import Presence
from daemon.field.scheduler import QUICK_MISSES, Scheduler
from daemon.field.writes import WAIT, Writes
from gatehouse.driver import Device, DriverError, Writer

if TYPE_CHECKING:
    from daemon.field.lines import Sink

_IN_FULL = 60.0
"""Seconds of a line in which one probe waits as long as the device may take at all, though nothing was heard of it; the
others wait as long as it has taken, so that many silent devices fit into their share and the living hardly notice."""
_LEAST = 0.02
"""Seconds that any device is given, besides those that every exchange is given for the system's sake."""
_SLOWER = 60.0
"""Seconds for which the silent are given the time that another took that came back slower: boards that had no supply
start together, and the late answer to a probe would spoil the next exchange."""
_OF_LATE = 15.0
"""Seconds since which who does not answer has fallen silent only lately."""
_T = TypeVar("_T")


class Attendance:
    """The devices of one line. Who has gone from it may still have been asked: he is not spoken of any more."""

    def __init__(self, sink: "Sink", scheduler: Scheduler, writes: Writes) -> None:
        """Nobody yet."""
        self._sink, self._scheduler, self._writes = sink, scheduler, writes
        self.units: dict[str, Presence] = {}
        self._slower = self._slower_until = 0.0
        """Seconds that the slowest took of those that came back slower than they were; until when others may, too."""

    def change(self, devices: Mapping[str, Device], now: float) -> None:
        """These, from now on. The same object keeps all its state."""
        doubt = False  # who was in doubt may be there under another driver or name
        for name, unit in list(self.units.items()):
            if devices.get(name) is not unit.device:
                doubt = doubt or unit.doubt
                del self.units[name]
                self._scheduler.forget(name)
                self._writes.give_up_device(name, "the device was taken from the line, or changed; order it again")
        for name, device in devices.items():
            if name not in self.units:
                unit = self.units[name] = Presence(name, device, now, doubt=doubt)
                try:
                    self.plan(unit, now)
                except PluginFaultError as error:
                    self._scheduler.plan(name, (), now)
                    self.out_of_service(unit, error, now)

    def has(self, unit: Presence) -> bool:
        """It is still a device of this line."""
        return self.units.get(unit.name) is unit

    def plan(self, unit: Presence, now: float) -> None:
        """Ask the device what it wants to be asked from now on; all that it says is looked at anew."""
        device: Any = unit.device
        unit.jobs = self._scheduler.plan(unit.name, guarded("scans", device.scans), now)
        unit.forget()

    def answered(self, unit: Presence, now: float, trip: float, wire: float) -> None:
        """It spoke, `trip` seconds after it was asked, of which the bytes took `wire`."""
        if unit.misses >= QUICK_MISSES and unit.brief and trip - wire > max(_LEAST, *unit.turns):
            self._slower = max(trip - wire, self._slower if now < self._slower_until else 0.0)
            self._slower_until = now + _SLOWER
        unit.polls += 1
        unit.misses = 0
        unit.good_at = now
        unit.took(trip, wire)
        if not unit.alive and self.has(unit):
            self._revived(unit, now)

    def hold(self, unit: Presence, job: Job, why: str, now: float, due: float) -> None:
        """It answers, but is not what it should be: out of service, and asked nothing but this, at `due`."""
        unit.jobs = self._scheduler.plan(unit.name, [job.scan], now, due)
        unit.held, unit.alive = why, False  # what it is owed, it is owed anew
        self.tell(unit, online=False, why=why, now=now)

    def _revived(self, unit: Presence, now: float) -> None:
        """It answers for the first time since it was lost: another may stand in its place by now."""
        device: Any = unit.device
        unit.alive, unit.alive_since = True, now
        if isinstance(device, Writer):
            unit.owed.clear()
            unit.owed.extend(guarded("prepare", device.prepare))
        scans = guarded("scans", device.scans)
        if set(scans) != {job.scan for job in unit.jobs}:
            self.plan(unit, now)

    def silent(self, unit: Presence) -> bool:
        """It is only probed, and not even a late answer comes: the line need not wait for one."""
        misses = self._scheduler.misses(unit.name)
        return misses >= QUICK_MISSES or (misses > 0 and unit.tally["late"] == unit.late)

    def many(self, now: float) -> bool:
        """Several have fallen silent of late, and no late byte came of any: a cable was cut, or their supply went."""
        if self._scheduler.silent < QUICK_MISSES:
            return False
        silent = [unit for unit in self.units.values() if unit.misses and now - unit.good_at < _OF_LATE]
        return sum(unit.tally["late"] == unit.late for unit in silent) >= QUICK_MISSES

    def patience(self, unit: Presence, now: float, *, many: bool = False) -> float | None:
        """Seconds to wait for a silent device to begin its answer; None for as long as the question says.

        The first miss has waited long enough; after it a device that has always been quick is asked quickly. So is any
        where `many` are silent: to wait in vain for each of thirty would keep the living unread for half a minute. Who
        has become slower is heard all the same, if only as a frame that nobody asked for, and waited for then."""
        silent = many or self.silent(unit)
        usual = max(unit.turns) or self._usual(unit)
        if usual and now < self._slower_until:
            usual = max(usual, self._slower)
        if not usual or not silent or (unit.misses >= QUICK_MISSES and (unit.hinted or self._is_turn(unit, now))):
            return None
        return max(_LEAST, usual)

    def hinted(self, name: str, now: float) -> None:
        """What was heard may be its late answer. It is asked first: as long as it is not known what it takes, it speaks
        into the answers to others."""
        unit = self.units.get(name)
        if unit is not None and unit.brief and unit.misses >= QUICK_MISSES:
            self._scheduler.urge(name, now, first=True)

    def _is_turn(self, unit: Presence, now: float) -> bool:
        """Of those that are silent it has waited longest to be waited for in full, and that was long ago."""
        silent = [each for each in self.units.values() if each.misses >= QUICK_MISSES and not each.fault and each.asked]
        return unit is min(silent, key=_waited) and now - max(map(_waited, silent)) >= _IN_FULL

    def _usual(self, unit: Presence) -> float:
        """Seconds that the slowest of the others took of late, for one that has never answered, not even late."""
        never = not unit.tally["late"]
        return max((max(other.turns) for other in self.units.values() if other.alive), default=0.0) if never else 0.0

    def missed(
        self,
        unit: Presence,
        why: str,
        now: float,
        *,
        took: float = 0.0,
        late: float = 0.0,
        gap: float = 0.0,
        job: Job | None = None,
    ) -> None:
        """It did not answer, or its driver could not even ask. `took`: seconds of the line in all; `late`: seconds in
        which an answer may still come; `gap`: for which it wants to be left alone; `job`: what was asked, if that was a
        scan."""
        unit.late, unit.hints = unit.tally["late"], unit.tally["hints"]
        unit.asked = took > 0
        if unit.asked and job is not None and job.matter is not None:
            unit.brief = job.matter.patience is not None
            unit.waited = unit.waited if unit.brief else now
        unit.missed(now, aside=bool(job and job.aside and not self._scheduler.misses(unit.name)))
        renumber: Callable[[], None] | None = getattr(unit.device, "renumber", None)
        if renumber is not None:  # it numbers its questions, and this one may be answered yet
            try:
                guarded("renumber", renumber)
            except PluginFaultError as error:
                self.out_of_service(unit, error, now)
                return
        self._scheduler.missed(unit.name, now, took, max(late, gap), job)
        for each in self.units.values():
            if each.lost(now) and not each.fault:
                self.lose(each, why if each is unit else "no answer", now)

    def away(self, why: str, now: float) -> None:
        """The line is down: devices are lost in their time."""
        for unit in self.units.values():
            if not unit.fault and unit.overdue(now):
                self.lose(unit, why, now)

    def give_up_late_orders(self, now: float) -> None:
        """What has waited too long for a device that does not answer, or is not known to be the right one."""
        for unit in self.units.values():
            if self._scheduler.misses(unit.name) >= QUICK_MISSES:
                self._writes.give_up_device(unit.name, "no answer", now - WAIT)
            elif not unit.ready:
                self._writes.give_up_device(unit.name, unit.held or "not asked yet", now - WAIT)

    def lose(self, unit: Presence, why: str, now: float) -> None:
        """It is silent."""
        unit.alive, unit.held = False, ""
        self.tell(unit, online=False, why=why, now=now)

    def tell(self, unit: Presence, *, online: bool, why: str, now: float) -> None:
        """Say that it came or went, if it did."""
        unit.why = why
        if not online:
            unit.gone()
        if online is not unit.online:
            unit.online = online
            self._sink.device(unit.name, online, why, now)

    def out_of_service(self, unit: Presence, error: PluginFaultError, now: float) -> None:
        """A broken driver costs its device, no more."""
        unit.fault = f"driver fault: {error}"
        if self.has(unit):
            self._scheduler.retire(unit.name)
            self.tell(unit, online=False, why=unit.fault, now=now)
            self._writes.give_up_device(unit.name, unit.fault)


_waited = attrgetter("waited")
_MAY_REFUSE = frozenset(("read", "write", "accept"))


def guarded(verb: str, call: Callable[..., _T], *given: object) -> _T:
    """A call into a plug-in: its own error passes where it may have one, anything else is its fault."""
    try:
        return call(*given)
    except Exception as error:
        if isinstance(error, DriverError) and verb in _MAY_REFUSE:
            raise
        raise PluginFaultError(f"{type(error).__name__} in {verb}: {error}") from error
