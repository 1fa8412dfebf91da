"""Interlock: of several doors only one may be open; the others stay locked while it is not known to be shut.

    mantrap: {kind: interlock, doors: [outer, inner]}

The arbiter never tells two of them open at once (`exclusive`); this rule adds what the leaves do. Life safety and the
way out pass it by. Stale, uncertain or never-read contact: counts as open, so the other doors stay locked to cards. A
door without a contact is guarded by the arbiter alone.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Annotated

from gatehouse.demands import Demand, Passage, Priority
from gatehouse.rule import Scene
from rules._settings import PointName, Refers
from rules._watch import switch
from rules._wishes import Wish


@dataclass(kw_only=True, eq=False)
class Rule:
    """One group of doors."""

    name: str
    doors: tuple[Annotated[str, Refers("door")], ...]
    """Two or more: `outer` or `doors.outer`."""
    contacts: tuple[PointName | None, ...] = ()
    """Of each door, in the same order; filled in from the doors."""

    def __post_init__(self) -> None:
        """ValueError when there is nothing to interlock."""
        if len(set(self.exclusive)) < 2 or len(set(self.exclusive)) < len(self.doors):
            raise ValueError("an interlock needs two or more different doors, such as doors: [outer, inner]")
        if self.contacts and len(self.contacts) != len(self.doors):
            raise ValueError(f"{len(self.doors)} doors have {len(self.contacts)} contacts; give one each, or none")

    @property
    def exclusive(self) -> tuple[str, ...]:
        """Outputs of which the arbiter opens one at a time."""
        return tuple(door if "." in door else f"doors.{door}" for door in self.doors)

    @property
    def inputs(self) -> Collection[str]:
        """The doors' contacts."""
        return tuple(contact for contact in self.contacts if contact is not None)

    @property
    def outputs(self) -> Collection[str]:
        """The doors."""
        return self.exclusive

    @property
    def wishes(self) -> Collection[Wish]:
        """Not to open."""
        return [
            Wish(output=door, value=Passage.OPEN, priority=Priority.INTERLOCK, veto=True) for door in self.exclusive
        ]

    def judge(self, scene: Scene) -> Iterator[Demand]:
        """Forbid to open a door while another is not shut."""
        states = {
            door: contact is not None and switch(scene, contact) is not False
            for door, contact in zip(self.exclusive, self.contacts or (None,) * len(self.doors), strict=True)
        }
        for door in self.exclusive:
            others = [other for other, ajar in states.items() if ajar and other != door]
            if others:
                yield Demand(
                    output=door,
                    value=Passage.OPEN,
                    priority=Priority.INTERLOCK,
                    issuer=self.name,
                    reason="interlock",
                    veto=True,
                )
