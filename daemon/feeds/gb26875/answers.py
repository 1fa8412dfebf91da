"""What a fire monitoring centre asks and orders, and what it gets. Nothing that it says moves anything here."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, tzinfo
from typing import Protocol

from daemon.clock import Clock
from daemon.config.subscribers.gb26875 import Gb26875
from daemon.feeds.gb26875.memory import Memory
from daemon.feeds.gb26875.said import Says, Unit, component
from drivers._gb26875_frames import Frame, FrameError, instant
from drivers._gb26875_units import Object, State, Type, most, parsed

_MAJOR, _MINOR = 0, 1
_USUAL_MINUTES = 10
"""For which a guard check is held where the centre names none (GB 26875.1)."""
_LONGEST_MINUTES = 60
_DEEDS = 102
"""What people did, at most, for a centre that does not say how much of it."""


class Seat(Protocol):
    """Where people sit, and what they are to hear of a centre. None of these waits or raises."""

    def asked(self, subscriber: str, minutes: int) -> None:
        """Somebody is to answer within so many minutes."""

    def clock(self, subscriber: str, ahead: float, limit: float) -> None:
        """The centre's clock is ahead of ours by so many seconds; from `limit` on that is an alarm."""

    def denied(self, subscriber: str, what: str) -> None:
        """The centre wants something that it does not get."""


class Nobody:
    """An empty seat."""

    def asked(self, subscriber: str, minutes: int) -> None:
        """Nobody hears it."""

    def clock(self, subscriber: str, ahead: float, limit: float) -> None:
        """Nobody hears it."""

    def denied(self, subscriber: str, what: str) -> None:
        """Nobody hears it."""


