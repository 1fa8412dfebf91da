"""The technician's tools on a running daemon: scan and trace of a line, probe of a device, a line of JSON for each."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from daemon.clock import Clock
from daemon.config.load import Plan
from daemon.feeds.phrases import phrase
from daemon.field.blackbox import told
from daemon.field.direct import Visit
from daemon.field.knocks import TABLES
from daemon.field.likeness import shelf
from daemon.field.lines import LineOwner
from daemon.field.probe import explained, probe
from daemon.field.proposal import known_units, proposed
from daemon.field.survey import SERIAL_PATIENCE, TCP_PATIENCE, Errand, Setting, Survey
from daemon.field.trace import Entry
from gatehouse.driver import Listener

SHARE = 0.1
"""Of a line's time that technicians have, as the line itself sees to."""
_PAGE = 200
"""Lines told in one go: in between, doors have their turn."""
SAID = frozenset({"open", "lost"})
"""Kinds of entries whose bytes are words."""
_UNKNOWN = " bytes that are no "
"""How drivers speak of frames that are not theirs."""
_QUIET = 30.0
"""Seconds after which a follower gets an empty line, so that a dead one is noticed."""


class Technician:
    """Answers `/v1/lines/…` and `/v1/devices/…`."""

    def __init__(self, plan: Callable[[], Plan], lines: Mapping[str, LineOwner], clock: Clock) -> None:
        """`plan` as it is by now."""
        self._plan, self._lines, self._clock = plan, lines, clock
        self._scanned: set[str] = set()

    def routes(self) -> list[Route]:
        """What is answered."""
        return [
            Route("/v1/lines/{name}/trace", self._trace),
            Route("/v1/lines/{name}/scan", self._scan),
            Route("/v1/devices/{name}/probe", self._probe),
        ]

    # Trace

    async def _trace(self, request: Request) -> Response:
        name = request.path_params["name"]
        line = self._lines.get(name)
        if line is None:
            return _unknown("总线", "line", name, self._lines)
        follow = bool(request.query_params.get("follow"))
        return _stream(self._entries(name, line, follow=follow))

    async def _entries(self, name: str, line: LineOwner, *, follow: bool) -> AsyncIterator[bytes]:
        """The last minute; then, where it is wanted, all that comes."""
        coming = line.ring.follow(_QUIET)
        copy = line.ring.copy()
        kept = await asyncio.to_thread(lambda: [self._told(name, entry) for entry in copy.entries()])
        for at in range(0, len(kept), _PAGE):
            yield b"".join(kept[at : at + _PAGE])
        if not follow:
            yield b'{"kind":"end"}\n'
            return
        yield b"\n"
        async for entry in coming:
            yield b"\n" if entry.kind == "quiet" else self._told(name, entry)

    def _told(self, line: str, entry: Entry) -> bytes:
        plan, at = self._plan(), self._clock.utc().timestamp() + entry.at - self._clock.monotonic()
        document = told(entry, at) | {"local": local(at, plan.site.site.timezone)}
        words = entry.kind in SAID
        text = entry.data.decode("utf-8", "replace") if words else decoded(plan, line, entry.device, entry.data)
        document["text"] = _both(text)
        return msgspec.json.encode(document) + b"\n"

    # Scan

    async def _scan(self, request: Request) -> Response:
        name = request.path_params["name"]
        line = self._lines.get(name)
        if line is None:
            return _unknown("总线", "line", name, self._lines)
        if name in self._scanned:
            return _json({"error": "此总线正在被扫描，请等它结束。 This line is being scanned already."}, 409)
        plan = self._plan()
        if any(isinstance(plan.devices[device], Listener) for device in _on(plan, name)):
            return _json({"error": LISTENS}, 409)
        try:
            errand = self._errand(plan, name, request.query_params)
        except ValueError as error:
            return _json({"error": str(error)}, 400)
        return _stream(self._surveyed(plan, name, line, errand))

    def _errand(self, plan: Plan, name: str, query: Mapping[str, str]) -> Errand:
        tcp = plan.site.lines[name].tcp is not None
        return Errand(
            tongue="tcp" if tcp else "ascii" if query.get("ascii") else "rtu",
            units=units(query.get("units", "") or "1-247"),
            known=known_units(plan.site.devices, name),
            skip_known=True,
            meters=not query.get("no_meters"),
            tables=TABLES[:2],
            patience=TCP_PATIENCE if tcp else SERIAL_PATIENCE,
            share=SHARE,
        )

    async def _surveyed(self, plan: Plan, name: str, line: LineOwner, errand: Errand) -> AsyncIterator[bytes]:
        self._scanned.add(name)
        settings = plan.site.lines[name]

        @asynccontextmanager
        async def opening(_: Setting) -> AsyncIterator[Visit]:
            yield line.visit

        try:
            candidates = await asyncio.to_thread(shelf, plan.folder)
            own = [Setting(settings.baud, settings.format)]
            async for event in surveyed(Survey(opening, own, errand, candidates, self._clock), plan, name):
                yield msgspec.json.encode(event) + b"\n"
        finally:
            self._scanned.discard(name)

    # Probe

    async def _probe(self, request: Request) -> Response:
        name, plan = request.path_params["name"], self._plan()
        device = plan.devices.get(name)
        if device is None:
            return _unknown("设备", "device", name, plan.devices)
        if isinstance(device, Listener):
            return _json({"error": LISTENS}, 409)
        line = self._lines[plan.site.devices[name].line]
        return _stream(_lines(probed(probe(device, line.visit, self._clock))))


