"""Check of the effort: what a stream of rubbish costs may grow with its length, and no faster."""

import time
from collections.abc import Callable, Iterator

from daemon.plugins.kit.trial import Trial
from daemon.plugins.kit.verdict import Finding, finding

_SMALL, _LARGE = 1024, 4096
_RATIO = 10.0
"""Four times the bytes may take four times as long, and slack for a busy machine."""
_NOTHING = 0.002
"""Seconds below which it does not matter how they grow."""
_SLOW = 0.02
"""Seconds of one call: while it lasts, nothing else of the daemon goes on."""
_TRIES = 5


def timing(trial: Trial) -> Iterator[Finding]:
    """One call with the longest that is ever kept costs what its length warrants."""
    judge = _judge(trial)
    worst, took = 0.0, 0.0
    for make in _streams(trial):
        small, large = (min(_seconds(judge, make(size)) for _ in range(_TRIES)) for size in (_SMALL, _LARGE))
        took = max(took, large)
        if large > _NOTHING:
            worst = max(worst, large / max(small, 1e-9))
            if large / max(small, 1e-9) > _RATIO:
                yield finding("slow_find", ratio=large / small, millis=large * 1000)
    if took > _SLOW:
        yield finding("slow_call", millis=took * 1000, limit=_SLOW * 1000)
    trial.figures["grows_by"] = round(worst, 1) if worst else "-"


def _judge(trial: Trial) -> Callable[[bytes], object]:
    device = trial.device
    if trial.listens:
        return lambda received: device.hear(received, 0.0)
    question = device.ask(next(iter(device.scans())))
    found: Callable[[bytes], object] = question.find
    return found


def _streams(trial: Trial) -> Iterator[Callable[[int], bytes]]:
    yield bytes
    yield trial.dice.randbytes
    for heard in {frame.heard for frame in trial.frames[:3]}:
        for part in (heard[:1], heard[:-1]):
            if part:
                yield lambda size, part=part: (part * (size // len(part) + 1))[:size]  # type: ignore[misc]


def _seconds(judge: Callable[[bytes], object], received: bytes) -> float:
    began = time.perf_counter()
    judge(received)
    return time.perf_counter() - began
