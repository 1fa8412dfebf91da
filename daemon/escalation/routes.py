"""The ladders over the local API: what is being climbed, who would be called, a test, an answer."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from daemon.config.faults import listed, nearest
from daemon.config.load import Plan
from daemon.escalation.office import Office
from daemon.escalation.trial import NobodyError
from daemon.feeds.phrases import phrase
from daemon.feeds.texts import ALARMS
from daemon.operator import RefusedError, UnknownError
from daemon.wishes import Wish, answered, granting

_DIGITS = 10
_FIRST_YEAR, _LAST_YEAR = 2000, 2200
"""Between these somebody may be on shift; beyond, no zone can be asked."""


def routes(office: Office, plan: Callable[[], Plan]) -> list[Route]:
    """`GET /v1/ladder`, `/v1/ladder/show` and `/v1/ladder/test/NUMBER`; `POST /v1/ladder/NAME/test` and `answer`."""

    async def status(_: Request) -> Response:
        return answered(office.status())

    async def show(request: Request) -> Response:
        query = request.query_params
        try:
            zone = zone_of(query.get("zone", ""), plan())
            at = at_of(query.get("at", ""), ZoneInfo(plan().site.site.timezone))
            kind = kind_of(query.get("kind", ""))
        except ValueError as error:
            return answered({"error": str(error)}, 400)
        return answered(office.show(zone, kind, at))

    async def course(request: Request) -> Response:
        number = request.path_params["number"]
        trial = office.trials.find(int(number)) if number.isdecimal() and len(number) < _DIGITS else None
        if trial is None:
            shown = number[:_DIGITS]
            return answered({"error": f"没有第 {shown} 次测试。 There is no test {shown}."}, 404)
        told = trial.told()
        for leg in filter(None, told["legs"].values()):
            leg["text"] = {"zh": phrase(leg["why"], "zh"), "en": leg["why"]}
        return answered(told)

    return [
        Route("/v1/ladder", status),
        Route("/v1/ladder/show", show),
        Route("/v1/ladder/test/{number}", course),
        Route("/v1/ladder/{name}/test", granting(Wish, lambda name, wish: _test(office, name, wish)), methods=["POST"]),
        Route("/v1/ladder/{name}/answer", granting(Wish, lambda name, wish: _answer(office, name, wish)),
              methods=["POST"]),
    ]  # fmt: skip


def _test(office: Office, name: str, wish: Wish) -> str:
    """The number of the test, as a text: its course is asked for by it."""
    try:
        return str(office.test(name, wish.by).number)
    except NobodyError as error:
        people = office.directory.people
        if office.directory.who_is(name) in people:
            raise RefusedError(f"{name} 没有任何通道的地址。 {name} has no address at any channel.") from error
        known = [*people, *sorted(office.directory.groups)]
        close = nearest(name, known)
        guess = (f"，是不是 {close}？", f"; did you mean {close}?") if close else ("。", ".")
        raise UnknownError(
            f"没有叫 {name!r} 的人员或群{guess[0]}现有：{listed(known)}。 "
            f"Nobody and no group is called {name!r}{guess[1]} There are: {listed(known)}."
        ) from error


def _answer(office: Office, name: str, wish: Wish) -> str:
    runs = office.escalations.runs
    meant = {run.alarm.occurrence for run in runs.values() if name in (run.alarm.occurrence, run.alarm.condition.alarm)}
    meant = meant or {run.alarm.occurrence for run in runs.values() if run.alarm.condition.alarm.endswith(f".{name}")}
    if len(meant) > 1:
        raise RefusedError(
            f"{name!r} 指的不止一个报警，请写全。 It may be any of {len(meant)} alarms; write one in full."
        )
    occurrence = next(iter(meant), "")
    if not office.escalations.answer(occurrence, wish.by):
        called = listed(run.alarm.condition.alarm for run in runs.values())
        raise UnknownError(
            f"{name}：没有正在进行的呼叫，正在呼叫的有：{called}。 "
            f"Nobody is being called for {name}; running: {called}."
        )
    return f"{name}：已记下 {wish.by} 应答。 {wish.by} has answered."


def zone_of(text: str, plan: Plan) -> str:
    """The full name of a zone; ValueError when there is none."""
    full = text if not text or text.startswith("zones.") else f"zones.{text}"
    if full and full.removeprefix("zones.") not in plan.site.zones:
        close, known = nearest(text, plan.site.zones), listed(plan.site.zones)
        guess = (f"，是不是 {close}？", f"; did you mean {close}?") if close else ("。", ".")
        raise ValueError(
            f"没有防区 {text[:40]!r}{guess[0]}现有：{known}。 "
            f"There is no zone {text[:40]!r}{guess[1]} There are: {known}."
        )
    return full


def kind_of(text: str) -> str:
    """A kind of alarm, fire unless another is named; ValueError when there is none."""
    if text and text not in ALARMS:
        close = nearest(text, ALARMS)
        guess = (f"，是不是 {close}？", f"; did you mean {close}?") if close else ("。", ".")
        raise ValueError(f"没有报警种类 {text[:40]!r}{guess[0]} There is no kind of alarm {text[:40]!r}{guess[1]}")
    return text or "fire"


def at_of(text: str, zone: ZoneInfo) -> datetime | None:
    """A time of the site, as people write it; ValueError when it is none."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        if not _FIRST_YEAR <= at.year < _LAST_YEAR:
            raise ValueError(at.year)
    except ValueError as error:
        raise ValueError(
            f"时间写成 2026-10-01T03:00，收到 {text[:40]!r}。 Write a time like 2026-10-01T03:00."
        ) from error
    return at.replace(tzinfo=zone) if at.tzinfo is None else at.astimezone(zone)
