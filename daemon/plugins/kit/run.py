"""Runs every check on one subject; a check that the driver fails by falling over ends that check alone."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice

from daemon.config.plugins import PluginError
from daemon.plugins.kit import contract, meaning, pace, product, stream
from daemon.plugins.kit.golden import Frame
from daemon.plugins.kit.subject import Subject
from daemon.plugins.kit.trial import Trial
from daemon.plugins.kit.verdict import Check, Finding, Result, Skip, finding
from daemon.plugins.process import DriverFaultError
from daemon.plugins.settings import SchemaError
from gatehouse.driver import DriverError

Maker = Callable[[Trial], Iterator[Finding]]
_MOST = 6
"""Findings of one check that are shown."""
_DRIVER: tuple[tuple[str, Maker], ...] = (
    ("loads", contract.loads), ("contract", contract.contract), ("golden", contract.golden),
    ("plausible", contract.plausible),
)  # fmt: skip
_PROFILE: tuple[tuple[str, Maker], ...] = (
    ("schema", product.schema), ("plausible", product.plausible), ("classes", product.classes),
    ("reads", product.reads), ("golden", contract.golden),
)  # fmt: skip
_BOTH: tuple[tuple[str, Maker], ...] = (
    ("pieces", stream.pieces), ("noise", stream.noise), ("flips", stream.flips), ("foreign", stream.foreign),
    ("doubled", stream.doubled), ("rubbish", stream.rubbish), ("answers", meaning.answers), ("orders", meaning.orders),
    ("timing", pace.timing), ("repeats", meaning.repeats),
)  # fmt: skip


def run(
    subject: Subject, now: datetime, frames: Iterable[Frame] = (), more: Sequence[tuple[str, Maker]] = ()
) -> Result:
    """The result of all checks; `frames` besides the golden ones, `more` checks besides the kit's own."""
    first = _PROFILE if subject.kind == "profile" else _DRIVER
    trial, checks = Trial(subject, frames), list[Check]()
    for name, maker in (*first, *more, *_BOTH):
        checks.append(_check(trial, name, maker))
        if len(checks) == 1 and checks[0].verdict == "fail":
            break  # what cannot be loaded cannot be tried
    description = getattr(getattr(subject.driver.build, "args", [None])[0], "description", None) if checks[1:] else None
    subject.restart()
    return Result(
        subject.kind, subject.name, subject.digest, subject.golden_digest,
        description.rights if description else (), description.walls if description else (), now, checks,
    )  # fmt: skip


def _check(trial: Trial, name: str, maker: Maker) -> Check:
    trial.figures = {}
    findings: list[Finding] = []
    faults: tuple[type[Exception], ...] = (Exception,)  # of a driver that runs in this process, any may come
    if trial.subject.apart:
        faults = (DriverError, DriverFaultError, SchemaError, PluginError, ValueError)
    try:
        findings += islice(maker(trial), _MOST)
    except Skip as skip:
        if not findings:
            return Check(name, "skip", [skip.finding], trial.figures)
    except faults as error:
        code = "broken" if name in {"loads", "schema"} else "stopped" if isinstance(error, DriverError) else "raised"
        findings.append(finding(code, why=f"{error}" if trial.subject.apart else f"{type(error).__name__}: {error}"))
        trial.restart()
    failed = any(not one.remark for one in findings)
    return Check(name, "fail" if failed else "pass", findings, trial.figures)
