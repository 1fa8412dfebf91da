"""Which event code of SIA DC-03 each kind of alarm has, when it begins and when it is over.

Source of the codes and their meanings: the table of pysiaalarm 3.2 (`data/sia_codes.py`, MIT); which of them suits
which of our alarms is our choice, and a site may choose otherwise (`codes:`).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Codes(NamedTuple):
    """The two ends of an alarm."""

    raised: str
    restored: str


_FIRE, _CONFIRMED, _FIRE_TROUBLE = Codes("FA", "FR"), Codes("FM", "FR"), Codes("FT", "FJ")
_FIRE_TEST = Codes("FI", "FK")
_GAS, _GAS_UNSAFE = Codes("GA", "GR"), Codes("GS", "GR")
_HEAT, _HEAT_UNSAFE, _FREEZE = Codes("KA", "KR"), Codes("KS", "KR"), Codes("ZA", "ZR")
_WATER, _WATER_UNSAFE, _PANIC = Codes("WA", "WR"), Codes("WS", "WR"), Codes("PA", "PR")
_UNTYPED, _UNSAFE, _TROUBLE = Codes("UA", "UR"), Codes("US", "UR"), Codes("UT", "UJ")
_FORCED, _LEFT_OPEN, _OUTPUT = Codes("DF", "DR"), Codes("DM", "DH"), Codes("OU", "OV")
_MISSING, _EXPANSION = Codes("EM", "EN"), Codes("ET", "ER")
_COMMUNICATIONS, _SERVICE, _GUESSED = Codes("YS", "YK"), Codes("YX", "YZ"), Codes("JA", "JC")

ALARMS: Mapping[str, Codes] = MappingProxyType({
    "fire": _FIRE, "smoke": _FIRE, "call_point": _FIRE, "fire_confirmed": _CONFIRMED, "fire_input": _FIRE_TROUBLE,
    "gas": _GAS, "gas_low": _GAS_UNSAFE, "valve_open": _GAS_UNSAFE,
    "leakage_warning": _UNSAFE, "leakage_alarm": _UNTYPED, "arc": _UNTYPED,
    "temperature_warning": _HEAT_UNSAFE, "temperature_alarm": _HEAT, "temperature_high": _HEAT,
    "temperature_rise": _HEAT, "temperature_low": _FREEZE,
    "trend_rising": _UNSAFE, "trend_unusual": _UNSAFE,
    "water": _WATER, "water_warning": _WATER_UNSAFE, "water_low": _WATER_UNSAFE, "sos": _PANIC,
    "charging_hot": _HEAT, "charging_warm": _HEAT_UNSAFE, "charging_overload": _UNTYPED, "charging_full": _UNSAFE,
    "charging_not_off": _OUTPUT,
    "fire_lane_blocked": _UNSAFE, "fire_lane_still_blocked": _UNSAFE, "fire_lane_in_fire": _UNSAFE,
    "gate_opened": _LEFT_OPEN, "gate_left_open": _LEFT_OPEN, "gate_not_open": _OUTPUT,
    "door_forced": _FORCED, "door_held": _LEFT_OPEN, "boom_stuck": _OUTPUT, "boom_unknown": _OUTPUT,
    "unconfirmed": _OUTPUT, "presence_fault": _TROUBLE, "sensor_fault": _TROUBLE, "wrong_cards": _GUESSED,
    "expression": _UNTYPED, "expression_unjudged": _TROUBLE,
    "device_silent": _MISSING, "line_down": _EXPANSION,
    "feed_trouble": _COMMUNICATIONS, "channel_trouble": _COMMUNICATIONS, "channel_untested": _SERVICE,
    "journal_trouble": _SERVICE, "journal_size": _SERVICE, "disk_full": _SERVICE, "recording_trouble": _SERVICE,
    "certificate_ending": _SERVICE, "alarm_flood": _SERVICE, "rule_failed": _SERVICE, "task_failed": _SERVICE,
    "guard_help": _PANIC, "zone_under_test": _FIRE_TEST,
    "roll_call": _SERVICE, "roll_call_missed": _SERVICE, "centre_clock": _SERVICE,
    "config_faulty": _SERVICE, "config_rolled_back": _SERVICE,
})  # fmt: skip
"""By kind of alarm."""
USUAL = _UNTYPED
"""Of a kind that is not in the table: an alarm from a zone of unknown type."""
BYPASSED: Mapping[str, Codes] = MappingProxyType(
    {letter: Codes(f"{letter}B", f"{letter}U") for letter in ("F", "G", "H", "K", "P", "Q", "S", "U", "W", "Z")}
)
"""By the first letter of an alarm's code: set apart by a person, and taken back."""
DENIED: Mapping[str, str] = MappingProxyType(
    {"unknown": "DD", "not_yet": "DP", "expired": "DK", "wrong_hour": "DP", "wrong_door": "DV"}
)
"""Of a refused card by the reason; of all other reasons DK."""


def code_of(kind: str, content: Mapping[str, object], chosen: Mapping[str, str]) -> str | None:
    """The code of an event, or None where there is none. `chosen` are the site's own: kind of alarm -> `FA` or
    `FA/FR`."""
    if kind == "access.granted":
        return "DG"
    if kind == "access.denied":
        return DENIED.get(str(content.get("reason")), "DK")
    if kind not in _SAID:
        return None
    alarm = str(content.get("alarm_kind", ""))
    codes = _own(chosen[alarm]) if alarm in chosen else ALARMS.get(alarm, USUAL)
    if kind in _SET_APART:
        codes = BYPASSED.get(codes.raised[0], BYPASSED["U"])
    return codes.raised if kind in _BEGINS else codes.restored


def _own(text: str) -> Codes:
    raised, _, restored = text.partition("/")
    return Codes(raised, restored or f"{raised[0]}R")


_SET_APART = frozenset({"alarm.shelved", "alarm.disabled", "alarm.unshelved", "alarm.enabled"})
_BEGINS = frozenset({"alarm.raised", "alarm.shelved", "alarm.disabled"})
_SAID = frozenset({"alarm.raised", "alarm.returned"}) | _SET_APART
CARRIED = _SAID | {"access.granted", "access.denied"}
"""Kinds of event that the protocol has words for."""
