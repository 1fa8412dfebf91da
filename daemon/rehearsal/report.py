"""What came of timetables, as plain documents for programs."""

from typing import Any

import msgspec

from daemon.rehearsal.play import Failure, Result


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
