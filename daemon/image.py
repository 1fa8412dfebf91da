"""The image of a running site: its points can change while rules look at it; renewing ages costs next to nothing."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from math import inf

from gatehouse.points import NEVER, Image, Point, Quality, Reading, Value


@dataclass(slots=True, eq=False)
class Renewal:
    """When readings that a device brings together were said once more, the very same. Set it: nothing else is done."""

    at: float = -inf


class LiveImage(Image):
    """Everybody keeps hold of this one image; a reload changes what is in it."""

    def __init__(self, points: Iterable[Point]) -> None:
        """Know these points and no others; none has been read."""
        super().__init__(points)
        self._renewals: dict[tuple[str, ...], Renewal] = {}
        self._of: dict[str, list[Renewal]] = {}

    def change(self, points: Iterable[Point], anew: Collection[str]) -> None:
        """Know these points and no others. Readings stay, but those of `anew`, which begin as never read."""
        self.points = {point.name: point for point in points}
        before = {name: self._renewed(name) for name in self._readings}
        for renewal in self._renewals.values():
            renewal.at = -inf
        self._readings = {name: NEVER if name in anew else before.get(name, NEVER) for name in self.points}

    def by_device(self) -> dict[str, dict[str, Point]]:
        """Device -> channel -> its point."""
        found: dict[str, dict[str, Point]] = defaultdict(dict)
        for point in self.points.values():
            device, _, channel = point.name.partition(".")
            found[device][channel] = point
        return found

    def put(self, name: str, value: Value | None, quality: Quality, now: float, note: str = "") -> bool:
        """Take a reading; True when value or quality moved: also from too old to fresh, which nobody was told of."""
        at = self._said(name)
        return super().put(name, value, quality, now, note) or now - at > self.points[name].max_age

    def together(self, names: tuple[str, ...]) -> Renewal:
        """By what these are renewed, thousands of times a second."""
        renewal = self._renewals.get(names)
        if renewal is None:
            renewal = self._renewals[names] = Renewal()
            for name in names:
                self._of.setdefault(name, []).append(renewal)
        return renewal

    def renew(self, names: Iterable[str], now: float) -> None:
        """The device said the very same again: only the ages start anew."""
        self.together(tuple(names)).at = now

    def read(self, name: str, now: float) -> Reading:
        """The latest reading; BAD, with a note, when it is older than its point allows."""
        reading = self._renewed(name)
        return reading if now - reading.at <= self.points[name].max_age else super().read(name, now)

    def latest(self, name: str) -> Reading:
        """What was put last, as it was put: nobody looks at its age."""
        return self._readings[name]

    def good_until(self, name: str) -> float | None:
        """Monotonic second after which this reading is stale; None when it is not good, or never grows stale."""
        point = self.points.get(name)
        if point is None or point.momentary or point.max_age == inf:
            return None
        reading = self._renewed(name)
        return reading.at + point.max_age if reading.good else None

    def _renewed(self, name: str) -> Reading:
        """The reading with the age that it has by now."""
        reading, at = self._readings[name], self._said(name)
        if at > reading.at:
            reading = self._readings[name] = reading._replace(at=at)
        return reading

    def _said(self, name: str) -> float:
        """When the device said it last, the very same perhaps."""
        at = self._readings[name].at
        for renewal in self._of.get(name, ()):
            at = max(at, renewal.at)
        return at
