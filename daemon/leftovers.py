"""Alarms of the last run that nobody would judge in this one are let go: never in silence, never without a person."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from daemon.annunciator import Annunciator
from daemon.config.load import Plan

GONE = "nothing in this site judges it any more"
_OWN = frozenset({"api", "config", "engine", "journal"})


def let_go(annunciator: Annunciator, plan: Plan, now: datetime) -> None:
    """Call the condition gone of every alarm whose rule, door, line or device is no longer in the site.

    It stays on the list until a person acknowledges it, or resets it where it latches.
    """
    rules = {rule.name for rule in plan.rules}
    known = {*plan.titles, *rules, *(f"rules.{name}" for name in rules), *_OWN}
    for name, alarm in list(annunciator.standing.items()):
        if alarm.active and known.isdisjoint(_beginnings(name)):
            annunciator.judge(replace(alarm.condition, active=False, evidence={"why": GONE}), "daemon", now)


def _beginnings(name: str) -> Iterator[str]:
    """`doors.north` and `doors` of `doors.north.forced`."""
    while "." in name:
        name = name.rpartition(".")[0]
        yield name
