"""Ladders whose people have no tested channel: found with what a daemon's state folder knows of its tests."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import apsw

from daemon.config.assembly import Plan
from daemon.config.document import Document
from daemon.config.faults import Fault, listed
from daemon.config.secrets import SecretError, Secrets
from daemon.escalation.directory import Address
from daemon.escalation.proof import PREFIX, Proof, Prover, decoded
from daemon.journal.file import JournalError, kept, reader


def found(state: Path) -> dict[tuple[str, str], Proof]:
    """What the journal of a state folder knows of tests; nothing, where there is none or none can be read."""
    file = state / "journal.db"
    if not file.is_file():
        return {}
    try:
        database = reader(file)
        try:
            states = kept(database)
        finally:
            database.close()
    except (apsw.Error, JournalError, OSError):
        return {}
    return decoded(value for key, value in states.items() if key.startswith(PREFIX))


def prover(plan: Plan, state: Path, secrets: Secrets, now: datetime) -> Prover:
    """Who can be reached for certain."""

    def resolve(address: Address) -> str:
        try:
            return secrets.read(address.text).decode().strip() if address.secret else address.text
        except (SecretError, UnicodeDecodeError):
            return ""

    return Prover(plan.directory, found(state), resolve, now)


def untested(plan: Plan, document: Document, state: Path, secrets: Secrets, now: datetime) -> Iterator[Fault]:
    """A fault for each ladder, or one for all where they are the usual ones."""
    ladders = prover(plan, state, secrets, now).all()
    if plan.directory.standard and ladders:
        ladders = {"": list(dict.fromkeys(name for people in ladders.values() for name in people))}
    for name, people in ladders.items():
        where = ("ladders", name) if name else ("people",)
        place = document.place(where, at_key=True)
        yield place.fault(where, "untested", people=listed(people), example=people[0])
