"""Which alarms people have set apart: a rule that counts heads must not count one that is disabled."""

from collections.abc import Collection, Iterator

from daemon.alarms.annunciator import Annunciator


class SetApart(Collection[str]):
    """Ids of alarms that are shelved, suppressed or out of service at this moment."""

    def __init__(self, annunciator: Annunciator) -> None:
        """Look into this book."""
        self._annunciator = annunciator

    def __contains__(self, alarm: object) -> bool:
        """Whether this one is."""
        found = self._annunciator.standing.get(alarm)  # type: ignore[call-overload] # any object may be asked for
        return found is not None and found.suspended is not None

    def __iter__(self) -> Iterator[str]:
        """All of them."""
        return (name for name, alarm in self._annunciator.standing.items() if alarm.suspended is not None)

    def __len__(self) -> int:
        """How many there are."""
        return sum(1 for _ in self)
