"""How fast alarms come: a flood of all of them, the chatter of one."""

from collections import deque

WINDOW = 600.0
"""Seconds over which a flood is counted (ISA-18.2, EEMUA 191)."""
FLOOD = 10
"""More alarms than this within the window are more than one person can take in."""
CALM = 5
"""A flood is over at so many: of our own choosing, so that its alarm does not chatter itself."""
MINUTE = 60.0
CHATTER = 3
"""Rises of one alarm within a minute from which it chatters."""


class Rate:
    """Counts rises, by a clock that only grows."""

    def __init__(self) -> None:
        """Nothing has risen."""
        self._all: deque[float] = deque()
        self._each: dict[str, deque[float]] = {}
        self._flooding = False

    def called(self, now: float) -> None:
        """People were called for an alarm."""
        self._all.append(now)

    def flooding(self, now: float) -> bool:
        """Whether there is a flood."""
        while self._all and now - self._all[0] >= WINDOW:
            self._all.popleft()
        self._flooding = len(self._all) > (CALM if self._flooding else FLOOD)
        return self._flooding

    @property
    def count(self) -> int:
        """Alarms for which people were called within the window, as of the last look."""
        return len(self._all)

    def rose(self, alarm: str, now: float) -> bool:
        """One alarm rose; whether it chatters."""
        its = self._each.setdefault(alarm, deque(maxlen=CHATTER))
        its.append(now)
        return len(its) == CHATTER and now - its[0] < MINUTE

    def forget(self, now: float) -> None:
        """Of what has been quiet for a minute nothing need be known."""
        self._each = {alarm: its for alarm, its in self._each.items() if now - its[-1] < MINUTE}
