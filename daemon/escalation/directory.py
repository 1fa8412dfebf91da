"""Who is who: people with their addresses, rotas, roles, channels; and whom a step calls at an instant."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from daemon.escalation.climb import Target
from daemon.escalation.ladder import Ladder, Step
from daemon.escalation.rota import Rota

_PHONES = frozenset({"sms", "voice"})
"""Kinds of channels that take a telephone number."""
_DEEPEST = 8
"""Rotas that fall back on rotas: the check refuses circles, so this is only a belt."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody is reached, or the name of the secret that says it. Never shown."""

    text: str = field(repr=False)
    secret: bool = False

    def __str__(self) -> str:
        return f"!secret {self.text}" if self.secret else "***"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who can be called."""

    id: str
    name: str
    roles: tuple[str, ...] = ()
    addresses: Mapping[str, Address] = field(default_factory=dict)
    """By name or kind of a channel, in the order in which the person wants to be called."""
    phone: Address | None = None
    """For channels that take a number and are not among the addresses."""
    language: str = "zh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """All that a site says about reaching people."""

    people: Mapping[str, Person] = field(default_factory=dict)
    rotas: Mapping[str, Rota] = field(default_factory=dict)
    ladders: tuple[Ladder, ...] = ()
    channels: Mapping[str, str] = field(default_factory=dict)
    """Name -> kind, in the order of the file."""
    groups: frozenset[str] = frozenset()
    """Channels that end in a group of people, or at one fixed end: a person's address is not needed."""
    sirens: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Zone -> its own: `zones.b12`, `outputs.siren`."""
    standard: bool = False
    """The ladders are the usual ones: the site has none of its own."""
    tested_within: float = 90 * 86400.0
    """Seconds for which a test of a channel counts."""

    def address(self, person: str, channel: str) -> Address | None:
        """How a channel reaches a person; None when it does not."""
        its = self.people.get(person)
        kind = self.channels.get(channel)
        if its is None or kind is None:
            return None
        phone = its.phone if kind in _PHONES else None
        return its.addresses.get(channel) or its.addresses.get(kind) or phone

    def outputs(self, step: Step, subject: str) -> tuple[str, ...]:
        """The sirens and lamps that a step wants for an alarm of this subject."""
        own = self.sirens.get(subject, ()) if step.sirens else ()
        return tuple(dict.fromkeys([*step.outputs, *own]))

    def channels_of(self, person: str) -> tuple[str, ...]:
        """Every channel that reaches a person, in his own order; those that use his telephone come last."""
        its = self.people.get(person)
        if its is None:
            return ()
        named = [name for key in its.addresses for name, kind in self.channels.items() if key in (name, kind)]
        phones = [name for name, kind in self.channels.items() if its.phone is not None and kind in _PHONES]
        return tuple(dict.fromkeys([*named, *phones]))

    def targets(self, step: Step, wall: datetime, answered: Collection[str] = ()) -> list[Target]:
        """Whom a step calls at this local time, and by which channels in turn; posts first, they cost nobody a call."""
        found = [Target("", (channel,)) for channel in step.post]
        for person in self.called(step.ring, wall):
            if person not in answered:
                usable = step.by or self.channels_of(person)
                by = tuple(name for name in usable if self.address(person, name) is not None)
                found.append(Target(person, by))
        return found

    def reaches(self, step: Step) -> bool:
        """Whether a step can reach anybody at any time."""
        people = self.everyone(step.ring)
        return any(channel in self.channels for channel in step.post) or any(
            self.address(person, channel) is not None
            for person in people
            for channel in step.by or self.channels_of(person)
        )

    def called(self, names: Collection[str], wall: datetime) -> list[str]:
        """The people behind names of people, rotas and roles at this local time, each once."""
        return list(dict.fromkeys(person for name in names for person in self._who(name, wall, _DEEPEST)))

    def _who(self, name: str, wall: datetime, depth: int) -> Iterator[str]:
        if name in self.people:
            yield name
        elif name in self.rotas and depth:
            rota = self.rotas[name]
            people = rota.on_shift(wall)
            yield from people or (self._who(rota.fallback, wall, depth - 1) if rota.fallback else ())
        else:
            yield from (person for person, its in self.people.items() if name in its.roles)

    def everyone(self, names: Collection[str], depth: int = _DEEPEST) -> list[str]:
        """All people who may be meant by these names at any time."""
        found: dict[str, None] = {}
        for name in names:
            if name in self.people:
                found[name] = None
            elif name in self.rotas and depth:
                rota = self.rotas[name]
                found |= dict.fromkeys(rota.everyone)
                found |= dict.fromkeys(self.everyone((rota.fallback,), depth - 1) if rota.fallback else ())
            else:
                found |= dict.fromkeys(person for person, its in self.people.items() if name in its.roles)
        return list(found)

    def who_is(self, name: str) -> str:
        """The person whom a name means that somebody gave at a desk, `李四 (root)`; the name itself for a stranger."""
        plain = name.partition(" (")[0].strip()
        return next((each.id for each in self.people.values() if plain in (each.id, each.name)), plain)


EMPTY = Directory()
