"""Lingxun LX47LE-125: a breaker that measures residual current and temperatures.

After public programs for it that cite protocol document V4.6. It trips on leakage and heat like the real one, at levels
that are registers; their defaults are ours. A remote switch takes seconds, the local mechanical lock wins, and requests
less than 100 ms after the last one are missed.
"""

from pymodbus.constants import ExcCodes

from simulators.clock import Clock
from simulators.unit import RefusalError, Unit, Values, block

_ON, _OFF = 0xFF00, 0x0000
_CLOSED, _OPEN = 0xF0, 0x0F
_SPACING = 0.1
_SWITCHING = 4.0
_RESTART = 10.0
_LEAKAGE, _HEAT, _REMOTE, _NO_TRIP = 2, 3, 7, 15
_LEAKAGE_LEVEL, _HEAT_LEVEL, _SWITCH = 5, 6, 13
_COIL_RESTART, _COIL_SWITCH, _COIL_LOCK, _COIL_MANUAL, _COIL_CLEAR, _COIL_TEST = range(6)
_PHASES = {"a": 7, "b": 15, "c": 24}


class Device(Unit):
    """Measurements with function 4, settings with 3 and 6, coils with 1 and 5."""

    def __init__(self, address: int, clock: Clock) -> None:
        super().__init__(address, clock)
        phases = {f"{what}_{phase}": value for phase in _PHASES for what, value in _phase().items()}
        self.values = Values(
            closed=True, locked=False, trip_reason=_NO_TRIP, hertz=50.0, current_residual=4.0, temperature_n=26.0,
            energy=1234.567, **phases,
        )  # fmt: skip
        self._trips = [_NO_TRIP] * 3
        self._settings = {
            0: address, 1: 9600, 2: 275, 3: 165, 4: 6300, _LEAKAGE_LEVEL: 30, _HEAT_LEVEL: 100, 7: 14000, 12: 0,
            _SWITCH: _ON, 14: 0, 15: 0xFFFF,
        }  # fmt: skip
        self._remote_lock = self._manual = False
        self._deaf_until = 0.0
        self.values.watch(self._protect)

    def hears(self) -> bool:
        """Requests come too fast, or it is restarting."""
        now = self.clock.now()
        deaf, self._deaf_until = now < self._deaf_until, max(self._deaf_until, now + _SPACING)
        return not deaf

    def read_registers(self, address: int, count: int) -> list[int]:
        """FC04."""
        return block(self._registers(), address, count)

    def read_holding(self, address: int, count: int) -> list[int]:
        """FC03."""
        return block(self._settings, address, count)

    def read_coils(self, address: int, count: int) -> list[bool]:
        """FC01."""
        coils = [False, self.values.flag("closed"), self._remote_lock, self._manual, False, False]
        if address + count > len(coils):
            raise RefusalError(ExcCodes.ILLEGAL_ADDRESS)
        return coils[address : address + count]

    def write_holding(self, address: int, value: int) -> None:
        """FC06."""
        if address not in self._settings:
            raise RefusalError(ExcCodes.ILLEGAL_ADDRESS)
        if address == _SWITCH:
            self.write_coil(_COIL_SWITCH, value)
        elif address == 0:
            self.address = value & 0xFF
        self._settings[address] = value

    def write_coil(self, address: int, value: int) -> None:
        """FC05. The echo comes at once, the contacts follow seconds later."""
        if value not in {_ON, _OFF}:
            raise RefusalError(ExcCodes.ILLEGAL_VALUE)
        on = value == _ON
        match address:
            case 0:
                self._deaf_until = self.clock.now() + _RESTART
            case 1:
                self.clock.at(self.clock.now() + _SWITCHING, lambda: self._switch(on))
            case 2:
                self._remote_lock = on
            case 3:
                self._manual = on
            case 4:
                self._trips = [_NO_TRIP] * 3
                self.values.set("trip_reason", _NO_TRIP)
            case 5:
                self._trip(_LEAKAGE)
            case _:
                raise RefusalError(ExcCodes.ILLEGAL_ADDRESS)

    def _switch(self, on: bool) -> None:
        if on and (self.values.flag("locked") or self._remote_lock):
            return
        if not on and self.values.flag("closed"):
            self._trip(_REMOTE)
        self.values.set("closed", on)

    def _trip(self, reason: int) -> None:
        self._trips = [reason, *self._trips[:2]]
        self.values.set("trip_reason", reason)
        self.values.set("closed", False)

    def _protect(self, name: str) -> None:
        if not self.values.flag("closed"):
            return
        if name == "current_residual" and self._now(name) >= self._settings[_LEAKAGE_LEVEL]:
            self._trip(_LEAKAGE)
        elif name.startswith("temperature") and self._now(name) >= self._settings[_HEAT_LEVEL]:
            self._trip(_HEAT)

    def _now(self, name: str) -> float:
        return self.values.now(name, self.clock.now())

    def _registers(self) -> dict[int, int]:
        value = {name: self._now(name) for name in self.values.all()}
        energy = divmod(round(value["energy"] * 1000), 0x10000)
        status = (self.values.flag("locked") << 8) | (_CLOSED if self.values.flag("closed") else _OPEN)
        registers = dict.fromkeys(range(38), 0)
        registers |= {0: status, 4: round(value["hertz"] * 10), 5: round(value["current_residual"])}
        registers |= {6: round(value["temperature_n"]) + 40, 22: self.values.number("trip_reason")}
        registers |= dict(enumerate(self._trips, 1)) | dict(enumerate(energy, 13)) | dict(enumerate(energy, 36))
        total = 0
        for phase, first in _PHASES.items():
            volts, amps, factor = (value[f"{what}_{phase}"] for what in ("volts", "amps", "power_factor"))
            watts = round(volts * amps * factor)
            total += watts
            second = first + (
                3 if phase == "a" else 4
            )  # one register is left out between amps and power factor of B, C
            registers |= {first: round(value[f"temperature_{phase}"]) + 40, first + 1: round(volts)}
            registers |= {first + 2: round(amps * 100), second: round(factor * 100), second + 1: watts}
        return registers | {33: total}


def _phase() -> dict[str, float]:
    return {"temperature": 27.0, "volts": 230.0, "amps": 12.5, "power_factor": 0.95}
