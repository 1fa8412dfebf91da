"""The power fails at any instant: what was synced is there, what was not is there in part, torn or not at all.

A recording disk notes every write, truncation and sync that SQLite asks for. The disk after a power cut is built from
that record: all of what was synced, and of the rest a random choice, torn at random sectors.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apsw
import pytest

from daemon.journal import store as journal_store
from daemon.journal.chain import verify
from daemon.journal.line import Line, write
from daemon.journal.store import Store
from gatehouse.events import Event

CUTS = 150
COMMITS = 120
SECTOR = 512
START = datetime(2026, 5, 1, tzinfo=UTC)


@dataclass
class Record:
    """What happened to the files, in order: (file, what, offset, bytes), and when a commit was known to be durable."""

    steps: list[tuple[str, str, int, bytes]] = field(default_factory=list)
    durable: list[tuple[int, int, bytes]] = field(default_factory=list)  # steps so far, head, hash


class Recorder(apsw.VFS):
    """The real disk, watched."""

    def __init__(self, record: Record) -> None:
        self.record = record
        super().__init__("recorder", "unix", makedefault=True)

    def xOpen(self, name: Any, flags: list[int]) -> "RecordedFile":  # noqa: N802
        return RecordedFile(self.record, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        super().xDelete(filename, syncdir)
        self.record.steps.append((Path(filename).name, "delete", 0, b""))


class RecordedFile(apsw.VFSFile):
    def __init__(self, record: Record, name: Any, flags: list[int]) -> None:
        path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        self.steps, self.file = record.steps, Path(path).name
        super().__init__("unix", name, flags)

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802
        self.steps.append((self.file, "write", offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        self.steps.append((self.file, "truncate", newsize, b""))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        super().xSync(flags)
        self.steps.append((self.file, "sync", 0, b""))


@contextmanager
def recording() -> Iterator[Record]:
    record = Record()
    recorder = Recorder(record)
    yield record
    recorder.unregister()


def line(i: int) -> Line:
    return write(Event(id=f"a-{i}", at=START, kind="k", subject=f"s{i % 7}", content={"x": "y" * (i * 37 % 900)}))


def live(path: Path, record: Record, dice: random.Random) -> None:
    """A journal's life, noting what it was sure of; it is closed in order only after all was noted."""
    store, count = Store(path, lambda: START), 0
    store.open()
    for _ in range(COMMITS):
        size = dice.randint(1, 8)
        store.commit([line(count + i) for i in range(size)], {"a": b'{"n":1}'}, {"police": max(0, count - 3)})
        count += size
        assert store.known is not None
        record.durable.append((len(record.steps), store.known.head, store.known.hash))
        if store.untidy:
            store.tidy()
    record.steps = list(record.steps)  # what closing does is no part of it
    store.close()


def disk_after(steps: list[tuple[str, str, int, bytes]], dice: random.Random) -> dict[str, bytearray]:
    """The files as a power cut after these steps leaves them."""
    last = {file: i for i, (file, what, _, _) in enumerate(steps) if what == "sync"}
    files: dict[str, bytearray] = {}
    for i, (file, what, offset, data) in enumerate(steps):
        image = files.setdefault(file, bytearray())
        synced = i < last.get(
            "journal.db-wal" if what == "delete" else file, -1
        )  # the first sync of a log is its folder's
        if what == "delete" and (synced or dice.random() < 0.5):
            files.pop(file)
        if what == "truncate" and (synced or dice.random() < 0.5):
            del image[offset:]
        if what == "write":
            for start in range(0, len(data), SECTOR):
                if synced or dice.random() < 0.6:
                    put(image, offset + start, data[start : start + SECTOR])
    return files


def put(image: bytearray, offset: int, data: bytes) -> None:
    image.extend(bytes(max(0, offset + len(data) - len(image))))
    image[offset : offset + len(data)] = data


def test_nothing_that_was_durable_is_lost_when_the_power_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_store, "_CHECKPOINT", 40)
    monkeypatch.setattr(journal_store, "_RESET", 80)
    dice = random.Random(20260501)
    with recording() as record:
        live(tmp_path / "journal.db", record, dice)
    assert sum(what == "sync" for file, what, _, _ in record.steps if file == "journal.db") > 5, "no checkpoint was cut"
    first = next(i for i, (_, what, _, _) in enumerate(record.steps) if what == "sync")
    for cut in range(CUTS):
        at = dice.randint(first, len(record.steps))
        sure = max(((head, digest) for steps, head, digest in record.durable if steps <= at), default=None)
        check(tmp_path / f"cut{cut}", disk_after(record.steps[:at], dice), sure)


def check(folder: Path, files: dict[str, bytearray], sure: tuple[int, bytes] | None) -> None:
    folder.mkdir()
    for name, image in files.items():
        (folder / name).write_bytes(image)
    path = folder / "journal.db"
    store = Store(path, lambda: START)
    remarks = store.open()
    if sure is not None:
        assert remarks == []
        verdict = verify(path, known=(sure[0], sure[1].hex()))
        assert verdict.clean, verdict.findings
        assert verdict.proved
        assert store.known is not None
        assert store.known.cursors["police"] <= verdict.last
    store.commit([line(0)], {}, {})
    store.close()
    assert verify(path).clean
