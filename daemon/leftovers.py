"""Alarms that nobody judges any more are let go: never in silence, never without a person."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from daemon.alarms.annunciator import Annunciator
from daemon.clock import Clock
from daemon.config.load import Plan

GONE = "nothing in this site judges it any more"
WAIT = 60.0
"""Seconds after a start or a reload in which every rule has spoken of all that it watches, many times."""
TURNS = frozenset({"alarm_flood", "centre_clock", "certificate_ending", "channel_trouble", "channel_untested",
                   "config_faulty", "config_rolled_back", "disk_full", "feed_trouble", "journal_size",
                   "journal_trouble", "line_down", "recording_trouble", "roll_call", "roll_call_missed", "rule_failed",
                   "task_failed", "zone_under_test"})  # fmt: skip
"""Kinds of which the daemon speaks only when they turn."""
_OWN = frozenset({"alarms", "api", "config", "engine", "journal", "ladders", "recording"})


def let_go(annunciator: Annunciator, plan: Plan, now: datetime) -> None:
    """Call the condition gone of every alarm whose rule, door, line or device is no longer in the site.

    It stays on the list until a person acknowledges it, or resets it where it latches.
    """
    rules = {rule.name for rule in plan.rules}
    known = {*plan.titles, *rules, *(f"rules.{name}" for name in rules), *_OWN}
    known |= {f"certificates.{name}" for name in plan.site.subscribers}
    for name, alarm in list(annunciator.standing.items()):
        if alarm.active and not alarm.drill and known.isdisjoint(_beginnings(name)):
            _gone(annunciator, name, now)


def let_go_unjudged(annunciator: Annunciator, now: datetime) -> bool:
    """The same for those of which no rule has said anything, such as of a sensor that was taken out of a rule.

    False, and nothing is let go, while some rule fails: what it would say nobody knows.
    """
    standing = annunciator.standing
    if any(alarm.active and alarm.condition.kind == "rule_failed" for alarm in standing.values()):
        return False
    for name, alarm in list(standing.items()):
        unknown = alarm.active or not alarm.known
        if unknown and not alarm.drill and name not in annunciator.judged and alarm.condition.kind not in TURNS:
            _gone(annunciator, name, now)
    return True


def _gone(annunciator: Annunciator, name: str, now: datetime) -> None:
    alarm = annunciator.standing[name]
    annunciator.judge(replace(alarm.condition, active=False, evidence={"why": GONE}), "daemon", now)


class Leftovers:
    """Looks for alarms that nobody judges, once rules have had the time to speak."""

    def __init__(self, annunciator: Annunciator, clock: Clock) -> None:
        """Nothing has begun."""
        self._annunciator, self._clock = annunciator, clock
        self._begun = asyncio.Event()

    def begin(self) -> None:
        """Other rules judge from now on, or other alarms stand: from here on it counts who is spoken of."""
        self._annunciator.judged.clear()
        self._begun.set()

    async def run(self) -> None:
        """For ever."""
        while True:
            await self._begun.wait()
            self._begun.clear()
            await asyncio.sleep(WAIT)
            if self._begun.is_set():
                continue
            if not let_go_unjudged(self._annunciator, self._clock.utc()):
                self._begun.set()


def _beginnings(name: str) -> Iterator[str]:
    """`doors.north` and `doors` of `doors.north.forced`."""
    while "." in name:
        name = name.rpartition(".")[0]
        yield name
