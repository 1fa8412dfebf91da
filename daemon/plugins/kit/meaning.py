"""Checks of what a driver makes of answers and orders that make no sense, and whether it always makes the same."""

import math
from collections.abc import Iterator
from typing import Any

from daemon.plugins.kit.golden import Frame
from daemon.plugins.kit.trial import Trial, pulse_or_value
from daemon.plugins.kit.verdict import Finding, Skip, finding
from gatehouse.demands import Pulse
from gatehouse.driver import DriverError, Question, Writer

_ANSWERS = 120
_UNKNOWN = "no-such-channel"
_ORDERS: tuple[Any, ...] = (
    True, False, 0, 1, -1, 5, 65536, 10**12, 0.5, -1e300, math.inf, math.nan, "", "on", "开" * 50,
    Pulse(True, 0.5), Pulse(False, 1.0), Pulse(True, 0.0), Pulse(True, -1.0), Pulse(True, 1e9), Pulse(True, math.nan),
)  # fmt: skip


def answers(trial: Trial) -> Iterator[Finding]:
    """Whatever comes back is read as samples of the scan, taken for a yes, or refused by DriverError."""
    if trial.listens:
        raise Skip("listens")
    tried = refused = 0
    for frame, question, answer in _strange(trial):
        tried += 1
        try:
            if frame.scan is None:
                trial.device.accept(question, answer)
                continue
            scan = trial.scan(frame.scan)
            samples = trial.device.read(scan, answer)
        except DriverError:
            refused += 1
            continue
        if strange := sorted(set(samples) - {*scan.points, *scan.also}):
            yield finding("strange_samples", scan=scan.name, channels=", ".join(strange))
    if not tried:
        raise Skip("no_frames")
    trial.figures |= {"tried": tried, "refused": refused}


def _strange(trial: Trial) -> Iterator[tuple[Frame, Question, bytes]]:
    """What `find` may hand over: answers as long as the known ones, with other contents."""
    for frame in trial.frames:
        question = trial.question(frame)
        found = question.find(frame.heard)
        if found is None or found.answer is None:
            continue
        for _ in range(_ANSWERS // len(trial.frames) + 4):
            turned = bytearray(found.answer)
            for _ in range(trial.dice.randrange(1, 4)):
                turned[trial.dice.randrange(len(turned))] = trial.dice.randrange(256)
            yield frame, question, bytes(turned)


def orders(trial: Trial) -> Iterator[Finding]:
    """An order becomes a question or is refused by DriverError; what cannot be written, is."""
    if not isinstance(trial.device, Writer):
        raise Skip("not_said")
    device: Any = trial.device
    tried = taken = 0
    for point in [*device.points()]:
        accepted, why = 0, ""
        for order in _ORDERS:
            try:
                device.write(point.name, order)
            except DriverError as error:
                why = str(error)
                continue
            finally:
                tried += 1
            accepted += 1
            if not point.writable:
                yield finding("not_refused_order", channel=point.name, value=pulse_or_value(order))
                break
        taken += accepted
        if point.writable and not accepted:
            yield Finding("never_ordered", {"channel": point.name, "why": why}, remark=True)
    yield from _unknown(device)
    device.prepare()
    trial.figures |= {"tried": tried, "taken": taken}


def _unknown(device: Writer) -> Iterator[Finding]:
    for order in (True, 1, Pulse(True, 1.0)):
        try:
            device.write(_UNKNOWN, order)
        except DriverError:
            continue
        yield finding("unknown_order", channel=_UNKNOWN, value=pulse_or_value(order))


def repeats(trial: Trial) -> Iterator[Finding]:
    """The same bytes mean the same on two devices, side by side."""
    frames = trial.need_frames()
    one, other = trial.subject.make(), trial.subject.make()
    for frame in frames:
        first = trial.say(frame, frame.heard, device=one)
        second = trial.say(frame, frame.heard, device=other)
        if first.meaning != second.meaning:
            yield finding("shared", frame=frame.name, one=first, other=second)
    if not trial.listens:
        yield from _again(trial, frames)
        for scan in list(trial.device.scans()):
            asked, again = (trial.subject.make().ask(scan).request for _ in range(2))
            if asked != again:
                yield finding("not_the_same", one=asked.hex(" "), other=again.hex(" "))


def _again(trial: Trial, frames: list[Frame]) -> Iterator[Finding]:
    for frame in frames:
        first, second = (trial.say(frame, frame.heard) for _ in range(2))
        if first.meaning != second.meaning:
            yield finding("not_repeated", frame=frame.name, one=first, other=second)
