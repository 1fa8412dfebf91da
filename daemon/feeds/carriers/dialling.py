"""How a carrier tries a connection while the watchdog sees that its feed is alive."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from daemon.feeds.carrier import Receipt, UnreachableError

_BEAT = 1.0


async def tried(
    hello: Coroutine[Any, Any, Receipt], beat: Callable[[], None], farewell: Callable[[], Awaitable[None]]
) -> None:
    """Nothing, when the first message is accepted; else UnreachableError, or the cancellation, after `farewell`.

    `beat` is called at least every second until then.
    """
    works = False
    try:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(hello)
            while not task.done():
                await asyncio.wait([task], timeout=_BEAT)
                beat()
        receipt = task.result()
        works = receipt.verdict == "accepted"
    finally:
        if not works:
            await farewell()
    if not works:
        raise UnreachableError(receipt.why)
