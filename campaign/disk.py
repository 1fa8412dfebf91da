"""A disk that remembers what SQLite wrote and what was synced by then, and the files as a power cut leaves them.

What was written and not yet synced is on the platter in part, in any order, in sectors of 512 bytes; so are truncations
and deletions. What was synced is there.
"""

import os
import random
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import apsw

SECTOR = 512
SYNC = 0.03
"""Seconds that a sync takes at least, as on a slow flash disk: a cut then often falls into one."""
_HEAD = struct.Struct("<cHQI")
_WRITE, _TRUNCATE, _SYNC, _DELETE = b"w", b"t", b"s", b"d"


class Step(NamedTuple):
    """One thing that was done to a file."""

    what: bytes
    file: str
    offset: int
    data: bytes


class _Log:
    """Steps, each in one write to a file: what a killed process has handed over, the kernel keeps."""

    def __init__(self, file: Path) -> None:
        self._handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def put(self, what: bytes, file: str, offset: int = 0, data: bytes = b"") -> None:
        name = Path(file).name.encode()
        os.write(self._handle, _HEAD.pack(what, len(name), offset, len(data)) + name + data)


class _Disk(apsw.VFS):
    def __init__(self, log: _Log) -> None:
        self.log = log
        super().__init__("remembering", "unix", makedefault=True)

    def xOpen(self, name: Any, flags: list[int]) -> "_File":  # noqa: N802 - SQLite's own names
        return _File(self.log, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        super().xDelete(filename, syncdir)
        self.log.put(_DELETE, filename)


class _File(apsw.VFSFile):
    def __init__(self, log: _Log, name: Any, flags: list[int]) -> None:
        self._log = log
        self._file = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        super().__init__("unix", name, flags)

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802
        self._log.put(_WRITE, self._file, offset, bytes(data))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        self._log.put(_TRUNCATE, self._file, newsize)
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        time.sleep(SYNC)  # noqa: TID251 - in the journal's own thread, as a slow disk would
        super().xSync(flags)
        self._log.put(_SYNC, self._file)


_worn: list[_Disk] = []


def wear(log: Path) -> None:
    """Let SQLite in this process write through a disk that remembers."""
    _worn.append(_Disk(_Log(log)))


def steps(log: Path) -> Iterator[Step]:
    """What was written, in order; a last one that is not whole was never done."""
    data, at = log.read_bytes(), 0
    while at + _HEAD.size <= len(data):
        what, named, offset, size = _HEAD.unpack_from(data, at)
        start, end = at + _HEAD.size + named, at + _HEAD.size + named + size
        if end > len(data):
            return
        yield Step(what, data[at + _HEAD.size : start].decode(), offset, data[start:end])
        at = end


def cut(before: dict[str, bytes], done: list[Step], dice: random.Random) -> dict[str, bytes]:
    """The files as a power cut after these steps leaves them, from how they were before."""
    last = {step.file: place for place, step in enumerate(done) if step.what == _SYNC}
    files = {name: bytearray(data) for name, data in before.items()}
    for place, step in enumerate(done):
        folder = "journal.db-wal" if step.what == _DELETE else step.file  # the first sync of a log is its folder's
        synced = place < last.get(folder, -1)
        if step.what == _DELETE and (synced or dice.random() < 0.5):
            files.pop(step.file, None)
        elif step.what == _TRUNCATE and step.file in files and (synced or dice.random() < 0.5):
            del files[step.file][step.offset :]
        elif step.what == _WRITE:
            image = files.setdefault(step.file, bytearray())
            for start in range(0, len(step.data), SECTOR):
                if synced or dice.random() < 0.6:
                    _put(image, step.offset + start, step.data[start : start + SECTOR])
    return {name: bytes(data) for name, data in files.items() if not name.endswith("-shm")}


def _put(image: bytearray, offset: int, data: bytes) -> None:
    image.extend(bytes(max(0, offset + len(data) - len(image))))
    image[offset : offset + len(data)] = data
