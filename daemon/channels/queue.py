"""What waits to be sent through one channel: bounded, the gravest first, each in the order in which it came."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from daemon.channels.message import Message, Receipt, Recipient, Report
from gatehouse.alarms import Severity

REPEATS = 64
"""How many that want to know of one message may be kept beside each other."""


@dataclass(slots=True, eq=False)
class Item:
    """One message to one recipient, and who wants to know."""

    message: Message
    recipient: Recipient
    reports: list[Report]
    ends: float
    """Monotonic; after it nothing is tried any more."""
    not_before: float = 0.0
    tries: int = 0
    unanswered: int = 0

    @property
    def urgent(self) -> bool:
        """P1 in earnest: goes ahead of everything and may use the reserve."""
        return self.message.severity is Severity.P1 and not self.message.drill

    def tell(self, receipt: Receipt) -> None:
        """All who want to know."""
        for report in self.reports:
            report(receipt)


_Same = tuple[str, str, bool]
_Rank = tuple[Severity, bool]
"""Severity, and whether it is a drill: of the same severity earnest goes first, and stays longest."""


def _same(item: Item) -> _Same:
    return item.message.key, item.recipient.address, item.message.drill


def _rank(item: Item) -> _Rank:
    return item.message.severity, item.message.drill


@dataclass(slots=True)
class Queue:
    """Items that wait, whether for a rate, for a second try, or for their turn."""

    size: int
    _items: dict[_Rank, dict[_Same, Item]] = field(
        default_factory=lambda: {(severity, drill): {} for severity in Severity for drill in (False, True)}
    )

    def __len__(self) -> int:
        return sum(map(len, self._items.values()))

    def __iter__(self) -> Iterator[Item]:
        """The gravest first; of the same, what is no drill."""
        for waiting in self._items.values():
            yield from waiting.values()

    def count(self, *, urgent: bool) -> int:
        """How many of them are P1, or are not."""
        grave = len(self._items[Severity.P1, False])
        return grave if urgent else len(self) - grave

    def put(self, item: Item) -> Item | None:
        """Take an item; answers what had to go for it: of the least grave the first that came, maybe the new one.

        The same message to the same recipient that waits already is not doubled: it says what the newer one says.
        """
        waiting = self._items[_rank(item)]
        if (old := waiting.get(_same(item))) is not None:
            return self._join(old, item)
        if len(self) < self.size:
            waiting[_same(item)] = item
            return None
        worst = max(rank for rank, those in self._items.items() if those)
        if worst < _rank(item):
            return item
        going = next(iter(self._items[worst].values()))
        self.remove(going)
        waiting[_same(item)] = item
        return going

    def remove(self, item: Item) -> None:
        """It is being sent, or given up."""
        self._items[_rank(item)].pop(_same(item), None)

    def like(self, item: Item) -> list[Item]:
        """All that can be told to its recipient together with it, itself first: never P1 with others, nor drill with
        earnest."""
        others = (
            each
            for each in self
            if each is not item
            and each.urgent == item.urgent
            and each.recipient.address == item.recipient.address
            and each.message.drill == item.message.drill
        )
        return [item, *others]

    def over(self, now: float) -> list[Item]:
        """Take out all whose time is over."""
        late = [item for item in self if item.ends <= now]
        for item in late:
            self.remove(item)
        return late

    @staticmethod
    def _join(old: Item, new: Item) -> Item | None:
        if len(old.reports) + len(new.reports) > REPEATS:
            return new
        if not new.tries:  # not one that comes back
            old.message = new.message
        old.ends = max(old.ends, new.ends)
        old.reports += new.reports
        return None
