"""How old readings get on a line, from what its exchanges cost: the law of `daemon.field.scheduler`, reckoned ahead.

Higher classes go first. Inside a class the earliest deadline does; a class that is full turns into a ring, in which
each scan waits equally long beyond its period. Lower classes that wait are let in at the pace that they need, and at
most every fourth time. A scan that keeps its rhythm finds the others of its rhythm always in the same place, so only
what has another rhythm makes its age vary: that is its `jitter`.

An upper bound, but no tight one where a full line mixes very different periods. `tests/unit/daemon/config` holds it
against the scheduler itself.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from daemon.field.jobs import HASTE
from daemon.field.scheduler import TURNS
from gatehouse.driver import ScanClass

_LEAST = 0.05
"""Share of the line at least that any class is reckoned with: the bound stays finite where nothing would be left."""
_LEFT = 0.2
"""The same of what lower classes may have beside a full one."""
_RING = 1.05
"""Share of the line that is asked for, from which on a class never catches up."""
_LONGEST = 1e4
"""Seconds; nothing is ever reckoned to take longer."""
_HALVINGS = 40


@dataclass(frozen=True, slots=True)
class Task:
    """One scan, as the line feels it."""

    kind: ScanClass
    period: float
    seconds: float
    """Of the line, each time."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What every scan of one class and period can count on, in seconds."""

    cycle: float
    """From one reading to the next as a rule: the period, or longer where the line is full."""
    jitter: float
    """How much longer it may be once."""


@dataclass(slots=True)
class _Class:
    """All scans of one class, and what stands above and below them."""

    kind: ScanClass
    tasks: Sequence[Task]
    above: Sequence["_Class"]
    below: Sequence[Task] = ()
    sums: dict[float, float] = field(default_factory=dict)
    """By period: seconds of one round."""
    used: float = 0.0
    """Share of the line that the classes above take."""
    lateness: float = 0.0
    """Seconds that each scan comes later than its period, because the line is full."""
    guests: bool = False
    """A class above is full: there is an exchange only when it is let in."""

    def __post_init__(self) -> None:
        for task in self.tasks:
            self.sums[task.period] = self.sums.get(task.period, 0.0) + task.seconds

    @property
    def round(self) -> float:
        """Seconds of asking each scan once."""
        return sum(self.sums.values())

    @property
    def demand(self) -> float:
        """Share of the line that is asked for."""
        return sum(seconds / period for period, seconds in self.sums.items())

    @property
    def longest(self) -> float:
        """Seconds of its longest exchange."""
        return max(task.seconds for task in self.tasks)

    @property
    def pace(self) -> float:
        """Seconds from one exchange of a lower class to the next."""
        rate = sum(1 / task.period for task in self.below)
        return 1 / (HASTE * rate) if rate else math.inf

    @property
    def guest(self) -> float:
        """Seconds of the longest exchange of a lower class."""
        return max((task.seconds for task in self.below), default=0.0)

    @property
    def upper(self) -> list[Task]:
        """Its scans and those above."""
        return [task for level in (*self.above, self) for task in level.tasks]


def demand(tasks: Iterable[Task]) -> float:
    """Share of a line's time that would serve them all in their rhythm; above 1 it cannot."""
    return sum(task.seconds / task.period for task in tasks)


def outlooks(tasks: Sequence[Task], write: float) -> dict[tuple[ScanClass, float], Outlook]:
    """By class and period. `write`: seconds of the longest order that may come between."""
    classes = _classes(tasks)
    used, full = 0.0, None
    for level in classes:
        level.used = used
        if full is not None:
            level.guests, level.lateness = True, full
            continue
        below, entry = demand(level.below), _entry(level)
        if used + level.demand + min(below, entry) <= 1:
            used += level.demand
            continue
        room = 1 - used - min(level.guest / level.pace, _worst_entry(level))
        level.lateness = _lateness(level.tasks, max(room, _LEAST))
        full = _lateness(level.below, entry)
    return {
        (level.kind, period): Outlook(period + level.lateness, _jitter(level, classes, period, write))
        for level in classes
        for period in level.sums
    }


