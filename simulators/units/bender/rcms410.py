"""Bender LINETRAXX RCMS410: residual current on four channels, as AC, DC and RMS, in amperes.

After the maker's manual D00424 (09.2022). Reading a block of the maxima clears it. The levels at which the device warns
by itself are settings whose registers are not known; here they are values like the others, and their defaults are ours.
"""

from pymodbus.constants import ExcCodes

from simulators.clock import Clock
from simulators.unit import RefusalError, Unit, Value, Values, block, real

CHANNELS = 4
_KINDS = ("ac", "dc", "rms")
_MESSAGES, _MAXIMA, _PRESENT = 999, 1000, 1048
_BLOCK = 4
_TEST_DRIVES_Q = 32402
_EXACT, _ABOVE = 0, 2


class Device(Unit):
    """Reads with function 3 only, writes with function 16 only."""

    def __init__(self, address: int, clock: Clock) -> None:
        super().__init__(address, clock)
        measured: dict[str, Value] = {f"{kind}{n + 1}": 0.0 for kind in _KINDS for n in range(CHANNELS)}
        self.values = Values(**measured, prewarning_at=0.3, alarm_at=0.5, range=20.0)
        for n in range(CHANNELS):
            self.values.set(f"rms{n + 1}", 0.02 + n / 200)
            self.values.set(f"ac{n + 1}", 0.02 + n / 200)
        self._maxima = dict.fromkeys(measured, 0.0)
        self._test_drives_q = 1
        self.values.watch(self._remember)

    def state(self) -> dict[str, object]:
        """As JSON can say it."""
        return {**super().state(), "maxima": dict(self._maxima)}

    def read_holding(self, address: int, count: int) -> list[int]:
        """FC03: messages, maxima, present values, one setting."""
        registers = block(self._registers(), address, count)
        for place, name in enumerate(self._maxima):
            first = _MAXIMA + _BLOCK * place
            if first < address + count and address < first + _BLOCK:
                self._maxima[name] = 0.0
        return registers

    def write_block(self, address: int, values: list[int]) -> None:
        """FC16: whether a self-test drives the output."""
        if address != _TEST_DRIVES_Q or len(values) != 1:
            raise RefusalError(ExcCodes.ILLEGAL_ADDRESS)
        if values[0] > 1:
            raise RefusalError(ExcCodes.ILLEGAL_VALUE)
        self._test_drives_q = values[0]

    def _remember(self, name: str) -> None:
        if name in self._maxima:
            self._maxima[name] = max(self._maxima[name], self._present(name))

    def _present(self, name: str) -> float:
        return self.values.now(name, self.clock.now())

    def _status(self, amperes: float) -> int:
        return (abs(amperes) >= self.values.now("prewarning_at", 0)) + (abs(amperes) >= self.values.now("alarm_at", 0))

    def _registers(self) -> dict[int, int]:
        registers = {_TEST_DRIVES_Q: self._test_drives_q, _MESSAGES: 0}
        limit = self.values.now("range", 0)
        for place, name in enumerate(self._maxima):
            self._remember(name)
            largest, present = self._maxima[name], self._present(name)
            first = _MAXIMA + _BLOCK * place
            flag = _ABOVE if largest > limit else _EXACT
            registers.update(enumerate((*real(min(largest, limit)), self._status(largest), flag), first))
            registers.update(enumerate(real(min(present, limit)), _PRESENT + 2 * place))
            registers[_MESSAGES] += name.startswith("rms") and self._status(present) > 0
        return registers
