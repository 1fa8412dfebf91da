"""Rules over the local API: which there are, and why one did or did not fire."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from daemon.feeds.phrases import phrase
from daemon.journal.journal import Filter, Journal, JournalError
from daemon.operator import RefusedError, UnknownError
from daemon.reasons import Reasons, is_of
from daemon.wishes import answered
from gatehouse.events import Event

_PAST, _MOST = 6, 200
"""Events of the past that are told where nobody says how many, and at most."""
_MORE = 4
"""So many times as many are looked at: a name may be the beginning of another one."""


def routes(reasons: Reasons, journal: Journal, told: Callable[[Event], dict[str, Any]]) -> list[Route]:
    """`GET /v1/rules` and `/v1/rules/NAME?at=…&past=…`."""

    async def listed(_: Request) -> Response:
        return answered(reasons.listed())

    async def explain(request: Request) -> Response:
        name, query = request.path_params["name"], request.query_params
        try:
            wanted = Filter.parse({"until": query.get("at", "")}, reasons.zone())
            past = min(int(query.get("past") or _PAST), _MOST)
            found = reasons.explain(name)
        except UnknownError as error:
            return answered({"error": str(error)}, 404)
        except RefusedError as error:
            return answered({"error": str(error)}, 409)
        except ValueError as error:
            return answered({"error": f"时刻或条数有误。 {error}"}, 400)
        return answered(found | await _past(found, wanted, past))

    async def _past(found: dict[str, Any], wanted: Filter, count: int) -> dict[str, Any]:
        wanted = Filter(until=wanted.until, text=found["alarm"] or f"rule:{found['rule']}")
        try:
            events = await journal.query(0, count * _MORE, wanted, newest=True) if count > 0 else []
        except JournalError as error:
            return {"past": [], "trouble": {"zh": phrase(str(error), "zh"), "en": str(error)}}
        mine = [event for event in events if is_of(event, found)]
        return {"past": [told(event) for event in mine[-count:]], "trouble": None}

    return [Route("/v1/rules", listed), Route("/v1/rules/{name}", explain)]