LISTENS = (
    "该设备主动上报，不能询问；请刷一张卡，用 gatehouse trace 看它说了什么。 It speaks unasked and cannot be asked: "
    "hold a card before it and look at gatehouse trace."
)


def units(text: str) -> list[int]:
    """`1-32,100` as numbers; ValueError, in both languages, for anything else."""
    found: dict[int, None] = {}
    for part in text.replace("，", ",").split(","):
        first, _, last = part.strip().partition("-")
        if not (first.isdecimal() and (last or first).isdecimal()) or not 1 <= int(first) <= int(last or first) <= 255:
            raise ValueError(
                f"地址范围 {text[:60]!r} 有误，应如 1-32,100。 Units are written as 1-32,100, from 1 to 255."
            )
        found |= dict.fromkeys(range(int(first), int(last or first) + 1))
    return list(found)


async def surveyed(survey: Survey, plan: Plan, line: str) -> AsyncGenerator[dict[str, Any], None]:
    """The events of a survey, each unit with what the site may say of it; the last is `end`, whatever happens."""
    taken = set(plan.site.devices)
    why = ""
    try:
        async for event in survey.events():
            if event["event"] == "identified":
                yield event | {"proposal": proposed(event, line, plan.site.devices, taken)}
            elif event["event"] == "trouble":
                yield event | {"why": _both(event["why"])}
            elif "answer" in event:
                yield event | {"answer": _both(event["answer"])}
            else:
                yield event
    except OSError as error:
        why = str(error)
    yield {"event": "end", "why": _both(why) if why else None}


async def probed(events: AsyncIterator[dict[str, Any]]) -> AsyncGenerator[dict[str, Any], None]:
    """The events of a probe, with everything in words in both languages."""
    try:
        async for event in events:
            if event["event"] == "read":
                event["why"], event["explained"] = _both(event["why"]), _both(event["explained"])
                event["hints"] = [_both(hint) for hint in event["hints"]]
                for point in event["points"]:
                    point["note"] = _both(point["note"])
            yield event
    except OSError as error:
        yield {"event": "end", "error": _both(str(error))}


def decoded(plan: Plan, line: str, device: str, frame: bytes) -> str:
    """A frame in words by the driver of its device, else by that driver of the line that knows most of it."""
    if device in plan.devices:
        return explained(plan.devices[device], frame)
    several = {type(plan.devices[name]).__module__: plan.devices[name] for name in _on(plan, line)}
    return clearest(explained(each, frame) for each in several.values())


def clearest(texts: Iterable[str]) -> str:
    """What was said by a driver that knows the frame; else what any said."""
    said = [text for text in texts if text]
    return next((text for text in said if _UNKNOWN not in text), said[0] if said else "")


def local(at: float, timezone: str) -> str:
    """Seconds since 1970 as the clocks of the site show them, to the millisecond."""
    return datetime.fromtimestamp(at, ZoneInfo(timezone)).isoformat(timespec="milliseconds")


def _on(plan: Plan, line: str) -> list[str]:
    return [name for name, its in plan.site.devices.items() if its.line == line]


def _both(text: str) -> dict[str, str]:
    return {"zh": phrase(text, "zh"), "en": phrase(text, "en")}


async def _lines(events: AsyncIterator[dict[str, Any]]) -> AsyncIterator[bytes]:
    async for event in events:
        yield msgspec.json.encode(event) + b"\n"


def _stream(lines: AsyncIterator[bytes]) -> Response:
    return StreamingResponse(lines, media_type="application/x-ndjson")


def _json(document: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(document), status, media_type="application/json")


def _unknown(zh: str, en: str, name: str, known: Iterable[str]) -> Response:
    names = ", ".join(known) or "—"
    return _json({"error": f"没有{zh} {name}，有：{names}。 There is no {en} {name}; there are: {names}."}, 404)
