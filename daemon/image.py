"""The image of a running site, whose points can change while rules look at it."""

from collections.abc import Collection, Iterable

from gatehouse.points import NEVER, Image, Point


class LiveImage(Image):
    """Everybody keeps hold of this one image; a reload changes what is in it."""

    def change(self, points: Iterable[Point], anew: Collection[str]) -> None:
        """Know these points and no others. Readings stay, but those of `anew`, which begin as never read."""
        self.points = {point.name: point for point in points}
        before = self._readings
        self._readings = {name: NEVER if name in anew else before.get(name, NEVER) for name in self.points}
