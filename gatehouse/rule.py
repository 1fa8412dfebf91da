"""The rule contract: look and answer; never act, never wait."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from gatehouse.alarms import Condition
from gatehouse.demands import Demand
from gatehouse.points import Image, Reading, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something worth an event that is no alarm: a card let in, a card refused."""

    kind: str
    subject: str
    content: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All that a rule may look at."""

    image: Image
    now: float  # monotonic seconds: for ages, delays, expiry
    wall: datetime  # local time of the site, aware: for calendars only
    changed: Collection[str]  # points that changed or occurred in this pass; empty when only time has passed
    told: Mapping[str, Value | None]  # what each output is told now; None: held as it is
    standing: Collection[str]  # ids of alarms not back to normal; a latched one stays until it is reset
    wake: Callable[[float], None]  # ask to be judged again at this monotonic second
    apart: Collection[str] = ()  # ids of standing alarms that a person has disabled or shelved
    silenced: Collection[str] = ()  # ids of standing alarms whose sounders a person has stopped

    def read(self, point: str) -> Reading:
        """The latest reading, BAD when stale."""
        return self.image.read(point, self.now)

    def saw(self, *points: str) -> dict[str, Any]:
        """Evidence: value, quality and age of these points."""
        seen = {}
        for name, reading in ((name, self.read(name)) for name in points):
            age = round(self.now - reading.at, 3) if reading.at > float("-inf") else None
            seen[name] = {"value": reading.value, "quality": reading.quality.name.lower(), "age": age}
        return seen


class Rule(Protocol):
    """The dataclass `Rule` of a file in `rules/`; its fields are its settings. What it does not repeat, it gives up."""

    @property
    def name(self) -> str:
        """Its name in the site."""

    @property
    def inputs(self) -> Collection[str]:
        """Points it looks at: it is judged when one changes or grows stale, and moves nothing before all were read."""

    @property
    def outputs(self) -> Collection[str]:
        """Outputs it may make demands on."""

    def judge(self, scene: Scene) -> Iterator[Demand | Condition | Note]:
        """Say everything that this rule wants now."""
