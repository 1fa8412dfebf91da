"""GB/T 26875.3-2011, inward: a fire panel or electrical-fire host reports to us as if we were the monitoring centre.

    lines:   {panel: {listen: "10.20.12.2:5200", peer: 10.20.12.30}}
    devices:
      panel: {line: panel, driver: gb26875, address: 889, centre: 88888, channels: {
              stair-3: {place: "10-2", title: 3层烟感}, mains: {device: mains, title: 主电故障}}}

It calls us, says what happens, and wants each message confirmed (command 3); what is damaged is denied (6) and comes
again. `fire` and `fault` hold while anything that it reports has that bit: each is taken back by the next report of the
same system or component, or by a reset of its system. Bit 0 (normal or test) counts for nothing: the sources differ on
its meaning. When it calls it is asked for its state, so that a restart of ours forgets no fire. Unverified on hardware.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from drivers import _gb26875_units as units
from drivers._gb26875_frames import Check, Command, Frame, FrameError, Piece, find, stamped
from drivers._gb26875_units import DeviceState, Did, Object, State, Type
from gatehouse.driver import Found, Sample
from gatehouse.points import Point, Quality

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}\Z")
_PLACE = re.compile(r"([0-9]{1,5})-([0-9]{1,5})\Z")
_REPEATS = 60.0
"""Seconds in which the same message may be a repeat: three of ten seconds each, and some."""
_REMEMBERED = 256
_PATIENCE = 10.0
"""Seconds between two questions about what is in doubt: the standard's own time for an answer."""
_DAY = 86400.0
_MOST_STATES = 4096
_OWN = ("fire", "fault", "operation")
_NO_TIME = bytes(6)
_SYSTEM_BITS = Literal[
    "fire", "fault", "shielded", "supervise", "started", "feedback", "delayed", "mains", "battery", "bus", "manual"
]
Byte = Annotated[int, Field(ge=0, le=255)]
Address = Annotated[int, Field(ge=0, lt=2**48)]


class Channel(BaseModel):
    """One thing that is reported: a bit of a system, of a component (`place`) or of the device, or an analog value."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)

    title: str = ""
    system: Byte = 1
    """Type of system."""
    unit: Byte = 1
    """Address of the system."""
    place: Annotated[str, Field(pattern=r"^[0-9]{1,5}-[0-9]{1,5}$")] | None = None
    """zone-number of a component, as in "10-2"."""
    bit: _SYSTEM_BITS = "fire"
    device: Literal["fire", "fault", "mains", "battery", "link", "lines"] | None = None
    """A bit of the transmission device itself."""
    analog: Byte | None = None
    """Type of an analog value of the component."""
    step: Annotated[float, Field(gt=0)] = 1.0
    """What one count of it stands for."""
    measures: str = ""
    """Its unit."""

    @property
    def component(self) -> int:
        """The number of its place; -1 for the system."""
        match = _PLACE.match(self.place or "")
        return units.place(int(match[1]), int(match[2])) if match else -1


_Key = tuple[int, int, int]
"""System, its address, the component's or -1; (-1, -1, -1) is the device itself."""
_DEVICE = (-1, -1, -1)


