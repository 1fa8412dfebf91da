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
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Pauses":
        """Watch."""
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
            start, worked = time.monotonic(), time.process_time()
            if self._over.wait(_EVERY):
                return
            end = time.monotonic()
            if end - start - (time.process_time() - worked) > _EVERY + _LONG:
                self.found.append(Span(start, end))
