"""Keeps the daemon's parts running: a bug in one line or feed is an alarm and a fresh start of that part, no more."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable

import structlog

from daemon.alarms.annunciator import own
from daemon.clock import Clock
from gatehouse.alarms import Condition, Severity

log = structlog.get_logger()

ENDED = "it ended by itself"


class Supervisor:
    """Starts parts again for ever."""

    def __init__(
        self, raise_own: Callable[[Condition], None], clock: Clock, *, pause: float = 1.0, well: float = 30.0
    ) -> None:
        """Tell of faults through `raise_own`. Seconds: `pause` between the fall of a part and its next start, `well`
        that a part must run before its fault counts as gone."""
        self._raise_own = raise_own
        self._clock = clock
        self._pause, self._well = pause, well

    async def keep(self, subject: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run a part whose `run` should never end, and run it again whenever it does."""
        told = ""
        while True:
            began = self._clock.monotonic()
            error = await self._once(subject, run)
            why = _in_words(error)
            if why != told or self._clock.monotonic() - began >= self._well:  # said once, not each second
                log.error("part failed", part=subject, why=why, traceback=_trace(error))
            told = why
            self._raise_own(own(f"{subject}.failed", "task_failed", subject, True, Severity.P3, why=why))
            await asyncio.sleep(self._pause)

    async def _once(self, subject: str, run: Callable[[], Awaitable[None]]) -> Exception | None:
        """Run a part until it ends; why it did, None for no reason."""
        async with asyncio.TaskGroup() as group:
            part = group.create_task(_fault(run))
            group.create_task(self._call_well(subject, part))
        return None if part.cancelled() else part.result()

    async def _call_well(self, subject: str, part: asyncio.Task[Exception | None]) -> None:
        """Take back the alarm of an earlier fall, also of one in the daemon's last life."""
        done, _ = await asyncio.wait([part], timeout=self._well)
        if not done:
            self._raise_own(own(f"{subject}.failed", "task_failed", subject, False))


async def _fault(run: Callable[[], Awaitable[None]]) -> Exception | None:
    """Answered, not raised: a TaskGroup that is cancelled while a task of its own falls forgets the cancellation."""
    try:
        await run()
    except Exception as error:  # noqa: BLE001 - whatever it was, the other parts go on
        while isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
        return error
    return None


def _in_words(error: Exception | None) -> str:
    """Trouble of the system explains itself; anything else is a bug, and its name matters."""
    if error is None:
        return ENDED
    return str(error) if isinstance(error, OSError) and str(error) else repr(error)


def _trace(error: Exception | None) -> str:
    return "" if error is None or isinstance(error, OSError) else "".join(traceback.format_exception(error))
