"""Rows of figures: kept as JSON, shown as Markdown."""

import json
import platform
import subprocess
import sys
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

from campaign.audit import COLUMNS
from simulators.child import ROOT


def _commit() -> str:
    done = subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout.strip() or "?"


def _machine() -> str:
    return f"{platform.machine()}, Python {platform.python_version()}, Linux {platform.release().partition('-')[0]}"


@dataclass(slots=True, kw_only=True)
class Row:
    """What one house came to."""

    fault: str
    rounds: int
    seed: str
    seconds: int
    columns: dict[str, int]
    looked: dict[str, int]
    took: dict[str, list[float]]
    notes: dict[str, float]
    findings: list[tuple[str, str]]
    commit: str = field(default_factory=_commit)
    machine: str = field(default_factory=_machine)

    def summary(self) -> str:
        """One line."""
        figures = ", ".join(f"{column} {self.columns[column]}" for column in COLUMNS)
        return f"{self.rounds} rounds, {figures}; looked at {self.looked}; {self.notes}"


def show(words: str) -> None:
    """Progress, on the terminal."""
    sys.stderr.write(words)
    sys.stderr.flush()


def put(file: Path, rows: list[Row]) -> None:
    """Add rows to FILE.json, and write FILE.md of all that is there."""
    store = file.with_suffix(".json")
    kept = [Row(**each) for each in json.loads(store.read_text("utf-8"))] if store.exists() else []
    rows = [*kept, *rows]
    store.write_text(json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=1) + "\n", "utf-8")
    file.with_suffix(".md").write_text("\n".join(lines(rows)) + "\n", "utf-8")


def lines(rows: list[Row]) -> list[str]:
    """A Markdown table, one line for each kind of fault."""
    head = ["fault", "rounds", "seeds", *COLUMNS, "told", "siren p99 / worst", "heard p99 / worst"]
    out = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    kinds = dict.fromkeys(row.fault for row in rows)
    return out + ["| " + " | ".join(_cells(kind, [row for row in rows if row.fault == kind])) + " |" for kind in kinds]


def _cells(fault: str, rows: list[Row]) -> list[str]:
    looked = sum((Counter(row.looked) for row in rows), Counter[str]())
    return [
        fault,
        str(sum(row.rounds for row in rows)),
        ", ".join(row.seed for row in rows),
        *(str(sum(row.columns[column] for row in rows)) for column in COLUMNS),
        str(looked["events told"]),
        *(_percentile([each for row in rows for each in row.took.get(what, [])]) for what in ("siren", "heard")),
    ]


def _percentile(values: list[float]) -> str:
    """p99 and the worst, in milliseconds."""
    if not values:
        return "-"
    values = sorted(values)
    return f"{values[min(len(values) - 1, int(len(values) * 0.99))] * 1000:.0f} / {values[-1] * 1000:.0f} ms"
