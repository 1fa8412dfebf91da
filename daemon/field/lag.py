"""How long a gateway that takes questions one at a time keeps them waiting, learnt from what it answers too late.

It may wait a second for each dead unit behind it, which its units' profiles know nothing of. Whoever gives up sooner
and asks on fills its queue, and by and by even the living answer too late, all of them, for ever.
"""

from collections import deque

from gatehouse.driver import Question

_MOST = 2.0
"""Seconds: what comes later was no queue but a standstill, and to wait longer would keep the living unread too long."""
_LASTS = 600.0
"""Seconds for which what was learnt holds."""
_MORE = 1.2
"""How much longer than it has taken one waits."""
_KEPT = 16
"""Questions that were given up and may still be answered."""


class Lag:
    """Of one connection that tells by itself which question an answer belongs to."""

    def __init__(self) -> None:
        """Nothing known."""
        self._missed: deque[tuple[float, Question]] = deque(maxlen=_KEPT)
        self._lag, self._until = 0.0, float("-inf")

    def attach(self) -> None:
        """A new connection brings no answer to what was asked on the one before."""
        self._missed.clear()

    def patience(self, own: float, now: float) -> float:
        """Seconds to wait for a device that wants `own`."""
        return max(own, _MORE * self._lag) if now < self._until else own

    def missed(self, question: Question, sent: float) -> None:
        """It was given up."""
        self._missed.append((sent, question))

    def heard(self, frame: bytes, now: float) -> None:
        """An answer that nobody waits for now."""
        for each in self._missed:
            sent, question = each
            try:
                found = question.find(frame)
            except Exception:  # noqa: BLE001 - the edge of a plug-in: it is at fault when it is asked itself
                self._missed.remove(each)
                return
            if found is not None and (found.answer is not None or found.why == "silent"):
                self._missed.remove(each)
                self.took(now - sent, now)
                return

    def took(self, seconds: float, now: float) -> None:
        """So long it was until the gateway answered, which is longer than the device is given."""
        if seconds <= _MOST:
            self._lag = max(seconds, self._lag if now < self._until else 0.0)
            self._until = now + _LASTS
