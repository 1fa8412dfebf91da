"""Who would be called, when and by what: a ladder as a table of its times, at any instant of the site's own time."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from daemon.escalation.directory import Directory
from daemon.escalation.ladder import Ladder, Step, choose
from daemon.escalation.proof import Prover

_MOST = 4
"""Repeats of one step that are shown."""


def preview(  # noqa: PLR0917 - who, what, where, when
    directory: Directory, prover: Prover, titles: Mapping[str, str], zone: str, kind: str, wall: datetime
) -> list[dict[str, Any]]:
    """The ladder of each severity for an alarm of a zone (`zones.b12`, or empty) and a kind, as of this local time."""
    found = []
    for severity in (1, 2, 3, 4):
        ladder = choose(directory.ladders, severity, zone, kind)
        steps = list(_rows(directory, prover, titles, ladder, zone, wall)) if ladder else []
        name = (ladder.title or ladder.name) if ladder else ""
        found.append({"severity": severity, "ladder": name, "steps": steps})
    return found


def _rows(  # noqa: PLR0917 - as above
    directory: Directory, prover: Prover, titles: Mapping[str, str], ladder: Ladder, zone: str, wall: datetime
) -> Iterator[dict[str, Any]]:
    for step in ladder.steps:
        yield {
            "after": step.after,
            "again": list(_again(step)),
            "endless": step.repeat is not None and step.times is None,
            "outputs": [titles.get(name, name) for name in directory.outputs(step, zone)],
            "calls": [_called(directory, prover, target.person, target.channels)
                      for target in directory.targets(step, wall)],
            "nobody": bool(step.ring) and not directory.called(step.ring, wall),
            "police": step.police,
            "answers": step.answers,
            "until": step.until,
            "unread": step.unread,
        }  # fmt: skip


def _again(step: Step) -> Iterator[float]:
    if step.repeat is None:
        return
    times = _MOST if step.times is None else min(_MOST, step.times - 1)
    for number in range(1, times + 1):
        yield step.after + number * step.repeat


def _called(directory: Directory, prover: Prover, person: str, channels: tuple[str, ...]) -> dict[str, Any]:
    its = directory.people.get(person)
    tested = {channel: prover.tested(person, channel) for channel in channels}
    return {
        "person": its.name if its else "",
        "channels": [{"name": name, "tested": tested[name]} for name in channels],
    }
