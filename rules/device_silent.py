"""Device silent: a device that has not answered for a while is an alarm, and so is one that never did.

The daemon decides what is offline (time and misses); this rule waits `after` on top of it. Its input is the daemon's
own word, which never grows stale. If nothing was said of the device since the start, or not surely, that counts as
silence too; until then an alarm from before a restart stays as it was. It moves nothing.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from gatehouse.alarms import Condition, Severity
from gatehouse.rule import Scene
from rules._settings import Duration, PointName
from rules._watch import Lasting, switch


@dataclass(kw_only=True, eq=False)
class Rule:
    """One device."""

    name: str
    subject: str
    """The device: `devices.io1`."""
    online: PointName
    """The daemon's own point: `io1.online`."""
    after: Duration = 10.0
    """How long it may be away."""
    severity: Severity = Severity.P3
    """P2 for devices that fire inputs or vehicle loops hang on."""
    _away: Lasting = field(init=False, default_factory=Lasting)
    _was_online: bool = field(init=False, default=False)

    @property
    def inputs(self) -> Collection[str]:
        """Whether it answers."""
        return (self.online,)

    @property
    def outputs(self) -> Collection[str]:
        """None."""
        return ()

    def judge(self, scene: Scene) -> Iterator[Condition]:
        """Raise once it has been away for too long."""
        online = switch(scene, self.online)
        silent = self._away.due(scene, "away", online is not True, self.after)
        self._was_online |= online is True
        yield Condition(
            alarm=f"{self.subject}.silent",
            active=True if silent else (False if self._was_online else None),
            severity=self.severity,
            kind="device_silent",
            subject=self.subject,
            evidence=scene.saw(self.online) | {"after": self.after, "why": scene.read(self.online).note},
        )
