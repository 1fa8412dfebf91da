"""RDM6300: a 125 kHz card reader that speaks unasked."""

from typing import Protocol

from simulators.clock import Appointment, Clock

_REPEAT = 0.065
_START, _END = b"\x02", b"\x03"
_LARGEST = 0xFFFFFFFF


class Mouth(Protocol):
    """Where a reader's bytes go."""

    def speak(self, data: bytes) -> None:
        """Send unasked."""


def frame(number: str, version: int = 0) -> bytes:
    """The fourteen bytes for the ten-digit decimal number that is printed on a card; ValueError when it is none."""
    if len(number) != 10 or not (number.isascii() and number.isdigit()) or int(number) > _LARGEST:
        raise ValueError(f"{number!r} is not a card number: ten decimal digits, at most {_LARGEST}")
    code = bytes([version]) + int(number).to_bytes(4, "big")
    check = 0
    for byte in code:
        check ^= byte
    return _START + (code + bytes([check])).hex().upper().encode() + _END


class Device:
    """A reader on a line of its own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._line: Mouth | None = None
        self._tag = b""
        self._until = 0.0
        self._next: Appointment | None = None
        self.swipes = 0
        self.last = ""

    def connect(self, line: Mouth) -> None:
        """Learn the line that it speaks on."""
        self._line = line

    def swipe(self, number: str, seconds: float = 0.3) -> None:
        """Hold a card before it; it says the number every 65 ms until the card has gone."""
        self._tag = frame(number)
        self._until = self._clock.now() + seconds
        self.swipes += 1
        self.last = number
        if self._next is not None:
            self._next.cancel()
        self._say()

    def state(self) -> dict[str, object]:
        """As JSON can say it."""
        return {"swipes": self.swipes, "last": self.last, "present": self._next is not None}

    def _say(self) -> None:
        now = self._clock.now()
        if now >= self._until:
            self._next = None
            return
        if self._line is not None:
            self._line.speak(self._tag)
        self._next = self._clock.at(now + _REPEAT, self._say)
