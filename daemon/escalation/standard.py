"""The ladders of a site that names people and channels but no ladder: the guard's post first, then ever wider circles.

P1, life: at once the sirens of its zone and everybody on patrol; after 30 s the group, and patrol again; after 60 s
the manager, and a note to the police; after 180 s the next contacts, again and again until somebody answers.
"""

from collections.abc import Iterator

from daemon.escalation.directory import Directory
from daemon.escalation.ladder import Ladder, Step

NO_BELLS = frozenset({"gas", "gas_low", "valve_open"})
"""Kinds of alarms at which nothing that sparks may be rung."""
PATROL, MANAGER, NEIGHBOUR = "patrol", "manager", "neighbour"
"""The roles that people may have in it."""
_MINUTE = 60.0


def standard(directory: Directory) -> tuple[Ladder, ...]:
    """Ladders for all four severities; none for a site without people or without channels."""
    if not directory.people or not directory.channels:
        return ()
    groups = tuple(name for name in directory.channels if name in directory.groups)
    patrol, manager, others = _patrol(directory), _role(directory, MANAGER), _others(directory)
    voice = tuple(name for name, kind in directory.channels.items() if kind == "voice")

    def life(*, bells: bool) -> tuple[Step, ...]:
        second = Step(after=30.0, ring=patrol, post=groups, unread=30.0)
        wake = Step(after=60.0, ring=manager, by=_by(directory, manager, voice), police=True, unread=120.0)
        last = Step(after=180.0, ring=others or (*manager, *patrol), repeat=3 * _MINUTE, unread=90.0)
        return (Step(ring=patrol, sirens=bells, unread=30.0), second, wake, last)

    later = manager or patrol
    return (
        Ladder(name="p1", severities=frozenset({1}), steps=life(bells=True)),
        Ladder(name="p1-no-bells", severities=frozenset({1}), kinds=NO_BELLS, steps=life(bells=False)),
        Ladder(name="p2", severities=frozenset({2}), steps=(
            Step(ring=patrol, post=groups, unread=45.0),
            Step(after=3 * _MINUTE, ring=later, repeat=10 * _MINUTE, times=6, unread=_MINUTE))),
        Ladder(name="p3", severities=frozenset({3}), steps=(
            Step(post=groups) if groups else Step(ring=patrol, unread=5 * _MINUTE),
            Step(after=15 * _MINUTE, ring=patrol, repeat=60 * _MINUTE, times=4, unread=5 * _MINUTE))),
        *(Ladder(name="p4", severities=frozenset({4}), steps=(Step(post=groups),)) for _ in groups[:1]),
    )  # fmt: skip


def _patrol(directory: Directory) -> tuple[str, ...]:
    """Who is on shift; without rotas those on patrol; without any, everybody who is not called later."""
    if directory.rotas:
        fallbacks = {rota.fallback for rota in directory.rotas.values()}
        return tuple(name for name in directory.rotas if name not in fallbacks)
    later = {*_role(directory, MANAGER), *_role(directory, NEIGHBOUR)}
    rest = tuple(person for person, its in directory.people.items() if not later.intersection(its.roles))
    return _role(directory, PATROL) or rest or tuple(directory.people)


def _role(directory: Directory, role: str) -> tuple[str, ...]:
    return (role,) if any(role in its.roles for its in directory.people.values()) else ()


def _others(directory: Directory) -> tuple[str, ...]:
    if neighbours := _role(directory, NEIGHBOUR):
        return neighbours
    return tuple(person for person in directory.people if person not in set(_first(directory)))


def _first(directory: Directory) -> Iterator[str]:
    """All whom an earlier step may have called."""
    yield from directory.everyone((*_patrol(directory), *_role(directory, MANAGER)))


def _by(directory: Directory, ring: tuple[str, ...], voice: tuple[str, ...]) -> tuple[str, ...]:
    """A call by voice first; then whatever else reaches them."""
    if not voice:
        return ()
    rest = [name for person in directory.everyone(ring) for name in directory.channels_of(person)]
    return tuple(dict.fromkeys([*voice, *rest]))
