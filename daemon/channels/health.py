"""Whether a channel gets messages out: one failure may be chance, a second in a row or a refusal is trouble."""

from collections.abc import Callable

import structlog

from daemon.channels.sender import Fate, SendError

log = structlog.get_logger()


class Health:
    """Of one channel. In trouble it rests between tries, longer each time; P1 does not mind that."""

    def __init__(self, name: str, on_trouble: Callable[[str], None], first_pause: float, longest_pause: float) -> None:
        """Nothing is known yet, so an alarm of the last run stands until something is."""
        self.trouble = self.last_error = ""
        self.failures = 0
        self.rests_until = 0.0
        """Monotonic."""
        self._name, self._on_trouble = name, on_trouble
        self._first, self._longest, self._pause = first_pause, longest_pause, 0.0
        self._answered = False
        self._told: str | None = None

    def failed(self, error: SendError, now: float) -> None:
        """A try failed, and not by the fault of its message or recipient."""
        refused = error.fate is Fate.REFUSED
        self.failures += 1
        self.last_error = error.why
        self._answered = self._answered or error.fate is not Fate.UNREACHED
        if not refused:
            self._pause = min(max(self._pause * 2, self._first), self._longest)
            self.rests_until = now + max(self._pause, error.after)
        if refused or self.failures > 1:
            self._tell(error.why)

    def well(self) -> None:
        """A message got out."""
        self.failures, self._pause, self.rests_until, self._answered = 0, 0.0, 0.0, False
        self.last_error = ""
        self._tell("")

    def reached(self) -> None:
        """The other end is there, which says nothing of what it refused or left unanswered."""
        if not self._answered:
            self.well()

    def _tell(self, why: str) -> None:
        self.trouble = why
        if why == self._told:
            return
        if why:
            log.warning("messages do not get out", channel=self._name, why=why)
        elif self._told:
            log.info("messages get out again", channel=self._name)
        self._told = why
        self._on_trouble(why)
