"""Which state of GB/T 45839-2025 table D.2 a device has: 1 normal, 2 alarm, 3 fault, 4 set apart."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from daemon.feeds.carrier import Standing

NORMAL, ALARM, FAULT, APART = 1, 2, 3, 4
_GRAVITY = {NORMAL: 0, APART: 1, FAULT: 2, ALARM: 3}

ALARMS = frozenset({
    "fire", "smoke", "call_point", "fire_confirmed", "gas", "gas_low", "leakage_warning", "leakage_alarm",
    "temperature_warning", "temperature_alarm", "temperature_high", "temperature_rise", "arc", "charging_hot",
})  # fmt: skip
"""Fire, gas and electrical fire: what the standard is about. What is in neither list is not told."""
FAULTS = frozenset({"fire_input", "sensor_fault", "device_silent", "line_down", "valve_open", "charging_not_off"})
"""Distinct from fire (5.5.1): faults of devices and of the ways to them."""
_STATES = {"normal": NORMAL, "open": NORMAL, "shelved": APART, "suppressed": APART, "out-of-service": APART}
"""By the state of our alarm; in all others it is told until somebody resets it (5.4.2)."""
_CHANGES = frozenset({
    "raised", "returned", "acknowledged", "reset", "shelved", "unshelved", "disabled", "enabled", "closed",
})  # fmt: skip
CARRIED = frozenset(f"alarm.{change}" for change in _CHANGES)
"""Kinds of event that can change the state of a device."""


def state_of(content: Mapping[str, Any]) -> int | None:
    """Of one alarm as it is told; None when it is none of the standard's matter."""
    kind = content.get("alarm_kind")
    if kind not in ALARMS and kind not in FAULTS:
        return None
    return _STATES.get(str(content.get("state")), ALARM if kind in ALARMS else FAULT)


class Standings:
    """What stands: as the state says it, and as events have changed it since."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self.taken = False
        """Whether the whole was ever told."""
        self._known: dict[str, tuple[str, int, datetime]] = {}  # alarm -> subject, state, since when

    def take(self, standing: Standing) -> None:
        """The whole state; events that are younger than it keep their word."""
        self.taken = True
        stands: dict[str, tuple[str, int, datetime]] = {}
        for alarm in standing.view.get("alarms", ()):
            state, name = state_of(alarm), alarm.get("alarm")
            if state is not None and isinstance(name, str) and not alarm.get("drill"):
                stands[name] = (str(alarm.get("subject", "")), state, standing.at)
        younger = {name: known for name, known in self._known.items() if known[2] > standing.at}
        self._known = stands | younger

    def after(self, kind: str, subject: str, content: Mapping[str, Any], at: datetime) -> int | None:
        """The state of this alarm by this event; what is known to be younger counts for more: an old all-clear out of a
        backlog ends no alarm of now."""
        state = state_of(content)
        if state is None or kind not in CARRIED:
            return None
        name = str(content.get("alarm", subject))
        known = self._known.get(name)
        if known is None or at >= known[2]:
            self._known[name] = (subject, state, at)
        return state

    def worst(self, which: Callable[[str], bool], said: int) -> int:
        """The gravest state among the alarms of these subjects, and `said`."""
        states = [said, *(state for subject, state, _ in self._known.values() if which(subject))]
        return max(states, key=_GRAVITY.__getitem__)
