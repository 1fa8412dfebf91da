"""How often somebody may: so many at once, and so many a second after that."""


class Bucket:
    """Full at first."""

    def __init__(self, per_second: float, size: int) -> None:
        """It holds `size` and is filled again by `per_second`."""
        self._per_second, self._size = per_second, float(size)
        self._left, self._at = float(size), 0.0

    def take(self, now: float) -> bool:
        """Take one at this monotonic second; False when there is none."""
        self._left = min(self._size, self._left + max(0.0, now - self._at) * self._per_second)
        self._at = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
