"""Which profile a found unit fits: its marks where there are any, else how much of it answers and makes sense."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from daemon.clock import Clock
from daemon.config import profiles
from daemon.field.direct import Visit
from daemon.field.hints import implausible
from daemon.field.knocks import makeshift
from daemon.field.matter import NoAnswerError
from daemon.field.probe import walk
from drivers.modbus import Device
from drivers.modbus.profile import Mark, Profile
from gatehouse.driver import Question, Sample, Wire
from gatehouse.points import Point, Quality

_PATIENCE = 0.5
"""Seconds: a healthy unit that is slow must not count as one that lacks something."""
_BREATH = 0.35
"""Seconds between two questions to a unit that ignores whatever comes sooner."""
_SILENT = 2
"""Questions to one table in a row that stay unanswered, after which it counts as not there."""
_FAILURES = 2
"""Reads that bring nothing, after which a profile of which nothing was found yet is no longer followed."""
_BEST = 3
"""Profiles that are shown."""
_SURE = 0.95
_TELLING = 3
"""Measured values that make sense by their limits: fewer than these are met by chance."""
_NOTHING = "the device says that there is nothing"
_MOST_EQUAL = 8
"""Profiles that are shown where as many fit alike."""
_NO_SUCH_FUNCTION = b"\x01"
_WIDEST = 60
"""Registers that a text may take."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A profile under its name."""

    name: str
    profile: Profile


def shelf(folder: Path) -> list[Candidate]:
    """Every sound Modbus profile that a site in this folder may name. Reads many files: not for the event loop."""
    folders, found = profiles.folders(folder), []
    for name in profiles.names(folders):
        file = profiles.locate(name, folders)
        profile, _ = profiles.load(file, Profile) if file else (None, [])
        if profile is not None:
            found.append(Candidate(name, profile))
    return found


@dataclass(slots=True)
class Likeness:
    """How well a unit fits a profile."""

    name: str
    profile: Profile
    marked: bool = False
    """It has the marks of this product and no other."""
    at_home: bool = False
    """Found with the baud, format and address with which it leaves the factory, as far as they are known."""
    channels: int = 0
    read: dict[str, tuple[Point, Sample]] = field(default_factory=dict)
    """What each channel brought; the best where it was read twice."""

    def take(self, point: Point, sample: Sample) -> None:
        """Note what was read of one channel."""
        before = self.read.get(point.name)
        if before is None or before[1].quality < sample.quality:
            self.read[point.name] = point, sample

    @property
    def answered(self) -> int:
        """Channels of which anything was read."""
        return len(self.read)

    @property
    def plausible(self) -> int:
        """Channels whose value can be."""
        return sum(_sensible(point, sample) for point, sample in self.read.values())

    @property
    def telling(self) -> list[tuple[Point, Sample]]:
        """Values that are not nought and lie within limits, or are words of a list."""
        return [each for each in self.read.values() if _sensible(*each) and _tells(*each)]

    @property
    def fit(self) -> float:
        """0 to 1: the share of it that answers, times the square of the share of that which makes sense."""
        if not self.channels or not self.answered:
            return 0.0
        return self.answered / self.channels * (self.plausible / self.answered) ** 2

    @property
    def rank(self) -> tuple[bool, float, int, int, bool, str]:
        """The better, the greater."""
        return self.marked, round(self.fit, 2), len(self.telling), self.answered, self.at_home, self.name

    def document(self) -> dict[str, Any]:
        """For people and programs."""
        return {
            "profile": self.name,
            "title": self.profile.title.model_dump(),
            "maker": self.profile.maker,
            "model": self.profile.model,
            "hardware": self.profile.hardware,
            "fit": round(self.fit, 2),
            "marked": self.marked,
            "at_home": self.at_home,
            "channels": self.channels,
            "answered": self.answered,
            "plausible": self.plausible,
            "examples": [
                {"title": point.title, "value": sample.value, "unit": point.unit} for point, sample in self.telling[:3]
            ],
        }


def _sensible(point: Point, sample: Sample) -> bool:
    """It can be so: also that there is nothing to measure, in the very words of this product."""
    return not implausible(point, sample) and (sample.quality is Quality.GOOD or sample.note.startswith(_NOTHING))


def _tells(point: Point, sample: Sample) -> bool:
    value, limited = sample.value, max(-point.low, point.high) < float("inf")
    number = isinstance(value, int | float) and type(value) is not bool
    return isinstance(value, str) or (number and bool(value) and limited)


def certain(found: Sequence[Likeness]) -> bool:
    """The first is it, and not merely the first of several that might be."""
    if not found:
        return False
    first, second = found[0], found[1] if len(found) > 1 else None
    if first.marked:
        return second is None or not second.marked
    if first.fit < _SURE or len(first.telling) < _TELLING:
        return False
    return second is None or second.fit < first.fit - 0.1 or 2 * len(second.telling) <= len(first.telling)


