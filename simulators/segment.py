"""The wire itself: half-duplex, and as slow as its baud rate."""

from collections.abc import Callable
from dataclasses import dataclass

from simulators.clock import Appointment, Clock

_LONGEST = 4096
_CHUNK = 0.001
"""Seconds of characters that are handed over together: one at 9600 baud, eleven at 115200, as USB adapters do."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What baud rate and format make of a character."""

    baud: int = 9600
    form: str = "8N1"
    real: bool = True
    """False: characters take no time."""

    @property
    def character(self) -> float:
        """Seconds that one character takes, with start, parity and stop bits."""
        bits = 1 + int(self.form[0]) + (self.form[1] != "N") + int(self.form[2])
        return bits / self.baud if self.real else 0.0

    @property
    def silence(self) -> float:
        """Seconds of silence that end a frame: 3.5 characters, 1.75 ms above 19200 baud."""
        return 0.00175 if self.baud > 19200 else 38.5 / self.baud


class Segment:
    """Carries bytes between one host and the units, each way in the time that they take."""

    def __init__(
        self, clock: Clock, pace: Pace, to_units: Callable[[bytes], None], to_host: Callable[[bytes], None]
    ) -> None:
        """`to_units` gets whole frames, ended by silence; `to_host` gets characters as they arrive."""
        self.collisions = 0
        """How often the host and a unit spoke at once, so that neither was understood."""
        self._clock = clock
        self._pace = pace
        self._to_units = to_units
        self._to_host = to_host
        self._host_until = 0.0
        self._frame = bytearray()
        self._garbled = False
        self._frame_end: Appointment | None = None
        self._sending: list[_Sending] = []

    def from_host(self, data: bytes) -> None:
        """Bytes that the host's port was given just now."""
        begin = max(self._clock.now(), self._host_until)
        self._host_until = begin + len(data) * self._pace.character
        if len(self._frame) < _LONGEST:
            self._frame += data
        if any(sending.started for sending in self._sending):
            self._collide()
        if self._frame_end is not None:
            self._frame_end.cancel()
        self._frame_end = self._clock.at(self._host_until + self._pace.silence, self._end_frame)

    @property
    def heard(self) -> float:
        """When the last character of the host's latest frame arrived."""
        return self._host_until

    def from_unit(self, data: bytes, when: float) -> None:
        """Bytes that a unit begins to send at an instant, whoever else is speaking then."""
        sending = _Sending(data, max(when, self._clock.now()))
        self._sending.append(sending)
        self._clock.at(sending.begin, lambda: self._start(sending))

    def clear(self) -> None:
        """Forget everything that is under way."""
        self._frame.clear()
        self._sending.clear()
        self._host_until = 0.0

    def _end_frame(self) -> None:
        frame, self._frame, self._frame_end = bytes(self._frame), bytearray(), None
        garbled, self._garbled = self._garbled, False
        if frame:
            self._to_units(bytes(byte ^ 0x5A for byte in frame) if garbled else frame)

    def _start(self, sending: "_Sending") -> None:
        if sending not in self._sending:
            return
        sending.started = True
        if self._clock.now() < self._host_until or any(other.started for other in self._sending if other != sending):
            self._collide()
        self._step(sending)

    def _step(self, sending: "_Sending") -> None:
        if sending not in self._sending:
            return
        character = self._pace.character
        passed = (self._clock.now() - sending.begin) / character + 1e-6 if character else len(sending.data)
        ready = sending.data[sending.sent : min(len(sending.data), int(passed))]
        sending.sent += len(ready)
        if sending.sent == len(sending.data):
            self._sending.remove(sending)
        else:
            upto = min(len(sending.data), sending.sent + max(1, int(_CHUNK / character)))
            self._clock.at(sending.begin + upto * character, lambda: self._step(sending))
        if ready:
            self._to_host(bytes(byte ^ 0xA5 for byte in ready) if sending.garbled else ready)

    def _collide(self) -> None:
        self.collisions += 1
        self._garbled = bool(self._frame)
        for sending in self._sending:
            sending.garbled = sending.garbled or sending.started


class _Sending:
    """One answer on its way."""

    __slots__ = ("begin", "data", "garbled", "sent", "started")

    def __init__(self, data: bytes, begin: float) -> None:
        self.data = data
        self.begin = begin
        self.sent = 0
        self.started = False
        self.garbled = False
