"""The local API: what the console asks and orders, in JSON. Who may ask is decided by the socket it is served on."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from daemon.feeds.catalogue import describe
from daemon.feeds.phrases import phrase
from daemon.journal.journal import Filter, Journal, JournalError
from daemon.local_socket import serve
from daemon.operator import Operator
from daemon.status import PARTS, Status
from daemon.wishes import BadError, Wish, answered, granting
from gatehouse.demands import Passage
from gatehouse.events import Event

MOST = 5000
"""Events in one answer."""
_PAGE = 100
"""Events told in one go: in between, doors have their turn."""
_LOOK = 0.2
"""Seconds after which a follower's task looks whether the end has come."""
_SILENCE = 30.0
"""Seconds after which a follower of events gets an empty line, so that a dead one is noticed."""


async def _no_such(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    asked = f"{request.method} {request.url.path}"
    return answered({"error": f"没有这个接口：{asked}。 There is nothing like this here: {asked}."}, status)


async def _our_fault(_: Request, error: Exception) -> Response:
    name = type(error).__name__
    return answered(
        {"error": f"守护进程内部错误（{name}），详见其日志。 A fault of the daemon's own; its log says more."}, 500
    )


class Api:
    """Answers the console."""

    def __init__(self, status: Status, operator: Operator, journal: Journal, titles: Mapping[str, str]) -> None:
        """Serve these parts."""
        self._status, self._operator, self._journal, self._titles = status, operator, journal, titles
        self._leaving = False
        self.app = Starlette(
            routes=[
                Route("/v1/status", self._get_status),
                Route("/v1/events", self._get_events),
                Route("/v1/doors/{name}/open", granting(Wish, self._open_door), methods=["POST"]),
                Route("/v1/lanes/{name}/open", granting(Wish, self._open_lane), methods=["POST"]),
                Route("/v1/lanes/{name}/close", granting(Wish, self._close_lane), methods=["POST"]),
                Route("/v1/zones/{name}/reset", granting(Wish, self._reset_zone), methods=["POST"]),
            ],
            exception_handlers={HTTPException: _no_such, Exception: _our_fault},
        )

    def add(self, routes: Iterable[Route]) -> None:
        """Answer these, too."""
        self.app.router.routes.extend(routes)

    async def run(self, path: Path) -> None:
        """Serve on a socket for ever. OSError when it cannot be made, or is taken away."""
        self._leaving = False
        await serve(self.app, path, self._leave)

    def _leave(self) -> None:
        self._leaving = True

    async def _get_status(self, request: Request) -> Response:
        only = request.query_params.get("only")
        if only is not None and only not in PARTS:
            known = "、".join(PARTS)
            return answered({"error": f"only 只能是：{known}。 only is one of: {', '.join(PARTS)}."}, 400)
        pieces = [piece async for piece in self._status.told(PARTS if only is None else (only,))]
        return Response(b"".join(pieces), media_type="application/json")

    async def _get_events(self, request: Request) -> Response:
        query = request.query_params
        try:
            words = {key: value for key, value in query.items() if key not in _PAGING}
            wanted = Filter.parse(words, self._status.zone)
            after, limit = _number(query, "after", 0, 2**63 - 1), _number(query, "limit", _PAGE, MOST)
        except ValueError as error:
            return answered({"error": f"筛选条件有误。 {error}"}, 400)
        if query.get("follow"):
            return StreamingResponse(self._follow(after, wanted), media_type="application/x-ndjson")
        try:
            found = await self._journal.query(after, limit, wanted, newest=bool(query.get("newest")))
        except JournalError as error:
            return answered({"error": f"日志暂时读不了：{phrase(str(error), 'zh')}。 Not now: {error}."}, 503)
        parts = [part async for part in self._parts(found)]
        return Response(b"[" + b",".join(parts) + b"]", media_type="application/json")

    async def _parts(self, events: list[Event]) -> AsyncIterator[bytes]:
        """Each event as JSON; between two pages everybody else has a turn."""
        for number, event in enumerate(events, 1):
            yield msgspec.json.encode(self.told(event))
            if number % _PAGE == 0:
                await asyncio.sleep(0)

    async def _follow(self, after: int, wanted: Filter) -> AsyncIterator[bytes]:
        """Every event that comes after a number, a line each, until one of us leaves."""
        journal, loop = self._journal, asyncio.get_running_loop()
        epoch, said = journal.epoch, loop.time()
        while not self._leaving:
            if epoch and epoch != journal.epoch:  # the journal was begun anew, and so were its numbers
                after = 0
            epoch, head = journal.epoch, journal.head
            if head <= after:
                await journal.wait_beyond(after, _LOOK)
                if loop.time() - said >= _SILENCE:
                    said = loop.time()
                    yield b"\n"
            elif (found := await self._page(after, wanted)) is not None:
                for event in found:
                    yield msgspec.json.encode(self.told(event)) + b"\n"
                said = loop.time() if found else said
                last = found[-1].number if found else 0
                after = last if len(found) == _PAGE else max(head, last)

    async def _page(self, after: int, wanted: Filter) -> list[Event] | None:
        """The next events after a number; None, after a while, when the journal cannot be read, which is an alarm."""
        try:
            return await self._journal.query(after, _PAGE, wanted)
        except JournalError:
            await asyncio.sleep(_LOOK)
            return None

    def told(self, event: Event) -> dict[str, Any]:
        """An event with the sentences that tell it to a person."""
        document = msgspec.to_builtins(event)
        document["local"] = event.at.astimezone(self._status.zone).isoformat()
        document["place"] = self._titles.get(event.subject, event.subject)
        document["text"] = {language: describe(event, self._titles, 3, language) for language in ("zh", "en")}
        return document  # type: ignore[no-any-return]

    def _open_door(self, name: str, wish: Wish) -> str:
        if not wish.reason:
            raise BadError("开门须写明原因 --reason。 A door is opened by hand with a reason only.")
        return self._operator.open_door(name, wish.reason, wish.by)

    def _open_lane(self, name: str, wish: Wish) -> str:
        if not wish.reason:
            raise BadError("抬杆须写明原因 --reason。 A boom is raised by hand with a reason only.")
        return self._operator.move_lane(name, Passage.OPEN, wish.reason, wish.by)

    def _close_lane(self, name: str, wish: Wish) -> str:
        return self._operator.move_lane(name, Passage.CLOSED, wish.reason, wish.by)

    def _reset_zone(self, name: str, wish: Wish) -> str:
        return self._operator.reset_zone(name, wish.by)


def _number(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    raw = query.get(name, "")
    if not raw:
        return default
    if not raw.isdecimal() or len(raw) > 19 or int(raw) > most:
        raise ValueError(f"{name} {raw[:30]!r} must be a number from 0 to {most}")
    return int(raw)


_PAGING = ("after", "limit", "follow", "newest")
