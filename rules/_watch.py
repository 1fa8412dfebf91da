"""How rules look at points: a switch is true, false or not to be trusted; and the time for which something holds."""

from dataclasses import dataclass, field

from gatehouse.rule import Scene


def switch(scene: Scene, point: str) -> bool | None:
    """True or false on a good reading; None when it is uncertain, stale, never read, or no switch."""
    reading = scene.read(point)
    return reading.value if reading.good and isinstance(reading.value, bool) else None


@dataclass
class Lasting:
    """For how long things have held without a break."""

    _since: dict[str, float] = field(default_factory=dict)

    def due(self, scene: Scene, what: str, holds: bool, seconds: float) -> bool:
        """Whether it has held for these seconds; asks to be judged at the very instant at which it will have."""
        if not holds:
            self._since.pop(what, None)
            return False
        end = self._since.setdefault(what, scene.now) + seconds
        if scene.now < end:
            scene.wake(end)
        return scene.now >= end
