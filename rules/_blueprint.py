"""Running too long: a pump or fan that runs for longer than it should is an alarm, and lights a lamp.

    sump-pump: {kind: running_too_long, running: io3.input1, longest: 30m, lamp: outputs.pump-lamp}

Copy this file to `rules/<kind>.py`: its name is the kind that people write. Then say here, in plain words, what the
rule does when an input cannot be trusted, because nothing else will.

Stale, uncertain or never-read `running`: neither raises nor clears the alarm, lights no lamp, and the time goes on.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Annotated

from gatehouse.alarms import Condition, Severity
from gatehouse.demands import Demand, Priority
from gatehouse.rule import Scene
from rules._settings import Duration, PointName, Refers
from rules._watch import Lasting, switch
from rules._wishes import Wish


@dataclass(kw_only=True, eq=False)
class Rule:
    """One motor."""

    # Settings: what stands beside `kind:` in the site file; a type from `rules._settings` checks what people write.
    name: str
    running: PointName
    """True while the motor runs."""
    longest: Duration = 1800.0
    """How long it may run in one go."""
    lamp: Annotated[str, Refers("output")] | None = None
    """A lamp to light."""
    # Memory, from one judging to the next. It is lost at a restart: nothing may hang on it for good.
    _runs: Lasting = field(init=False, default_factory=Lasting)

    @property
    def inputs(self) -> Collection[str]:
        """It is judged when one of these changes, and may look at no others."""
        return (self.running,)

    @property
    def outputs(self) -> Collection[str]:
        """What it may make demands on."""
        return () if self.lamp is None else (self.lamp,)

    @property
    def wishes(self) -> Collection[Wish]:
        """The same with values: two rules that want opposite things of an output are named when the site is loaded."""
        return () if self.lamp is None else (Wish(output=self.lamp, value=True, priority=Priority.SCHEDULE),)

    def judge(self, scene: Scene) -> Iterator[Demand | Condition]:
        """Say everything that is wanted now; whatever is not said again is given up."""
        running = switch(scene, self.running)
        late = False if running is None else self._runs.due(scene, "runs", running, self.longest)
        yield Condition(
            alarm=f"{self.name}.late",
            active=None if running is None else late,
            severity=Severity.P3,
            kind="running_too_long",
            subject=f"rules.{self.name}",
            evidence=scene.saw(self.running) | {"longest": self.longest},
        )
        if late and self.lamp is not None:
            yield Demand(output=self.lamp, value=True, priority=Priority.SCHEDULE, issuer=self.name, reason="late")
