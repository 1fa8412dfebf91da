"""RDM6300, a 125 kHz card reader on a serial line of its own: `{line: reader-n, driver: rdm6300}`.

It sends, while a tag stays, every 65 to 220 ms: 0x02, ten hexadecimal digits (version, four bytes of identity), two
of their exclusive or, 0x03. 9600 baud, 8N1. A card's number is its identity in ten decimal digits, as printed on it.
Unverified on hardware.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import xor
from typing import Annotated

from pydantic import Field

from gatehouse.driver import Found, Sample
from gatehouse.points import Point

_START, _END, _LENGTH = 0x02, 0x03, 14
_DIGITS = frozenset(b"0123456789ABCDEFabcdef")


@dataclass
class Device:
    """The reader."""

    away: Annotated[float, Field(ge=0.5, le=60)] = 1.0
    """Seconds without a tag after which the same tag counts as shown again."""
    _seen: dict[str, float] = field(init=False, repr=False, default_factory=dict)

    def points(self) -> Sequence[Point]:
        """`card`: the number of each card shown."""
        return [Point(name="card", title="卡号", momentary=True)]

    def hear(self, received: bytes, now: float) -> tuple[Found, Mapping[str, Sample]] | None:
        """One frame, or something to throw away; a tag that stays is one card."""
        start = received.find(_START)
        if start:
            return Found(len(received) if start < 0 else start, why="noise"), {}
        wrong = next((at for at, byte in enumerate(received[1:13], 1) if byte not in _DIGITS), None)
        if wrong is not None:
            return Found(wrong, why="noise"), {}
        if len(received) < _LENGTH:
            return None
        frame = received[:_LENGTH]
        *identity, check = bytes.fromhex(frame[1:13].decode("ascii"))
        if frame[13] != _END or reduce(xor, identity) != check:
            return Found(1, why="crc"), {}
        card = f"{int.from_bytes(bytes(identity[1:]), 'big'):010d}"
        return Found(_LENGTH, frame), {"card": Sample(card)} if self._shown_anew(card, now) else {}

    def _shown_anew(self, card: str, now: float) -> bool:
        """Remember that it is there; True when it was not a moment ago."""
        self._seen = {other: at for other, at in self._seen.items() if now - at <= self.away}
        anew = card not in self._seen
        self._seen[card] = now
        return anew


def explain(frame: bytes) -> str:
    """A frame in one line, for the trace of its line."""
    heard = Device().hear(frame, 0.0)
    card = heard[1].get("card") if heard else None
    return f"card {card.value}" if card else f"{len(frame)} bytes that are no card"
