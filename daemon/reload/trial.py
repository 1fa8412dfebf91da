"""A device as a site file might name it, tried on its line while that goes on: what would change, and what it says."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from daemon.config.document import LARGEST
from daemon.config.faults import ConfigError
from daemon.config.load import Plan
from daemon.field.probe import probe
from daemon.parts import Daemon
from daemon.reload.difference import difference, on_the_wire
from daemon.reload.face import answered, shown
from daemon.reload.proposal import proposed
from daemon.reload.source import Source
from daemon.reload.words import told
from daemon.technician_api import LISTENS, probed
from gatehouse.driver import Listener

_LARGEST = 4 * LARGEST
"""Bytes of a request: a site file in which every sign is escaped."""


class _Wish(msgspec.Struct, forbid_unknown_fields=True):
    file: str
    """Its path, one of the site's own."""
    text: str
    """What it might say."""


def routes(daemon: Daemon, source: Source) -> list[Route]:
    """`POST /v1/devices/{name}/trial`: the plan of the change, then every read of the device; nothing is written."""

    async def post(request: Request) -> Response:
        name = request.path_params["name"]
        try:
            plan = await asyncio.to_thread(source.load, await _instead(request, source))
        except ConfigError as error:
            return answered({"error": "\n".join(fault.text("zh") for fault in error.faults)}, 409)
        except ValueError as error:
            return answered({"error": str(error)}, 400)
        if name not in plan.devices:
            return answered({"error": f"没有设备 {name}。 There is no device {name}."}, 404)
        return StreamingResponse(_tried(daemon, plan, name), media_type="application/x-ndjson")

    return [Route("/v1/devices/{name}/trial", post, methods=["POST"])]


async def _instead(request: Request, source: Source) -> dict[Path, str]:
    """ValueError when it makes no sense."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > _LARGEST:
            raise ValueError(f"请求太大，最多 {_LARGEST} 字节。 A request has {_LARGEST} bytes at most.")
    try:
        wish = msgspec.json.decode(raw, type=_Wish)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"请求须为 JSON，含 file 和 text。 Send a JSON object with file and text: {error}.") from error
    return {_own(source, Path(wish.file)): wish.text}


def _own(source: Source, named: Path) -> Path:
    """The file of the site that is meant. ValueError when it is none of its."""
    folder = source.site if source.site.is_dir() else source.site.parent
    files = folder.glob("*.yaml") if source.site.is_dir() else [source.site]
    for file in files:
        if file.resolve() == named.resolve():
            return file
    raise ValueError(f"{named} 不是运行中的站点文件。 {named} is no file of the site that runs, {source.site}.")


async def _tried(daemon: Daemon, plan: Plan, name: str) -> AsyncIterator[bytes]:
    """A line of JSON each: first the plan, then what the device says, in any case an end."""
    change = await asyncio.to_thread(difference, daemon.plan, plan)
    yield _line({"event": "plan"} | shown(proposed(0, change, told(change), daemon.engine.arbiter)))
    line, device = plan.site.devices[name].line, plan.devices[name]
    if line not in daemon.lines or on_the_wire(plan.site.lines[line]) != on_the_wire(daemon.plan.site.lines[line]):
        yield _line({"event": "end", "error": _UNOPENED})
    elif isinstance(device, Listener):
        zh, _, en = LISTENS.partition(" It ")
        yield _line({"event": "end", "error": {"zh": zh, "en": f"It {en}"}})
    else:
        async for event in probed(probe(device, daemon.lines[line].visit, daemon.clock)):
            yield _line(event)


_UNOPENED = {
    "zh": "这条总线尚未按新的设置打开，现在不能试读。",
    "en": "this line is not open with these settings, so the device cannot be tried now",
}


def _line(document: dict[str, Any]) -> bytes:
    return msgspec.json.encode(document) + b"\n"
