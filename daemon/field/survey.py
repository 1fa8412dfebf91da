"""Finds out who is on a line: every address, in one setting of baud and format after the other. Reads only."""

import asyncio
import errno
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any

from daemon.clock import Clock
from daemon.field.direct import Visit
from daemon.field.knocks import TABLES, Answer, Door, Heard, Tongue, overheard
from daemon.field.likeness import Candidate, Interview, certain
from daemon.field.matter import NoAnswerError
from daemon.field.meters import meters
from gatehouse.driver import Wire

USUAL = (
    (9600, "8N1"),
    (9600, "8E1"),
    (19200, "8E1"),
    (19200, "8N1"),
    (4800, "8N1"),
    (4800, "8E1"),
    (2400, "8E1"),
    (2400, "8N1"),
    (115200, "8N1"),
    (38400, "8N1"),
    (57600, "8N1"),
    (1200, "8E1"),
)
"""What is set most often, the likeliest first."""
SERIAL_PATIENCE = 0.15
"""Seconds. A slower unit is found all the same: its late answer is heard, and it is asked again with patience."""
TCP_PATIENCE = 1.0
"""A gateway waits for the unit behind it, and says so when nobody answers."""
_SECOND_PATIENCE = 1.0
_BREATH = 0.35
"""Seconds between two questions to one unit: some ignore whatever comes sooner."""
_STEADY = 4
"""Questions to one that was found: two units with one address answer now clean, now garbled."""
_NOISY = 8
"""Addresses in one setting at which only rubbish was heard, after which the setting is left."""
_EVERYWHERE = 16
"""Addresses in a row that give the very same answer: one device that does not look at the address."""
_SLACK = 0.025
NOTHING = "no answer"
_METERS = 2.4
"""Seconds for the questions to meters of which there are none."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Baud rate and format of a line; on TCP they mean nothing."""

    baud: int
    format: str

    def __str__(self) -> str:
        return f"{self.baud} {self.format}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What is to be looked for."""

    tongue: Tongue = "rtu"
    units: Sequence[int] = range(1, 248)
    known: Mapping[int, str] = field(default_factory=dict)
    """Addresses on this line that the site names already, with their names."""
    skip_known: bool = False
    """The daemon asks these all the time: they need no knock."""
    meters: bool = True
    """Look for DL/T 645 and CJ/T 188 meters as well."""
    everything: bool = False
    """Try all settings, even where one was found at which somebody answers."""
    tables: Sequence[str] = TABLES
    """What is asked for in turn, at the line's own setting."""
    patience: float = SERIAL_PATIENCE
    share: float = 1.0
    """Of the line's time that the scan may have."""


@dataclass(slots=True)
class Found:
    """A unit that answers."""

    unit: int
    setting: Setting
    tongue: Tongue
    answers: list[Answer]
    milliseconds: float
    steady: int = 0
    """How many of `_STEADY` further questions were answered cleanly."""


