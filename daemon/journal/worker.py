"""A thread of its own for work that may wait for a disk, so that the loop never does."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
_Job = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]", Callable[[], Any]]


class Worker:
    """Does one job after the other. The thread never keeps the process from ending: a disk may hang for ever."""

    def __init__(self, name: str) -> None:
        """The thread begins with the first job."""
        self._name = name
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def do(self, work: Callable[[], T]) -> "asyncio.Future[T]":
        """Have it done after all that was asked for before; for the loop's thread only."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._jobs.put((loop, future, work))
        return future

    def stop(self) -> None:
        """Let the thread end when all that was asked for is done."""
        if self._thread is not None:
            self._jobs.put(None)
            self._thread = None

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            loop, future, work = job
            result: object = None
            error: Exception | None = None
            try:
                result = work()
            except Exception as caught:  # noqa: BLE001 - handed to whoever waits for the job
                error = caught
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(_deliver, future, result, error)
            del job, future, work, result, error  # what they hold must not live until the next job


def _deliver(future: "asyncio.Future[Any]", result: object, error: Exception | None) -> None:
    if future.done():  # whoever waited was cancelled
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
