"""Rings a person by every channel as a test, and remembers what came of it: only what was tried counts as a way."""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from daemon.channels.message import Message, Receipt, ReceiptState
from daemon.clock import Clock
from daemon.escalation import sayings
from daemon.escalation.climb import RANKS
from daemon.escalation.directory import Directory
from daemon.escalation.proof import Proof, Prover, decoded, mark
from daemon.escalation.teller import Teller
from daemon.journal.journal import Journal
from daemon.recorder import Recorder
from gatehouse.alarms import Severity

_REMEMBERED = 50
"""Tests whose course can still be asked for."""


class NobodyError(Exception):
    """There is nobody of that name, or no channel reaches him."""


@dataclass(slots=True)
class Trial:
    """One test of all channels to one person, or of one group."""

    number: int
    person: str
    name: str
    by: str
    legs: dict[str, Receipt | None] = field(default_factory=dict)
    """By channel; None before anything is known."""
    marks: dict[str, str] = field(default_factory=dict)
    """By channel: of the address to which it went."""
    confirming: frozenset[str] = frozenset()
    """Channels of which `sent` is no answer yet: the phone itself says that it came."""

    def told(self) -> dict[str, Any]:
        """For the API."""
        legs = {
            channel: {"state": receipt.state.value, "why": receipt.why, "at": receipt.at} if receipt else None
            for channel, receipt in self.legs.items()
        }
        waits = any(self.open(channel, receipt) for channel, receipt in self.legs.items())
        return {"number": self.number, "person": self.person, "name": self.name, "legs": legs, "waits": waits}

    def open(self, channel: str, receipt: Receipt | None) -> bool:
        """Whether this says nothing yet of a channel."""
        if receipt is None or not receipt.final:
            return True
        return receipt.state is ReceiptState.SENT and channel in self.confirming


class Trials:
    """All tests, and the proofs that they left."""

    def __init__(  # noqa: PLR0917 - it stands between people, channels and the journal
        self, directory: Directory, teller: Teller, journal: Journal, recorder: Recorder, clock: Clock, site: str
    ) -> None:
        """Nobody has been tested yet, as far as is known."""
        self.directory, self.site = directory, site
        self.changed: Callable[[], None] = _nobody
        """Told of every new proof."""
        self.proofs: dict[tuple[str, str], Proof] = {}
        self._teller, self._journal, self._recorder, self._clock = teller, journal, recorder, clock
        self._numbers = itertools.count(1)
        self._trials: dict[int, Trial] = {}

    def restore(self, kept: Iterable[bytes]) -> None:
        """What earlier runs have tested; what this one has is newer."""
        self.proofs = decoded(kept) | self.proofs

    def begin(self, name: str, by: str) -> Trial:
        """Ring somebody by every channel that reaches him, or write into a group. NobodyError."""
        person = self.directory.who_is(name)
        person = person if person in self.directory.people else ""
        channels = self.directory.channels_of(person) if person else (name,) * (name in self.directory.groups)
        if not channels:
            raise NobodyError(name)
        shown = self._teller.name(person) if person else name
        trial = Trial(next(self._numbers), person, shown, by, dict.fromkeys(channels))
        trial.confirming = frozenset(filter(self._teller.confirms, channels))
        self._trials[trial.number] = trial
        self._trials.pop(trial.number - _REMEMBERED, None)
        its = self.directory.people.get(person)
        head, text = sayings.test(by.partition(" (")[0], self.site, "en" if its and its.language == "en" else "zh")
        for channel in channels:
            key = f"test/{self._recorder.boot}/{trial.number}/{person or '-'}/{channel}"
            message = Message(key, head, text, Severity.P3)
            trial.marks[channel] = self._mark(person, channel)
            self._teller.put(person, channel, message, partial(self._heard, trial, channel, key))
        return trial

    def find(self, number: int) -> Trial | None:
        """A test by its number; None when it was too long ago."""
        return self._trials.get(number)

    def _heard(self, trial: Trial, channel: str, key: str, receipt: Receipt) -> None:
        before = trial.legs[channel]
        if before is not None and RANKS[receipt.state.value] <= RANKS[before.state.value]:
            if receipt.state is before.state:  # it waits still, and says why
                trial.legs[channel] = receipt
            return
        trial.legs[channel] = receipt
        content = {"person": trial.name, "channel": channel, "key": key, "test": True, "by": trial.by}
        content |= {"why": receipt.why} if receipt.why else {}
        subject = f"people.{trial.person}" if trial.person else f"channels.{channel}"
        self._recorder.emit(f"message.{receipt.state.value}", subject, actor=f"person:{trial.by}", content=content)
        if not trial.open(channel, receipt):
            self._prove(trial, channel, receipt)

    def _prove(self, trial: Trial, channel: str, receipt: Receipt) -> None:
        proof = Proof(
            person=trial.person, channel=channel, state=receipt.state.value, at=receipt.at, by=trial.by,
            mark=trial.marks[channel], why=receipt.why,
        )  # fmt: skip
        self.proofs[proof.person, proof.channel] = proof
        self._journal.keep(proof.key, msgspec.json.encode(proof))
        self.changed()

    def _mark(self, person: str, channel: str) -> str:
        """Of the address as it is now: a reload may change it before the answer comes."""
        address = self.directory.address(person, channel) if person else None
        return mark(person, channel, self._teller.resolve(address) if address is not None else "")

    def prover(self, now: datetime | None = None) -> Prover:
        """Who can be reached for certain."""
        return Prover(self.directory, self.proofs, self._teller.resolve, now or self._clock.utc())

    def untested(self) -> list[str]:
        """All people and groups of any ladder to whom no channel was tested, or too long ago."""
        return sorted({name for people in self.prover().all().values() for name in people})


def _nobody() -> None:
    """Before anybody listens."""
