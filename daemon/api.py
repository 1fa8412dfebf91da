"""The local API: a Unix socket that only this machine's people of the right group can open."""

import contextlib
import pwd
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from daemon.catalogue import describe
from daemon.journal import Filter, Journal
from daemon.operator import Operator, RefusedError
from daemon.status import Status
from gatehouse.demands import Passage
from gatehouse.events import Event

_PAGE = 500
_LISTEN = 30.0
"""Seconds after which a follower of events gets an empty line, so that a dead one is noticed."""


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    by: str
    reason: str = ""


class _PeerProtocol(H11Protocol):
    """Notes which user of the machine is at the other end of the socket."""

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - uvicorn's own type
        """Read the peer's credentials from the kernel: nobody can lie about them."""
        super().connection_made(transport)
        peer = transport.get_extra_info("socket")
        raw = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        self.client = (_user(struct.unpack("3i", raw)[1]), 0)


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _json(document: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(document), status, media_type="application/json")


def _listen(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
        path.chmod(0o660)
    except OSError as error:
        listener.close()
        raise OSError(f"{path}: cannot listen there ({error}); a socket's path may have 107 characters") from error
    return listener


class Api:
    """Answers the console."""

    def __init__(self, status: Status, operator: Operator, journal: Journal, titles: dict[str, str]) -> None:
        """Serve these parts."""
        self._status, self._operator, self._journal, self._titles = status, operator, journal, titles
        verb = self._verb
        self.app = Starlette(
            routes=[
                Route("/v1/status", self._get_status),
                Route("/v1/events", self._get_events),
                Route("/v1/doors/{name}/open", verb(self._open_door), methods=["POST"]),
                Route("/v1/lanes/{name}/open", verb(self._open_lane), methods=["POST"]),
                Route("/v1/lanes/{name}/close", verb(self._close_lane), methods=["POST"]),
                Route("/v1/zones/{name}/reset", verb(self._reset_zone), methods=["POST"]),
                Route("/v1/alarms/{name}/ack", verb(self._acknowledge), methods=["POST"]),
                Route("/v1/alarms/{name}/reset", verb(self._reset), methods=["POST"]),
            ]
        )

    async def run(self, path: Path) -> None:
        """Serve on the socket for ever; the socket belongs to its owner and group only."""
        listener = _listen(path)
        config = uvicorn.Config(
            self.app, http=_PeerProtocol, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment] # main's business
        try:
            await server.serve(sockets=[listener])
        finally:
            listener.close()

    async def _get_status(self, _: Request) -> Response:
        return _json(self._status.document())

    async def _get_events(self, request: Request) -> Response:
        query = request.query_params
        try:
            wanted = Filter.parse({key: value for key, value in query.items() if key not in _PAGING})
            after, limit = int(query.get("after", 0)), min(int(query.get("limit", _PAGE)), _PAGE)
        except ValueError as error:
            return _json({"error": str(error)}, 400)
        if query.get("follow"):
            return StreamingResponse(self._follow(after, wanted), media_type="application/x-ndjson")
        newest = bool(query.get("newest"))
        return _json([self.told(event) for event in await self._journal.query(after, limit, wanted, newest=newest)])

    async def _follow(self, after: int, wanted: Filter) -> AsyncIterator[bytes]:
        while True:
            head = self._journal.head
            while found := await self._journal.query(after, _PAGE, wanted):
                for event in found:
                    yield msgspec.json.encode(self.told(event)) + b"\n"
                after = found[-1].number
            after = max(after, head)
            await self._journal.wait_beyond(after, _LISTEN)
            if self._journal.head <= after:
                yield b"\n"

    def told(self, event: Event) -> dict[str, Any]:
        """An event with the sentences that tell it to a person."""
        document = msgspec.to_builtins(event)
        document["local"] = event.at.astimezone(self._status.zone).isoformat()
        document["place"] = self._titles.get(event.subject, event.subject)
        document["text"] = {language: describe(event, self._titles, 3, language) for language in ("zh", "en")}
        return document  # type: ignore[no-any-return]

    def _verb(self, act: Callable[[str, _Body], str]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            raw = await request.body()
            try:
                body = msgspec.json.decode(raw, type=_Body)
            except msgspec.DecodeError as error:
                return _json({"error": f"send a JSON object with by (and reason): {error}"}, 400)
            if not body.by.strip():
                return _json({"error": "say who you are: by must not be empty"}, 400)
            user = request.client.host if request.client else "unknown"
            body.by = f"{body.by.strip()} ({user})"
            try:
                return _json({"done": act(request.path_params["name"], body)})
            except RefusedError as refusal:
                return _json({"error": str(refusal)}, 409)

        return answer

    def _open_door(self, name: str, body: _Body) -> str:
        if not body.reason.strip():
            raise RefusedError("开门须写明原因 --reason。 A door is opened by hand with a reason only.")
        return self._operator.open_door(name, body.reason, body.by)

    def _open_lane(self, name: str, body: _Body) -> str:
        if not body.reason.strip():
            raise RefusedError("抬杆须写明原因 --reason。 A boom is raised by hand with a reason only.")
        return self._operator.move_lane(name, Passage.OPEN, body.reason, body.by)

    def _close_lane(self, name: str, body: _Body) -> str:
        return self._operator.move_lane(name, Passage.CLOSED, body.reason, body.by)

    def _reset_zone(self, name: str, body: _Body) -> str:
        return self._operator.reset_zone(name, body.by)

    def _acknowledge(self, name: str, body: _Body) -> str:
        alarm = self._operator.acknowledge(name, body.by)
        return f"{alarm.condition.alarm}: {alarm.state.value}"

    def _reset(self, name: str, body: _Body) -> str:
        alarm = self._operator.reset_alarm(name, body.by)
        return f"{alarm.condition.alarm}: {alarm.state.value}"


_PAGING = ("after", "limit", "follow", "newest")
