"""How alarms are called at a fire monitoring centre: type of system, of component, bit of state, address.

The lists are the standard's; which alarm is which component is ours, and a site file can say it otherwise
(docs/gb26875.md). An address that nobody gave is the CRC-32 of the alarm's id: the same for ever, on every box.
"""

import math
import zlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from daemon.config.subscribers.gb26875 import AlarmType, AnalogType, Component, Gb26875, address_of
from drivers._gb26875_units import State


class Meaning(NamedTuple):
    """What a kind of alarm is at the centre."""

    system: int
    component: int
    state: State


_FIRE, _FAULT, _WATCH = State.FIRE, State.FAULT, State.SUPERVISE
MEANINGS: Mapping[str, Meaning] = MappingProxyType({
    "fire": Meaning(1, 85, _FIRE),  # a panel's contact on our input module
    "fire_input": Meaning(1, 85, _FAULT),
    "smoke": Meaning(1, 40, _FIRE),
    "call_point": Meaning(1, 23, _FIRE),
    "fire_confirmed": Meaning(1, 0, _FIRE),
    "sensor_fault": Meaning(1, 0, _FAULT),
    "gas": Meaning(1, 10, _FIRE),
    "gas_low": Meaning(1, 10, _WATCH),
    "valve_open": Meaning(1, 82, _FAULT),
    "leakage_warning": Meaning(1, 17, _WATCH),
    "leakage_alarm": Meaning(1, 17, _WATCH),
    "temperature_warning": Meaning(1, 18, _WATCH),
    "temperature_alarm": Meaning(1, 18, _WATCH),
    "trend_rising": Meaning(1, 16, _WATCH),
    "trend_unusual": Meaning(1, 16, _WATCH),
    "arc": Meaning(1, 16, _WATCH),
    "temperature_high": Meaning(1, 30, _WATCH),
    "temperature_rise": Meaning(1, 30, _WATCH),
    "charging_hot": Meaning(1, 82, _WATCH),
    "charging_overload": Meaning(1, 82, _WATCH),
    "charging_not_off": Meaning(1, 82, _FAULT),
    "fire_lane_in_fire": Meaning(0, 0, _WATCH),
    "device_silent": Meaning(1, 0, _FAULT),
    "line_down": Meaning(1, 0, _FAULT),
    "unconfirmed": Meaning(1, 86, _FAULT),
})  # fmt: skip
"""Kinds that are none of a fire centre's business are not here. Electrical fire is no fire: its alarms say supervise
(GB 50116 9.5: clearly different from fire)."""

ANALOGS: Mapping[str, AnalogType] = MappingProxyType({
    unit: AnalogType(type=number, step=step)
    for unit, (number, step) in {
        "m": (2, 0.01), "°C": (3, 0.1), "MPa": (4, 0.1), "kPa": (5, 0.1), "%LEL": (6, 0.1), "s": (7, 1.0),
        "V": (8, 0.1), "A": (9, 0.1), "L/s": (10, 0.1), "m³/min": (11, 0.1), "m/s": (12, 1.0),
    }.items()
})  # fmt: skip
"""By unit. Milliampere are not here: 0.1 A is 100 mA, so a centre must agree upon a type of its own (128-255)."""
_LEAST, _MOST = -32768, 32767


class Called(NamedTuple):
    """An alarm as the centre knows it."""

    system: int
    address: int
    component: int
    place: int
    text: str
    state: State


class Table:
    """One centre's view of a site."""

    def __init__(self, settings: Gb26875) -> None:
        """Settings come before what is usual."""
        self._settings = settings
        self._meanings = dict(MEANINGS) | {kind: _meaning(its) for kind, its in settings.alarms.items()}
        self._analogs = dict(ANALOGS) | settings.analogs

    def call(self, alarm: str, kind: str, subject: str, text: str) -> Called | None:
        """What an alarm is called; None when the centre is not to know of it."""
        meaning = self._meanings.get(kind)
        if meaning is None or not meaning.state:
            return None
        its = self._settings.components.get(alarm) or self._settings.components.get(subject) or Component()
        return Called(
            system=meaning.system if its.system is None else its.system,
            address=self._settings.system_address if its.address is None else its.address,
            component=meaning.component if its.component is None else its.component,
            place=zlib.crc32((alarm or subject).encode()) if its.place is None else address_of(its.place),
            text=its.text or text,
            state=meaning.state,
        )

    def systems(self) -> set[tuple[int, int]]:
        """Every system that there is, with its address."""
        own = self._settings.system_address
        usual = {(meaning.system, own) for meaning in self._meanings.values() if meaning.state}
        return usual | {(its.system, its.address) for its in self.named().values()}

    def named(self) -> dict[tuple[int, int, int], Called]:
        """The components that the site file gives an address, by it."""
        found = {}
        for name, its in self._settings.components.items():
            if its.place is not None:
                address = self._settings.system_address if its.address is None else its.address
                called = Called(1 if its.system is None else its.system, address, its.component or 0,
                                address_of(its.place), its.text or name, State(0))  # fmt: skip
                found[called.system, called.address, called.place] = called
        return found

    def analog(self, value: Any, unit: str) -> tuple[int, int] | None:  # noqa: ANN401 - whatever the evidence holds
        """Type and counts of a value; None when it fits no type."""
        its = self._analogs.get(unit)
        if its is None or isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return None
        counts = round(value / its.step)
        return (its.type, counts) if _LEAST <= counts <= _MOST else None

    def operator(self, name: str) -> int:
        """A person's number at the centre."""
        return self._settings.operators.get(name.partition(" (")[0], 0)


def _meaning(its: AlarmType) -> Meaning:
    return Meaning(its.system, its.component, State[its.state.upper()] if its.state != "none" else State(0))
