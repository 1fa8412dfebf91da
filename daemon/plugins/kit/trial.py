"""A subject under trial: its golden frames, put on a wire as the daemon would hear them."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from daemon.plugins.kit.golden import Frame
from daemon.plugins.kit.subject import Subject
from daemon.plugins.kit.verdict import Skip
from gatehouse.demands import Pulse
from gatehouse.driver import DriverError, Listener, Question, Sample, Scan
from gatehouse.points import Quality

_MOST = 4096
"""Bytes that the daemon keeps at most."""
_NOW = 1000.0
_ENOUGH = 80
"""Characters of anything that is shown."""


@dataclass(slots=True)
class Said:
    """What a stream of bytes was taken for."""

    samples: list[dict[str, tuple[object, bool]]] = field(default_factory=list)
    """Of each answer or message: channel -> value, and whether it is a good one."""
    refused: str = ""
    """What the driver said against it."""
    found: bool = False
    junk: Counter[str] = field(default_factory=Counter)
    steps: int = 0
    left: int = 0

    @property
    def meaning(self) -> tuple[object, ...]:
        """What counts of it."""
        return (self.found, bool(self.refused), tuple(tuple(sorted(one.items())) for one in self.samples))

    def __str__(self) -> str:
        if self.refused:
            return f"({self.refused})"[:_ENOUGH]
        if not self.found:
            return f"- ({', '.join(self.junk) or '…'})"
        return (
            " | ".join(
                ", ".join(f"{name}={value if good else 'bad'}" for name, (value, good) in one.items())
                for one in self.samples
            )[:_ENOUGH]
            or "ok"
        )


class NoScanError(Exception):
    """A golden frame names a scan that there is not."""


class Trial:
    """One subject, and what can be tried with it."""

    def __init__(self, subject: Subject, frames: Iterable[Frame] = ()) -> None:
        """`frames` besides those of its golden file."""
        self.subject = subject
        self.golden = list(subject.golden.frames if subject.golden else ())
        self.frames = [frame for frame in [*self.golden, *frames] if frame.heard]
        self.checksum = subject.golden is None or subject.golden.checksum
        self.figures: dict[str, float | int | str] = {}
        self.dice = random.Random(20_070_607)  # noqa: S311 - the same rubbish for everybody
        self._device: Any = None

    @property
    def device(self) -> Any:  # noqa: ANN401 - Device or Listener, as it turns out
        """The device under test."""
        if self._device is None:
            self._device = self.subject.make()
        return self._device

    @property
    def listens(self) -> bool:
        """It speaks unasked."""
        return isinstance(self.device, Listener)

    def restart(self) -> None:
        """After a fault."""
        self._device = None
        self.subject.restart()

    def need_frames(self) -> list[Frame]:
        """Frames to try with; Skip without any."""
        if not self.frames:
            raise Skip("no_frames")
        return self.frames

    def scan(self, name: str | None) -> Scan:
        """The scan of this name, or that brings the point of this name; NoScanError."""
        scans: list[Scan] = list(self.device.scans())
        for scan in scans:
            if name == scan.name:
                return scan
        for scan in scans:
            if name in scan.points:
                return scan
        raise NoScanError(name)

    def question(self, frame: Frame, device: Any = None) -> Question:  # noqa: ANN401
        """What a frame is the answer to."""
        device = self.device if device is None else device
        channel = frame.write
        asked: Question = device.ask(self.scan(frame.scan)) if channel is None else device.write(channel, frame.order)
        return asked

    def say(self, frame: Frame, stream: bytes, piece: int = _MOST, device: Any = None) -> Said:  # noqa: ANN401
        """What these bytes mean when they come as the answer to a frame's question, so many at a time."""
        if frame.hear is not None:
            return _overheard(self.subject.make() if device is None else device, stream, piece)
        device = self.device if device is None else device
        question, said = self.question(frame, device), Said()
        answer = _answered(question, stream, piece, said)
        if answer is None:
            return said
        said.found = True
        try:
            if frame.write is not None:
                device.accept(question, answer)
                said.samples.append({})
            else:
                said.samples.append(_seen(device.read(self.scan(frame.scan), answer)))
        except DriverError as error:
            said.refused = str(error) or "DriverError"
        return said

    def rubbish(self, count: int, longest: int = 300) -> Iterator[bytes]:
        """Bytes without sense, and some with a little of it."""
        heard = [frame.heard for frame in self.frames]
        for number in range(count):
            noise = self.dice.randbytes(self.dice.randrange(longest))
            if heard and number % 3 == 1:  # pieces of what it knows
                one = self.dice.choice(heard)
                half = len(one) // 2
                noise = one[self.dice.randrange(half, len(one)) :] + noise + one[: self.dice.randrange(half + 1)]
            if not any(whole in noise for whole in heard):
                yield noise


def _answered(question: Question, stream: bytes, piece: int, said: Said) -> bytes | None:
    """The answer that is found in a stream, as the daemon would."""
    received = b""
    for at in range(0, len(stream), piece):
        received = (received + stream[at : at + piece])[-_MOST:]
        while received:
            said.steps += 1
            found = question.find(received)
            if found is None:
                break
            if not 1 <= found.used <= len(received):
                raise DriverError(f"find used {found.used} of {len(received)} bytes")
            received = received[found.used :]
            if found.answer is not None:
                said.left = len(received) + len(stream) - at - piece
                return found.answer
            said.junk[found.why] += 1
    said.left = len(received)
    return None


def _overheard(listener: Listener, stream: bytes, piece: int) -> Said:
    said, received = Said(), b""
    for at in range(0, len(stream), piece):
        received = (received + stream[at : at + piece])[-_MOST:]
        while received:
            said.steps += 1
            heard = listener.hear(received, _NOW)
            if heard is None:
                break
            found, samples = heard
            if not 1 <= found.used <= len(received):
                raise DriverError(f"hear used {found.used} of {len(received)} bytes")
            received = received[found.used :]
            if samples:
                said.found = True
                said.samples.append(_seen(samples))
            elif found.answer is None:
                said.junk[found.why] += 1
    said.left = len(received)
    return said


def _seen(samples: Any) -> dict[str, tuple[object, bool]]:  # noqa: ANN401
    seen: dict[str, tuple[object, bool]] = {}
    for name, sample in samples.items():
        if not isinstance(sample, Sample):
            raise DriverError(f"{name} is {sample!r}, which is no Sample")
        seen[name] = (sample.value, sample.quality is Quality.GOOD)
    return seen


def short(data: bytes) -> str:
    """Bytes, as many as can be shown."""
    text = data[:24].hex(" ").upper()
    return text if len(data) <= 24 else f"{text} … ({len(data)})"


def pulse_or_value(order: object) -> str:
    """An order in words."""
    return f"pulse {order.value} {order.seconds:g} s" if isinstance(order, Pulse) else repr(order)
