"""What is asked of a device again and again: its scans as jobs, and which of them bring the same."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gatehouse.driver import Scan, ScanClass

if TYPE_CHECKING:
    from daemon.field.matter import Matter

HASTE = 1.25
"""How much faster than they ask for on the whole lower classes are let in, so that they catch up."""


@dataclass(slots=True, eq=False)
class Job:
    """One scan of one device, round after round."""

    device: str
    scan: Scan
    unit: "Unit"
    due: float
    place: int = 0
    """Which of its entries in the queues is the valid one."""
    alone: int = 0
    """Misses in a row, each of them followed by an answer to another scan of the device."""
    aside: bool = False
    """It is retried only rarely."""
    gone: bool = False
    """It is wanted no more."""
    last: bytes | None = None
    """The answer whose values stand: the very same once more only renews them. Whoever lands answers keeps this, too,
    and these:"""
    landed: float = -math.inf
    """When it last brought values that count."""
    worst: float = 0.0
    """The longest, in seconds, that its values have been without renewal."""
    known: dict[bytes, bytes] = field(default_factory=dict)
    """By request: the bytes that brought `last`."""
    matter: "Matter | None" = None
    """How it is asked."""
    begun: bool = False
    """It was answered before."""
    brings: tuple[str, ...] = field(init=False)
    """All channels of its answer."""
    over: "list[Job]" = field(init=False, default_factory=list)
    """Scans that need not be made when this one is: all of their channels come along."""
    under: "list[Job]" = field(init=False, default_factory=list)
    """The other way round."""
    beside: "list[Job]" = field(init=False, default_factory=list)
    """Scans that share a channel with it."""

    def __post_init__(self) -> None:
        """What the scan says."""
        self.brings = self.scan.points + self.scan.also

    @property
    def rides(self) -> bool:
        """It is made when another one's turn comes, whose channels it brings as well, and has no turn of its own."""
        return bool(self.over) and not self.aside and not all(other.aside for other in self.over)


@dataclass(slots=True, eq=False)
class Unit:
    """What the scheduler knows of a device. Its jobs take turns as the probe."""

    jobs: list[Job]
    ceiling: float
    misses: int = 0
    culprit: Job | None = None
    """The one job that all misses since the last answer were of."""
    free: float = 0.0
    missed: float = -math.inf
    """When it was last missed."""
    retired: bool = False
    first: bool = False
    """It goes before all others that are probed."""

    @property
    def lives(self) -> bool:
        """It is asked in its rhythm."""
        return bool(self.jobs) and not self.misses and not self.retired


def acquaint(jobs: Sequence[Job]) -> None:
    """Let them know which of them share channels."""
    for job in jobs:
        others = [other for other in jobs if other is not job]
        job.over = [other for other in others if other.scan.points and {*other.scan.points} <= {*job.scan.also}]
        job.under = [other for other in others if job.scan.points and {*job.scan.points} <= {*other.scan.also}]
        job.beside = [other for other in others if not {*job.brings}.isdisjoint(other.brings)]


def paces(scans: Iterable[Scan]) -> dict[ScanClass, float]:
    """Seconds from one exchange of all classes below to the next, while this class has something to do itself."""
    rates = dict.fromkeys(ScanClass, 0.0)
    for scan in scans:
        rates[scan.kind] += HASTE / scan.period
    below = {kind: sum(rates[low] for low in ScanClass if low > kind) for kind in ScanClass}
    return {kind: 1 / rate if rate else math.inf for kind, rate in below.items()}
