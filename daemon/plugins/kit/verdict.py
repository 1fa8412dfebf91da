"""What a check found, and the whole result, which can travel with a driver."""

import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib import metadata
from typing import Any, Literal

from daemon.config.faults import Both, Fault
from daemon.feeds.phrases import phrase
from daemon.plugins.kit.words import CHECKS, FINDINGS

Verdict = Literal["pass", "fail", "skip"]
_SAID = ("why", "found")
"""Values that the daemon's parts say, in English."""
FORM = 1
"""Number of the form of `Result.document`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be; a `remark` is no reason to refuse."""

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)
    remark: bool = False

    def text(self, language: str) -> str:
        """In words."""
        values = {name: _chinese(name, value) for name, value in self.values.items()}
        return FINDINGS[self.code][language == "en"].format_map(self.values if language == "en" else values)


def _chinese(name: str, value: object) -> object:
    if isinstance(value, Both):
        return value.zh
    return phrase(value, "zh") if name in _SAID and isinstance(value, str) else value


def finding(code: str, **values: object) -> Finding:
    """A reason to refuse."""
    return Finding(code, values)


def written(faults: Iterable[Fault]) -> Iterator[Finding]:
    """What is wrong with a file, each with its place."""
    yield from (Finding("file", {"why": Both(fault.text("en"), fault.text("zh"))}) for fault in faults)


class Skip(Exception):  # noqa: N818 - no error: the check cannot be made here
    """The check cannot be made; the code of a finding says why."""

    def __init__(self, code: str, **values: object) -> None:
        """For this reason."""
        super().__init__(code)
        self.finding = Finding(code, values, remark=True)


def _version() -> str:
    try:
        return metadata.version("gatehouse")
    except metadata.PackageNotFoundError:  # run from its source
        return "source"


@dataclass(frozen=True, slots=True)
class Check:
    """One check that was made."""

    name: str
    verdict: Verdict
    findings: Sequence[Finding]
    figures: Mapping[str, float | int | str]

    def title(self, language: str) -> str:
        """For people."""
        return CHECKS[self.name][language == "en"]


@dataclass(frozen=True, slots=True)
class Result:
    """Everything about one driver or profile."""

    kind: Literal["driver", "profile"]
    name: str
    digest: str
    golden: str
    """SHA-256 of the golden file; empty without one."""
    rights: Sequence[str]
    walls: Sequence[str]
    at: datetime
    checks: Sequence[Check]

    @property
    def good(self) -> bool:
        """Nothing failed."""
        return not any(check.verdict == "fail" for check in self.checks)

    def document(self) -> dict[str, Any]:
        """As it travels: no name of a machine, a person or a folder in it."""
        return {
            "form": FORM,
            "gatehouse": _version(),
            "python": platform.python_version(),
            "kind": self.kind,
            "name": self.name,
            "sha256": self.digest,
            "golden_sha256": self.golden,
            "rights": list(self.rights),
            "held_by": list(self.walls),
            "at": self.at.isoformat(timespec="seconds"),
            "good": self.good,
            "checks": [
                {
                    "check": check.name,
                    "verdict": check.verdict,
                    "figures": dict(check.figures),
                    "findings": [
                        {"code": one.code, "remark": one.remark, "zh": one.text("zh"), "en": one.text("en")}
                        for one in check.findings
                    ],
                }
                for check in self.checks
            ],
        }
