"""The log: a JSON line per change of state on stderr, or plain text on a terminal. Writing it never holds anyone up."""

import atexit
import faulthandler
import logging
import os
import queue
import sys
import threading
from collections.abc import Iterable, MutableMapping
from contextlib import suppress
from typing import Any, BinaryIO

import orjson
import structlog

SYSLOG = {"debug": b"<7>", "info": b"<6>", "warning": b"<4>", "error": b"<3>", "critical": b"<2>"}
WITHHELD = "***"
NAMES_OF_SECRETS = ("password", "secret", "token", "scbk", "private_key")

_hidden: set[bytes] = set()


class Outlet:
    """A file whose `write` never waits: a thread does the writing, and lines that find its queue full are counted."""

    def __init__(self, file: BinaryIO, size: int = 4096) -> None:
        """Write to `file`, with at most `size` lines waiting."""
        self.lost = 0
        """Lines that found no room since the start."""
        self._file = file
        self._waiting: queue.Queue[bytes] = queue.Queue(size)
        threading.Thread(target=self._write_all, name="log", daemon=True).start()

    def write(self, line: bytes) -> None:
        """Take one line."""
        try:
            self._waiting.put_nowait(line)
        except queue.Full:
            self.lost += 1

    def flush(self) -> None:
        """Nothing to do: lines leave as fast as they can."""

    def drain(self, limit: float = 0.5) -> None:
        """Wait for the lines taken so far to be written, at most `limit` seconds."""
        with self._waiting.all_tasks_done:
            self._waiting.all_tasks_done.wait_for(lambda: not self._waiting.unfinished_tasks, limit)

    def _write_all(self) -> None:
        reported = 0
        while True:
            line = self._waiting.get()
            lost, reported = self.lost - reported, self.lost
            with suppress(OSError, ValueError):  # stderr is gone: there is no place left to complain to
                self._file.write(hide(line))
                if lost:
                    self._file.write(
                        orjson.dumps({"event": "log lines lost", "lines": lost, "level": "warning"}) + b"\n"
                    )
                self._file.flush()
            self._waiting.task_done()


def configure(level: str = "info", file: BinaryIO | None = None, *, plain: bool | None = None) -> Outlet:
    """Send our own log and that of every library to `file` (stderr). `plain`: text for people instead of JSON."""
    if file is None:
        file = sys.stderr.buffer
        faulthandler.enable()  # where every thread stood, when the service manager aborts us
    plain = file.isatty() if plain is None else plain
    outlet = Outlet(file)
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,  # the text of a traceback, never the local variables in it
        withhold,
    ]
    render = _plain() if plain else _json(journald=_is_journald(file))
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.BytesLoggerFactory(file=outlet),  # type: ignore[arg-type]  # all it needs is write and flush
        cache_logger_on_first_use=False,
    )
    logging.captureWarnings(capture=True)
    logging.basicConfig(handlers=[_Library(outlet, shared, render)], level=logging.WARNING, force=True)
    atexit.register(outlet.drain)
    return outlet


def keep_secret(value: bytes | str) -> None:
    """Never let this value into the log, whatever line it turns up in; of several lines, each one of them."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    lines = (line.strip() for line in text.splitlines())
    for line in lines:
        if len(line) >= 4 and not line.startswith("-----"):
            _hidden.update((line.encode(), orjson.dumps(line)[1:-1], repr(line)[1:-1].encode()))


def hide(line: bytes) -> bytes:
    """The line with every kept secret taken out, the longest first."""
    for secret in sorted(_hidden, key=len, reverse=True):
        line = line.replace(secret, WITHHELD.encode())
    return line


def withhold(_: object, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank every field that is named like a secret."""
    for name in entry:
        if any(word in name.lower() for word in NAMES_OF_SECRETS):
            entry[name] = WITHHELD
    return entry


class _Library(logging.Handler):
    """Brings what libraries log into the same form."""

    def __init__(
        self, outlet: Outlet, shared: Iterable[structlog.typing.Processor], render: structlog.typing.Processor
    ) -> None:
        super().__init__()
        self._outlet = outlet
        self._processors = [*shared, render]

    def emit(self, record: logging.LogRecord) -> None:
        try:
            entry: Any = {"event": record.getMessage(), "logger": record.name, "exc_info": record.exc_info}
            for processor in self._processors:
                entry = processor(None, record.levelname.lower(), entry)
        except Exception:  # noqa: BLE001  # a library's faulty log call must not become our fault; logging's own rule
            self.handleError(record)
        else:
            self._outlet.write(entry + b"\n")


def _json(*, journald: bool) -> structlog.typing.Processor:
    def render(_: object, __: str, entry: MutableMapping[str, Any]) -> bytes:
        line = orjson.dumps(entry, default=repr, option=orjson.OPT_NON_STR_KEYS)
        return SYSLOG.get(str(entry.get("level")), b"") + line if journald else line

    return render


def _plain() -> structlog.typing.Processor:
    console = structlog.dev.ConsoleRenderer(timestamp_key="at", exception_formatter=structlog.dev.plain_traceback)

    def render(logger: object, name: str, entry: MutableMapping[str, Any]) -> bytes:
        return str(console(logger, name, entry)).encode()

    return render


def _is_journald(file: BinaryIO) -> bool:
    """True when systemd reads `file` line by line and takes a leading <priority> off (sd-daemon(3))."""
    try:
        stat = os.fstat(file.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{stat.st_dev}:{stat.st_ino}"
