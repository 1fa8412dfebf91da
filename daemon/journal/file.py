"""The journal's file: what is in it, how it is opened, and what its troubles mean in plain words."""

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import apsw

from daemon.journal.schema import APPLICATION, READABLE, VERSION, has_second

OLDEST_SQLITE = (3, 51, 3)
"""All before it can corrupt a WAL database when a checkpoint meets a commit (https://sqlite.org/wal.html#walresetbug)."""
_PRAGMAS = {"mmap_size": 0, "trusted_schema": 0, "cell_size_check": 1}
_KEPT_WAL = 16 << 20


class JournalError(Exception):
    """The journal cannot be used as asked; the text says what to do."""


class ForeignFileError(JournalError):
    """A sound database, but none of our journals."""


class DisplacedError(JournalError):
    """The file that was open is no longer the one in its place."""


def check_sqlite(version: str) -> None:
    """Refuse an SQLite that can corrupt the journal; JournalError."""
    if tuple(int(part) for part in version.split(".")[:3]) < OLDEST_SQLITE:
        wanted = ".".join(map(str, OLDEST_SQLITE))
        raise JournalError(
            f"SQLite {version} can corrupt the journal (WAL-reset bug); {wanted} or newer is needed: "
            f"install the apsw wheel, which brings its own (pip install 'apsw>={wanted}')"
        )


def writer(path: Path) -> apsw.Connection:
    """Open for writing, and make the file if there is none. One such connection at a time: see `Store`."""
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o640))
    database = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        database.set_busy_timeout(200)
        for name, value in _PRAGMAS.items():
            database.pragma(name, value)
        if database.pragma("journal_mode", "wal") != "wal":
            raise JournalError(f"{path}: the file system does not allow a write-ahead log; use a local disk")
        database.pragma("synchronous", "full")
        database.pragma("journal_size_limit", _KEPT_WAL)
        database.pragma("secure_delete", 1)  # what is cut is gone, not only unlinked
        database.wal_autocheckpoint(0)
    except BaseException:
        database.close(force=True)
        raise
    return database


def reader(path: Path) -> apsw.Connection:
    """Open a journal, living or not, for reading only. OSError or JournalError with what to do about it."""
    if not path.is_file():
        raise FileNotFoundError(errno.ENOENT, "there is no journal here", str(path))
    if not path.stat().st_size:  # SQLite would throw away its log, which may hold the newest lines
        raise ForeignFileError(f"{path} is empty; it is not a journal of gatehouse")
    database = apsw.Connection(path.absolute().as_uri() + _mode(path), flags=_READ)
    try:
        database.set_busy_timeout(1000)
        for name, value in _PRAGMAS.items():
            database.pragma(name, value)
        check_ours(database, path)
    except apsw.Error as error:
        database.close(force=True)
        raise JournalError(explain(error, path)) from error
    except BaseException:
        database.close(force=True)
        raise
    return database


_READ = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI


def _mode(path: Path) -> str:
    """A finished journal on read-only ground can only be read as one that nobody changes."""
    wal = path.with_name(path.name + "-wal")
    alone = not wal.exists() and not os.access(path.parent, os.W_OK)
    return "?mode=ro&immutable=1" if alone else "?mode=ro"


def is_empty(database: apsw.Connection) -> bool:
    """No table in it at all: just made, or killed while it was made."""
    return not database.execute("SELECT count(*) FROM sqlite_schema").get


def check_ours(database: apsw.Connection, path: Path) -> None:
    """ForeignFileError unless it is a journal that this version can read."""
    if database.pragma("application_id") != APPLICATION:
        raise ForeignFileError(f"{path} is not a journal of gatehouse")
    version = database.pragma("user_version")
    if version not in READABLE:
        raise ForeignFileError(f"{path} is a journal of version {version}; this gatehouse reads up to {VERSION}")


def outline(database: apsw.Connection, path: Path) -> tuple[str, int, bytes, int, bytes]:
    """Epoch, number and hash before the first line, number and hash of the newest; ForeignFileError when spoilt."""
    row = database.execute("SELECT epoch, base_number, base_hash, head_number, head_hash FROM chain").fetchone()
    match row:
        case (str(epoch), int(base), bytes(base_hash), int(head), bytes(head_hash)):
            return epoch, base, base_hash, head, head_hash
    raise ForeignFileError(f"{path} is damaged: its table `chain` was emptied or spoilt")


def cursors(database: apsw.Connection) -> dict[str, int]:
    """How far each subscriber has confirmed."""
    rows: Any = database.execute("SELECT subscriber, number FROM cursors")
    return {str(subscriber): int(number) for subscriber, number in rows}


def standing(database: apsw.Connection) -> dict[str, bytes]:
    """Every alarm that is not back to normal, as JSON."""
    return {str(alarm): str(state).encode() for alarm, state in database.execute("SELECT alarm, state FROM standing")}


def kept(database: apsw.Connection) -> dict[str, bytes]:
    """What parts of the daemon keep beside the events, by key."""
    if not has_second(database):
        return {}
    return {str(key): bytes(state) for key, state in database.execute("SELECT key, state FROM kept")}


def is_damage(error: BaseException | None) -> bool:
    """The file itself is bad: trying again cannot help."""
    if isinstance(error, apsw.CorruptError | apsw.NotADBError | ForeignFileError | UnicodeDecodeError):
        return True
    return isinstance(error, JournalError) and is_damage(error.__cause__)


def explain(error: BaseException, path: Path) -> str:
    """What is wrong with the journal and what would help. The same trouble always gives the same text."""
    if isinstance(error, JournalError):
        return str(error)
    with suppress(OSError):
        if not path.parent.is_dir():
            return f"the directory {path.parent} is missing; mount or create it"
    for kinds, codes, text in _TROUBLES:
        if isinstance(error, kinds) or (isinstance(error, OSError) and error.errno in codes):
            return text.format(path=path, error=error, name=_name(error))
    return f"{path}: {type(error).__name__}: {error}"


_TROUBLES: tuple[tuple[tuple[type[apsw.Error], ...], set[int], str], ...] = (
    ((apsw.FullError,), {errno.ENOSPC, errno.EDQUOT}, "the disk of {path} is full; make room"),
    ((apsw.CorruptError, apsw.NotADBError), set(), "{path} is damaged: {error}"),
    ((apsw.ReadOnlyError,), {errno.EROFS}, "{path} is read-only; check the mount and the rights of the file"),
    ((apsw.BusyError, apsw.LockedError), set(), "another program holds {path}; end it"),
    (
        (apsw.CantOpenError, apsw.PermissionsError),
        {errno.EACCES, errno.EPERM},
        "{path} cannot be opened; the user of gatehouse must own it and its directory",
    ),
    ((apsw.IOError,), {errno.EIO}, "the disk of {path} failed ({name}); see the kernel's log, it may be dying"),
)


def _name(error: BaseException) -> str:
    known = apsw.mapping_extended_result_codes.get(getattr(error, "extendedresult", 0), "")
    return known if isinstance(known, str) and known else str(error)
