"""Door forced: the leaf was seen shut, now stands open, and nobody had let it open.

Let open means: told open now or less than `grace` ago, or the exit button pressed as recently. An open door that was
never seen shut since the start is not forced (`door_held` sees it), and an alarm from before stays meanwhile. It
stays until the door is shut or told open, and must be acknowledged. Stale or uncertain contact: neither raises nor
clears. If the door was shut before the contact was lost and is found open afterwards, it is forced unless it was let
open meanwhile. While the door's output is not yet told anything (after a start), nothing is forced.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from gatehouse.alarms import Condition, Severity
from gatehouse.demands import Passage
from gatehouse.points import Reading
from gatehouse.rule import Scene
from rules._settings import Duration, PointName
from rules._watch import switch

_LONG_AGO = float("-inf")


@dataclass(kw_only=True, eq=False)
class Rule:
    """One door."""

    name: str
    subject: str
    """The door, and its output: `doors.north`."""
    contact: PointName
    """True while the leaf stands open."""
    exit: PointName | None = None
    """The exit button, where one is read: it may unlock the door past us."""
    grace: Duration = 3.0
    """How long after the end of an unlocking the leaf may still be pushed open."""
    _forced: bool = field(init=False, default=False)
    _known: bool = field(init=False, default=False)
    _was_open: bool | None = field(init=False, default=None)
    _let: bool = field(init=False, default=False)
    _let_at: float = field(init=False, default=_LONG_AGO)
    _blind_since: float | None = field(init=False, default=None)

    @property
    def inputs(self) -> Collection[str]:
        """The leaf's contact and the exit button."""
        return (self.contact,) if self.exit is None else (self.contact, self.exit)

    @property
    def outputs(self) -> Collection[str]:
        """None."""
        return ()

    def judge(self, scene: Scene) -> Iterator[Condition]:
        """Compare the leaf with what the door was told."""
        self._note_permission(scene)
        leaf = scene.read(self.contact)
        is_open = leaf.value if leaf.good and isinstance(leaf.value, bool) else None
        if is_open is None:
            self._blind_since = scene.now if self._blind_since is None else self._blind_since
        else:
            self._forced = is_open and not self._let and (self._forced or self._is_forced(leaf))
            self._was_open, self._blind_since = is_open, None
            self._known |= not is_open or scene.told.get(self.subject) == Passage.OPEN
        yield Condition(
            alarm=f"{self.subject}.forced",
            active=self._forced if self._known and is_open is not None else None,
            severity=Severity.P2,
            kind="door_forced",
            subject=self.subject,
            evidence=scene.saw(*self.inputs) | {"told": scene.told.get(self.subject), "grace": self.grace},
        )

    def _note_permission(self, scene: Scene) -> None:
        let = scene.told.get(self.subject) != Passage.CLOSED or (
            self.exit is not None and switch(scene, self.exit) is True
        )
        if let or self._let:  # also at the moment at which it ends
            self._let_at = scene.now
        self._let = let

    def _is_forced(self, leaf: Reading) -> bool:
        if self._was_open is not False or leaf.changed <= self._let_at + self.grace:
            return False
        return self._blind_since is None or self._let_at + self.grace < self._blind_since
