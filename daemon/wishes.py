"""What is ordered over the local API: who wants what and why, checked before anybody acts on it."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from daemon.operator import RefusedError, UnknownError

LARGEST = 16 * 1024
"""Bytes of a request's body."""
_LONGEST = 500
"""Characters of a name or a reason."""


class Wish(msgspec.Struct, forbid_unknown_fields=True):
    """Who, and why."""

    by: str
    reason: str = ""


Form = TypeVar("Form", bound=Wish)


class BadError(Exception):
    """The request makes no sense; the text says what would."""


class TooLargeError(Exception):
    """Nobody needs so many bytes to say who and why."""


def answered(document: object, status: int = 200) -> Response:
    """JSON."""
    return Response(msgspec.json.encode(document), status, media_type="application/json")


def granting(form: type[Form], act: Callable[[str, Form], str]) -> Callable[[Request], Awaitable[Response]]:
    """Answer a POST to `…/{name}/…` by doing something in a person's name; what was done, or why not, in words."""

    async def answer(request: Request) -> Response:
        try:
            wish = await read(request, form)
            return answered({"done": act(request.path_params["name"], wish)})
        except BadError as error:
            return answered({"error": str(error)}, 400)
        except RefusedError as refusal:
            return answered({"error": str(refusal)}, 404 if isinstance(refusal, UnknownError) else 409)
        except TooLargeError as error:
            return answered({"error": str(error)}, 413)
        except ClientDisconnect:
            return Response(status_code=400)

    return answer


async def read(request: Request, form: type[Form]) -> Form:
    """The wish, with the user of the machine beside the name that was given. BadError, TooLargeError."""
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > LARGEST:
            raise TooLargeError(f"请求太大，最多 {LARGEST} 字节。 A request has {LARGEST} bytes at most.")
    try:
        wish = msgspec.json.decode(raw, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadError(
            f"请求须为 JSON，含 by（和 reason）。 Send a JSON object with by (and reason): {error}."
        ) from error
    said = {key: value.strip() for key, value in msgspec.structs.asdict(wish).items() if isinstance(value, str)}
    if not said["by"]:
        raise BadError("请写明操作人 --by。 Say who you are: by must not be empty.")
    if not "".join(said.values()).isprintable() or max(map(len, said.values())) > _LONGEST:
        raise BadError(
            f"姓名和原因须为一行可见文字，最多 {_LONGEST} 字。 Name and reason are one line of plain text, {_LONGEST} "
            "characters at most."
        )
    user = request.client.host if request.client else "unknown"
    return msgspec.structs.replace(wish, **said | {"by": f"{said['by']} ({user})"})
