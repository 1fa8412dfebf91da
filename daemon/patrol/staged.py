"""Drills that are over: an answer that was given while one ran belongs to it, and to nothing that is real."""

from collections import OrderedDict
from datetime import datetime
from typing import NamedTuple

from daemon.clock import Clock
from daemon.patrol.command import Command
from gatehouse.alarms import Alarm

MOST = 64
"""Drills that are remembered."""


class _Over(NamedTuple):
    drill: str
    at: datetime


class Staged:
    """The played alarms whose cards were withdrawn, by their occurrences."""

    def __init__(self, clock: Clock) -> None:
        """None yet."""
        self._clock = clock
        self._over: OrderedDict[str, _Over] = OrderedDict()

    def hear(self, alarm: Alarm) -> None:
        """An alarm has changed."""
        if alarm.drill and not alarm.open:
            self._over[alarm.occurrence] = _Over(alarm.drill, self._clock.utc())
            while len(self._over) > MOST:
                self._over.popitem(last=False)

    def drill(self, command: Command) -> str:
        """The drill that is over and on whose card a guard answers; empty for none."""
        over = self._over.get(command.occurrence)
        return over.drill if over else ""

    def belongs(self, command: Command) -> bool:
        """Whether it is no more than an answer of a drill that is over. A call for help that was given since is real,
        whatever card it names."""
        over = self._over.get(command.occurrence)
        return over is not None and (command.do != "help" or command.at <= over.at)
