"""The last site that passed its check, kept beside the journal: a bad edit must not leave a site unguarded."""

import os
import shutil
from pathlib import Path

_NAME = "last-good"
_SKIP = shutil.ignore_patterns("secrets", ".*")


def keep(site: Path, state: Path) -> None:
    """Copy the site's files (never its secrets) into the state folder: written new, then swapped in."""
    folder = site if site.is_dir() else site.parent
    fresh, old, kept = state / f"{_NAME}.new", state / f"{_NAME}.old", state / _NAME
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    shutil.copytree(folder, fresh, ignore=_SKIP)
    (fresh / ".site").write_text("." if site.is_dir() else site.name, encoding="utf-8")
    for path in fresh.rglob("*"):
        _sync(path)
    if kept.exists():
        kept.rename(old)
    fresh.rename(kept)
    _sync(state)
    shutil.rmtree(old, ignore_errors=True)


def find(state: Path) -> Path | None:
    """The site file or folder that was kept; None when there is none."""
    for name in (_NAME, f"{_NAME}.old"):  # the second: power failed between the two renames
        mark = state / name / ".site"
        if mark.is_file():
            return state / name / mark.read_text(encoding="utf-8")
    return None


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
