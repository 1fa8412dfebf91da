"""Proof that people can be reached: what became of the last test of each of their channels, and who has none."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta

import msgspec
import structlog

from daemon.escalation.directory import Address, Directory
from daemon.escalation.ladder import Step

log = structlog.get_logger()

PREFIX = "ladder.test/"
"""Under this the results are kept beside the events."""
PASSED = frozenset({"sent", "delivered", "read"})
_AHEAD = timedelta(days=1)
"""A test from the future is one of a clock that was wrong; it counts no longer than one of today."""

Resolve = Callable[[Address], str]
"""The address itself; empty when it cannot be had."""


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """The last test of one channel to one person."""

    person: str
    """Empty for a channel into which is posted."""
    channel: str
    state: str
    at: datetime
    by: str
    mark: str = ""
    """Tells whether the address is still the same; it is not enough to find the address."""
    why: str = ""

    @property
    def key(self) -> str:
        """Under which it is kept."""
        return f"{PREFIX}{self.person or '-'}/{self.channel}"


Proofs = Mapping[tuple[str, str], Proof]
"""By person and channel."""


def mark(person: str, channel: str, address: str) -> str:
    """Sixteen bits of an address: enough to notice that it changed, far too few to guess it."""
    return hashlib.blake2b(f"{person}/{channel}/{address}".encode(), digest_size=2).hexdigest()


def decoded(kept: Iterable[bytes]) -> dict[tuple[str, str], Proof]:
    """Results as they were kept; what cannot be read proves nothing."""
    proofs = {}
    for state in kept:
        try:
            proof = msgspec.json.decode(state, type=Proof)
        except msgspec.DecodeError as error:
            log.warning("a test of a channel cannot be read", why=str(error))
            continue
        proofs[proof.person, proof.channel] = proof
    return proofs


class Prover:
    """Says who was reached by a test, and not too long ago."""

    def __init__(self, directory: Directory, proofs: Proofs, resolve: Resolve, now: datetime) -> None:
        """As things stand now."""
        self._directory, self._proofs, self._resolve, self._now = directory, proofs, resolve, now

    def tested(self, person: str, channel: str) -> bool:
        """The last test of this channel came through, is young enough, and went to the address of today."""
        proof = self._proofs.get((person, channel))
        if proof is None or proof.state not in PASSED:
            return False
        age = self._now - proof.at
        if not -_AHEAD <= age <= timedelta(seconds=self._directory.tested_within):
            return False
        return proof.mark == mark(person, channel, self._address(person, channel))

    def _address(self, person: str, channel: str) -> str:
        address = self._directory.address(person, channel)
        return self._resolve(address) if address is not None else ""

    def untested(self, steps: Iterable[Step]) -> list[str]:
        """People whom no channel of these steps reaches for certain, and groups to which none was tested."""
        return list(dict.fromkeys(name for step in steps for name in self._of(step)))

    def _of(self, step: Step) -> Iterator[str]:
        for person in self._directory.everyone(step.ring):
            channels = step.by or self._directory.channels_of(person)
            if not any(self.tested(person, channel) for channel in channels):
                yield person
        yield from (channel for channel in step.post if not self.tested("", channel))

    def all(self) -> dict[str, list[str]]:
        """By ladder: who has no tested channel in it; ladders without fault are left out."""
        found = {ladder.name: self.untested(ladder.steps) for ladder in self._directory.ladders}
        return {name: people for name, people in found.items() if people}
