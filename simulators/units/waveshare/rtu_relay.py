"""Waveshare Modbus RTU Relay: eight relays that can time their own pulses (after the Waveshare wiki)."""

from collections.abc import Callable

from pymodbus.constants import ExcCodes

from simulators.clock import Appointment, Clock
from simulators.unit import RefusalError, Unit

RELAYS = 8
_ON, _OFF = 0xFF00, 0x0000
_ALL, _TOGGLE_ALL, _FLASH_ON, _FLASH_OFF = 0x00FF, 0x01FF, 0x0200, 0x0400
_SERIAL, _ADDRESS, _VERSION = 0x2000, 0x4000, 0x8000


class Device(Unit):
    """The board without inputs."""

    version = 200  # hundredths

    def __init__(self, address: int, clock: Clock) -> None:
        super().__init__(address, clock)
        self.relays = [False] * RELAYS
        self._watchers: list[list[Callable[[bool], None]]] = [[] for _ in range(RELAYS)]
        self._flashes: list[Appointment | None] = [None] * RELAYS
        self._serial = 0x0001

    @property
    def channels(self) -> tuple[str, ...]:
        """relay1 to relay8."""
        return tuple(f"relay{n + 1}" for n in range(RELAYS))

    def watch(self, channel: str, callback: Callable[[bool], None]) -> None:
        """Be told each time that a relay moves."""
        self._watchers[self._index(channel)].append(callback)

    def drive(self, channel: str, value: bool) -> None:
        """Refuse: there are no inputs on this board."""
        raise ValueError(f"{channel} is not an input of this board")

    def sense(self, channel: str) -> bool:
        """How a relay stands."""
        return self.relays[self._index(channel)]

    def state(self) -> dict[str, object]:
        """As JSON can say it."""
        return {**super().state(), **{f"relay{n + 1}": on for n, on in enumerate(self.relays)}}

    def power_cycle(self) -> None:
        """All relays fall off and no pulse is remembered."""
        for n in range(RELAYS):
            self._switch(n, False)

    def read_coils(self, address: int, count: int) -> list[bool]:
        """FC01: how the relays stand."""
        if address + count > RELAYS:
            raise RefusalError(ExcCodes.ILLEGAL_ADDRESS)
        return self.relays[address : address + count]

    def read_holding(self, address: int, count: int) -> list[int]:
        """FC03: settings, each alone."""
        known = {_SERIAL: self._serial, _ADDRESS: self.address, _VERSION: self.version}
        if count != 1 or address not in known:
            raise RefusalError(ExcCodes.ILLEGAL_ADDRESS)
        return [known[address]]

    def write_holding(self, address: int, value: int) -> None:
        """FC06: the slave address. Rate and parity are kept, not obeyed: a simulated line has one rate."""
        if address == _ADDRESS and 1 <= value <= 255:
            self.address = value
        elif address == _SERIAL:
            self._serial = value
        else:
            raise RefusalError(ExcCodes.ILLEGAL_ADDRESS if address != _ADDRESS else ExcCodes.ILLEGAL_VALUE)

    def write_coil(self, address: int, value: int) -> None:
        """FC05: switch, or flash for value x 100 ms."""
        for first, pulse in ((_FLASH_ON, True), (_FLASH_OFF, False)):
            if first <= address < first + RELAYS:
                self._flash(address - first, pulse, value / 10)
                return
        if value not in {_ON, _OFF}:
            raise RefusalError(ExcCodes.ILLEGAL_VALUE)
        if address == _ALL:
            self.write_coils(0, [value == _ON] * RELAYS)
        elif address == _TOGGLE_ALL:
            self.write_coils(0, [not on for on in self.relays])
        elif address < RELAYS:
            self._switch(address, value == _ON)
        else:
            raise RefusalError(ExcCodes.ILLEGAL_ADDRESS)

    def write_coils(self, address: int, values: list[bool]) -> None:
        """FC15."""
        if address + len(values) > RELAYS:
            raise RefusalError(ExcCodes.ILLEGAL_ADDRESS)
        for n, on in enumerate(values, address):
            self._switch(n, on)

    def _index(self, channel: str) -> int:
        if channel not in self.channels:
            raise ValueError(f"no {channel!r}; there are: {', '.join(self.channels)}")
        return int(channel.removeprefix("relay").removeprefix("input")) - 1

    def _flash(self, n: int, on: bool, seconds: float) -> None:
        self._switch(n, on)
        self._flashes[n] = self.clock.at(self.clock.now() + seconds, lambda: self._switch(n, not on))

    def _switch(self, n: int, on: bool) -> None:
        """A command ends whatever pulse was running."""
        flash, self._flashes[n] = self._flashes[n], None
        if flash is not None:
            flash.cancel()
        self._move(n, on)

    def _move(self, n: int, on: bool) -> None:
        if self.relays[n] is on:
            return
        self.relays[n] = on
        for callback in self._watchers[n]:
            callback(on)
