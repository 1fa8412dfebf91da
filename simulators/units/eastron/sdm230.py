"""Eastron SDM230: a single-phase meter, every value a float, high word first (after mbmd and wb-mqtt-serial)."""

from pymodbus.constants import ExcCodes

from simulators.clock import Clock
from simulators.unit import RefusalError, Unit, Values, block, real

_MOST = 80
_ADDRESSES = {
    "volts": 0x0000, "amps": 0x0006, "watts": 0x000C, "volt_amps": 0x0012, "vars": 0x0018, "power_factor": 0x001E,
    "phase_angle": 0x0024, "hertz": 0x0046, "energy_import": 0x0048, "energy_export": 0x004A, "reactive_import": 0x004C,
    "reactive_export": 0x004E, "energy": 0x0156, "energy_reactive": 0x0158,
}  # fmt: skip
_UNUSED = range(0x0050)
"""Answered with zeros where nothing stands: ESPHome's sdm_meter reads registers 0 to 79 at once."""


class Device(Unit):
    """Measurements with function 4. The settings are not simulated."""

    def __init__(self, address: int, clock: Clock) -> None:
        super().__init__(address, clock)
        self.values = Values(
            volts=230.4, amps=3.21, watts=702.6, volt_amps=739.6, vars=231.0, power_factor=0.95, phase_angle=18.2,
            hertz=50.0, energy_import=1523.4, energy_export=0.0, reactive_import=210.5, reactive_export=1.2,
            energy=1523.4, energy_reactive=211.7,
        )  # fmt: skip

    def read_registers(self, address: int, count: int) -> list[int]:
        """FC04."""
        if count > _MOST:
            raise RefusalError(ExcCodes.ILLEGAL_VALUE)
        registers = dict.fromkeys(_UNUSED, 0)
        now = self.clock.now()
        for name, first in _ADDRESSES.items():
            registers[first], registers[first + 1] = real(self.values.now(name, now))
        return block(registers, address, count)
