"""Third-party devices as the daemon sees them: the same contract, every call a question to the driver's process.

What comes back has passed `daemon.plugins.wire`; here it is held against what was asked. A DriverFaultError puts the
device out of service, as any other error of a driver does.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from daemon.plugins import wire
from daemon.plugins.process import DriverFaultError, DriverProcess
from gatehouse.demands import Pulse
from gatehouse.driver import Device, DriverError, Found, Listener, Question, Sample, Scan
from gatehouse.points import Point, Value

_MAKE = 1.0
"""Seconds for a device to be made when a site is loaded."""
_LESSONS = 64
"""Times that a device may change what it wants to be asked."""


def make(process: DriverProcess, values: Mapping[str, Any], filled: Mapping[str, Any]) -> "Device | Listener":
    """A device with these settings. ValueError with what the driver says against them, or DriverFaultError."""
    number = process.number()
    try:
        said = process.call("make", number, dict(values), dict(filled), seconds=_MAKE)
    except DriverError as error:
        raise ValueError(str(error)) from error
    kind = _CLASSES[said.listens, said.writes and not said.listens, said.learns and not said.listens]
    made: Device | Listener = kind(process, number, values, filled, said)
    return made


class Find:
    """The `find` of one question, which stays in the driver's process for as long as this lives."""

    __slots__ = ("_device", "_process", "generation", "number")

    def __init__(self, process: DriverProcess, device: int, number: int) -> None:
        """Of a question just asked."""
        self._process, self._device, self.number = process, device, number
        self.generation = process.generation

    def __call__(self, received: bytes) -> Found | None:
        """Judge; nothing is found any more once the process was started again."""
        if self.generation != self._process.generation:
            return None
        try:
            said = self._process.call("find", self._device, self.number, received)
        except DriverError:  # its process has just been stopped; the exchange ends as one without an answer
            return None
        return None if said is None else _found(said, received)

    def __del__(self) -> None:
        if self.generation == self._process.generation:
            self._process.released.append(self.number)


class Remote:
    """What all have."""

    def __init__(
        self, process: DriverProcess, number: int, values: Mapping[str, Any], filled: Mapping[str, Any],
        said: wire.SaidDevice,
    ) -> None:  # fmt: skip
        """As it was made."""
        self._process, self._number, self._settings = process, number, (dict(values), dict(filled))
        self._generation, self._said = process.generation, said
        self._points = [point.point() for point in said.points]
        self._channels = {point.name for point in self._points}
        if len(self._channels) != len(self._points):
            raise DriverFaultError("two of its points have the same name")
        self.unit, self.address, self.profile = (values.get(name) for name in ("unit", "address", "profile"))
        self.digest = process.description.digest
        self.answers_for_all = said.for_all

    def points(self) -> Sequence[Point]:
        """Its channels."""
        return self._points

    def close(self) -> None:
        """It is not needed any more; with its last device its process ends."""
        self._process.drop(self._number)

    def _call(self, verb: str, *given: object) -> Any:  # noqa: ANN401 - `wire.ANSWERS`
        generation = self._process.awake(self._number)
        if generation != self._generation:
            self._remake()
            self._generation = generation
        return self._process.call(verb, self._number, *given)

    def _remake(self) -> None:
        """The process was started again: a new device in it, as this one was."""
        if self._process.call("make", self._number, *self._settings).points != self._said.points:
            raise DriverFaultError("started again, it has other points than before")

    def _samples(self, said: Mapping[str, wire.SaidSample]) -> dict[str, Sample]:
        samples = {}
        for channel, one in said.items():
            if channel not in self._channels:
                raise DriverFaultError(f"{channel} is none of its points")
            if isinstance(one.value, float) and not math.isfinite(one.value):
                raise DriverFaultError(f"{channel} is {one.value}, which is no number")
            samples[channel] = one.sample()
        return samples


