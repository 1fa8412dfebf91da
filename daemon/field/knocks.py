"""Harmless questions that show who is on a line: reads only, of one register or of an address."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from drivers.modbus import Device
from drivers.modbus.profile import Profile
from gatehouse.driver import DriverError, Found, Question, Wire

Tongue = Literal["rtu", "ascii", "tcp"]
TABLES = ("holding", "input", "coil", "discrete")
"""In the order in which they are most often there."""
_GATEWAY = (b"\x0a", b"\x0b")
"""Exceptions by which a gateway says that nobody is there."""


@dataclass(slots=True)
class Heard:
    """All that came while one question stood: what it was taken for, and the bytes."""

    pieces: list[tuple[str, bytes]]
    rest: bytes = b""

    @property
    def garbled(self) -> bool:
        """Something spoke that was no sound frame."""
        return bool(self.rest) or any(why in {"noise", "crc"} for why, _ in self.pieces)

    @property
    def foreign(self) -> list[bytes]:
        """Sound frames that were no answer to this."""
        return [data for why, data in self.pieces if why == "foreign"]

    @property
    def bytes(self) -> bytes:
        """All of it."""
        return b"".join(data for _, data in self.pieces) + self.rest


def overheard(question: Question) -> tuple[Question, Heard]:
    """The same question, and where to read afterwards what its answer was looked for in."""
    heard = Heard([])

    def find(received: bytes) -> Found | None:
        found = question.find(received)
        if found is None:
            heard.rest = received
            return None
        if found.answer is None:
            heard.pieces.append((found.why, received[: found.used]))
        heard.rest = b"" if found.answer is not None else received[found.used :]
        return found

    return replace(question, find=find), heard


_TITLE = {"zh": "敲门", "en": "knock"}


def makeshift(points: Mapping[str, Mapping[str, object]], framing: str = "rtu") -> Profile:
    """A profile of a product of which nothing is known but that these points may be there."""
    about = {"maker": "?", "model": "?", "title": _TITLE, "source": [], "hardware": False, "grade": "B"}
    common = {"title": _TITLE, "kind": "slow", "period": "1m"}
    entries = {name: common | dict(point) for name, point in points.items()}
    return Profile.model_validate(about | {"framing": framing, "points": entries})


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody said to a knock."""

    table: str
    text: str
    refused: bool
    """An exception: it is there, but has nothing of this kind."""
    nobody: bool = False
    """A gateway says that the unit behind it does not answer."""


class Door:
    """Knocks at Modbus addresses."""

    def __init__(self, tongue: Tongue) -> None:
        """In one framing; ValueError where this program knows none of that name."""
        points = {table: {"table": table, "address": 0} for table in TABLES}
        self._profile = makeshift(points, "ascii" if tongue == "ascii" else "rtu")
        self._wire: Wire = "tcp" if tongue == "tcp" else "serial"

    def knock(self, unit: int, table: str) -> tuple[Question, Callable[[bytes], Answer]]:
        """A question to a unit, and what its answer means."""
        device = Device(unit=unit, profile=self._profile, wire=self._wire)
        scan = next(scan for scan in device.scans() if scan.points == (table,))
        question = device.ask(scan)

        def meaning(answer: bytes) -> Answer:
            if len(answer) == 2 and answer[0] & 0x80 and answer[1:] in _GATEWAY:
                return Answer(table, "", refused=True, nobody=True)
            try:
                value: Any = device.read(scan, answer)[table].value
            except DriverError as error:
                return Answer(table, str(error), refused=True)
            return Answer(table, f"{value:#06x}" if type(value) is int else str(int(value)), refused=False)

        return question, meaning
