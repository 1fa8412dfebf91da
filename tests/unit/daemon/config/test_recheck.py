"""Asked to look at the site file again, it says what it finds and touches nothing that runs."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from structlog.testing import capture_logs

from daemon.config.faults import Fault
from daemon.config.recheck import Recheck, faulty
from gatehouse.alarms import Condition

FAULT = Fault(file=Path("site.yaml"), line=3, column=1, path="doors", code="no_yaml")


@asynccontextmanager
async def checking(check: Callable[[], Fault | None]) -> AsyncIterator[tuple[Recheck, "asyncio.Queue[Condition]"]]:
    said: asyncio.Queue[Condition] = asyncio.Queue()
    recheck = Recheck(check, said.put_nowait)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        task = group.create_task(recheck.run())
        yield recheck, said
        task.cancel()


async def test_a_fault_is_an_alarm_in_both_languages_and_goes_with_the_fault() -> None:
    found: list[Fault | None] = [FAULT, None]
    with capture_logs() as logs:
        async with checking(lambda: found.pop(0)) as (recheck, said):
            recheck.ask()
            first = await said.get()
            recheck.ask()
            second = await said.get()
    assert (first.alarm, first.kind, first.active) == ("config.faulty", "config_faulty", True)
    assert first.evidence == {"why": FAULT.text("en"), "why_zh": FAULT.text("zh")}
    assert (second.alarm, second.active) == ("config.faulty", False)
    assert [entry["event"] for entry in logs] == [
        "site file is faulty, going on with what runs",
        "site file is good, restart to apply it",
    ]


async def test_nothing_is_checked_unasked_and_the_loop_goes_on_meanwhile() -> None:
    checks, free = 0, threading.Event()

    def check() -> None:
        nonlocal checks
        checks += 1
        assert free.wait(5), "the loop stood still while the file was read"

    async with checking(check) as (recheck, said):
        await asyncio.sleep(0)
        assert checks == 0
        recheck.ask()
        while not checks:  # noqa: ASYNC110 - the condition is another thread's
            await asyncio.sleep(0.001)
        recheck.ask()
        recheck.ask()
        free.set()
        await said.get()
        await said.get()
        await asyncio.sleep(0.005)
    assert checks == 2, "asked twice during a check is one more check"


def test_without_a_fault_there_is_no_evidence() -> None:
    assert faulty(None).evidence == {}
