"""What the wire itself allows: the shortest that anybody could need, by arithmetic."""

from dataclasses import dataclass

from bench.alarms.street import BAUD, MEASURES, PERIOD, TURN

_CHARACTER = 10 / BAUD
_SILENCE = 3.5 * _CHARACTER


def exchange(registers: int) -> float:
    """Seconds of the wire for one read: request, turn-round, answer, silence."""
    return (8 + 5 + 2 * registers) * _CHARACTER + TURN + _SILENCE


@dataclass(frozen=True, slots=True)
class Floor:
    """Living units asked in a perfect ring; measures, spread evenly, come in the answer that brings the alarm anyway,
    where they cost their bytes and no exchange; the dead cost nothing."""

    living: int

    @property
    def round(self) -> float:
        """Seconds from one reading of an alarm register to the next."""
        measures = self.living * (exchange(1 + MEASURES) - exchange(1)) / PERIOD
        return self.living * exchange(1) / (1 - measures)

    def delay(self, share: float) -> float:
        """From flip to the last byte of the answer that tells of it; share 0.5 for p50, 0.99 for p99.

        The unit looks at its register when the request is in; a flip just after that waits a whole round.
        """
        return share * self.round + TURN + 7 * _CHARACTER
