"""Gives every event its identity and hands it to the journal."""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from daemon.clock import Clock
from gatehouse.demands import Demand
from gatehouse.events import Event

DRILL = "drill:"
"""How the name begins under which a drill makes its demands."""


class Recorder:
    """Makes events. Their ids never repeat: a random mark of this start, and a running number."""

    def __init__(self, append: Callable[[Event], None], clock: Clock) -> None:
        """`append` takes the event and returns at once."""
        self.boot = secrets.token_hex(6)
        self.trace: Callable[[str, str, Mapping[str, Any]], str] = _no_trace
        """Asked of every event: the file in which what a line said about it will be found, empty for most."""
        self.acted: dict[str, datetime] = {}
        """When each rule last had an event written in its name, since the start."""
        self._append = append
        self._clock = clock
        self._count = 0

    @property
    def count(self) -> int:
        """Events since the start."""
        return self._count

    def emit(
        self,
        kind: str,
        subject: str,
        *,
        actor: str = "",
        cause: str = "",
        severity: int = 0,
        content: Mapping[str, Any] | None = None,
        drill: str = "",
    ) -> Event:
        """Write one event; returns it, so that its id can be named as the cause of another.

        What belongs to a `drill` is of a kind of its own, `drill.alarm_raised`, and of no severity: whoever counts or
        subscribes to `alarm.*` never gets any of it.
        """
        self._count += 1
        content = dict(content or {})
        if drill:
            kind, severity, content["drill"] = drilled(kind), 0, drill
        if file := self.trace(kind, subject, content):
            content["trace"] = file
        event = Event(
            id=f"{self.boot}-{self._count}",
            at=self._clock.utc(),
            kind=kind,
            subject=subject,
            actor=actor,
            cause=cause,
            severity=severity,
            content=content,
        )
        if actor.startswith("rule:"):
            self.acted[actor] = event.at
        self._append(event)
        return event


def drill_behind(demand: Demand | None, before: object) -> str:
    """The drill that has moved an output, or has just let it rest; `before`: value, and issuer and priority."""
    issuer = demand.issuer if demand else ""
    if demand is None and isinstance(before, tuple) and before[1]:
        issuer = before[1][0]
    return issuer.removeprefix(DRILL) if issuer.startswith(DRILL) else ""


def drilled(kind: str) -> str:
    """Under which kind an event is written that belongs to a drill."""
    return f"drill.{kind.replace('.', '_')}"


def _no_trace(kind: str, subject: str, content: Mapping[str, Any]) -> str:
    return ""
