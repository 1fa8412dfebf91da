"""Room that is held on the disk and given up when the disk is full, so that the journal can go on writing."""

import os
from contextlib import suppress
from pathlib import Path

import structlog

log = structlog.get_logger()

SIZE = 32 << 20
"""Bytes; some sixty thousand lines, and enough for old lines to make room inside the file."""
_AMPLE = 16
"""The ballast is taken only where so many times as much is free."""


class Ballast:
    """A file beside the journal that holds nothing but its place."""

    def __init__(self, journal: Path) -> None:
        """Nothing is taken yet."""
        self._path = journal.with_name(f"{journal.name}.ballast")

    def lay(self, free: int) -> None:
        """Take the room if there is plenty; a file system that will not is left alone. At most once a disk."""
        if free < _AMPLE * SIZE or self._path.exists():
            return
        try:
            handle = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o640)
            try:
                os.posix_fallocate(handle, 0, SIZE)
            finally:
                os.close(handle)
        except OSError as error:
            log.warning("no room is held for a full disk", why=str(error))
            self.drop()

    def drop(self) -> bool:
        """Give the room back; whether there was any."""
        with suppress(OSError):
            self._path.unlink()
            return True
        return False
