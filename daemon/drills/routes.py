"""Drills and walk tests over the local API."""

from collections.abc import Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from daemon.config.load import Plan
from daemon.drills.exercises import Exercises
from daemon.drills.report import NoReportError, report
from daemon.feeds.phrases import phrase
from daemon.journal.journal import Journal, JournalError
from daemon.wishes import BadError, Wish, answered, granting


class ExerciseWish(Wish):
    """What a person says of a drill or a test that is to begin."""

    minutes: str = ""
    kind: str = "fire"
    heads: str = ""
    """Points, separated by commas; without any all of the zone."""


def routes(exercises: Exercises, plan: Callable[[], Plan], journal: Journal) -> list[Route]:
    """`GET /v1/exercises`, `/v1/exercises/{drill,walktest}/report`; `POST /v1/drills/ZONE/start` and `stop`, the same
    of `/v1/walktests`."""

    async def status(_: Request) -> Response:
        return answered(exercises.status())

    async def told(request: Request) -> Response:
        try:
            found = await report(journal, plan(), request.path_params["sort"], request.query_params.get("id", ""))
        except NoReportError as error:
            return answered({"error": str(error)}, 404)
        except JournalError as error:
            return answered({"error": f"日志暂时读不了：{phrase(str(error), 'zh')}。 Not now: {error}."}, 503)
        return answered(found)

    def drill(zone: str, wish: ExerciseWish) -> str:
        return exercises.drill(zone, _seconds(wish), wish.reason, wish.by, wish.kind)

    def walk(zone: str, wish: ExerciseWish) -> str:
        heads = [head for head in wish.heads.replace(" ", "").split(",") if head]
        return exercises.walk(zone, _seconds(wish), wish.reason, wish.by, heads)

    posts = {
        "/v1/drills/{name}/start": granting(ExerciseWish, drill),
        "/v1/drills/{name}/stop": granting(Wish, lambda zone, wish: exercises.stop("drill", zone, wish.by)),
        "/v1/walktests/{name}/start": granting(ExerciseWish, walk),
        "/v1/walktests/{name}/stop": granting(Wish, lambda zone, wish: exercises.stop("walktest", zone, wish.by)),
    }
    return [
        Route("/v1/exercises", status),
        Route("/v1/exercises/{sort}/report", told),
        *(Route(path, act, methods=["POST"]) for path, act in posts.items()),
    ]


def _seconds(wish: ExerciseWish) -> float:
    try:
        return msgspec.convert(wish.minutes, float, strict=False) * 60.0
    except msgspec.ValidationError as error:
        raise BadError(
            f"请写明多少分钟，收到 {wish.minutes!r}。 Say for how many minutes; found {wish.minutes!r}."
        ) from error
