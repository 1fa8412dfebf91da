"""What happened in the simulated world, in order: the truth that a journal can be held against."""

from collections import deque
from typing import Any

from simulators.clock import Clock

_LENGTH = 10_000


class Diary:
    """The last ten thousand things that bodies did."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lines: deque[dict[str, Any]] = deque(maxlen=_LENGTH)
        self.number = 0

    def note(self, subject: str, what: str, **more: object) -> None:
        """Something happened just now."""
        self.number += 1
        self._lines.append({**more, "number": self.number, "at": self._clock.now(), "subject": subject, "what": what})

    def after(self, number: int) -> list[dict[str, Any]]:
        """All that came after a line; `at` is monotonic, the same in all processes of this machine."""
        return [line for line in self._lines if line["number"] > number]
