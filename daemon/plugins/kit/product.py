"""Checks of a profile: well formed, plausible, in sane classes, read within its own limits."""

from collections.abc import Iterator
from typing import Any

from daemon.plugins.kit.trial import Trial
from daemon.plugins.kit.verdict import Finding, finding, written

_BIT_TABLES = ("coil", "discrete")
_ALIEN = frozenset({"V", "kW", "W", "kWh", "kvar", "kvarh", "kVA", "VA", "Hz", "var"})
"""Units of what nobody needs to know twice a second."""
_READS = {1: "bits", 2: "bits", 3: "registers", 4: "registers"}


def schema(trial: Trial) -> Iterator[Finding]:
    """It is well formed, and says where its facts are from."""
    yield from written(trial.subject.faults)
    profile = trial.subject.profile
    if profile is not None:
        trial.figures |= {
            "points": len(profile.points), "sources": len(profile.source), "grade": profile.grade,
            "hardware": "yes" if profile.hardware else "no",
        }  # fmt: skip


def plausible(trial: Trial) -> Iterator[Finding]:
    """A measured value has limits beyond which it is the sensor that is wrong."""
    for name, spec in _points(trial):
        numeric = spec.table not in _BIT_TABLES and spec.enum is None and spec.bit is None and spec.form != "text"
        if numeric and spec.unit and spec.low is None and spec.high is None:
            yield Finding("no_limits", {"point": name}, remark=spec.kind not in {"safety", "access"})


def classes(trial: Trial) -> Iterator[Finding]:
    """Safety points are asked often, and nothing else goes with them."""
    for name, spec in _points(trial):
        if spec.kind == "safety" and spec.period > 1.0:
            yield finding("slow_safety", scan=name, period=spec.period)
        if spec.kind == "safety" and spec.unit in _ALIEN:
            yield Finding("alien_class", {"point": name, "unit": spec.unit}, remark=True)


def reads(trial: Trial) -> Iterator[Finding]:
    """No request asks for more than the device can give at once."""
    limits, ascii_ = trial.subject.profile.limits, trial.subject.profile.framing == "ascii"
    for scan in list(trial.device.scans()):
        frame = trial.subject.make(wire="serial").ask(scan).request
        plain = bytes.fromhex(frame[1:-2].decode("ascii")) if ascii_ else frame
        kind = _READS.get(plain[1])
        count = int.from_bytes(plain[4:6], "big")
        if kind is not None and count > getattr(limits, kind):
            yield finding("over_limit", scan=scan.name, count=count, limit=getattr(limits, kind))
    trial.figures["reads"] = len(trial.device.scans())


def _points(trial: Trial) -> Iterator[tuple[str, Any]]:
    yield from trial.subject.profile.points.items() if trial.subject.profile is not None else ()
