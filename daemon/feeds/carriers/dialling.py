"""How a carrier waits for a connection to come about while the watchdog sees that its feed is alive."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

_Made = TypeVar("_Made")
_BEAT = 1.0


async def beating(doing: Coroutine[Any, Any, _Made], beat: Callable[[], None]) -> _Made:
    """What comes of it; `beat` is called at least every second until then."""
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(doing)
        while not task.done():
            await asyncio.wait([task], timeout=_BEAT)
            beat()
    return task.result()
