"""Keeps the daemon's parts running: a bug in one line or feed is an alarm and a fresh start of that part, no more."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable

import structlog

from daemon.annunciator import own
from daemon.clock import Clock
from gatehouse.alarms import Condition, Severity

log = structlog.get_logger()

_PAUSE = 1.0
"""Seconds between the fall of a part and its next start."""
_WELL = 30.0
"""Seconds that a part must run before its fault counts as gone."""


class Supervisor:
    """Starts parts again for ever."""

    def __init__(self, raise_own: Callable[[Condition], None], clock: Clock) -> None:
        """Tell of faults through `raise_own`."""
        self._raise_own = raise_own
        self._clock = clock

    async def keep(self, subject: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run a part whose `run` should never end, and run it again whenever it does."""
        faulty = False
        while True:
            try:
                async with asyncio.TaskGroup() as group:
                    part = group.create_task(self._run(run))
                    if faulty:
                        group.create_task(self._call_well(subject, part))
            except* Exception as errors:  # noqa: BLE001 - whatever it was, the other parts go on
                error = errors.exceptions[0]
                log.error("part failed", part=subject, traceback="".join(traceback.format_exception(error)))
                why = repr(error)
            else:
                why = "it ended by itself"
            faulty = True
            self._raise_own(own(f"{subject}.failed", "task_failed", subject, True, Severity.P3, error=why))
            await asyncio.sleep(_PAUSE)

    async def _run(self, run: Callable[[], Awaitable[None]]) -> None:
        await run()

    async def _call_well(self, subject: str, part: asyncio.Task[None]) -> None:
        done, _ = await asyncio.wait([part], timeout=_WELL)
        if not done:
            self._raise_own(own(f"{subject}.failed", "task_failed", subject, False))
