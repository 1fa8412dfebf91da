"""An event, or how things stand, as data units of GB/T 26875.3; nothing but what the subscriber's tier may know."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, NamedTuple

from daemon.feeds.carrier import Parcel
from daemon.feeds.catalogue import title
from daemon.feeds.gb26875.table import Called, Table
from drivers._gb26875_frames import stamped
from drivers._gb26875_units import DeviceState, Did, Object, State, Type, packed
from gatehouse.alarms import AlarmState

STATES = frozenset({
    "alarm.raised", "alarm.repeated", "alarm.returned", "alarm.acknowledged", "alarm.reset", "alarm.closed",
    "alarm.shelved", "alarm.unshelved", "alarm.disabled", "alarm.enabled", "alarm.followed",
})  # fmt: skip
"""Events after which a component's state is told."""
DEEDS: Mapping[str, Did] = {
    "alarm.reset": Did.RESET,
    "alarm.silenced": Did.SILENCED,
    "alarm.closed": Did.CLEARED,
    "alarm.acknowledged": Did.ANSWERED,
}
"""What people did, told beside it. Of a system, bit 5 says `confirmed`."""
_APART = frozenset({AlarmState.SHELVED, AlarmState.SUPPRESSED, AlarmState.OUT_OF_SERVICE})
_OVER = frozenset({AlarmState.RETURNED, AlarmState.LATCHED})


class Unit(NamedTuple):
    """One data unit."""

    kind: int
    objects: Sequence[Object]

    @property
    def data(self) -> bytes:
        """As it stands in a frame."""
        return packed(self.kind, self.objects)


def state_of(called: Called, state: str) -> State:
    """A component's state. A fire stands until it is reset; all else is over when its cause is gone."""
    if state == AlarmState.NORMAL or (state in _OVER and called.state is not State.FIRE):
        return State.NORMAL
    return State.NORMAL | (State.SHIELDED if state in _APART else called.state)


class Says:
    """What one centre is told."""

    def __init__(self, table: Table, name: str, zone: tzinfo) -> None:
        """`name`: of the subscriber."""
        self.table, self._name, self._zone = table, name, zone

    def stamp(self, at: datetime) -> bytes:
        """A time on the walls of the site; zeros while our clock is in no year that the protocol knows."""
        wall = at.astimezone(self._zone)
        return stamped(wall) if 2000 <= wall.year < 2100 else bytes(6)

    def event(self, parcel: Parcel, others: Mapping[tuple[int, int], State]) -> list[Unit]:
        """Of one event; nothing when it is none of the centre's business. `others`: the systems as last known."""
        view, stamp = parcel.view, self.stamp(parcel.at)
        content = view.content
        if parcel.kind == "rollcall.answered":
            mine = content.get("subscriber") == self._name
            did = Object(state=Did.ANSWERED, value=self.table.operator(str(content.get("by", ""))), stamp=stamp)
            return [Unit(Type.DEVICE_OPERATION, [did])] if mine else []
        kind = str(content.get("alarm_kind", ""))
        called = self.table.call(str(content.get("alarm", "")), kind, view.subject, _text(view.place, kind))
        if called is None:
            return []
        units = []
        if parcel.kind in STATES:
            state = state_of(called, str(content.get("state", "")))
            units.append(Unit(Type.COMPONENT_STATE, [component(called, state, stamp)]))
            if parcel.kind in {"alarm.raised", "alarm.repeated"}:
                whole = others.get((called.system, called.address), State.NORMAL) | state
                units.append(Unit(Type.SYSTEM_STATE, [_system(called.system, called.address, whole, stamp)]))
            units += self._analogs(called, content.get("evidence"), stamp)
        did_what = self._deed(parcel.kind, kind)
        if did_what:
            who = self.table.operator(str(content.get("by", "")))
            did = Object(system=called.system, address=called.address, state=did_what, value=who, stamp=stamp)
            units.append(Unit(Type.OPERATION, [did]))
        return units

    def _deed(self, event: str, alarm_kind: str) -> int:
        if event == "alarm.raised" and alarm_kind == "call_point":
            return Did.MANUAL_ALARM
        return DEEDS.get(event, 0)

    def _analogs(self, called: Called, evidence: object, stamp: bytes) -> Iterable[Unit]:
        if not isinstance(evidence, Mapping):
            return
        unit, objects = str(evidence.get("unit", "")), []
        for seen in evidence.values():
            if not isinstance(seen, Mapping):
                continue
            counts = self.table.analog(seen.get("value"), str(seen.get("unit", unit)))
            if counts is not None:
                one = component(called, State(0), stamp)
                objects.append(one._replace(text="", quantity=counts[0], value=counts[1]))
        if objects:
            yield Unit(Type.ANALOG, objects[:63])

    def components(self, view: Mapping[str, Any]) -> dict[tuple[int, int, int], tuple[Called, State]]:
        """All that stands, by system, its address, and the component's; the gravest of several at one place."""
        found: dict[tuple[int, int, int], tuple[Called, State]] = {}
        for alarm in view.get("alarms", ()):
            kind = str(alarm.get("alarm_kind", ""))
            subject, where = str(alarm.get("subject", "")), str(alarm.get("place", ""))
            called = self.table.call(str(alarm.get("alarm", "")), kind, subject, _text(where, kind))
            if called is None:
                continue
            at = (called.system, called.address, called.place)
            before = found.get(at, (called, State.NORMAL))
            found[at] = (before[0], before[1] | state_of(called, str(alarm.get("state", ""))))
        return found

    def systems(self, view: Mapping[str, Any]) -> dict[tuple[int, int], State]:
        """Each system that something is wrong with."""
        found: dict[tuple[int, int], State] = {}
        for (system, address, _), (_, state) in self.components(view).items():
            found[system, address] = found.get((system, address), State.NORMAL) | state
        return found

    def device(self, view: Mapping[str, Any], stamp: bytes) -> Unit:
        """How this box is."""
        state = DeviceState.NORMAL
        systems = self.systems(view).values()
        if any(each & State.FIRE for each in systems):
            state |= DeviceState.FIRE
        if view.get("journal") is False or any(each & State.FAULT for each in systems):
            state |= DeviceState.FAULT
        if not all([*view.get("lines", {}).values()]):
            state |= DeviceState.LINES
        return Unit(Type.DEVICE_STATE, [Object(state=state, stamp=stamp)])


def component(called: Called, state: State, stamp: bytes) -> Object:
    """One component's state."""
    return Object(system=called.system, address=called.address, component=called.component, place=called.place,
                  state=state, text=called.text, stamp=stamp)  # fmt: skip


def systems_unit(systems: Mapping[tuple[int, int], State], stamp: bytes) -> Unit:
    """States of systems, as many as fit."""
    objects = [_system(system, address, state, stamp) for (system, address), state in systems.items()]
    return Unit(Type.SYSTEM_STATE, objects[:102])


def _system(system: int, address: int, state: int, stamp: bytes) -> Object:
    return Object(system=system, address=address, state=state, stamp=stamp)


def _text(place: str, kind: str) -> str:
    return f"{place} {title(kind)}".strip()
