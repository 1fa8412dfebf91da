"""When the machine gave us no time at all: what came late then came late for want of a processor."""

import threading
import time

from campaign.record import Span

_EVERY = 0.02
_LONG = 0.15


class Pauses:
    """A thread that comes late when everything does. Time in which we ourselves worked does not count."""

    def __init__(self) -> None:
        """Not watching yet."""
        self.found: list[Span] = []
        self._over, self._looked = threading.Event(), (0.0, 0.0)
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Pauses":
        """Watch."""
        self._looked = time.monotonic(), time.process_time()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """No more."""
        self._over.set()
        self._thread.join()

    @property
    def longest(self) -> float:
        """Seconds."""
        return max((pause.end - pause.start for pause in self.found), default=0.0)

    def _watch(self) -> None:
        while True:
            over = self._over.wait(_EVERY)
            (start, worked), self._looked = self._looked, (time.monotonic(), time.process_time())
            end, works = self._looked
            if end - start - (works - worked) > _EVERY + _LONG:
                self.found.append(Span(start, end))
            if over:
                return
