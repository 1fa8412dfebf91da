"""Ladders out of a site file, without a daemon, and what a daemon's state folder knows of tests."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import typer

from daemon.config import load as config
from daemon.config import proofs
from daemon.config.faults import Fault
from daemon.config.secrets import Secrets
from daemon.escalation.preview import preview
from daemon.escalation.routes import at_of, kind_of, zone_of


def show(  # noqa: PLR0917 - what, of what, when
    site: Path, secrets: Path | None, state: Path, zone: str, kind: str, at: str, language: str
) -> dict[str, Any] | None:
    """Who would be called; None, with the reason on the screen, when the site has faults."""
    try:
        plan = config.load(site)
        local = ZoneInfo(plan.site.site.timezone)
        full, wall, kind = zone_of(zone, plan), at_of(at, local) or datetime.now(local), kind_of(kind)
    except config.ConfigError as error:
        for fault in error.faults:
            typer.echo(fault.text("en" if language == "en" else "zh"), err=True)
        return None
    except ValueError as error:
        typer.echo(str(error), err=True)
        return None
    prover = proofs.prover(plan, state, Secrets.beside(site, secrets), datetime.now(UTC))
    return {
        "zone": full,
        "place": plan.titles.get(full, full),
        "at": wall.isoformat(),
        "standard": plan.directory.standard,
        "severities": preview(plan.directory, prover, plan.titles, full, kind, wall),
    }


def untested(site: Path, plan: config.Plan, secrets: Path | None, state: Path) -> list[Fault]:
    """Ladders whose people have no tested channel."""
    store = Secrets.beside(site, secrets)
    return list(proofs.untested(plan, config.gather(site), state, store, datetime.now(UTC)))
