"""What rules learn over weeks outlives a restart: it is kept beside the journal, bit by bit, and given back."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Protocol, cast, runtime_checkable

import structlog

from gatehouse.rule import Rule

log = structlog.get_logger()

PREFIX = "lessons:"
_PAUSE = 60.0
"""Seconds between two looks."""
_TURNS = 360
"""Looks in which every rule was kept once: six hours. A kill costs so much of what was learnt, a stop nothing."""


@runtime_checkable
class Pupil(Protocol):
    """A rule whose memory takes days to build."""

    def remember(self) -> Mapping[str, bytes]:
        """What it has learnt, in parts by name, each of a few kilobytes."""

    def recall(self, kept: Mapping[str, bytes]) -> None:
        """Take it back; ValueError when a part cannot be read. Parts that it does not know are not looked at."""


@cache
def _learns(kind: type[Rule]) -> bool:
    """Asked of thousands of rules, of a few kinds: to look at a protocol's methods takes ten microseconds."""
    return issubclass(kind, Pupil)


class Store(Protocol):
    """Where it is kept: the journal."""

    def keep(self, key: str, state: bytes | None) -> None:
        """Remember a small state."""

    async def kept(self, prefix: str = "") -> dict[str, bytes]:
        """All that is remembered under such keys; OSError when it cannot be read."""


class Lessons:
    """Gives rules back what they knew, once, and keeps what they know, in turns."""

    def __init__(self, rules: Callable[[], Iterable[Rule]], store: Store) -> None:
        """`rules`: those that run at the moment; a reload changes them."""
        self._rules, self._store = rules, store
        self._kept: dict[str, dict[str, bytes]] | None = None
        self._known: dict[str, Pupil] = {}
        self._place = 0

    async def run(self) -> None:
        """For ever; at the end all is kept."""
        try:
            while True:
                await self.look()
                await asyncio.sleep(_PAUSE)
        finally:
            self._keep(self._known)

    async def look(self) -> None:
        """Teach rules that are new, and keep some of the others. Nothing is kept before it is known what there was."""
        if self._kept is None:
            self._kept = await self._read()
            if self._kept is None:
                return
        pupils = {rule.name: cast(Pupil, rule) for rule in self._rules() if _learns(type(rule))}
        for name, pupil in pupils.items():
            before = self._known.get(name)
            if before is not pupil:
                self._teach(name, pupil, before)
        self._known = pupils
        self._keep(self._some(list(pupils)))

    async def _read(self) -> dict[str, dict[str, bytes]] | None:
        try:
            found = await self._store.kept(PREFIX)
        except OSError as error:
            log.error("what rules had learnt cannot be read; asked again", why=str(error), seconds=_PAUSE)
            return None
        kept: dict[str, dict[str, bytes]] = {}
        rules = {rule.name for rule in self._rules()}
        for key, state in found.items():
            name, _, part = key.removeprefix(PREFIX).partition(":")
            kept.setdefault(name, {})[part] = state
            if name not in rules:
                self._store.keep(key, None)
        return kept

    def _teach(self, name: str, pupil: Pupil, before: Pupil | None) -> None:
        """What the last run knew, or the rule that had this name before a reload."""
        try:
            pupil.recall((self._kept or {}).get(name, {}) if before is None else before.remember())
        except Exception as error:  # noqa: BLE001 - the edge of a plug-in call
            log.error("a rule cannot take back what it had learnt; it learns anew", rule=name, why=repr(error))

    def _some(self, names: list[str]) -> list[str]:
        size = -(-len(names) // _TURNS)
        if not size:
            return []
        chosen = [names[(self._place + step) % len(names)] for step in range(size)]
        self._place = (self._place + size) % len(names)
        return chosen

    def _keep(self, names: Iterable[str]) -> None:
        for name in names:
            try:
                for part, state in self._known[name].remember().items():
                    self._store.keep(f"{PREFIX}{name}:{part}", state)
            except Exception as error:  # noqa: BLE001 - the edge of a plug-in call
                log.error("what a rule has learnt cannot be kept", rule=name, why=repr(error))
