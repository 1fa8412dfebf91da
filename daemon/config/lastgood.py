"""The last site that passed its check, kept beside the journal: a bad edit must not leave a site unguarded."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

_NAME = "last-good"


def keep(site: Path, cards: str | None, state: Path) -> None:
    """Copy the site's own files (never its secrets) into the state folder: written new, synced, then swapped in."""
    folder = site if site.is_dir() else site.parent
    fresh, old, kept = state / f"{_NAME}.new", state / f"{_NAME}.old", state / _NAME
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    for file in files(site, cards):
        copy = fresh / file.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
        sync(copy)
    mark = fresh / ".site"
    mark.write_text("." if site.is_dir() else site.name, encoding="utf-8")
    sync(mark)
    sync(fresh)
    if kept.exists():
        kept.rename(old)
    fresh.rename(kept)
    sync(state)
    shutil.rmtree(old, ignore_errors=True)


def find(state: Path) -> Path | None:
    """The site file or folder that was kept; None when there is none."""
    for name in (_NAME, f"{_NAME}.old"):  # the second: power failed between the two renames
        mark = state / name / ".site"
        if mark.is_file():
            return state / name / mark.read_text(encoding="utf-8")
    return None


def files(site: Path, cards: str | None) -> Iterator[Path]:
    """The site's own files: what it says, its card list, its own profiles and drivers."""
    folder = site if site.is_dir() else site.parent
    yield from sorted(folder.glob("*.yaml")) if site.is_dir() else [site]
    if cards and (folder / cards).is_file() and (folder / cards).is_relative_to(folder):
        yield folder / cards
    yield from sorted((folder / "profiles").rglob("*.yaml"))
    yield from sorted((folder / "drivers").rglob("*.py"))


def sync(path: Path) -> None:
    """See it onto the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
