"""Each command once, in its time, whatever the clock does and however often the box restarts. Pure, but for a keeper.

What is remembered of a guard are the ids of his commands until they expire, and a floor: everything that expires at or
before it is refused. Forgetting an id lifts the floor to its end, so nothing forgotten can ever be obeyed again.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import msgspec

from daemon.patrol.command import Command

PREFIX = "patrol.once."
TOLERANCE = timedelta(seconds=30)
"""How far a phone's clock may be ahead of ours."""
LONGEST = timedelta(seconds=600)
"""How long a command may be good for."""
MOST = 512
"""Ids of one guard that have not expired."""


class _Memory(msgspec.Struct, kw_only=True):
    floor: float = 0.0
    ids: dict[str, tuple[float, str]] = {}
    """Id -> when it expires (seconds of the epoch), and what became of it: `done`, `refused`, `` while it acts."""


class Once:
    """What every guard has already said."""

    def __init__(self, keep: Callable[[str, bytes | None], None], begun: datetime) -> None:
        """`begun`: when this run began. Until `remember`, what was given before that may have been obeyed before."""
        self._keep, self._begun = keep, begun
        self._memories: dict[str, _Memory] = {}
        self.complete = False
        """It is known what earlier runs have obeyed."""

    def remember(self, kept: Mapping[str, bytes]) -> None:
        """Take back what earlier runs have kept; what cannot be read counts as all that was before."""
        for key, state in kept.items():
            guard = key.removeprefix(PREFIX)
            try:
                old = msgspec.msgpack.decode(state, type=_Memory)
            except (msgspec.DecodeError, RecursionError):
                old = _Memory(floor=(self._begun + TOLERANCE + LONGEST).timestamp())
            own = self._memories.setdefault(guard, _Memory())
            own.floor, own.ids = max(own.floor, old.floor), old.ids | own.ids
        self.complete = True

    def objection(self, command: Command, now: datetime) -> str:
        """Why a command must not be obeyed, a code of `wordings.WHY`; empty when it may."""
        if not timedelta(0) < command.expires - command.at <= LONGEST:
            return "lifetime"
        memory = self._memories.get(command.guard) or _Memory()
        if command.id in memory.ids:
            return "repeated"
        if now > command.expires or command.expires.timestamp() <= memory.floor:
            return "expired"
        if command.at > now + TOLERANCE:
            return "early"
        if not self.complete and (command.do != "help" or command.at <= self._begun + TOLERANCE):
            return "not_ready"  # a call for help may come twice rather than not at all
        self._forget(memory, now)
        return "too_many" if len(memory.ids) >= MOST else ""

    def spend(self, command: Command) -> None:
        """From now on it has been obeyed; call it before anything is done."""
        memory = self._memories.setdefault(command.guard, _Memory())
        memory.ids[command.id] = (command.expires.timestamp(), "")
        self._store(command.guard, memory)

    def settle(self, command: Command, state: str) -> None:
        """What became of it, for whoever asks again."""
        memory = self._memories[command.guard]
        if command.id in memory.ids:
            memory.ids[command.id] = (command.expires.timestamp(), state)
            self._store(command.guard, memory)

    def became(self, command: Command) -> str:
        """What became of a command of this id when it came first."""
        memory = self._memories.get(command.guard)
        return memory.ids[command.id][1] if memory and command.id in memory.ids else ""

    def _forget(self, memory: _Memory, now: datetime) -> None:
        over = [identity for identity, (expires, _) in memory.ids.items() if expires < now.timestamp()]
        if len(over) < MOST // 4:
            return  # remembered a while longer, so that a late repeat is told what became of it
        memory.floor = max(memory.floor, *(memory.ids.pop(identity)[0] for identity in over))

    def _store(self, guard: str, memory: _Memory) -> None:
        self._keep(PREFIX + guard, msgspec.msgpack.encode(memory))