class Answers:
    """One centre's questions and orders."""

    def __init__(  # noqa: PLR0917 - all that it answers from
        self,
        name: str,
        settings: Gb26875,
        site: str,
        says: Says,
        memory: Memory,
        seat: Seat,
        clock: Clock,
        zone: tzinfo,
    ) -> None:
        """Answer from what is remembered."""
        self._name, self._settings, self._site = name, settings, site
        self._says, self._memory, self._seat, self._clock, self._zone = says, memory, seat, clock, zone
        self._readers: dict[int, Callable[[Sequence[Object]], Unit]] = {
            Type.READ_SYSTEM_STATE: self._system_states,
            Type.READ_COMPONENT_STATE: lambda asked: Unit(Type.COMPONENT_STATE, self._components(asked)),
            Type.READ_ANALOG: self._analogs,
            Type.READ_OPERATION: self._deeds,
            Type.READ_VERSION: lambda asked: Unit(Type.VERSION, [_of(asked[0])._replace(value=_MAJOR, minor=_MINOR)]),
            Type.READ_SYSTEM_CONFIG: self._configs,
            Type.READ_COMPONENT_CONFIG: lambda asked: Unit(Type.COMPONENT_CONFIG, self._components(asked)),
            Type.READ_SYSTEM_TIME: lambda asked: Unit(Type.SYSTEM_TIME, [_of(asked[0])._replace(stamp=self._now)]),
            Type.READ_DEVICE_STATE: lambda _: self._says.device(self._memory.view, self._now),
            Type.READ_DEVICE_OPERATION: self._own_deeds,
            Type.READ_DEVICE_VERSION: lambda _: Unit(Type.DEVICE_VERSION, [Object(value=_MAJOR, minor=_MINOR)]),
            Type.READ_DEVICE_CONFIG: lambda _: Unit(Type.DEVICE_CONFIG, [Object(text=self._text)]),
            Type.READ_DEVICE_TIME: lambda _: Unit(Type.DEVICE_TIME, [Object(stamp=self._now)]),
        }

    def read(self, frame: Frame) -> bytes | None:
        """The data of the answer to a request; None when it is denied."""
        try:
            kind, asked = parsed(frame.data)
            unit = self._readers[kind](asked or self._all(kind))
            return unit.data if unit.objects else None
        except (FrameError, KeyError, ValueError):  # nonsense, no request, nothing that could be said: all are denied
            return None

    def _all(self, kind: int) -> Sequence[Object]:
        """What a request that names nothing asks for, as much of it as one answer holds; what stands comes first."""
        if kind not in {Type.READ_COMPONENT_STATE, Type.READ_ANALOG, Type.READ_COMPONENT_CONFIG}:
            own = self._settings.system_address
            ours = sorted(self._says.table.systems(), key=lambda each: (each not in self._memory.systems, each))
            every = [Object(system=system, address=address, value=_DEEDS) for system, address in ours or [(1, own)]]
            return every[: most(kind)]
        known = (self._says.components(self._memory.view), self._says.table.named(), self._memory.components)
        places = dict.fromkeys(at for places in known for at in places)
        return [Object(system=system, address=address, place=place) for system, address, place in places][: most(kind)]

    def obey(self, frame: Frame) -> bool:
        """Take note of an order; False when it is denied."""
        try:
            kind, orders = parsed(frame.data)
        except FrameError:
            return False
        order = orders[0] if orders else Object()
        if kind == Type.GUARD_CHECK:
            self._seat.asked(self._name, min(order.value or _USUAL_MINUTES, _LONGEST_MINUTES))
            return True
        if kind == Type.SYNC_CLOCK:
            return self._compare(order.stamp or frame.stamp)
        self._seat.denied(self._name, "initialise" if kind == Type.INITIALISE else f"type {kind}")
        return False

    def _compare(self, stamp: bytes) -> bool:
        """Our clock is set by nobody but the system: the difference is told, and that is all."""
        theirs = instant(stamp, self._zone)
        if theirs is None:
            return False
        self._seat.clock(self._name, (theirs - self._here).total_seconds(), self._settings.clock_error)
        return True

    @property
    def _here(self) -> datetime:
        return self._clock.utc().astimezone(self._zone).replace(microsecond=0)

    @property
    def _now(self) -> bytes:
        return self._says.stamp(self._clock.utc())

    @property
    def _text(self) -> str:
        return f"gatehouse {self._site}"

    def _system_states(self, asked: Sequence[Object]) -> Unit:
        standing, ours = self._says.systems(self._memory.view), self._says.table.systems()
        found = [
            _of(each)._replace(state=standing.get((each.system, each.address), State.NORMAL), stamp=self._now)
            for each in asked
            if (each.system, each.address) in ours
        ]
        return Unit(Type.SYSTEM_STATE, found)

    def _components(self, asked: Sequence[Object]) -> list[Object]:
        """Of those that are known: they stand, they were told of, or the site file names them."""
        standing, named = self._says.components(self._memory.view), self._says.table.named()
        found = []
        for each in asked:
            at = (each.system, each.address, each.place)
            if at in standing:
                found.append(component(*standing[at], self._now))
            elif at in self._memory.components:
                found.append(self._memory.components[at]._replace(state=State.NORMAL, stamp=self._now))
            elif at in named:
                found.append(component(named[at], State.NORMAL, self._now))
        return found

    def _configs(self, asked: Sequence[Object]) -> Unit:
        return Unit(Type.SYSTEM_CONFIG, [_of(each)._replace(text=self._text) for each in asked])

    def _analogs(self, asked: Sequence[Object]) -> Unit:
        places = [(each.system, each.address, each.place) for each in asked]
        found = [value for at in places for value in self._memory.analogs(at)]
        return Unit(Type.ANALOG, found[: most(Type.ANALOG)])

    def _deeds(self, asked: Sequence[Object]) -> Unit:
        mine = [deed for deed in self._memory.deeds
                if (deed.system, deed.address) == (asked[0].system, asked[0].address)]  # fmt: skip
        return Unit(Type.OPERATION, self._since(mine, asked[0]))

    def _own_deeds(self, asked: Sequence[Object]) -> Unit:
        return Unit(Type.DEVICE_OPERATION, self._since(self._memory.own_deeds, asked[0]))

    def _since(self, deeds: Iterable[Object], asked: Object) -> list[Object]:
        """The first so many from that time on; from the oldest on where it is no time."""
        start = instant(asked.stamp, self._zone)
        later = [each for each in deeds if start is None or ((at := instant(each.stamp, self._zone)) and at >= start)]
        return later[: min(asked.value, most(Type.OPERATION))]


def _of(asked: Object) -> Object:
    return Object(system=asked.system, address=asked.address)
