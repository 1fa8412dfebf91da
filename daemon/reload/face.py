"""The reload as the local API offers it: a plan to look at, a yes to it, and how it goes."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from daemon.feeds.phrases import phrase
from daemon.reload.proposal import Proposal
from daemon.reload.reload import LONGEST, SHORTEST, WATCH, NotNowError, Reload
from daemon.status import LANGUAGES

_LARGEST = 4096
_STEP = 0.5
_LONGEST_NAME = 500


class _Wish(msgspec.Struct, forbid_unknown_fields=True):
    by: str
    accept: int = 0
    """The number of the proposal to apply; 0: only propose."""
    watch: float = WATCH


def routes(reload: Reload) -> list[Route]:
    """`POST /v1/reload` proposes or applies, `GET /v1/reload` tells how it goes."""

    async def post(request: Request) -> Response:
        try:
            wish = await _wish(request)
            if not wish.accept:
                return answered(shown(await reload.propose()))
            user = request.client.host if request.client else "unknown"
            reload.accept(wish.accept, f"{wish.by} ({user})", wish.watch)
        except ValueError as error:
            return answered({"error": str(error)}, 400)
        except NotNowError as error:
            return answered({"error": str(error)}, 409)
        return answered(_progress(reload))

    async def get(request: Request) -> Response:
        if request.query_params.get("follow"):
            return StreamingResponse(_follow(reload), media_type="application/x-ndjson")
        return answered(_progress(reload))

    return [Route("/v1/reload", post, methods=["POST"]), Route("/v1/reload", get, methods=["GET"])]


async def _follow(reload: Reload) -> AsyncIterator[bytes]:
    """How it goes, a line each, until it is over."""
    while True:
        busy = reload.busy
        yield msgspec.json.encode(_progress(reload)) + b"\n"
        if not busy:
            return
        await asyncio.sleep(_STEP)


async def _wish(request: Request) -> _Wish:
    """ValueError when it makes no sense."""
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > _LARGEST:
            raise ValueError(f"请求太大，最多 {_LARGEST} 字节。 A request has {_LARGEST} bytes at most.")
    try:
        wish = msgspec.json.decode(raw, type=_Wish)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"请求须为 JSON，含 by。 Send a JSON object with by: {error}.") from error
    by = wish.by.strip()
    if not by or not by.isprintable() or len(by) > _LONGEST_NAME:
        raise ValueError("请写明操作人 --by。 Say who you are: by is one line of plain text.")
    if not SHORTEST <= wish.watch <= LONGEST:
        raise ValueError(
            f"观察时间须为 {SHORTEST:g} 到 {LONGEST:g} 秒。 Watch for {SHORTEST:g} to {LONGEST:g} seconds."
        )
    return msgspec.structs.replace(wish, by=by)


def shown(proposal: Proposal) -> dict[str, Any]:
    """A proposal as a document."""
    changes = [{"sign": each.sign, "subject": each.subject, "text": each.text._asdict()} for each in proposal.changes]
    return {
        "number": proposal.number,
        "empty": proposal.empty,
        "faults": [{"zh": fault.text("zh"), "en": fault.text("en")} for fault in proposal.faults],
        "refusal": proposal.refusal._asdict() if proposal.refusal else None,
        "changes": changes,
        "unread": proposal.unread,
    }


def _progress(reload: Reload) -> dict[str, Any]:
    left = max(0.0, reload.end - reload.now()) if reload.state == "watching" else 0.0
    worse = [{"what": each.what, "why": each.why, "text": _text(each.why)} for each in reload.worse]
    return {"state": reload.state, "left": round(left, 1), "worse": worse, "site": str(reload.site)}


def _text(why: str) -> dict[str, str]:
    return {language: phrase(why, language) for language in LANGUAGES}


def answered(document: object, status: int = 200) -> Response:
    """JSON."""
    return Response(msgspec.json.encode(document), status, media_type="application/json")
