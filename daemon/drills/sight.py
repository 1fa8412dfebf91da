"""What the rules of a zone see while its heads are walked: all as it is, but no tested head ever trips.

A head that is not under test, a fault, a silence, an age: as real as ever. The mask carries its own end, so that it
falls by the clock even if nobody is left to take it off.
"""

from collections.abc import Mapping
from math import inf

from gatehouse.points import Image, Point, Reading


class Sight(Image):
    """The image with the tested heads at rest."""

    def __init__(self, image: Image, counters: frozenset[str] = frozenset()) -> None:
        """See all of it."""
        self._image = image
        self._counters = counters
        self._held: dict[str, Reading] = {}
        self._until = -inf
        self._skipped: dict[str, float] = {}
        """What counters counted in tests: never a call any more."""

    @property
    def points(self) -> dict[str, Point]:  # type: ignore[override] # the points of the image are those of the image
        """All of them."""
        return self._image.points

    def hold(self, held: Mapping[str, Reading], until: float) -> None:
        """From now on, up to this monotonic second, these heads stand as they were then."""
        self._held, self._until = dict(held), until

    def release(self, now: float) -> None:
        """Everything is seen again as it is."""
        for point in self._counters & self._held.keys():
            reading, held = self._image.read(point, now), self._held[point]
            if _amount(reading) > _amount(held):
                self._skipped[point] = self._skipped.get(point, 0.0) + _amount(reading) - _amount(held)
        self._held, self._until = {}, -inf

    @property
    def holds(self) -> Mapping[str, Reading]:
        """How the tested heads are at rest."""
        return self._held

    @property
    def useless(self) -> bool:
        """It shows nothing else than the image does."""
        return not self._held and not self._skipped

    def masks(self, point: str, now: float) -> bool:
        """Whether this head is under test."""
        return point in self._held and now < self._until

    def read(self, name: str, now: float) -> Reading:
        """The latest reading; of a tested head its quality and age, but the value that it has at rest."""
        reading = self._image.read(name, now)
        if self.masks(name, now):
            return _rested(reading, self._held[name], momentary=self._image.points[name].momentary)
        skipped = self._skipped.get(name, 0.0)
        if skipped and isinstance(reading.value, int | float):
            if reading.value < skipped:  # it began anew
                del self._skipped[name]
                return reading
            return reading._replace(value=reading.value - skipped)
        return reading


def at_rest(reading: Reading, *, momentary: bool) -> Reading | None:
    """What stands for a head while it is tested; None when nobody knows how it is at rest."""
    if momentary or reading.value is False:
        return reading
    if not reading.good or reading.value is True or not isinstance(reading.value, int | float):
        return None
    return reading


def _rested(reading: Reading, held: Reading, *, momentary: bool) -> Reading:
    return held if momentary else reading._replace(value=None if reading.value is None else held.value,
                                          changed=held.changed, count=held.count)  # fmt: skip


def _amount(reading: Reading) -> float:
    return float(reading.value) if isinstance(reading.value, int | float) else 0.0
