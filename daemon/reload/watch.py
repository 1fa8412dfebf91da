"""Whether a change has made anything worse that lives hang on. Pure: it is shown the image and keeps no time."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from daemon.config.load import Plan
from gatehouse.driver import Listener, ScanClass
from gatehouse.points import Image, Quality

LONGEST_BLIND = 10.0
"""Seconds for which a fire input may be unread before the change is taken back at once."""
_SURE = 1.5
"""Seconds for which a point must be bad at the end: one missed answer is no verdict."""
_SELDOM, _SHARE = 2, 0.05
"""Looks, and share of the looks, at which a point must have been too old: nor is one."""


@dataclass(frozen=True, slots=True)
class Worse:
    """One thing that was good and is not any more."""

    what: str
    why: str


@dataclass(slots=True)
class Before:
    """How the safety points were read before the change: those that were good, with the oldest age seen of each."""

    ages: dict[str, float] = field(default_factory=dict)
    _looks: int = 0

    def look(self, points: Iterable[str], image: Image, now: float) -> None:
        """Take notice; only what is good at each look counts as good."""
        good = {name: reading for name in points if (reading := image.read(name, now)).good}
        if not self._looks:
            self.ages = dict.fromkeys(good, 0.0)
        self._looks += 1
        self.ages = {name: max(age, now - good[name].at) for name, age in self.ages.items() if name in good}


class Watch:
    """Compares with before, look after look."""

    def __init__(self, before: Before, old: Plan, new: Plan, now: float, seconds: float) -> None:
        """Only points that both plans have are watched."""
        limits = {point.name: point.max_age for point in old.points}
        there = {point.name for point in new.points}
        self._ages = {name: age for name, age in before.ages.items() if name in there}
        self._limits = {name: limits[name] for name in self._ages}
        self._fire = {point for zone in new.site.zones.values() for point in zone.fire}
        self._bad: dict[str, tuple[float, str]] = {}
        self._worst: dict[str, float] = {}
        self._late: Counter[str] = Counter()
        self._looks = 0
        self._half, self.end = now + seconds / 2, now + seconds

    def look(self, image: Image, now: float) -> None:
        """See how each point is read now; ages count in the second half, when everything has settled."""
        late = now >= self._half
        self._looks += late
        for name in self._ages:
            reading = image.read(name, now)
            if reading.quality is Quality.GOOD:
                self._bad.pop(name, None)
            else:
                since, _ = self._bad.get(name, (now, ""))
                self._bad[name] = since, reading.note or reading.quality.name.lower()
            if late and (age := now - reading.at) > max(2 * self._ages[name], self._limits[name]):
                self._late[name] += 1
                self._worst[name] = max(self._worst.get(name, 0.0), age)

    def urgent(self, now: float) -> list[Worse]:
        """Fire inputs that nobody should wait for any longer."""
        return [worse for worse in self._unread(now, LONGEST_BLIND) if worse.what in self._fire]

    def verdict(self, now: float) -> list[Worse]:
        """All that is worse at the end."""
        unread = list(self._unread(now, _SURE))
        told = {worse.what for worse in unread}
        return [*unread, *(worse for worse in self._seldom() if worse.what not in told)]

    def _unread(self, now: float, seconds: float) -> Iterator[Worse]:
        for name, (since, why) in sorted(self._bad.items()):
            if now - since >= seconds:
                yield Worse(name, why)

    def _seldom(self) -> Iterator[Worse]:
        """Read markedly less often: again and again twice as old as before, and older than may be trusted."""
        for name, count in self._late.items():
            if count >= max(_SELDOM, _SHARE * self._looks):
                age, before = self._worst[name], self._ages[name]
                yield Worse(name, f"read {age:.1f} s ago at worst, {before:.1f} s before the change")


def safety_points(plan: Plan) -> frozenset[str]:
    """Points of the safety class, and all that zones and lanes look at to free or to stop."""
    named = {point for zone in plan.site.zones.values() for point in zone.fire}
    named |= {lane.presence for lane in plan.site.lanes.values()}
    for name, device in plan.devices.items():
        scans = () if isinstance(device, Listener) else device.scans()
        named.update(f"{name}.{channel}" for scan in scans if scan.kind is ScanClass.SAFETY for channel in scan.points)
    known = {point.name for point in plan.points}
    return frozenset(named & known)
