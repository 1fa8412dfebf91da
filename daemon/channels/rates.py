"""How many messages a service takes in a time, and how much of that is kept free for what cannot wait."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` in any `seconds`."""

    count: int
    seconds: float

    @property
    def ordinary(self) -> int:
        """What all but P1 may use of it: the rest, a quarter and at least one, is kept in reserve."""
        return self.count - max(1, self.count // 4) if self.count > 1 else self.count


class Allowance:
    """Counts tries in sliding windows, so that no window of that length ever holds more than the rate."""

    def __init__(self, rates: Sequence[Rate]) -> None:
        """All of the rates hold at once; none means without limit."""
        self._rates = tuple(rates)
        self._taken: deque[float] = deque(maxlen=max((rate.count for rate in rates), default=1))

    def per_minute(self, *, urgent: bool) -> float:
        """How many messages can leave in a minute at most."""
        counts = ((rate.count if urgent else rate.ordinary) * max(1.0, 60.0 / rate.seconds) for rate in self._rates)
        return min(counts, default=float("inf"))

    def wait(self, now: float, *, urgent: bool) -> float:
        """Seconds until another try may be made; 0 for at once."""
        return max((self._one(rate, now, rate.count if urgent else rate.ordinary) for rate in self._rates), default=0.0)

    def take(self, now: float) -> None:
        """A try is made now."""
        self._taken.append(now)

    def _one(self, rate: Rate, now: float, limit: int) -> float:
        if len(self._taken) < limit:
            return 0.0
        return max(0.0, self._taken[-limit] + rate.seconds - now)


_KEPT = 1024
"""Recipients whose tries are counted; whoever was not written to for longest is forgotten first."""


class Shares:
    """The same for each recipient by itself, where a service counts so."""

    def __init__(self, rates: Sequence[Rate]) -> None:
        """None means without limit."""
        self._rates = tuple(rates)
        self._usual = Allowance(rates)
        self._by_address: dict[str, Allowance] = {}

    def per_minute(self, *, urgent: bool) -> float:
        """How many messages can leave to one recipient in a minute at most."""
        return self._usual.per_minute(urgent=urgent)

    def wait(self, address: str, now: float, *, urgent: bool) -> float:
        """Seconds until another try may be made to this one; 0 for at once."""
        its = self._by_address.get(address)
        return its.wait(now, urgent=urgent) if its is not None else 0.0

    def take(self, address: str, now: float) -> None:
        """A try is made now."""
        if not self._rates:
            return
        its = self._by_address.pop(address, None) or Allowance(self._rates)
        its.take(now)
        self._by_address[address] = its
        if len(self._by_address) > _KEPT:
            del self._by_address[next(iter(self._by_address))]
