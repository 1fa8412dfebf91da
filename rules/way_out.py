"""Way out: the exit button or break-glass unlocks the door, always, for as long as it is pressed and `unlock` after it.

Stale, uncertain or never-read button: unlocks nothing by itself (a lost wire must not open the estate), but what it
had unlocked runs its time. That the button cannot be read is said by `device_silent` of its device; the way out that
needs no daemon at all, the button wired to the lock, is required all the same.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from gatehouse.demands import Demand, Passage, Priority
from gatehouse.rule import Scene
from rules._settings import Duration, PointName
from rules._watch import switch
from rules._wishes import Wish


@dataclass(kw_only=True, eq=False)
class Rule:
    """One door's exit button."""

    name: str
    subject: str
    """The door: `doors.north`."""
    exit: PointName
    """True while the button is pressed."""
    unlock: Duration = 5.0
    """How long the door stays unlocked after the button was let go."""
    _until: float = field(init=False, default=float("-inf"))
    _pressed: bool = field(init=False, default=False)

    @property
    def inputs(self) -> Collection[str]:
        """The button."""
        return (self.exit,)

    @property
    def outputs(self) -> Collection[str]:
        """The door."""
        return (self.subject,)

    @property
    def wishes(self) -> Collection[Wish]:
        """To open."""
        return (Wish(output=self.subject, value=Passage.OPEN, priority=Priority.WAY_OUT),)

    def judge(self, scene: Scene) -> Iterator[Demand]:
        """Unlock while it is pressed and for a while after."""
        pressed = switch(scene, self.exit)
        released = pressed is False and self._pressed
        # Held down, it goes on at half its time: before the demand falls void, without a new order at every judging.
        if released or (pressed and scene.now >= self._until - self.unlock / 2):
            self._until = scene.now + self.unlock
        if pressed:
            scene.wake(self._until - self.unlock / 2)
        self._pressed = bool(pressed)
        if scene.now < self._until:
            yield Demand(
                output=self.subject,
                value=Passage.OPEN,
                priority=Priority.WAY_OUT,
                issuer=self.name,
                reason="exit",
                until=self._until,
            )
