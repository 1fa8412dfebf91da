"""What a centre was told, so that it can ask for it again: bounded, over all connections of this run."""

from collections import OrderedDict, deque
from collections.abc import Mapping
from typing import Any

from daemon.feeds.gb26875.said import Unit
from drivers._gb26875_units import Object, State, Type

_COMPONENTS = 4096
_ANALOGS = 1024
_DEEDS = 102
"""The most that one answer holds."""

Place = tuple[int, int, int]
"""System, its address, the component's."""


class Memory:
    """One centre's."""

    def __init__(self) -> None:
        """Nothing was told."""
        self.view: Mapping[str, Any] = {}
        """How things stand, masked."""
        self.deeds: deque[Object] = deque(maxlen=_DEEDS)
        self.own_deeds: deque[Object] = deque(maxlen=_DEEDS)
        self.systems: dict[tuple[int, int], State] = {}
        """As they were told last."""
        self.components: OrderedDict[Place, Object] = OrderedDict()
        self._analogs: OrderedDict[Place, dict[int, Object]] = OrderedDict()
        self._sequence = -1

    def next(self) -> int:
        """The number of a new message; the first is 0."""
        self._sequence = (self._sequence + 1) & 0xFFFF
        return self._sequence

    def told(self, unit: Unit) -> None:
        """The centre has confirmed it."""
        for each in unit.objects:
            at = (each.system, each.address, each.place)
            if unit.kind == Type.COMPONENT_STATE:
                _keep(self.components, at, each, _COMPONENTS)
            elif unit.kind == Type.ANALOG:
                _keep(self._analogs, at, self._analogs.get(at, {}) | {each.quantity: each}, _ANALOGS)
            elif unit.kind == Type.OPERATION:
                self.deeds.append(each)
            elif unit.kind == Type.DEVICE_OPERATION:
                self.own_deeds.append(each)
            elif unit.kind == Type.SYSTEM_STATE:
                self.systems[each.system, each.address] = State(each.state)

    def analogs(self, at: Place) -> list[Object]:
        """The values of a component that were told last."""
        return list(self._analogs.get(at, {}).values())


def _keep(shelf: "OrderedDict[Place, Any]", at: Place, what: Any, room: int) -> None:  # noqa: ANN401 - either shelf's
    shelf[at] = what
    shelf.move_to_end(at)
    if len(shelf) > room:
        shelf.popitem(last=False)
