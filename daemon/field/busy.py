"""How much of its time a line is at work."""

_SPAN = 5.0
_SPANS = 12
"""Of so many seconds each: one minute."""


class Busy:
    """Seconds at work, in all and within the last minute."""

    def __init__(self, now: float) -> None:
        """Idle so far."""
        self.total = 0.0
        self._began = now
        self._number = 0
        self._spans = [0.0] * _SPANS

    def worked(self, begin: float, end: float) -> None:
        """It was at work from then to then, and is idle or at other work since."""
        self._turn(end)
        self.total += end - begin
        self._spans[self._number % _SPANS] += end - begin

    def load(self, now: float) -> float:
        """Share of the last minute, 0 to 1."""
        self._turn(now)
        full = min(self._number, _SPANS - 1)
        span = full * _SPAN + (now - self._began) - self._number * _SPAN
        return min(1.0, sum(self._spans) / span) if span > 0 else 0.0

    def _turn(self, now: float) -> None:
        """The spans that have passed since, with nothing in them yet."""
        number = int((now - self._began) / _SPAN)
        for passed in range(max(self._number, number - _SPANS) + 1, number + 1):
            self._spans[passed % _SPANS] = 0.0
        self._number = max(number, self._number)
