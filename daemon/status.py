"""What the daemon knows, as one plain document for people and programs."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from daemon.alarms import listing
from daemon.channels.outbox import Outbox
from daemon.clock import Clock
from daemon.config.load import Plan
from daemon.drills.exercises import Exercises
from daemon.engine import Engine
from daemon.escalation.office import Office
from daemon.feeds.feed import Feed
from daemon.feeds.phrases import phrase
from daemon.feeds.texts import Language
from daemon.field.lines import LineOwner
from daemon.journal.journal import Journal

LANGUAGES: tuple[Language, ...] = ("zh", "en")
_NOTHING: dict[str, str] = dict.fromkeys(LANGUAGES, "")
PARTS = ("lines", "points")
"""What there are thousands of."""
_TURN = 0.004
"""Seconds in which it is told at one go: then doors have their turn."""
_STILL = 5.0
"""Seconds after which feeds are shown anew how things stand, even if no event has told of a change."""


def _text(why: str) -> dict[str, str]:
    """The same in each language."""
    return {language: phrase(why, language) for language in LANGUAGES} if why else _NOTHING


class Status:
    """Looks at the parts; asks nothing of the field."""

    def __init__(  # noqa: PLR0917 - it looks at every part
        self,
        plan: Plan,
        engine: Engine,
        journal: Journal,
        lines: Mapping[str, LineOwner],
        feeds: Mapping[str, Feed],
        clock: Clock,
        channels: Mapping[str, Outbox] = MappingProxyType({}),
    ) -> None:
        """Watch these parts."""
        self.plan, self._engine, self._journal = plan, engine, journal
        self._lines, self._feeds, self._clock, self._channels = lines, feeds, clock, channels
        self._started = clock.monotonic()
        self.zone = ZoneInfo(plan.site.site.timezone)
        """The site's own time zone, for what people read."""
        self.office: Office | None = None
        self.exercises: Exercises | None = None
        self._told, self._looked, self._shown = -1, 0.0, dict[str, Any]()

    def document(self) -> dict[str, Any]:
        """Everything, at this instant. On a large site that takes a second, with nothing else done: see `told`."""
        return self._brief() | {"lines": dict(self.lines()), "points": dict(self.points())}

    async def told(self, parts: Collection[str] = PARTS) -> AsyncIterator[bytes]:
        """The same as JSON in pieces, each of its own instant: in between everybody else has a turn.

        `parts`: of what is there by the thousand, only these."""
        yield msgspec.json.encode(self._brief())[:-1]
        for name, items in zip(PARTS, (self.lines(), self.points()), strict=True):
            if name not in parts:
                continue
            yield b',"' + name.encode() + b'":{'
            comma = b""
            while piece := self._turn(items):
                yield comma + msgspec.json.encode(piece)[1:-1]
                comma = b","
                await asyncio.sleep(0)
            yield b"}"
        yield b"}"

    def _turn(self, items: Iterator[tuple[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
        """So many as fit into one go; none when all are told."""
        end, piece = self._clock.monotonic() + _TURN, dict[str, dict[str, Any]]()
        for name, its in items:
            piece[name] = its
            if self._clock.monotonic() >= end:
                break
        return piece

    def _brief(self) -> dict[str, Any]:
        site = self.plan.site.site
        return {
            "site": {"id": site.id, "name": site.name, "timezone": site.timezone},
            "at": self._clock.utc().isoformat(),
            "local": self._clock.utc().astimezone(self.zone).isoformat(),
            "running": round(self._clock.monotonic() - self._started, 1),
            "armed": not self._engine.waiting,
            "waiting": sorted(self._engine.waiting),
            "outputs": self.outputs(),
            "alarms": self.alarms(),
            "cases": len(self._engine.annunciator.cases),
            "disabled": listing.disabled(self._engine.annunciator.shelving.disabled.values(), self.plan),
            "journal": {
                "head": self._journal.head,
                "hash": self._journal.head_hash,
                "waiting": len(self._journal.waiting()),
                "trouble": self._journal.trouble,
                "text": _text(self._journal.trouble),
            },
            "feeds": self.feeds(),
            "channels": self.channels(),
            "ladders": self.office.status() if self.office else None,
            "exercises": self.exercises.status() if self.exercises else None,
        }

    def lines(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every line and its devices, with what was measured of them; what goes meanwhile is left out."""
        for name, line in list(self._lines.items()):
            if self._lines.get(name) is not line:
                continue
            its = line.status()
            devices = {
                device: {"title": self._titles(f"devices.{device}")} | found | {"text": _text(found["why"])}
                for device, found in its["devices"].items()
            }
            said = {"title": self._titles(f"lines.{name}")} | its | {"text": _text(its["why"]), "devices": devices}
            yield name, said | {"promised_load": self._promise(name, devices)}

    def _promise(self, line: str, devices: Mapping[str, Mapping[str, Any]]) -> float | None:
        """Set beside each scan's ages how old its readings may get; the share of the line's time that is asked for."""
        load = self.plan.loads.get(line)
        for device, its in devices.items():
            promised = load.promised(device) if load else {}
            for scan, measured in its.get("scans", {}).items():
                its_own = promised.get(scan)
                measured["promised"] = round(its_own.age, 3) if its_own else None
                measured["promised_dying"] = round(its_own.dying, 3) if its_own else None
        return round(sum(load.shares.values()), 4) if load and load.promises else None

    def feeds(self) -> dict[str, dict[str, Any]]:
        """Every subscriber's feed."""
        answer = {}
        for name, feed in self._feeds.items():
            its = feed.status()
            text = _text(its["trouble"] or its["last_error"])
            answer[name] = {"title": self._titles(f"feeds.{name}")} | its | {"text": text}
        return answer

    def channels(self) -> dict[str, dict[str, Any]]:
        """Every channel to people: what waits, what was sent, what is wrong."""
        answer = {}
        for name, outbox in self._channels.items():
            its = outbox.status()
            text = _text(its["trouble"] or its["last_error"])
            kind = self.plan.site.channels[name].kind
            answer[name] = {"title": self._titles(f"channels.{name}"), "kind": kind} | its | {"text": text}
        return answer

    def _titles(self, subject: str) -> str:
        return self.plan.titles.get(subject, "")

    def points(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every point with value, quality and age in seconds; what goes meanwhile is left out."""
        image = self._engine.image
        for name in list(image.points):
            point = image.points.get(name)
            if point is None:
                continue
            now = self._clock.monotonic()
            reading = image.read(name, now)
            yield (
                name,
                {
                    "title": point.title,
                    "value": reading.value,
                    "unit": point.unit,
                    "quality": reading.quality.name.lower(),
                    "age": round(now - reading.at, 3) if reading.at > float("-inf") else None,
                    "note": reading.note,
                    "text": _text(reading.note),
                    "momentary": point.momentary,
                },
            )

    def outputs(self) -> dict[str, dict[str, Any]]:
        """Every output, what it is told, and by whom."""
        answer = {}
        for name, decision in self._engine.arbiter.decisions.items():
            demand = decision.demand
            why = demand.reason if demand else decision.why
            by_hand = demand is not None and demand.issuer == "operator"  # a person's own words stay as they are
            answer[name] = {
                "title": self._engine.arbiter.outputs[name].title,
                "told": decision.value,
                "by": demand.issuer if demand else "",
                "priority": int(demand.priority) if demand else None,
                "why": why,
                "text": {"zh": why, "en": why} if by_hand else _text(why),
            }
        return answer

    def alarms(self) -> list[dict[str, Any]]:
        """Every alarm not back to normal, the gravest and oldest first."""
        return listing.standing(self._engine.annunciator, self.plan)

    def for_subscribers(self) -> Mapping[str, Any]:
        """How things stand, for the feeds: each shows of it what its tier may see (`envelope.state_view`).

        They ask every second. Until something is told, for some seconds, it is the very same object."""
        told, now = self._engine.recorder.count, self._clock.monotonic()
        if told != self._told or not self._looked <= now < self._looked + _STILL:
            self._told, self._looked, self._shown = told, now, self._for_subscribers()
        return self._shown

    def _for_subscribers(self) -> dict[str, Any]:
        now, image = self._clock.monotonic(), self._engine.image
        online = {name: image.read(f"{name}.online", now) for name in self.plan.devices}
        return {
            "armed": not self._engine.waiting,
            "journal": not self._journal.trouble,
            "devices": {name: reading.value is True for name, reading in online.items() if reading.good},
            "lines": {name: line.up for name, line in self._lines.items() if line.up is not None},
            "alarms": listing.brief(self._engine.annunciator),
            "outputs": {name: decision.value for name, decision in self._engine.arbiter.decisions.items()},
            "drilled": sorted(self.exercises.drills.moves) if self.exercises else [],
        }
