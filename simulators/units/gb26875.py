"""A fire panel that speaks GB/T 26875.3-2011, as a site file describes it, for a simulated estate."""

import functools
import struct
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from simulators.clock import Appointment, Clock
from simulators.fire_link import CONFIRM, DENY, SEND, WAIT, Frame, Panel, clock, cut

_SYSTEM_BITS = (
    "normal", "fire", "fault", "shielded", "supervise", "started", "feedback", "delayed", "mains", "battery", "bus",
    "manual",
)  # fmt: skip
_DEVICE_BITS = ("normal", "fire", "fault", "mains", "battery", "link", "lines")
_SYSTEM, _COMPONENT, _DEVICE = 1, 2, 21
_SMOKE = 40
_BEAT, _TRIES, _MOST_TOLD = 20.0, 3, 1000


class Mouth(Protocol):
    """The line of a panel."""

    def speak(self, data: bytes) -> None:
        """Send."""

    def hang_up(self) -> None:
        """Give up on this call, and make another."""


class Spot(NamedTuple):
    """Whose state something is: type of the data unit that tells it, and what stands before the state in it."""

    kind: int
    front: bytes

    def told(self, state: int, at: datetime) -> bytes:
        """One object."""
        if self.kind == _DEVICE:
            return bytes((state,)) + clock(at)
        return self.front + struct.pack("<H", state) + bytes(31 if self.kind == _COMPONENT else 0) + clock(at)


class Device(Panel):
    """A panel on a line of its own, as a site file describes it: it calls, reports what its terminals are told, one
    message after the other, and repeats each until it is confirmed."""

    def __init__(self, settings: Mapping[str, Any], time: Clock) -> None:
        """ValueError when it cannot be so."""
        for key in ("address", "centre"):
            if not isinstance(settings.get(key), int):
                raise ValueError(f"{key}: a number is wanted, found {settings.get(key)!r}")
        if settings.get("check", "sum") != "sum":
            raise ValueError(f"check: only sum can be simulated, found {settings['check']!r}")
        super().__init__(settings["address"], settings["centre"], datetime.now())  # noqa: DTZ005 - as clocks on walls
        its = {"fire": {}, "fault": {"bit": "fault"}} | dict(settings.get("channels") or {})
        self._terminals = {name: _bit(each) for name, each in its.items() if "analog" not in each}
        self._time, self._line = time, None
        self._states = {Spot(_SYSTEM, b"\1\1"): 1, Spot(_DEVICE, b""): 1} | {
            spot: 1 for spot, _ in self._terminals.values()
        }
        self._untold: deque[bytes] = deque(maxlen=_MOST_TOLD)
        self._tries, self._timer = 0, None
        self._buffer = bytearray()
        self.reads = {
            each: functools.partial(self._all, kind) for each, kind in ((61, _SYSTEM), (62, _COMPONENT), (81, _DEVICE))
        }

    _line: Mouth | None
    _timer: Appointment | None

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of its terminals: `fire`, `fault`, and the channels that are no measures."""
        return tuple(self._terminals)

    def watch(self, channel: str, callback: Callable[[bool], None]) -> None:
        """Nobody moves anything on it."""

    def sense(self, channel: str) -> bool:
        """Whether a terminal's bit stands."""
        spot, bit = self._terminals[channel]
        return bool(self._states[spot] & bit)

    def drive(self, channel: str, value: bool) -> None:
        """Something happens, or is over."""
        spot, bit = self._terminals[channel]
        state = self._states[spot] & ~1 & ~bit | (bit if value else 0)
        state = state or 1
        if state != self._states[spot]:
            self._states[spot] = state
            told = spot.told(state, datetime.now())  # noqa: DTZ005 - as clocks on walls
            self._untold.append(bytes((spot.kind, 1)) + told)
            if len(self._untold) == 1 and self._line is not None:
                self._say()

    def state(self) -> dict[str, object]:
        """As JSON can say it."""
        told = {name: self.sense(name) for name in self._terminals}
        orders = [frame.data[0] for frame in self.asked if frame.data]
        return {"terminals": told, "untold": len(self._untold), "orders": orders, "faults": self.faults[-5:]}

    def called(self, line: Mouth) -> None:
        """Its centre has answered the call: say what it does not know, or only that all is well."""
        self._line, self._tries = line, 0
        self._buffer.clear()
        self._beat()

    def hung_up(self) -> None:
        """Wait for the next call."""
        self._line = None
        self._wait(0.0, None)

    def hear(self, data: bytes) -> None:
        """Answers, and what the centre wants."""
        self._buffer += data
        try:
            while (frame := cut(self._buffer)) is not None:
                self._hear(frame)
                self._judge(frame)
        except ValueError as error:
            self.faults.append(str(error))
            self._give_up()

    def write(self, raw: bytes) -> None:
        """These bytes, right or wrong."""
        if self._line is not None:
            self._line.speak(raw)

    def _judge(self, frame: Frame) -> None:
        del self.heard[:-100], self.asked[:-100]
        if frame.sequence != self._sequence or not self._untold or frame.command not in {CONFIRM, DENY}:
            return
        if frame.command == DENY:
            self._say()
            return
        self._untold.popleft()
        self._sequence, self._tries = (self._sequence + 1) & 0xFFFF, 0
        if self._untold:
            self._say()
        else:
            self._wait(_BEAT, self._beat)

    def _beat(self) -> None:
        if not self._untold:
            self._untold.append(b"")
        self._say()

    def _say(self) -> None:
        """The oldest that is not confirmed, perhaps again."""
        if self._tries == _TRIES:
            self._give_up()
            return
        self._tries += 1
        self._wait(WAIT, self._say)
        self.write(self.frame(self._sequence, SEND, self._untold[0]))

    def _give_up(self) -> None:
        if self._line is not None:
            self._line.hang_up()

    def _wait(self, seconds: float, then: Callable[[], None] | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._time.at(self._time.now() + seconds, then) if then is not None else None

    def _all(self, kind: int, _: bytes) -> bytes:
        """All states of a type, whichever were asked for."""
        at = datetime.now()  # noqa: DTZ005 - as clocks on walls
        each = [spot.told(state, at) for spot, state in self._states.items() if spot.kind == kind][:22]
        return bytes((kind, len(each))) + b"".join(each)


def _bit(channel: Mapping[str, Any]) -> tuple[Spot, int]:
    """Whose bit a channel is, and which."""
    if "device" in channel:
        return Spot(_DEVICE, b""), 1 << _DEVICE_BITS.index(channel["device"])
    front, bit = bytes((channel.get("system", 1), channel.get("unit", 1))), channel.get("bit", "fire")
    if "place" in channel:
        zone, number = map(int, str(channel["place"]).split("-"))
        front += struct.pack("<BHH", _SMOKE, zone, number)
    return Spot(_COMPONENT if "place" in channel else _SYSTEM, front), 1 << _SYSTEM_BITS.index(bit)
