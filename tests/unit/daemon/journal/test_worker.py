"""Work in a thread, answers in the loop."""

import asyncio
import threading
from contextlib import suppress

import pytest

from daemon.journal.worker import Worker


async def test_jobs_are_done_in_order_in_one_thread_and_answer() -> None:
    worker = Worker("test")
    threads: list[int] = []
    jobs = [worker.do(lambda i=i: (threads.append(threading.get_ident()), i)[1]) for i in range(20)]
    assert await asyncio.gather(*jobs) == list(range(20))
    assert set(threads) != {threading.get_ident()}
    assert len(set(threads)) == 1
    worker.stop()


async def test_an_error_is_handed_over() -> None:
    worker = Worker("test")
    with pytest.raises(ZeroDivisionError):
        await worker.do(lambda: 1 // 0)
    assert await worker.do(lambda: 1) == 1
    worker.stop()


async def test_a_cancelled_wait_does_not_stop_the_thread() -> None:
    worker, free = Worker("test"), threading.Event()
    job = worker.do(lambda: free.wait(5))
    with suppress(TimeoutError):
        async with asyncio.timeout(0.01):
            await job
    free.set()
    assert await worker.do(lambda: 2) == 2
    worker.stop()


def test_a_closed_loop_does_not_stop_the_thread() -> None:
    worker, free = Worker("test"), threading.Event()

    async def begin() -> None:
        worker.do(lambda: free.wait(5))

    asyncio.run(begin())
    free.set()

    async def go_on() -> int:
        return await worker.do(lambda: 3)

    assert asyncio.run(go_on()) == 3
    worker.stop()
