"""How much of its time a line is at work."""

_SPAN = 5.0
_SPANS = 12
"""Of so many seconds each: one minute."""


class Busy:
    """Seconds at work, in all and within the last minute."""

    def __init__(self, now: float) -> None:
        """Idle so far."""
        self._total = 0.0
        self._began = now
        self._number = 0
        self._spans = [0.0] * _SPANS
        self._since: float | None = None

    def work(self, now: float) -> None:
        """It is at work, if it was not already."""
        if self._since is None:
            self._since = now

    def rest(self, now: float) -> None:
        """It has nothing to do."""
        self._count(now)
        self._since = None

    def total(self, now: float) -> float:
        """Seconds at work since it began."""
        self._count(now)
        return self._total

    def load(self, now: float) -> float:
        """Share of the last minute, 0 to 1."""
        self._count(now)
        full = min(self._number, _SPANS - 1)
        span = full * _SPAN + (now - self._began) - self._number * _SPAN
        return min(1.0, sum(self._spans) / span) if span > 0 else 0.0

    def _count(self, now: float) -> None:
        """Account for the time up to now, each span its part."""
        since = now if self._since is None else self._since
        number = int((now - self._began) / _SPAN)
        if number == self._number and since >= self._began + number * _SPAN:
            self._total += now - since
            self._spans[number % _SPANS] += now - since
            self._since = None if self._since is None else now
            return
        for passed in range(max(self._number, number - _SPANS) + 1, number + 1):
            self._spans[passed % _SPANS] = 0.0
        self._number = max(number, self._number)
        self._total += now - since
        for span in range(number, max(-1, number - _SPANS), -1):
            begin, end = self._began + span * _SPAN, self._began + (span + 1) * _SPAN
            if end <= since:
                break
            self._spans[span % _SPANS] += max(0.0, min(now, end) - max(since, begin))
        if self._since is not None:
            self._since = now
