"""The image of a running site: its points can change while rules look at it; renewing ages costs next to nothing."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from math import inf

from gatehouse.points import NEVER, Image, Point, Quality, Reading, Value


class LiveImage(Image):
    """Everybody keeps hold of this one image; a reload changes what is in it."""

    def __init__(self, points: Iterable[Point]) -> None:
        """Know these points and no others; none has been read."""
        super().__init__(points)
        self._renewed: dict[str, float] = {}

    def change(self, points: Iterable[Point], anew: Collection[str]) -> None:
        """Know these points and no others. Readings stay, but those of `anew`, which begin as never read."""
        self.points = {point.name: point for point in points}
        before = self._readings
        self._readings = {name: NEVER if name in anew else before.get(name, NEVER) for name in self.points}
        kept = self.points.keys() - anew
        self._renewed = {name: at for name, at in self._renewed.items() if name in kept}

    def put(self, name: str, value: Value | None, quality: Quality, now: float, note: str = "") -> bool:
        """Take a reading; True when value or quality moved: also from too old to fresh, which nobody was told of."""
        at = max(self._readings[name].at, self._renewed.get(name, -inf))
        return super().put(name, value, quality, now, note) or now - at > self.points[name].max_age

    def renew(self, names: Iterable[str], now: float) -> None:
        """The device said the very same again: only the ages start anew. Thousands of times a second."""
        self._renewed.update(dict.fromkeys(names, now))

    def read(self, name: str, now: float) -> Reading:
        """The latest reading; BAD, with a note, when it is older than its point allows."""
        at = self._renewed.get(name)
        if at is not None and at > (reading := self._readings[name]).at:
            self._readings[name] = replace(reading, at=at)
        return super().read(name, now)
