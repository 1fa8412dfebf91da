"""Golden frames: bytes of the real device, or published ones, and what they mean. A YAML file beside the driver."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from daemon.config import document
from daemon.config.faults import Fault
from daemon.config.site import Section
from daemon.config.validation import check
from gatehouse.demands import Pulse
from gatehouse.points import Value

_KINDS = ("scan", "write", "hear")


def _hex(text: str) -> str:
    try:
        bytes.fromhex(text)
    except ValueError as error:
        raise ValueError("write bytes as pairs of hexadecimal digits, in quotes: '01 03 00 FF'") from error
    return text


Hex = Annotated[str, AfterValidator(_hex)]


class Frame(Section):
    """One exchange: a scan and its answer, an order and its answer, or what a device said unasked."""

    scan: str | None = None
    """Name of the scan that is answered, or of a point that it brings."""
    write: str | None = None
    """Channel that is told something."""
    hear: Hex | None = None
    """What a device that speaks unasked sent."""
    value: bool | int | float | str | None = None
    """With `write`: what it is told."""
    pulse: Annotated[float, Field(gt=0)] | None = None
    """With `write`: seconds after which the device itself takes it back."""
    request: Hex | None = None
    """What must go out; left out: anything."""
    answer: Hex | None = None
    """What the device answered."""
    samples: dict[str, bool | int | float | str | None] = Field(default_factory=dict)
    """By channel; null: there is no good value."""
    refused: bool = False
    """The answer is a no."""
    source: str = ""
    """Where it was published, or that it was recorded from a device."""

    @property
    def name(self) -> str:
        """For people."""
        return self.scan or (f"{self.write} <- {self.value}" if self.write else "hear")

    @property
    def order(self) -> Value | Pulse:
        """What is told."""
        value: Value = False if self.value is None else self.value
        return value if self.pulse is None else Pulse(bool(value), self.pulse)

    @property
    def heard(self) -> bytes:
        """What came back, or came by itself."""
        return bytes.fromhex(self.hear or self.answer or "")


class Golden(Section):
    """A golden file."""

    settings: dict[str, Any] = Field(default_factory=dict)
    """As beside `driver:` in a site file, without `line`."""
    profile: str | None = None
    """For a driver that takes one."""
    checksum: bool = True
    """False: the protocol has nothing by which a changed bit would show."""
    frames: Annotated[list[Frame], Field(min_length=1)]


def read(file: Path) -> tuple[Golden | None, list[Fault]]:
    """The golden file, or its faults."""
    written = document.read(file)
    if written.faults:
        return None, written.faults
    golden = check(Golden, written.data, (), written)
    if golden is not None:
        for number, frame in enumerate(golden.frames):
            for why in _wrong(frame):
                written.fault(("frames", number), "refused", value=frame.name, why=why)
    return (None if written.faults else golden), written.faults


def _wrong(frame: Frame) -> Iterator[str]:
    if sum(getattr(frame, kind) is not None for kind in _KINDS) != 1:
        yield "a frame has exactly one of scan, write, hear"
    elif frame.hear is None and frame.answer is None and frame.request is None:
        yield "say what goes out (request), what comes back (answer), or both"
    elif frame.write is not None and frame.value is None:
        yield "with write, say the value"