class Interview:
    """Asks one unit, each thing once, whichever profiles want to know it. Reads only."""

    def __init__(self, visit: Visit, unit: int, wire: Wire, factory: Mapping[str, object], clock: Clock) -> None:
        """`factory`: baud and format as found, none on TCP."""
        self._visit, self._unit, self._wire, self._clock = visit, unit, wire, clock
        self._found_as = {**factory, "unit": unit}
        self._answers: dict[bytes, bytes] = {}
        self._silent: dict[bytes, int] = {}
        self._missing: set[bytes] = set()
        self._breath = 0.0

    async def likeliest(self, candidates: Sequence[Candidate]) -> list[Likeness]:
        """The best first: three, or all that fit as well as the third; none where nothing fits. ConnectionError."""
        marked = [each for each in candidates if each.profile.identify and await self._has_marks(each.profile)]
        # A product that has marks and does not show them is not this one.
        others = [each for each in candidates if not each.profile.identify]
        found = [await self._likeness(each, marked=bool(marked)) for each in marked or others]
        found = sorted((each for each in found if each.marked or each.fit > 0), key=lambda each: each.rank)
        best = found[::-1]
        equal = [each for each in best[_BEST:_MOST_EQUAL] if each.rank[:4] == best[_BEST - 1].rank[:4]]
        return best[:_BEST] + equal

    async def _likeness(self, candidate: Candidate, *, marked: bool) -> Likeness:
        home = candidate.profile.line.model_dump(exclude_none=True)
        at_home = bool(home) and all(self._found_as.get(key, value) == value for key, value in home.items())
        device = Device(unit=self._unit, profile=candidate.profile, wire=self._wire)
        points, failed = {point.name: point for point in device.points()}, 0
        likeness = Likeness(candidate.name, candidate.profile, marked, at_home, channels=len(points))
        async for read in walk(device, self._ask, self._clock, _PATIENCE):
            for name, sample in read.samples.items():
                likeness.take(points[name], sample)
            if not read.why or marked:
                continue
            failed += 1
            if not read.scan.points or (failed >= _FAILURES and not likeness.answered):
                break  # what it wants to be sure of before it trusts itself is not so, or nothing of it is there
        return likeness

    async def _has_marks(self, profile: Profile) -> bool:
        for mark in profile.identify:
            registers = await self._read(profile, mark)
            if not registers or not mark.fits(registers):
                return False
        return True

    async def _read(self, profile: Profile, mark: Mark) -> bytes:
        """The registers of a mark; nothing when they are not there."""
        registers = min(mark.width, _WIDEST)
        entry = {"table": mark.table, "address": mark.address, "form": "text", "registers": registers}
        only = makeshift({"mark": entry}, profile.framing).model_copy(update={"limits": profile.limits})
        device = Device(unit=self._unit, profile=only, wire=self._wire)
        try:
            answer = await self._ask(device.ask(device.scans()[0]), _PATIENCE)
        except NoAnswerError:
            return b""
        return b"" if answer[0] & 0x80 else answer[2 + 2 * (profile.limits.even and mark.address & 1) :]

    async def _ask(self, question: Question, patience: float | None = None) -> bytes:
        """The answer, from memory where the same was asked before. NoAnswerError."""
        key = question.request[2:] if self._wire == "tcp" else question.request  # without the transaction's number
        function = _function(key, self._wire)
        if key not in self._answers and function not in self._missing:
            self._answers[key] = await self._asked(question, function, patience)
        answer = self._answers.get(key, b"")
        if not answer:
            raise NoAnswerError("no answer")
        return answer

    async def _asked(self, question: Question, function: bytes, patience: float | None) -> bytes:
        answer = await self._try(question, patience)
        if not answer and not self._silent.get(function):
            await asyncio.sleep(_BREATH)
            answer = await self._try(question, patience)
            self._breath = _BREATH if answer else self._breath  # it ignores what comes too soon
        self._silent[function] = 0 if answer else self._silent.get(function, 0) + 1
        refused = bool(answer) and answer[0] & 0x80 and answer[1:] == _NO_SUCH_FUNCTION
        if refused or self._silent[function] >= _SILENT:
            self._missing.add(function)
        return answer

    async def _try(self, question: Question, patience: float | None) -> bytes:
        await asyncio.sleep(max(self._breath, question.gap))
        try:
            return await self._visit(question, patience)
        except NoAnswerError:
            return b""


def _function(request: bytes, wire: Wire) -> bytes:
    """What tells one table from another in a request, in whichever frame it is."""
    if wire == "tcp":
        return request[5:6]
    return request[3:5] if request.startswith(b":") else request[1:2]
