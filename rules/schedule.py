"""Schedule: an output has a value in certain hours of the week; outside of them it wants nothing and the output rests.

    lamps-dusk: {kind: schedule, output: outputs.lamps, value: on, hours: 18:00-06:00}
    gate-day:   {kind: schedule, output: doors.north, value: open, hours: Mon-Fri 07:00-09:00}

Doors and lanes can only be opened by the clock: to close is what they do at rest. It has no inputs that could be
stale. It trusts the wall clock and looks at it again every minute, because a clock can be set.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from gatehouse.demands import Demand, Passage, Priority
from gatehouse.rule import Scene
from rules._hours import Hours
from rules._settings import Refers
from rules._wishes import Wish

_LOOK = 60.0
_WORDS: dict[object, bool | Passage] = {"on": True, "off": False, "open": Passage.OPEN}


def _value(raw: object) -> object:
    if isinstance(raw, bool | Passage):
        return raw
    if raw == "closed":
        raise ValueError("a schedule only opens: outside of its hours the door or lane rests; write the open hours")
    if raw not in _WORDS:
        raise ValueError("write on or off for a switch, open for a door or lane")
    return _WORDS[raw]


Setting = Annotated[
    bool | Passage, BeforeValidator(_value), WithJsonSchema({"enum": ["on", "off", "open", True, False]})
]


@dataclass(kw_only=True, eq=False)
class Rule:
    """One output in one set of hours."""

    name: str
    output: Annotated[str, Refers("output")]
    """`outputs.lamps`, `doors.north`, `lanes.in`."""
    value: Setting
    """on or off for a switch, open for a door or lane."""
    hours: Hours
    """Days and hours, such as Mon-Fri 07:00-19:00; Sat 09:00-12:00."""
    _look_at: float = field(init=False, default=float("-inf"))

    def __post_init__(self) -> None:
        """ValueError when the value does not fit the output."""
        passage = self.output.startswith(("doors.", "lanes."))
        if passage != (self.value is Passage.OPEN):
            right = "open" if passage else "on or off"
            raise ValueError(f"{self.output} cannot be {self.value!s} by the clock; write value: {right}")

    @property
    def inputs(self) -> Collection[str]:
        """None."""
        return ()

    @property
    def outputs(self) -> Collection[str]:
        """The output."""
        return (self.output,)

    @property
    def wishes(self) -> Collection[Wish]:
        """The value, in the hours."""
        week = self.hours.spans
        return (Wish(output=self.output, value=self.value, priority=Priority.SCHEDULE, week=week),)

    def judge(self, scene: Scene) -> Iterator[Demand]:
        """Want the value in the hours, nothing outside."""
        if scene.now >= self._look_at:
            change = self.hours.next_change(scene.wall)
            left = _LOOK if change is None else (change.astimezone(UTC) - scene.wall.astimezone(UTC)).total_seconds()
            self._look_at = scene.now + min(left, _LOOK)
        scene.wake(self._look_at)
        if self.hours.contains(scene.wall):
            yield Demand(
                output=self.output, value=self.value, priority=Priority.SCHEDULE, issuer=self.name, reason="schedule"
            )
