"""What rules may ever want: those that could want opposite things of one output are named before they run."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from gatehouse.demands import Priority
from gatehouse.points import Value

_WEEK = 7 * 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Something that a rule may at some time demand: two rules that contradict each other are found before they run."""

    output: str
    value: Value
    priority: Priority
    veto: bool = False
    week: tuple[tuple[int, int], ...] | None = None  # spans of local seconds from Monday 00:00; None: at any time

    def contradicts(self, other: "Wish") -> bool:
        """Both may hold at once, neither is stronger, and no output can do both."""
        if (self.output, self.priority) != (other.output, other.priority) or (self.veto and other.veto):
            return False
        return (self.value == other.value) is (self.veto or other.veto) and self._meets(other)

    def _meets(self, other: "Wish") -> bool:
        turns = (-_WEEK, 0, _WEEK)
        return any(
            start < last + turn and first + turn < end
            for start, end in _always(self.week)
            for first, last in _always(other.week)
            for turn in turns
        )


def _always(week: tuple[tuple[int, int], ...] | None) -> tuple[tuple[int, int], ...]:
    return ((0, _WEEK),) if week is None else week


@runtime_checkable
class Wishful(Protocol):
    """A rule that says beforehand what it may ever demand. One that does not say is not compared with others."""

    @property
    def wishes(self) -> Collection[Wish]:
        """All of it."""
