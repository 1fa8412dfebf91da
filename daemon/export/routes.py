"""Exports over the local API: told to the daemon first, so that each is in the journal itself."""

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from daemon.export.order import Order, OrderError
from daemon.export.record import durable, tell
from daemon.feeds.phrases import phrase
from daemon.journal.journal import Journal, JournalError
from daemon.recorder import Recorder
from daemon.wishes import BadError, TooLargeError, Wish, answered, read


class ExportWish(Wish):
    """Who wants what."""

    since: str = ""
    until: str = ""
    kinds: str = ""
    tier: int = 1
    format: str = "jsonl"
    file: str = ""


def routes(recorder: Recorder, journal: Journal) -> list[Route]:
    """`POST /v1/journal/exports`: writes down that an export is made; the number of that line."""

    async def post(request: Request) -> Response:
        try:
            wish = await read(request, ExportWish)
            order = _order(wish)
            after = journal.head
            number = await durable(journal, tell(recorder, order, wish.file), after)
        except (BadError, OrderError) as error:
            return answered({"error": str(error)}, 400)
        except TooLargeError as error:
            return answered({"error": str(error)}, 413)
        except JournalError as error:
            zh = phrase(str(error), "zh")
            return answered({"error": f"日志暂时写不了，不能导出：{zh}。 The journal cannot be written: {error}."}, 503)
        except ClientDisconnect:
            return Response(status_code=400)
        return answered({"recorded": number})

    return [Route("/v1/journal/exports", post, methods=["POST"])]


def _order(wish: ExportWish) -> Order:
    if wish.tier not in range(4):
        raise OrderError(f"tier 应为 0 到 3，不是 {wish.tier}。 A tier is 0 to 3, not {wish.tier}.")
    order = Order(
        since=wish.since,
        until=wish.until,
        kinds=wish.kinds,
        tier=wish.tier,
        format="xlsx" if wish.format == "xlsx" else "jsonl",
        by=wish.by,
        reason=wish.reason,
    )
    order.check()
    return order
