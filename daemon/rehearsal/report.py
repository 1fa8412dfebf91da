"""What came of timetables, as plain documents for programs."""

from typing import Any

import msgspec

from daemon.feeds.catalogue import describe
from daemon.operator import RefusedError
from daemon.reasons import LANGUAGES, Reasons, is_of
from daemon.rehearsal.play import Failure, Result
from daemon.rehearsal.stage import Stage
from gatehouse.events import Event

_PAST = 12


def document(result: Result) -> dict[str, Any]:
    """One file."""
    return {
        "file": str(result.file),
        "about": result.about,
        "good": result.good,
        "expectations": result.expectations,
        "seconds": round(result.seconds, 3),
        "took": round(result.took, 3),
        "failures": [_failure(each) for each in result.failures],
    } | ({"explained": _plain(result.explained)} if result.explained else {})


def explained(stage: Stage, name: str) -> dict[str, Any]:
    """Why a rule, or the one behind an alarm, is as it is in the end; an `error` where there is none."""
    try:
        found = Reasons(stage.engine, stage.plan.titles, stage.clock, lambda: stage.zone).explain(name)
    except RefusedError as error:
        return {"error": str(error)}
    mine = [event for event in stage.events if is_of(event, found)]
    return found | {"past": [_event(event, stage) for event in mine[-_PAST:]], "trouble": None}


def _event(event: Event, stage: Stage) -> dict[str, Any]:
    text = {language: describe(event, stage.plan.titles, 3, language) for language in LANGUAGES}
    local = event.at.astimezone(stage.zone).isoformat()
    return _plain(event) | {"local": local, "text": text}  # type: ignore[no-any-return]


def _failure(failure: Failure) -> dict[str, Any]:
    difference = failure.difference
    return {
        "line": failure.line,
        "second": failure.second,
        "wall": failure.wall,
        "note": failure.note,
        "what": list(difference.what),
        "expected": difference.expected,
        "found": difference.found,
        "evidence": _plain(difference.evidence),
    }


def _plain(value: object) -> Any:  # noqa: ANN401 - a document
    return msgspec.to_builtins(value, str_keys=True, enc_hook=repr)


def span(seconds: float) -> str:
    """A length of time as people write it: `1h30m`, `12.5s`."""
    parts = []
    left = seconds
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count:.0f}{unit}")
    if left or not parts:
        parts.append(f"{round(left, 3):g}s")
    return "".join(parts)
