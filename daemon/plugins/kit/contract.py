"""Checks of what a driver says of itself, and of its golden frames."""

import math
from collections.abc import Iterator
from typing import Any

from daemon.plugins.kit.golden import Frame
from daemon.plugins.kit.trial import NoScanError, Said, Trial, short
from daemon.plugins.kit.verdict import Finding, Skip, finding, written
from gatehouse.driver import DriverError, Scan, ScanClass
from gatehouse.points import Point

_SAFETY_PERIOD = 1.0
_CLOSE = 1e-6


def loads(trial: Trial) -> Iterator[Finding]:
    """It can be loaded, apart from the daemon, with no more rights than it declares."""
    yield from written(trial.subject.faults)
    kind = trial.subject.driver
    trial.figures["settings"] = ", ".join(sorted(kind.settings.model_json_schema().get("properties", {})))
    try:
        trial.subject.make()
    except Skip as skip:
        yield finding(skip.finding.code, **skip.finding.values)


def contract(trial: Trial) -> Iterator[Finding]:
    """Points have titles, measured values have limits, each is brought by one scan; classes and manners are sane."""
    device = trial.device
    points: list[Point] = list(device.points())
    scans: list[Scan] = [] if trial.listens else list(device.scans())
    trial.figures |= {"points": len(points), "scans": len(scans)}
    words = (trial.subject.driver.settings.__doc__ or "").strip()
    if not words or words.startswith("Device("):  # what a dataclass says of itself
        yield finding("no_doc")
    for point in points:
        if not point.title:
            yield finding("no_title", point=point.name)
    if trial.listens:
        return
    if not scans:
        yield finding("no_scans")
    yield from _brought(points, scans)
    for scan in scans:
        if scan.kind is ScanClass.SAFETY and scan.period > _SAFETY_PERIOD:
            yield finding("slow_safety", scan=scan.name, period=scan.period)
        yield from _manners(trial, scan)


def _brought(points: list[Point], scans: list[Scan]) -> Iterator[Finding]:
    for point in points:
        by = [scan.name for scan in scans if point.name in scan.points]
        if not by and not (point.writable or point.momentary):
            yield finding("never_read", point=point.name)
        if len(by) > 1:
            yield Finding("read_twice", {"point": point.name, "scans": ", ".join(by)}, remark=True)


def _manners(trial: Trial, scan: Scan) -> Iterator[Finding]:
    one = trial.device.ask(scan)
    if not (one.request and one.expected > 0 and 0 <= one.usual <= one.patience <= one.worst and one.gap >= 0):
        times = f"usual {one.usual:g}, patience {one.patience:g}, worst {one.worst:g}, gap {one.gap:g}"
        why = f"{len(one.request)} bytes, expected {one.expected}, {times}"
        yield finding("manners", scan=scan.name, why=why)


def golden(trial: Trial) -> Iterator[Finding]:
    """What goes out, what is found, and what it means are as published."""
    if not trial.golden:
        if trial.subject.kind == "profile":
            raise Skip("no_golden", file=trial.subject.golden_file.name)
        yield finding("no_golden", file=trial.subject.golden_file.name)
        return
    trial.figures["frames"] = len(trial.golden)
    for frame in trial.golden:
        try:
            yield from _frame(trial, frame)
        except NoScanError:
            known = ", ".join(scan.name for scan in trial.device.scans())
            yield finding("no_scan", frame=frame.name, known=known)
        except DriverError as error:
            yield finding("refused", frame=frame.name, found=error)


def _frame(trial: Trial, frame: Frame) -> Iterator[Finding]:
    if frame.hear is None:
        question = trial.question(frame)
        if frame.request is not None and question.request != bytes.fromhex(frame.request):
            wanted = short(bytes.fromhex(frame.request))
            yield finding("other_request", frame=frame.name, wanted=wanted, found=short(question.request))
        if len(frame.heard) > question.expected:
            yield finding("short_expected", frame=frame.name, size=len(frame.heard), expected=question.expected)
        if frame.answer is None:
            return
    said = trial.say(frame, frame.heard)
    if not said.found:
        yield finding("not_found", frame=frame.name, answer=short(frame.heard), found=said)
    elif frame.refused and not said.refused:
        yield finding("not_refused", frame=frame.name)
    elif said.refused and not frame.refused:
        yield finding("refused", frame=frame.name, found=said.refused)
    else:
        yield from _samples(frame, said)


def _samples(frame: Frame, said: Said) -> Iterator[Finding]:
    seen = {name: value for one in said.samples for name, value in one.items()}
    for channel, wanted in frame.samples.items():
        value, good = seen.get(channel, (None, False))
        if not _same(wanted, value if good else None):
            yield finding("other_samples", frame=frame.name, channel=channel, wanted=wanted, found=value)


def _same(wanted: Any, found: Any) -> bool:  # noqa: ANN401 - whatever YAML and drivers say
    if isinstance(wanted, bool) or isinstance(found, bool) or isinstance(wanted, str) or wanted is None:
        return type(wanted) is type(found) and wanted == found
    return isinstance(found, int | float) and math.isclose(wanted, found, rel_tol=_CLOSE, abs_tol=_CLOSE)


def plausible(trial: Trial) -> Iterator[Finding]:
    """Measured values have limits beyond which it is the sensor that is wrong."""
    measured = {
        name
        for frame in trial.need_frames()
        for name, wanted in frame.samples.items()
        if isinstance(wanted, int | float) and not isinstance(wanted, bool)
    }
    limited = {point.name for point in trial.device.points() if math.isfinite(point.low) or math.isfinite(point.high)}
    for name in sorted(measured - limited):
        yield Finding("no_limits", {"point": name}, remark=True)
