"""Waveshare Modbus RTU Relay (D): eight relays and eight inputs (after the Waveshare wiki).

Out of the box each input drives its relay until 0 is written to its mode; the first request after power-up is lost.
"""

from pymodbus.constants import ExcCodes

from simulators.clock import Clock
from simulators.unit import RefusalError
from simulators.units.waveshare import rtu_relay
from simulators.units.waveshare.rtu_relay import RELAYS

_MODES = 0x1000
NORMAL, LINKAGE, TOGGLE, EDGE = range(4)
"""Input modes. That 0 is normal is certain; the order of the others is the vendor wiki's, unverified on hardware."""


class Device(rtu_relay.Device):
    """The board with inputs."""

    def __init__(self, address: int, clock: Clock) -> None:
        super().__init__(address, clock)
        self.inputs = [False] * RELAYS
        self.modes = [LINKAGE] * RELAYS
        self._deaf = True

    @property
    def channels(self) -> tuple[str, ...]:
        """relay1 to relay8, input1 to input8."""
        return (*super().channels, *(f"input{n + 1}" for n in range(RELAYS)))

    def drive(self, channel: str, value: bool) -> None:
        """Put an input under current or take it away, with what that does to its relay."""
        if not channel.startswith("input"):
            raise ValueError(f"{channel} is not an input")
        n = self._index(channel)
        if self.inputs[n] is value:
            return
        self.inputs[n] = value
        if self.modes[n] == LINKAGE:
            self._switch(n, value)
        elif self.modes[n] == EDGE or (self.modes[n] == TOGGLE and value):
            self._switch(n, not self.relays[n])

    def sense(self, channel: str) -> bool:
        """How a relay or an input stands."""
        return self.inputs[self._index(channel)] if channel.startswith("input") else super().sense(channel)

    def hears(self) -> bool:
        """The first request after power-up is lost."""
        deaf, self._deaf = self._deaf, False
        return not deaf

    def power_cycle(self) -> None:
        """Relays fall off, modes are kept, linked relays follow their inputs at once."""
        super().power_cycle()
        self._deaf = True
        for n, mode in enumerate(self.modes):
            if mode == LINKAGE:
                self._switch(n, self.inputs[n])

    def state(self) -> dict[str, object]:
        """As JSON can say it."""
        inputs = {f"input{n + 1}": on for n, on in enumerate(self.inputs)}
        return {**super().state(), **inputs, "modes": list(self.modes)}

    def read_inputs(self, address: int, count: int) -> list[bool]:
        """FC02."""
        if address + count > RELAYS:
            raise RefusalError(ExcCodes.ILLEGAL_ADDRESS)
        return self.inputs[address : address + count]

    def read_holding(self, address: int, count: int) -> list[int]:
        """FC03: input modes, in a row; the other settings each alone."""
        if address >= _MODES and address + count <= _MODES + RELAYS:
            return self.modes[address - _MODES : address - _MODES + count]
        return super().read_holding(address, count)

    def write_holding(self, address: int, value: int) -> None:
        """FC06: one input mode, or another setting."""
        if _MODES <= address < _MODES + RELAYS:
            self.write_block(address, [value])
        else:
            super().write_holding(address, value)

    def write_block(self, address: int, values: list[int]) -> None:
        """FC16: input modes in a row."""
        first = address - _MODES
        if first < 0 or first + len(values) > RELAYS:
            raise RefusalError(ExcCodes.ILLEGAL_ADDRESS)
        if any(value > EDGE for value in values):
            raise RefusalError(ExcCodes.ILLEGAL_VALUE)
        self.modes[first : first + len(values)] = values

    def _switch(self, n: int, on: bool) -> None:
        """A linked relay follows its input, whatever it is told."""
        super()._switch(n, self.inputs[n] if self.modes[n] == LINKAGE else on)
