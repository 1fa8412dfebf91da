"""`gatehouse journal export`, and the check of what it made: works on the journal's file, which may be in use."""

import asyncio
import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog
import typer

from console.client import Client, UnreachableError
from console.journal_file import ticking
from console.offline import site_of
from console.words_journal import both, said
from daemon.export import jsonl, xlsx
from daemon.export.check import Checked, NotAnExportError, check, is_export
from daemon.export.lines import Reading
from daemon.export.order import Order, OrderError, Place, head_of_file
from daemon.export.record import without_a_daemon
from daemon.journal.file import JournalError
from daemon.journal.prove import prove

__all__ = ["Order", "Site", "export", "is_export", "proved"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where the journal is, and who writes it."""

    state: Path
    copy: Path | None = None
    """Another journal's file to take the lines from."""
    socket: Path | None = None

    @property
    def journal(self) -> Path:
        """The file that is read."""
        return self.copy or self.state / "journal.db"


def export(order: Order, target: Path, site: Site, language: str) -> int:
    """Write lines of the journal into a file; 0, or 2 when it cannot be done. RefusedError."""
    try:
        order.check()
        order.wanted(None)
        if target.exists():
            raise OrderError(f"{target} 已存在，请换一个名字。 It is there already; take another name.")
        name, titles, zone = site_of(site.state)
        place = Place(site=name or site.state.absolute().name, titles=titles, zone=zone)
        recorded = 0 if site.copy else _record(order, target, site)
        number, head = _write(order, place, target, Reading(site.journal), recorded, language)
    except (OSError, ValueError, JournalError) as error:
        typer.echo(str(error), err=True)
        return 2
    typer.echo(both("exported", lines=number, file=target, head=head))
    if site.copy:
        typer.echo(both("unrecorded"), err=True)
    return 0


def _record(order: Order, target: Path, site: Site) -> int:
    """The number of the line that tells of it."""
    path = site.socket or site.state / "api.sock"
    words: Mapping[str, object] = {
        "by": order.by, "reason": order.reason, "since": order.since, "until": order.until, "kinds": order.kinds,
        "tier": order.tier, "format": order.format, "file": target.name,
    }  # fmt: skip
    try:
        return int(Client(path).send("/v1/journal/exports", **words)["recorded"])
    except UnreachableError:
        if not site.journal.exists():
            raise JournalError(both("no_journal", path=site.journal)) from None
        quiet()
        return asyncio.run(without_a_daemon(site.journal, order, target.name))


def quiet() -> None:
    """Of a journal that is opened for one line only troubles are told, beside what the command says."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _write(  # noqa: PLR0917 - all that a file is made of
    order: Order, place: Place, target: Path, reading: Reading, recorded: int, language: str
) -> tuple[int, str]:
    """How many lines went out, and the head of the journal then."""
    part = target.with_name(f"{target.name}.part")
    try:
        head = head_of_file(order, place, reading.epoch, recorded)
        end = {"head": {"number": reading.head, "hash": reading.hash}}
        os.close(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC, 0o600))
        with ticking(said("exporting", language)) as tick:
            lines = reading.lines(order, place, reading.head, tick)
            if order.format == "xlsx":
                number = xlsx.write(part, head, lines, end, "en" if language == "en" else "zh")
            else:
                with part.open("wb") as file:
                    number = jsonl.write(file, head, lines, end)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.rename(target)
    finally:
        reading.close()
        part.unlink(missing_ok=True)
    return number, f"{reading.head}:{reading.hash}"


def proved(file: Path, journal: Path, state: Path, language: str) -> int:
    """Check an export by itself and against the journal; 0 when all of it is true, 1 when not, 2 on no export."""
    try:
        _, titles, zone = site_of(state)
        there = journal if journal.exists() else None
        with ticking(said("working", language)) as tick:
            found = check(file, there, Place(titles=titles, zone=zone), tick)
            proofs = prove(there, [found.head], tick)[1] if there and found.head else []
    except (OSError, NotAnExportError, JournalError) as error:
        typer.echo(str(error), err=True)
        return 2
    for fault in found.faults:
        typer.echo(fault)
    _tell(found, language, compared=there is not None)
    for proof in proofs:
        typer.echo(said(f"export_{proof.said}", language, head=f"{proof.head.number}:{proof.head.hash[:12]}…"))
    if there is None and found.head is not None:
        typer.echo(said("export_alone", language, head=f"{found.head.number}:{found.head.hash}"))
    bad = found.faults or any(proof.said in {"changed", "unknown"} for proof in proofs)
    return 1 if bad else 0


def _tell(found: Checked, language: str, *, compared: bool) -> None:
    key = "export_whole" if found.whole else "export_broken"
    typer.echo(said(key, language, lines=found.lines))
    if found.chained:
        typer.echo(said("export_chained", language, lines=found.chained))
    if compared and (found.compared or found.gone):
        typer.echo(said("export_compared", language, lines=found.compared, gone=found.gone))