def _classes(tasks: Sequence[Task]) -> list[_Class]:
    classes: list[_Class] = []
    for kind in ScanClass:
        its = [task for task in tasks if task.kind is kind]
        if its:
            classes.append(_Class(kind, its, tuple(classes), [task for task in tasks if task.kind > kind]))
    return classes


def _entry(level: _Class) -> float:
    """Share of the line that lower classes get at least while this one is full: one exchange in four."""
    if not level.below:
        return 0.0
    upper = level.upper
    rate = sum(1 / task.period for task in level.below)
    guest = demand(level.below) / rate
    return guest / (TURNS * sum(task.seconds for task in upper) / len(upper) + guest)


def _worst_entry(level: _Class) -> float:
    """The same share at most, when the longest exchanges come together."""
    upper = level.upper
    return level.guest / (TURNS * sum(task.seconds for task in upper) / len(upper) + level.guest)


def _lateness(tasks: Sequence[Task], room: float) -> float:
    """Seconds by which all of them together slip, so that they fit into this share of the line."""
    return _least(lambda late: sum(task.seconds / (task.period + late) for task in tasks) <= room)


def _least(fits: Callable[[float], bool]) -> float:
    """The smallest value from which on it fits."""
    if fits(0.0):
        return 0.0
    low, high = 0.0, 1e-3
    while not fits(high) and high < _LONGEST:
        low, high = high, 2 * high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high


def _jitter(level: _Class, classes: Sequence[_Class], period: float, write: float) -> float:
    if level.guests:
        return _guest_jitter(level, classes, period, write)
    free = max(1 - level.used, _LEAST)
    above = sum(other.round for other in level.above)
    others = level.round - level.sums[period]
    cycle = period + level.lateness
    if level.used + level.demand > _RING:  # always late, so only the sequence varies
        sequence = (write + above + level.longest + 2 * level.guest + 3 * others) / free
        return min(sequence, max(_catching_up(level, period, write + above) / free - cycle, 0.0) + 2 * level.longest)
    stretch = _stretch(level, write)
    entries = 1 + math.ceil(min(len(level.upper) / TURNS, min(stretch, cycle) / level.pace))
    before = sum(
        seconds * min(math.ceil(stretch / other), max(1, math.ceil(period / other)))
        for other, seconds in level.sums.items()
        if other != period
    )
    most = cycle + level.longest + level.guest + write
    return min(write + entries * level.guest + above + before, most) / free


def _catching_up(level: _Class, period: float, more: float) -> float:
    """Seconds at most between two readings, from deadlines alone: that is at most two periods after the reading before,
    and once it is less than the shortest period ahead, whoever is asked anew comes later: each of the others goes
    before it at most once more."""
    entries = 1 + math.ceil(len(level.upper) / TURNS)
    return 2 * period - min(level.sums) + more + level.round + entries * level.guest


def _guest_jitter(level: _Class, classes: Sequence[_Class], period: float, write: float) -> float:
    """Below a full class: each exchange waits until it is let in, after others with an earlier deadline."""
    guests = [task for each in classes if each.guests for task in each.tasks]
    host = next(each for each in reversed(classes) if not each.guests)
    slot = max(host.pace, (TURNS * max(task.seconds for task in host.upper) + host.guest) / max(1 - host.used, _LEFT))
    queue = math.inf if level.lateness else slot * len(guests)
    rivals = sum(1 for task in guests if task.period != period and task.period - period <= queue)
    left = 1.0 if level.lateness else 1 - demand(host.below) / _entry(host)
    behind = period if host.above else 0.0  # what is above the full class lets that one in first, until it is late
    return behind + (write + slot * (2 + rivals)) / max(left, _LEFT)


def _stretch(level: _Class, write: float) -> float:
    """Seconds at most for which this class and those above have something to do without a pause."""
    sums = [pair for one in (*level.above, level) for pair in one.sums.items()]
    length = write + sum(seconds for _, seconds in sums)
    while length < _LONGEST:
        entries = 1 + min(len(level.upper) / TURNS, length / level.pace)
        longer = write + entries * level.guest + sum(math.ceil(length / each) * seconds for each, seconds in sums)
        if longer <= length + 1e-9:
            return length
        length = longer
    return _LONGEST
