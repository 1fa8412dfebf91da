"""What simulated meters are: a protocol of their own, an address of many digits, plain named values."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from simulators.clock import Clock
from simulators.unit import Values

DELAY = 0.06
"""Seconds that a healthy meter takes to begin its answer."""


class Meter(ABC):
    """One meter on a serial line."""

    digits = 12
    """Of its address."""

    def __init__(self, settings: Mapping[str, Any], clock: Clock) -> None:
        """As a site file describes it. ValueError when it cannot be so."""
        address = settings.get("address")
        if not isinstance(address, str) or len(address) != self.digits or not address.isdecimal():
            raise ValueError(f"address: {self.digits} digits in quotes are wanted, found {address!r}")
        self.address = address
        self.clock = clock
        self.values = Values()

    def hears(self) -> bool:
        """A meter misses nothing."""
        return True

    def power_cycle(self) -> None:  # noqa: B027 - not abstract: there is nothing to do
        """It keeps everything."""

    def state(self) -> dict[str, object]:
        """As JSON can say it."""
        return {"values": self.values.all()}

    @abstractmethod
    def asked(self, frame: bytes) -> bool:
        """Whether a frame is sound, in its protocol, and for it."""

    @abstractmethod
    def answer(self, frame: bytes) -> bytes | None:
        """Its answer to a frame that asks it."""

    @abstractmethod
    def disguised(self, answer: bytes) -> bytes:
        """An answer of it as another meter would give it."""


def summed(frame: bytes) -> bytes:
    """A frame from its 68 with the sum of its bytes and its end, as both protocols want them."""
    return frame + bytes([sum(frame) % 256, 0x16])


def sound(frame: bytes, head: int) -> bytes:
    """A frame without what wakes the meter, or nothing: its length byte ends a head of so many bytes."""
    frame = frame.lstrip(b"\xfe")
    if len(frame) < head + 2 or frame[0] != 0x68 or len(frame) != head + frame[head - 1] + 2:
        return b""
    return frame if summed(frame[:-2]) == frame else b""


def decimal(value: float, size: int, places: int) -> bytes:
    """A number in so many bytes, two digits each, the lowest first; minus is the highest bit."""
    digits = f"{abs(round(value * 10**places)):0{2 * size}d}"[-2 * size :]
    data = bytearray(int(digits[at : at + 2], 16) for at in range(2 * size - 2, -1, -2))
    if value < 0:
        data[-1] |= 0x80
    return bytes(data)
