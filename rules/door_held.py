"""Door held: the leaf stands open for longer than `held` although nobody tells the door to be open.

While the door is told open (schedule, fire, operator, card) no time is counted; it begins when that ends. A door
found open at the start is counted from there, and an alarm from before stays meanwhile. Stale or uncertain contact:
neither raises nor clears, and the time goes on.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from gatehouse.alarms import Condition, Severity
from gatehouse.demands import Passage
from gatehouse.rule import Scene
from rules._settings import Duration, PointName
from rules._watch import Lasting, switch


@dataclass(kw_only=True, eq=False)
class Rule:
    """One door."""

    name: str
    subject: str
    """The door, and its output: `doors.north`."""
    contact: PointName
    """True while the leaf stands open."""
    held: Duration = 20.0
    """How long it may stand open."""
    _open: Lasting = field(init=False, default_factory=Lasting)
    _known: bool = field(init=False, default=False)

    @property
    def inputs(self) -> Collection[str]:
        """The leaf's contact."""
        return (self.contact,)

    @property
    def outputs(self) -> Collection[str]:
        """None."""
        return ()

    def judge(self, scene: Scene) -> Iterator[Condition]:
        """Raise once it has stood open for too long."""
        is_open, told = switch(scene, self.contact), scene.told.get(self.subject)
        late = False
        if is_open is not None or told == Passage.OPEN:
            late = self._open.due(scene, "open", is_open is True and told != Passage.OPEN, self.held)
            self._known |= late or is_open is False or told == Passage.OPEN
        yield Condition(
            alarm=f"{self.subject}.held",
            active=late if self._known and is_open is not None else None,
            severity=Severity.P3,
            kind="door_held",
            subject=self.subject,
            evidence=scene.saw(self.contact) | {"told": told, "held": self.held},
        )
