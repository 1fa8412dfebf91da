"""What is kept of a house in which something was found: its files, and the record that the audit judged."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from campaign.record import Record, Span


def keep(house: Path, record: Record, findings: Sequence[tuple[str, str]], pauses: Sequence[Span], into: Path) -> None:
    """Copy all of it; what stood there of an earlier house goes."""
    shutil.rmtree(into, ignore_errors=True)
    shutil.copytree(house, into, ignore=_no_files, symlinks=True)
    whole = {"findings": findings, "pauses": pauses, "record": asdict(record)}
    (into / "record.json").write_text(json.dumps(whole, ensure_ascii=False, indent=1, default=sorted), "utf-8")


def _no_files(folder: str, names: list[str]) -> list[str]:
    """Sockets and the like, which cannot be copied."""
    return [name for name in names if not ((path := Path(folder, name)).is_file() or path.is_dir())]