@dataclass
class Device:
    """A transmission device, and what stands behind it."""

    address: Address
    """Its own; what comes from another one is foreign."""
    centre: Address
    """Ours, as it was told to it."""
    channels: dict[str, Channel] = field(default_factory=dict)
    check: Check = "sum"
    """How frames are checked; xor for one maker."""
    silence: Annotated[float, Field(ge=10, le=3600)] = 90.0
    """Seconds without any message, or heartbeat, after which it is lost."""
    ask: bool = True
    """Ask for its state when it calls."""
    sync: bool = False
    """Set its clock when it calls, and once a day."""
    quiet: bool = False
    """True: one that has called and reported nothing is believed to be well. For devices that answer no questions."""
    clock: Callable[[], datetime] | None = field(default=None, repr=False, compare=False)
    _states: "OrderedDict[_Key, int]" = field(init=False, repr=False, default_factory=OrderedDict)
    _seen: "OrderedDict[int, tuple[bytes, float]]" = field(init=False, repr=False, default_factory=OrderedDict)
    _doubtful: set[_Key] = field(init=False, repr=False, default_factory=set)
    _asked: float = field(init=False, repr=False, default=float("-inf"))
    _sequence: int = field(init=False, repr=False, default=-1)
    _synced: float = field(init=False, repr=False, default=float("-inf"))
    _reported: bool = field(init=False, repr=False, default=False)

    def __post_init__(self) -> None:
        """ValueError for what cannot be."""
        for name, its in self.channels.items():
            if not _NAME.match(name) or name in _OWN:
                raise ValueError(f"channels: {name!r} must be small letters, digits, - and _, and none of {_OWN}")
            if its.analog is not None and its.place is None:
                raise ValueError(f"channels: {name}: an analog value belongs to a component; add place")

    def points(self) -> Sequence[Point]:
        """`fire`, `fault`, `operation` (what somebody did at the panel), and the channels."""
        own = [
            Point(name="fire", title="火警", sort="switch"),
            Point(name="fault", title="故障", sort="switch"),
            Point(name="operation", title="操作", sort="text", momentary=True),
        ]
        return own + [
            Point(
                name=name, title=its.title or name, unit=its.measures, sort="switch" if its.analog is None else "number"
            )
            for name, its in self.channels.items()
        ]

    def begin(self, now: float) -> bytes:
        """It has called: ask how things are, and set its clock."""
        said = list(self._questions(self._all())) if self.ask else []
        if self.sync:
            said.append(self._sync(now))
        return b"".join(said)

    def hear(self, received: bytes, now: float) -> tuple[Found, Mapping[str, Sample]] | None:
        """One frame, or something to throw away; what comes again is confirmed again, and takes nothing back."""
        piece = find(received, self.check)
        if piece is None:
            return None
        frame = piece.frame
        if frame is None:
            return self._damaged(piece), {}
        if (frame.source, frame.destination) != (self.address, self.centre):
            return Found(piece.used, why="foreign"), {}
        raw = received[: piece.used]
        samples: dict[str, Sample] = {}
        reply = self._to(frame, Command.DENY) if frame.command in {Command.CONTROL, Command.REQUEST} else b""
        if frame.command in {Command.SEND, Command.ANSWER}:
            try:
                samples = self._read(frame.data, again=frame.command == Command.SEND and self._again(frame, now))
            except FrameError:
                self._seen.pop(frame.sequence, None)
                return Found(piece.used, why="crc", reply=self._to(frame, Command.DENY)), {}
            reply = self._to(frame, Command.CONFIRM) if frame.command == Command.SEND else b""
            reply += self._about_doubts(now)
        if self.sync and now - self._synced >= _DAY:
            reply += self._sync(now)
        return Found(piece.used, raw, reply=reply), samples | self._whole()

    # What is said

    def _read(self, data: bytes, *, again: bool) -> dict[str, Sample]:
        """Samples of a data unit; a type that we do not know is none of our business. FrameError for a broken one.

        Of one that may be a repeat only states count, and only what they add.
        """
        if not data or data[0] not in units.KNOWN:
            return {}
        kind, objects = units.parsed(data)
        samples: dict[str, Sample] = {}
        for each in objects:
            if kind == Type.SYSTEM_STATE:
                samples |= self._took((each.system, each.address, -1), each.state, again=again)
            elif kind == Type.COMPONENT_STATE:
                samples |= self._took((each.system, each.address, each.place), each.state, again=again)
            elif kind == Type.DEVICE_STATE:
                samples |= self._took(_DEVICE, each.state, again=again)
            elif kind == Type.ANALOG and not again:
                samples |= self._measured(each)
            elif kind in {Type.OPERATION, Type.DEVICE_OPERATION} and not again:
                samples |= self._operated(kind, each)
        return samples

    def _took(self, key: _Key, state: int, *, again: bool) -> dict[str, Sample]:
        self._reported = True
        before = self._states.get(key, 0)
        if again and state != before:
            self._doubtful.add(key)
            state |= before
        self._states[key] = state
        self._states.move_to_end(key)
        if len(self._states) > _MOST_STATES:
            harmless = (each for each, bits in self._states.items() if not bits & State.FIRE)
            self._states.pop(next(harmless, next(iter(self._states))))
        found = {}
        for name, its in self.channels.items():
            if its.analog is not None:
                continue
            if its.device is not None and key == _DEVICE:
                found[name] = Sample(bool(state & DeviceState[its.device.upper()]))
            elif its.device is None and key == (its.system, its.unit, its.component):
                found[name] = Sample(bool(state & State[its.bit.upper()]))
        return found

    def _measured(self, each: Object) -> dict[str, Sample]:
        at = (each.system, each.address, each.place, each.quantity)
        return {
            name: Sample(each.value * its.step)
            for name, its in self.channels.items()
            if (its.system, its.unit, its.component, its.analog) == at
        }

    def _operated(self, kind: int, each: Object) -> dict[str, Sample]:
        did = Did(each.state & 0x7F)
        if did & Did.RESET and kind == Type.OPERATION:
            for key in [key for key in self._states if key[:2] == (each.system, each.address)]:
                del self._states[key]
        elif did & Did.RESET:
            self._states.pop(_DEVICE, None)
        cleared = {
            name: Sample(False)
            for name, its in self.channels.items()
            if did & Did.RESET and its.analog is None and self._is_reset(kind, its, each)
        }
        words = ",".join(bit.name.lower() for bit in Did if did & bit and bit.name)
        return cleared | ({"operation": Sample(words)} if words else {})

    @staticmethod
    def _is_reset(kind: int, its: Channel, each: Object) -> bool:
        if kind == Type.DEVICE_OPERATION:
            return its.device is not None
        return its.device is None and (its.system, its.unit) == (each.system, each.address)

    def _whole(self) -> dict[str, Sample]:
        """Fire and fault of all together."""
        known = self._reported or self.quiet
        quality, note = (Quality.GOOD, "") if known else (Quality.UNCERTAIN, "it has reported no state yet")
        states = self._states.values()
        fire = any(bits & State.FIRE for bits in states)
        fault = any(bits & State.FAULT for bits in states)
        return {"fire": Sample(fire, quality, note), "fault": Sample(fault, quality, note)}

    # What is answered

    def _again(self, frame: Frame, now: float) -> bool:
        """Whether this may be a repeat: the last message of this number was the same, a moment ago. Times of sending
        may differ. One with other content in between shows that the device does not count, and then it is no repeat.
        """
        if not frame.data:
            return False
        data, first = self._seen.get(frame.sequence, (b"", 0.0))
        if data == frame.data and now - first < _REPEATS:
            return True
        self._seen[frame.sequence] = (frame.data, now)
        self._seen.move_to_end(frame.sequence)
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return False

    def _about_doubts(self, now: float) -> bytes:
        """Ask for the states of which a repeat, or what looks like one, said otherwise; at most so often."""
        doubtful, self._doubtful = self._doubtful, set()
        if not (doubtful and self.ask and now - self._asked >= _PATIENCE):
            return b""
        self._asked = now
        return b"".join(self._questions(doubtful))

    def _damaged(self, piece: Piece) -> Found:
        head = piece.denied
        ours = head is not None and (head.source, head.destination, head.version) == (self.address, self.centre, 1)
        reply = self._to(head, Command.DENY) if head is not None and ours else b""
        return Found(piece.used, why="noise" if piece.why == "noise" else "crc", reply=reply)

    def _to(self, frame: Frame, command: Command) -> bytes:
        return frame.answered(command, self._stamp or frame.stamp).packed(self.check)

    @property
    def _stamp(self) -> bytes:
        now = self.clock() if self.clock is not None else None
        told = now is not None and 2000 <= now.year < 2100  # a box that has lost its time hears fire all the same
        return stamped(now) if now is not None and told else b""

    def _questions(self, keys: Iterable[_Key]) -> Iterable[bytes]:
        """How these stand."""
        each = sorted(set(keys))
        wanted = {
            Type.READ_DEVICE_STATE: [Object() for key in each if key == _DEVICE],
            Type.READ_SYSTEM_STATE: [Object(system=s, address=u) for s, u, place in each if s >= 0 > place],
            Type.READ_COMPONENT_STATE: [Object(system=s, address=u, place=place) for s, u, place in each if place >= 0],
        }
        for kind, objects in wanted.items():
            yield from (self._message(Command.REQUEST, data) for data in units.groups(kind, objects))

    def _all(self) -> Iterable[_Key]:
        """The device, and all that channels are about."""
        about = [its for its in self.channels.values() if its.device is None]
        systems = {(its.system, its.unit, -1) for its in about} or {(1, 1, -1)}
        return {_DEVICE} | systems | {(its.system, its.unit, its.component) for its in about}

    def _sync(self, now: float) -> bytes:
        self._synced = now
        stamp = self._stamp
        return self._message(Command.CONTROL, units.packed(Type.SYNC_CLOCK, [Object(stamp=stamp)])) if stamp else b""

    def _message(self, command: Command, data: bytes) -> bytes:
        self._sequence = (self._sequence + 1) & 0xFFFF
        frame = Frame(
            sequence=self._sequence,
            command=command,
            source=self.centre,
            destination=self.address,
            data=data,
            stamp=self._stamp or _NO_TIME,
        )
        return frame.packed(self.check)


def explain(frame: bytes) -> str:
    """A frame in one line, for the trace of its line."""
    piece = find(frame) or Piece(0)
    if piece.frame is None:
        return f"{len(frame)} bytes that are no frame ({piece.why or 'incomplete'})"
    its = piece.frame
    said = f"{Command(its.command).name.lower()} {its.sequence} from {its.source} to {its.destination}"
    if not its.data:
        return said
    try:
        kind, objects = units.parsed(its.data)
    except FrameError as error:
        return f"{said}: {error}"
    parts = []
    for each in objects[:4]:
        where = f" {units.halves(each.place)}" if each.place else ""
        said_of = f"system {each.system}/{each.address}{where} state {each.state:#x} value {each.value} {each.text}"
        parts.append(said_of.rstrip())
    return f"{said}: {Type(kind).name.lower()} " + "; ".join(parts)