class Polled(Remote):
    """A device that is asked."""

    def __init__(self, process: DriverProcess, number: int, values: Mapping[str, Any], filled: Mapping[str, Any],
                 said: wire.SaidDevice) -> None:  # fmt: skip
        """As it was made."""
        super().__init__(process, number, values, filled, said)
        self._scans = self._checked(said.scans)

    def scans(self) -> Sequence[Scan]:
        """The exchanges it wants."""
        return self._scans

    def ask(self, scan: Scan) -> Question:
        """The question of a scan."""
        return self._question(self._call("ask", wire.said_scan(scan)))

    def read(self, scan: Scan, answer: bytes) -> Mapping[str, Sample]:
        """Samples by channel."""
        return self._samples(self._call("read", wire.said_scan(scan), answer))

    def raw(self, scan: Scan, answer: bytes) -> Mapping[str, str]:
        """What each channel was made of, for a technician; nothing where the driver does not say."""
        said: dict[str, str] = self._call("raw", wire.said_scan(scan), answer) if self._said.tells_raw else {}
        return said

    def _checked(self, said: Sequence[wire.SaidScan]) -> list[Scan]:
        scans = [scan.scan() for scan in said]
        if len({scan.name for scan in scans}) != len(scans):
            raise DriverFaultError("two of its scans have the same name")
        for scan in scans:
            if strange := {*scan.points, *scan.also} - self._channels:
                raise DriverFaultError(f"scan {scan.name} brings {', '.join(sorted(strange))}, none of its points")
        return scans

    def _question(self, said: wire.SaidQuestion) -> Question:
        if not said.usual <= said.patience <= said.worst:
            times = f"usual {said.usual:g} s, patience {said.patience:g} s, worst {said.worst:g} s"
            raise DriverFaultError(f"{times}: each is at most the next")
        find = Find(self._process, self._number, said.number)
        return Question(request=said.request, find=find, expected=said.expected, usual=said.usual,
                        patience=said.patience, worst=said.worst, gap=said.gap)  # fmt: skip


class Told(Polled):
    """A device that is asked and told."""

    def write(self, channel: str, value: Value | Pulse) -> Question:
        """The question that makes the channel so."""
        if isinstance(value, Pulse):
            return self._question(self._call("write", channel, value.value, value.seconds))
        return self._question(self._call("write", channel, value, None))

    def accept(self, question: Question, answer: bytes) -> None:
        """Return when the device said yes."""
        find = question.find
        if not isinstance(find, Find) or find.generation != self._process.generation:
            raise DriverError("the driver was started again before its device had answered")
        self._call("accept", find.number, answer)

    def prepare(self) -> Sequence[Question]:
        """Writes owed to the device each time it comes to life."""
        return [self._question(said) for said in self._call("prepare")]


class Learning(Polled):
    """A device that is asked and finds out what it can be asked."""

    def __init__(self, process: DriverProcess, number: int, values: Mapping[str, Any], filled: Mapping[str, Any],
                 said: wire.SaidDevice) -> None:  # fmt: skip
        """As it was made."""
        super().__init__(process, number, values, filled, said)
        self._lessons: list[tuple[wire.SaidScan, bytes]] = []

    def learn(self, scan: Scan, answer: bytes) -> bool:
        """Take note; True when `scans` are others from now on."""
        lesson = wire.said_scan(scan), answer
        if not self._call("learn", *lesson):
            return False
        self._scans = self._checked(self._call("scans"))
        self._lessons.append(lesson)
        if len(self._lessons) > _LESSONS:
            raise DriverFaultError(f"wants to be asked otherwise for the {len(self._lessons)}th time")
        return True

    def _remake(self) -> None:
        """What was learnt is learnt again."""
        super()._remake()
        for lesson in self._lessons:
            self._process.call("learn", self._number, *lesson)
        if self._lessons and self._checked(self._process.call("scans", self._number)) != self._scans:
            raise DriverFaultError("started again, it learns something else from the same answers")


class ToldLearning(Told, Learning):
    """All of it."""


class Listening(Remote):
    """A device that speaks unasked."""

    def hear(self, received: bytes, now: float) -> tuple[Found, Mapping[str, Sample]] | None:
        """Judge all bytes received so far."""
        said = self._call("hear", received, now)
        return None if said is None else (_found(said[0], received), self._samples(said[1]))


_CLASSES: dict[tuple[bool, bool, bool], type[Any]] = {
    (True, False, False): Listening, (False, False, False): Polled, (False, True, False): Told,
    (False, False, True): Learning, (False, True, True): ToldLearning,
}  # fmt: skip
"""By whether it listens, can be told, learns: who is what is seen by the methods that it has."""


def _found(said: wire.SaidFound, received: bytes) -> Found:
    if said.used > len(received):
        raise DriverFaultError(f"found {said.used} bytes where {len(received)} were received")
    return said.found()
