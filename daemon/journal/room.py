"""How much room the disk has, and the journal's own file on it."""

import os
from dataclasses import dataclass
from pathlib import Path

import apsw


@dataclass(frozen=True, slots=True)
class Room:
    """Of one instant."""

    used: float
    """Percent of the disk that is in use, as `df` says it."""
    free: int
    """Bytes that the daemon may still take."""
    inodes: float
    """Percent of the inodes in use; 0 where the file system has no such limit."""
    free_inodes: int
    lines: int
    """Bytes in the file that hold something."""
    spare: int
    """Bytes in the file that new lines may take without a byte more of the disk."""

    @property
    def fullest(self) -> float:
        """Percent of that which runs out first."""
        return max(self.used, self.inodes)


def look(path: Path, database: apsw.Connection) -> Room:
    """Look at the disk and at an open journal on it. OSError, apsw.Error."""
    disk = os.statvfs(path.parent)
    taken, offered = disk.f_blocks - disk.f_bfree, disk.f_blocks - disk.f_bfree + disk.f_bavail
    size = database.pragma("page_size")
    pages, spare = database.pragma("page_count"), database.pragma("freelist_count")
    return Room(
        used=_percent(taken, offered),
        free=disk.f_bavail * disk.f_frsize,
        inodes=_percent(disk.f_files - disk.f_ffree, disk.f_files - disk.f_ffree + disk.f_favail),
        free_inodes=disk.f_favail,
        lines=(pages - spare) * size,
        spare=spare * size,
    )


def _percent(taken: int, offered: int) -> float:
    return 100 * taken / offered if offered else 0.0
