"""Keeps what a line said in the minute before and after a fault: a file beside the journal, which the event names.

Nothing waits for it, and nothing but itself suffers when there is no disk.
"""

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import msgspec
import structlog

from daemon.clock import Clock
from daemon.config.site import Site
from daemon.field.trace import KEPT, Entry, Ring
from daemon.field.transport import endpoint

log = structlog.get_logger()

FOLDER = "traces"
MOST_FILES = 50
MOST_BYTES = 20 << 20
MOST_ENTRIES = 20_000
"""Of one file: a line that babbles has less than its minutes."""
_MARGIN = 2.0
"""Seconds before the minute after the fault is over, in which it is read from the ring."""
_WAITING = 64
"""Faults that may wait for the disk; more are not kept."""
_WHY = {"device.offline": "offline", "line.down": "down", "alarm.raised": "alarm"}
_ALARMS = frozenset({"unconfirmed", "boom_stuck"})
"""Kinds of alarms that a line has to do with: an order that was not obeyed."""
_MOVED_BY = {"doors": "lock", "lanes": "open", "outputs": "relay"}
"""The point that moves an output, by its section of the site."""


class Ringed(Protocol):
    """A line that keeps what it said."""

    ring: Ring


@dataclass(slots=True)
class _Case:
    """A line in trouble, from the first fault until a minute later: one file."""

    line: str
    file: str
    about: dict[str, Any]
    until: float
    ring: Ring
    entries: list[Entry] = field(default_factory=list)
    written: bool = False
    more: bool = False
    """Something else happened since the file was written."""


class Blackbox:
    """Writes the rings of lines in trouble, at most one file a minute for each."""

    def __init__(self, folder: Path, site: Callable[[], Site], lines: Mapping[str, "Ringed"], clock: Clock) -> None:
        """`site` and `lines` as they are by now."""
        self.folder = folder
        self._site, self._lines, self._clock = site, lines, clock
        self._cases: dict[str, _Case] = {}
        self._stir = asyncio.Event()
        self._silent = False

    def keep(self, kind: str, subject: str, content: Mapping[str, Any]) -> str:
        """The file in which a fault's minute will be found; empty for what is no fault of a line. Returns at once."""
        if kind not in _WHY or (kind == "alarm.raised" and content.get("alarm_kind") not in _ALARMS):
            return ""
        line = line_of(self._site(), subject)
        if line not in self._lines:
            return ""
        now = self._clock.monotonic()
        case = self._cases.get(line)
        if case is not None and now < case.until:
            case.more = True
            return case.file
        if len(self._cases) >= _WAITING:
            return ""
        at = self._clock.utc()
        file = f"{at:%Y%m%dT%H%M%SZ}-{line}-{_WHY[kind]}.jsonl"
        head = {"line": line, "why": kind, "subject": subject, "at": at.isoformat(), "said": content.get("why", "")}
        self._cases[line] = _Case(
            line, file, head | about(self._site(), line), now + KEPT - _MARGIN, self._lines[line].ring.copy()
        )
        self._stir.set()
        return file

    async def run(self) -> None:
        """Write what was asked for, for ever; trouble of the disk is said once and ends nothing."""
        while True:
            self._stir.clear()
            now = self._clock.monotonic()
            for case in list(self._cases.values()):
                if not case.written or (case.more and now >= case.until):
                    await self._write(case)
                if now >= case.until and self._cases.get(case.line) is case:
                    del self._cases[case.line]
            wait = min((case.until for case in self._cases.values()), default=now + KEPT) - now
            try:
                async with asyncio.timeout(max(wait, 0.01)):
                    await self._stir.wait()
            except TimeoutError:
                continue

    async def _write(self, case: _Case) -> None:
        owner = self._lines.get(case.line)
        ring = owner.ring if owner is not None and case.written else case.ring
        case.written, case.more = True, False
        now, utc = self._clock.monotonic(), self._clock.utc()

        def work(ring: Ring) -> list[Entry]:
            last = case.entries[-1].at if case.entries else float("-inf")
            entries = [*case.entries, *(entry for entry in ring.entries() if entry.at > last)][-MOST_ENTRIES:]
            lines = [{"trace": 1} | case.about, *(told(entry, utc.timestamp() + entry.at - now) for entry in entries)]
            put(self.folder, case.file, lines)
            return entries

        try:
            case.entries = await asyncio.to_thread(work, ring.copy())
            self._silent = False
        except OSError as error:
            if not self._silent:
                log.warning("the trace of a fault could not be saved", why=str(error), line=case.line)
            self._silent = True


def line_of(site: Site, subject: str) -> str:
    """The line that `devices.io1`, `doors.north` or `lines.gate` hangs on; empty for anything else."""
    section, _, name = subject.partition(".")
    if section == "lines":
        return name
    if section in _MOVED_BY:
        output = getattr(site, section).get(name)
        name = getattr(output, _MOVED_BY[section]).partition(".")[0] if output else ""
    device = site.devices.get(name) if section in {"devices", *_MOVED_BY} else None
    return device.line if device else ""


def about(site: Site, line: str) -> dict[str, Any]:
    """What the reader of a trace wants to know of its line."""
    settings = site.lines.get(line)
    if settings is None:
        return {}
    drivers = {name: its.driver for name, its in site.devices.items() if its.line == line}
    ends = {"endpoint": endpoint(settings), "baud": settings.baud, "format": settings.format}
    return {"title": settings.title, "timezone": site.site.timezone, **ends, "drivers": drivers}


def told(entry: Entry, at: float) -> dict[str, Any]:
    """An entry as a line of a file or of an answer; `at` in seconds since 1970."""
    return {
        "at": round(at, 4),
        "kind": entry.kind,
        "device": entry.device,
        "scan": entry.scan,
        "bytes": entry.data.hex(),
    }


def put(folder: Path, file: str, lines: Iterable[object]) -> None:
    """Write a file new, synced, under its name only when it is whole; the oldest make room. OSError."""
    data = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    make_room(folder, file, len(data))
    fresh = folder / f".{file}.new"
    try:
        with fresh.open("wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        fresh.replace(folder / file)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    handle_of_folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle_of_folder)
    finally:
        os.close(handle_of_folder)


def make_room(folder: Path, file: str, size: int) -> None:
    """Drop the oldest traces, by their names, until one more fits."""
    kept = [each for each in sorted(folder.glob("*.jsonl")) if each.name != file]
    sizes = [each.stat().st_size for each in kept]
    while kept and (len(kept) >= MOST_FILES or sum(sizes) + size > MOST_BYTES):
        kept.pop(0).unlink(missing_ok=True)
        sizes.pop(0)
