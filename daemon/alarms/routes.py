"""The alarms over the local API: one document to look at, and a verb for each thing that a person can do."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from daemon.alarms import listing
from daemon.alarms.desk import Desk
from daemon.config.load import Plan
from daemon.feeds.phrases import phrase
from daemon.journal.journal import Filter, Journal, JournalError
from daemon.wishes import BadError, Wish, answered, granting
from gatehouse.events import Event
from rules._settings import Duration

_ENDED = 200
"""Newest events among which occurrences are looked for that are over."""
_MOST_ENDED = 50
_SECONDS = TypeAdapter(Duration)


class AlarmWish(Wish):
    """What a person says of an alarm; each verb needs some of it."""

    verdict: str = ""
    cause: str = ""
    to: str = ""
    note: str = ""
    for_: str = msgspec.field(default="", name="for")


def routes(
    desk: Desk,
    plan: Callable[[], Plan],
    journal: Journal,
    told: Callable[[Event], Any],
    climbs: Callable[[], list[dict[str, Any]]] = list,
) -> list[Route]:
    """`GET /v1/alarms`, and `POST /v1/alarms/NAME/VERB`. `told`: an event as the API tells it.

    `climbs`: for whom people are being called.
    """

    async def get(request: Request) -> Response:
        document = {
            "alarms": await listing.paged(desk.book.standing.values(), plan()),
            "cases": await listing.paged(desk.book.cases.values(), plan()),
            "disabled": listing.disabled(desk.disabled, plan()),
            "ladders": climbs(),
            "causes": {word: text._asdict() for word, text in desk.causes.items()},
        }
        if request.query_params.get("all"):
            try:
                document["ended"] = await _ended(journal, told)
            except JournalError as error:
                why = f"日志暂时读不了：{phrase(str(error), 'zh')}。 Not now: {error}."
                return answered({"error": why}, 503)
        return answered(document)

    verbs: dict[str, Callable[[str, AlarmWish], str]] = {
        "ack": lambda name, wish: desk.acknowledge(name, wish.by),
        "reset": lambda name, wish: desk.reset(name, wish.by),
        "verify": lambda name, wish: desk.verify(name, wish.verdict, wish.cause, wish.by, wish.note),
        "assign": lambda name, wish: desk.assign(name, wish.to, wish.by),
        "on-site": lambda name, wish: desk.on_site(name, wish.by),
        "close": lambda name, wish: desk.close(name, wish.by, wish.note),
        "silence": lambda name, wish: desk.silence(name, wish.by),
        "shelve": lambda name, wish: desk.shelve(name, _seconds(wish), wish.reason, wish.by),
        "unshelve": lambda name, wish: desk.unshelve(name, wish.by),
        "disable": lambda name, wish: desk.disable(name, _seconds(wish), wish.reason, wish.by),
        "enable": lambda name, wish: desk.enable(name, wish.by),
    }
    return [
        Route("/v1/alarms", get, methods=["GET"]),
        *(Route(f"/v1/alarms/{{name}}/{verb}", _post(act), methods=["POST"]) for verb, act in verbs.items()),
    ]


def _post(act: Callable[[str, AlarmWish], str]) -> Callable[[Request], Awaitable[Response]]:
    return granting(AlarmWish, act)


def _seconds(wish: AlarmWish) -> float:
    try:
        return _SECONDS.validate_python(wish.for_)
    except ValidationError as error:
        raise BadError(
            f"请写明多久，如 30m、2h、3d，收到 {wish.for_!r}。 Say for how long: 30m, 2h or 3d; found {wish.for_!r}."
        ) from error


async def _ended(journal: Journal, told: Callable[[Event], Any]) -> list[Any]:
    """The newest occurrences that are over, each by the event that ended it, the newest first."""
    kinds = "alarm.closed,alarm.acknowledged,alarm.returned,alarm.reset,alarm.followed"
    found = await journal.query(0, _ENDED, Filter.parse({"kinds": kinds}, None), newest=True)
    over = [event for event in reversed(found) if event.content.get("open") is False]
    return [told(event) for event in over[:_MOST_ENDED]]
