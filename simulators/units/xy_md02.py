"""XY-MD02: temperature and humidity (after mbmap and wb-mqtt-serial)."""

from pymodbus.constants import ExcCodes

from simulators.clock import Clock
from simulators.unit import RefusalError, Unit, Values, block

_ADDRESS, _BAUD, _WARMER, _WETTER = range(0x0101, 0x0105)


class Device(Unit):
    """Measurements with function 4, settings with 3 and 6."""

    def __init__(self, address: int, clock: Clock) -> None:
        super().__init__(address, clock)
        self.values = Values(temperature=24.6, humidity=51.3)
        self._settings = {_ADDRESS: address, _BAUD: 9600, _WARMER: 0, _WETTER: 0}

    def read_registers(self, address: int, count: int) -> list[int]:
        """FC04: tenths, with the corrections added."""
        now = self.clock.now()
        temperature = round(self.values.now("temperature", now) * 10) + _signed(self._settings[_WARMER])
        humidity = round(self.values.now("humidity", now) * 10) + _signed(self._settings[_WETTER])
        return block({1: temperature, 2: humidity}, address, count)

    def read_holding(self, address: int, count: int) -> list[int]:
        """FC03."""
        return block(self._settings, address, count)

    def write_holding(self, address: int, value: int) -> None:
        """FC06. The baud rate is kept, not obeyed: a simulated line has one rate."""
        if address not in self._settings:
            raise RefusalError(ExcCodes.ILLEGAL_ADDRESS)
        if address == _ADDRESS:
            if not 1 <= value <= 247:
                raise RefusalError(ExcCodes.ILLEGAL_VALUE)
            self.address = value
        self._settings[address] = value


def _signed(register: int) -> int:
    return register - 0x10000 if register & 0x8000 else register
