"""The fence round a third-party driver: the interpreter's audit events, refused by the name of the right they need.

It tells an honest author what to declare and stops what is merely careless. It is no wall: compiled code does not pass
it. The walls are `daemon.plugins.walls` and the process itself.
"""

import _thread
import sys
import sysconfig
import threading
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, NoReturn

from daemon.plugins.rights import Right

_HARMLESS = frozenset({
    "exec", "compile", "marshal.load", "marshal.loads", "code.__new__", "function.__new__", "array.__new__",
    "object.__getattr__", "object.__setattr__", "object.__delattr__", "sys._getframe", "sys._getframemodulename",
    "sys.unraisablehook", "sys.excepthook", "builtins.id", "os.listdir", "os.scandir", "os.putenv", "os.unsetenv",
    "pickle.find_class", "cpython._PySys_ClearAuditHooks", "cpython.PyInterpreterState_Clear",
    "cpython.PyInterpreterState_New",
})  # fmt: skip
_NEEDS: tuple[tuple[str, Right], ...] = (
    ("os.system", "processes"), ("os.exec", "processes"), ("os.fork", "processes"), ("os.posix_spawn", "processes"),
    ("os.spawn", "processes"), ("os.kill", "processes"), ("os.startfile", "processes"), ("subprocess.", "processes"),
    ("pty.", "processes"), ("signal.pthread_kill", "processes"),
    ("socket.", "network"), ("urllib.", "network"), ("http.", "network"), ("ftplib.", "network"),
    ("imaplib.", "network"), ("nntplib.", "network"), ("poplib.", "network"), ("smtplib.", "network"),
    ("telnetlib.", "network"), ("webbrowser.", "network"),
    ("_thread.", "threads"), ("ctypes.", "native"), ("mmap.", "files"), ("open", "files"), ("os.", "files"),
    ("shutil.", "files"), ("tempfile.", "files"), ("glob.", "files"), ("pathlib.", "files"), ("fcntl.", "files"),
    ("sqlite3.", "files"), ("syslog.", "network"),
)  # fmt: skip
"""How an event begins -> what it needs; the first that fits. An event that is not here is never allowed."""
_MODULES: dict[str, Right] = {
    "ctypes": "native", "_ctypes": "native", "cffi": "native", "_cffi_backend": "native",
    "_posixsubprocess": "processes", "_testcapi": "native", "_xxsubinterpreters": "threads", "_interpreters": "threads",
}  # fmt: skip
_SOURCE = frozenset({".py", ".pyc", ".so"})
_OWN = tuple(sysconfig.get_path(name) + "/" for name in ("stdlib", "platstdlib"))


class ForbiddenError(PermissionError):
    """A driver reached for what it did not declare."""


class Fence:
    """Refuses what needs more than these rights, and remembers it even where the driver swallows the error."""

    def __init__(self, rights: Collection[Right], tell: Callable[[str], None]) -> None:
        """`tell` is called with each refusal, in words."""
        self._rights, self._tell = frozenset(rights), tell

    def raise_(self) -> None:
        """From now on, and for as long as this process lives."""
        sys.addaudithook(self._judge)
        if "threads" not in self._rights:  # Python 3.11 raises no event for it
            setattr(threading, "_start_new_thread", self._no_thread)  # noqa: B010 - not a name of its interface
            _thread.start_new_thread = self._no_thread

    def _no_thread(self, *_: object) -> NoReturn:
        self._judge("_thread.start_new_thread", ())
        raise AssertionError

    def _judge(self, event: str, given: tuple[Any, ...]) -> None:
        if event in _HARMLESS:
            return
        needed = _needed(event, given)
        if needed is None or needed in self._rights:
            return
        what = f"{event} {given[0]!s:.80}" if given and isinstance(given[0], str | bytes | int) else event
        if needed:
            why = f"wants {what}; declare RIGHTS = ({needed!r},) and the site must allow it"
        else:
            why = f"wants {what}; no driver may do that"
        self._tell(why)
        raise ForbiddenError(why)


def _needed(event: str, given: tuple[Any, ...]) -> Right | str | None:
    """The right that it takes; None when it takes none, "" when there is none for it."""
    if event == "import":
        return _import_needs(*given[:2])
    if event == "open" and _reads_source(*given[:3]):
        return None
    return next((right for start, right in _NEEDS if event.startswith(start)), "")


def _import_needs(name: object, file: object) -> Right | None:
    if str(name) in _MODULES:
        return _MODULES[str(name)]
    if isinstance(file, str) and not file.startswith(_OWN):
        return "native"  # only compiled modules are imported with a file name
    return None


def _reads_source(path: object, mode: object, flags: object) -> bool:
    reads = not (isinstance(flags, int) and flags & 3) and not set(str(mode or "r")) & set("wax+")
    return reads and isinstance(path, str) and Path(path).suffix in _SOURCE
