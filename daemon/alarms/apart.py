"""What rules may know of what people did: which alarms are set apart, and of which the sounders were silenced."""

from collections.abc import Callable, Collection, Iterator

from daemon.alarms.annunciator import Annunciator
from gatehouse.alarms import Alarm


class Those(Collection[str]):
    """Ids of the standing alarms of which something holds at this moment."""

    def __init__(self, annunciator: Annunciator, holds: Callable[[Alarm], bool]) -> None:
        """Look into this book."""
        self._annunciator, self._holds = annunciator, holds

    def __contains__(self, alarm: object) -> bool:
        """Whether this one is among them."""
        found = self._annunciator.standing.get(alarm)  # type: ignore[call-overload] # any object may be asked for
        return found is not None and self._holds(found)

    def __iter__(self) -> Iterator[str]:
        """All of them."""
        return (name for name, alarm in self._annunciator.standing.items() if self._holds(alarm))

    def __len__(self) -> int:
        """How many there are."""
        return sum(1 for _ in self)


class SetApart(Those):
    """Shelved, suppressed or out of service: a rule that counts heads must not count one that is disabled."""

    def __init__(self, annunciator: Annunciator) -> None:
        """Look into this book."""
        super().__init__(annunciator, lambda alarm: alarm.suspended is not None)


class Silenced(Those):
    """A person has stopped their sounders, and they have not risen since."""

    def __init__(self, annunciator: Annunciator) -> None:
        """Look into this book."""
        super().__init__(annunciator, lambda alarm: bool(alarm.silenced_by))
