"""Hot-water tank, an invented device that lives only in this file: `{line: cellar, driver: tank, address: 7}`.

Copy this file to `drivers/<name>.py`: its name is the driver that people write. Then say here what the device is, how
it speaks, where you know that from, and whether anybody has run this driver against the real one. Unverified on
hardware: there is none.

It is asked `#07?` and answers `>07 61.5 ON`: degrees and heater. It is told `#07=OFF` and answers `!07`, or `?07`
when it will not. Every message ends with a carriage return. 9600 baud, 8N1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from gatehouse.demands import Pulse
from gatehouse.driver import DriverError, Found, Question, Sample, Scan, ScanClass
from gatehouse.points import Point, Quality, Value

_END = b"\r"
_LONGEST = 32
_SCAN = Scan(name="state", kind=ScanClass.MEASURE, period=5.0, points=("temperature", "heater"))


@dataclass
class Device:
    """One tank."""

    # Settings: what stands beside `driver:` in the site file. An unknown one is refused, and the known ones are listed.
    address: Annotated[int, Field(ge=0, le=99)]
    """Set on the wheels behind the lid."""

    def points(self) -> Sequence[Point]:
        """Outside low..high it is the sensor that is wrong, not the water."""
        return [
            Point(name="temperature", title="水温", unit="°C", low=-10.0, high=110.0),
            Point(name="heater", title="加热", writable=True),
        ]

    def scans(self) -> Sequence[Scan]:
        """One exchange brings both channels."""
        return [_SCAN]

    def ask(self, scan: Scan) -> Question:
        """The bytes to send, and how to know the answer to them."""
        return self._question("?", b">", 13)

    def read(self, scan: Scan, answer: bytes) -> Mapping[str, Sample]:
        """A broken sensor is a bad sample; nonsense is a DriverError."""
        try:
            degrees, heater = answer[4:-1].decode("ascii").split(" ")
            temperature = Sample(None, Quality.BAD, "sensor broken") if degrees == "--" else Sample(float(degrees))
            return {"temperature": temperature, "heater": Sample({"ON": True, "OFF": False}[heater])}
        except (ValueError, KeyError) as error:
            raise DriverError(f"{answer!r} is no state of a tank") from error

    def write(self, channel: str, value: Value | Pulse) -> Question:
        """Refuse, in words, what the device cannot do. What it can time itself, let it time."""
        if channel != "heater" or not isinstance(value, bool):
            raise DriverError(f"{channel} cannot be set to {value!r}; heater can be on or off")
        return self._question("=ON" if value else "=OFF", b"!", 4)

    def accept(self, question: Question, answer: bytes) -> None:
        """Return when the device said yes."""
        if answer.startswith(b"?"):
            raise DriverError("the tank refused; its lid is open or its fuse is blown")

    def prepare(self) -> Sequence[Question]:
        """What it must be told each time it comes to life: nothing."""
        return []

    def _question(self, what: str, start: bytes, expected: int) -> Question:
        mine = f"{self.address:02}".encode()
        request = b"#" + mine + what.encode() + _END

        def find(received: bytes) -> Found | None:
            """Called with all bytes received so far, each time some arrive: never raise, never keep them for ever."""
            end = received.find(_END)
            if end < 0:
                return Found(len(received), why="noise") if len(received) > _LONGEST else None
            message = received[: end + 1]
            if message == request:
                return Found(len(message), why="echo")
            for sign in (start, b"?"):
                begin = message.rfind(sign + mine)
                if begin == 0:
                    return Found(len(message), message)
                if begin > 0:
                    return Found(begin, why="noise")
            return Found(len(message), why="foreign")

        return Question(request=request, find=find, expected=expected, patience=0.2, worst=0.5)


def explain(frame: bytes) -> str:
    """A frame of either direction in one line of English, for `gatehouse trace`. May be left out; must not raise, nor
    hand on what a terminal would obey."""
    text = frame.decode("ascii", "replace").rstrip()
    known = text[:1] in {"#", ">", "!", "?"} and text.isprintable()
    return f"tank {text[1:3]}: {text[3:].strip()}" if known else f"{len(frame)} bytes that are no tank frame"
