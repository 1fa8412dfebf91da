"""The parts that run, each under the supervisor and the watchdog, and how one of them is sent home."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from daemon.supervisor import Supervisor

log = structlog.get_logger()

_GRACE = 3.0
"""Seconds in which a part that was cancelled closes what it had open: a feed says goodbye to its broker."""


class Crew:
    """Starts and stops parts while the others go on."""

    def __init__(self, supervisor: Supervisor, group: asyncio.TaskGroup) -> None:
        """The parts are tasks of this group."""
        self._supervisor, self._group = supervisor, group
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.watched: dict[str, Callable[[], int]] = {}
        """The progress of each part that the watchdog looks at."""

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """All of them."""
        return list(self._tasks.values())

    def start(
        self, subject: str, run: Callable[[], Awaitable[None]], progress: Callable[[], int] | None = None
    ) -> None:
        """Run a part until it is stopped; one that shows `progress` is watched."""
        self._tasks[subject] = self._group.create_task(self._supervisor.keep(subject, run))
        if progress is not None:
            self.watched[subject] = progress

    async def stop(self, *subjects: str) -> None:
        """Send parts home, all at once, and wait until what they held is free."""
        going = {self._tasks.pop(subject): subject for subject in subjects if subject in self._tasks}
        for task, subject in going.items():
            self.watched.pop(subject, None)
            task.cancel()
        if not going:
            return
        _, late = await asyncio.wait(going, timeout=_GRACE)
        for task in late:
            log.error("a part does not end", part=going[task], seconds=_GRACE)