class Survey:
    """One scan of one line."""

    def __init__(
        self,
        opening: Callable[[Setting], AbstractAsyncContextManager[Visit]],
        settings: Sequence[Setting],
        errand: Errand,
        candidates: Sequence[Candidate],
        clock: Clock,
    ) -> None:
        """`opening` gives the line at a setting; the first of `settings` is the line's own."""
        self._opening, self._settings, self._errand = opening, settings, errand
        self._candidates, self._clock = candidates, clock
        self._door = Door(errand.tongue)
        self.found: dict[int, Found] = {}
        self._garbled: dict[int, bytes] = {}
        self._left = False
        self._met = 0
        self._done, self._total = 0, 0
        self._silence = 0.0, 0

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        """What is being done and was found, as it happens. OSError when the line cannot be opened or is lost."""
        units = [unit for unit in self._errand.units if not self._skipped(unit)]
        own, *others = self._settings
        yield self._plan(units)
        for unit, device in self._errand.known.items():
            if self._errand.skip_known and unit in self._errand.units:
                yield {"event": "known", "unit": unit, "device": device}
        async for event in self._visit(own, self._errand.tables, units):
            yield event
        for table in self._elsewhere():
            if self._enough():
                return
            for setting in others:
                async for event in self._visit(setting, (table,), units):
                    yield event
                if self._enough():
                    rest = TABLES[TABLES.index(table) + 1 :]
                    async for event in self._visit(setting, rest, units):
                        yield event
                    return

    def _enough(self) -> bool:
        return bool(self.found or self._met) and not self._errand.everything

    def _elsewhere(self) -> Sequence[str]:
        """What is asked at settings that are not the line's own: who answers at all, answers mostly to these."""
        return TABLES if self._errand.everything else TABLES[:2]

    def _skipped(self, unit: int) -> bool:
        return self._errand.skip_known and unit in self._errand.known

    def _plan(self, units: Sequence[int]) -> dict[str, Any]:
        own, *others = (len(units) * self._cost(setting) for setting in self._settings)
        meters = len(self._settings) * _METERS / self._errand.share if self._errand.meters else 0.0
        return {
            "event": "plan",
            "addresses": len(units),
            "settings": [str(setting) for setting in self._settings],
            "seconds": round(len(self._errand.tables) * own + meters / len(self._settings)),
            "seconds_all": round(len(self._errand.tables) * own + len(self._elsewhere()) * sum(others) + meters),
            "share": self._errand.share,
        }

    def _cost(self, setting: Setting) -> float:
        """Seconds that an address takes at which nobody is."""
        bits = 1 + int(setting.format[0]) + (setting.format[1] != "N") + int(setting.format[2])
        wire = 18.5 * bits / setting.baud if self._errand.tongue != "tcp" else 0.0
        return (wire + self._errand.patience + _SLACK) / self._errand.share

    # One setting

    async def _visit(
        self, setting: Setting, tables: Sequence[str], units: Sequence[int]
    ) -> AsyncIterator[dict[str, Any]]:
        """Ask all units for these tables at one setting, and find out what those are that answer."""
        if not tables:
            return
        yield {"event": "setting", "setting": str(setting), "tables": list(tables)}
        self._done, self._total, self._silence = 0, len(tables) * len(units), (0.0, 0)
        self._garbled, self._left = {}, False
        async with AsyncExitStack() as stack:
            try:
                visit = await stack.enter_async_context(self._opening(setting))
            except OSError as error:
                if error.errno != errno.EINVAL:
                    raise
                yield {"event": "trouble", "setting": str(setting), "why": str(error)}  # there are other settings
                return
            async for event in self._asked(visit, setting, tables, units):
                yield event

    async def _asked(
        self, visit: Visit, setting: Setting, tables: Sequence[str], units: Sequence[int]
    ) -> AsyncIterator[dict[str, Any]]:
        """The same on the open line."""
        if tables[0] == TABLES[0] and self._errand.tongue != "tcp" and self._errand.meters:
            async for event in meters(visit, str(setting), self._clock):
                self._met += event["event"] == "found"
                yield event
        for table in tables:
            async for event in self._round(visit, setting, table, units):
                yield event
            if self._left:
                break
        for found in [each for each in self.found.values() if each.setting == setting]:
            yield {"event": "identifying", "unit": found.unit, "profiles": len(self._candidates)}
            yield await self._identified(visit, found)

    async def _round(
        self, visit: Visit, setting: Setting, table: str, units: Sequence[int]
    ) -> AsyncIterator[dict[str, Any]]:
        for unit in units:
            self._done += 1
            if unit not in self.found:
                yield self._progress(setting, table, unit)
                async for event in self._address(visit, setting, table, unit):
                    yield event
            if self._left:
                return

    def _progress(self, setting: Setting, table: str, unit: int) -> dict[str, Any]:
        spent, misses = self._silence
        each = spent / misses if misses else self._cost(setting)
        return {
            "event": "progress",
            "setting": str(setting),
            "table": table,
            "unit": unit,
            "done": self._done,
            "total": self._total,
            "left": round(each * (self._total - self._done + 1), 1),
        }

    async def _address(self, visit: Visit, setting: Setting, table: str, unit: int) -> AsyncIterator[dict[str, Any]]:
        """One knock; where something odd is heard, a closer look."""
        began = self._clock.monotonic()
        answer, heard = await self._knock(visit, setting, table, unit, self._errand.patience)
        if answer is None:
            spent, misses = self._silence
            self._silence = spent + self._clock.monotonic() - began, misses + 1
        if answer is not None:
            yield await self._take(visit, setting, unit, answer)
            if self._everywhere():
                self._left = True
                yield {"event": "everywhere", "units": sorted(self.found)}
            return
        suspects = self._suspects(unit, heard)
        for suspect in suspects:
            again, other = await self._knock(visit, setting, table, suspect, _SECOND_PATIENCE)
            if again is not None:
                yield await self._take(visit, setting, suspect, again)
                return
            heard = other if suspect == unit and other.bytes else heard
        if suspects and heard.garbled and unit not in self._garbled:
            self._garbled[unit] = heard.bytes
            yield {"event": "garbled", "unit": unit, "setting": str(setting), "bytes": heard.bytes[:32].hex(" ")}
            if len(self._garbled) >= _NOISY:
                self._left = True
                yield {"event": "noisy", "setting": str(setting), "addresses": len(self._garbled)}

    def _suspects(self, unit: int, heard: Heard) -> list[int]:
        """Who may have been heard: the one that was asked, those asked just before, or one who signs its frame."""
        at = 6 if self._errand.tongue == "tcp" else 0
        signed = [frame[at] for frame in heard.foreign if len(frame) > at]
        near = [unit, unit - 1, unit - 2] if heard.garbled else []
        wanted = {each: None for each in (*signed, *near) if each in self._errand.units and each not in self.found}
        return [each for each in wanted if not self._skipped(each)]

    async def _knock(
        self, visit: Visit, setting: Setting, table: str, unit: int, patience: float
    ) -> tuple[tuple[Answer, float] | None, Heard]:
        """The answer and its milliseconds, or what else was heard."""
        asked, meaning = self._door.knock(unit, table)
        # No rest after a miss: a late answer bears the address of a unit that nobody else asks for anything.
        question, heard = overheard(replace(asked, patience=patience, worst=patience))
        began = self._clock.monotonic()
        try:
            answer = meaning(await visit(question, patience))
        except NoAnswerError as error:
            return None, _overheard(str(error), heard)
        seconds = self._clock.monotonic() - began
        return None if answer.nobody else (answer, 1000 * seconds), Heard([])

    async def _take(self, visit: Visit, setting: Setting, unit: int, first: tuple[Answer, float]) -> dict[str, Any]:
        """Somebody is there: see whether it is only one, and what else it answers."""
        answer, milliseconds = first
        found = self.found[unit] = Found(unit, setting, self._errand.tongue, [answer], round(milliseconds, 1))
        for _ in range(_STEADY):
            await asyncio.sleep(_BREATH)
            again, _ = await self._knock(visit, setting, answer.table, unit, _SECOND_PATIENCE)
            found.steady += again is not None and again[0].refused == answer.refused
        return {
            "event": "found",
            "unit": unit,
            "device": self._errand.known.get(unit, ""),
            "setting": str(setting),
            "tongue": found.tongue,
            "table": answer.table,
            "answer": answer.text,
            "refused": answer.refused,
            "milliseconds": found.milliseconds,
            "steady": found.steady,
            "asked": _STEADY,
        }

    def _everywhere(self) -> bool:
        """The last so many addresses were all there, with the very same answer."""
        last = sorted(self.found)[-_EVERYWHERE:]
        texts = {self.found[unit].answers[0] for unit in last}
        return len(last) == _EVERYWHERE and last[-1] - last[0] == _EVERYWHERE - 1 and len(texts) == 1

    async def _identified(self, visit: Visit, found: Found) -> dict[str, Any]:
        baud = {} if found.tongue == "tcp" else {"baud": found.setting.baud, "format": found.setting.format}
        wire: Wire = "tcp" if found.tongue == "tcp" else "serial"
        interview = Interview(visit, found.unit, wire, baud, self._clock)
        framing = "ascii" if found.tongue == "ascii" else "rtu"
        fitting = [each for each in self._candidates if each.profile.framing == framing]
        likely = await interview.likeliest(fitting)
        return {
            "event": "identified",
            "unit": found.unit,
            "driver": "modbus",
            "settings": {"profile": likely[0].name if likely else "", "unit": found.unit},
            "sure": certain(likely),
            "likely": [each.document() for each in likely],
        }


def _overheard(why: str, heard: Heard) -> Heard:
    """What came while it was asked and nothing else: before it sends, a line looks at the last answer once more."""
    if why == NOTHING:
        return Heard([])
    if why.startswith(NOTHING):
        return heard
    if "never silent" in why:
        return Heard([("noise", b"")])
    raise ConnectionError(why)  # a line at work that has no time for us
