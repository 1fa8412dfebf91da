"""One house through many rounds of one fault, then the audit."""

import asyncio
import random
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from campaign import evidence
from campaign.audit import COLUMNS, Verdict, audit
from campaign.fault import Fault
from campaign.faults import FAULTS
from campaign.house import House
from campaign.life import Life
from campaign.pauses import Pauses
from campaign.record import Promises
from campaign.report import Row


async def run(
    name: str,
    rounds: int,
    seed: str,
    *,
    stop: asyncio.Event,
    say: Callable[[str], None],
    promises: Promises | None = None,
    keep: Path | None = None,
) -> Row:
    """Inject one kind of fault so many times, and look at what came of it. TimeoutError when the house never rests.

    `keep`: a folder for the files of the house and the record, if something is found."""
    promises = promises or Promises()
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gh-", dir="/tmp")))
        pauses = stack.enter_context(Pauses())
        fault = FAULTS[name](folder)
        await stack.enter_async_context(fault.around())
        house = House(folder, seed, state=fault.state, costume=fault.costume, paced=fault.paced)
        await house.raise_curtain(stack)
        await house.start()
        await house.armed()
        await house.settled()
        done = await _live(house, fault, rounds, stop=stop, say=say)
        await _rest(house)
        house.record.notes["longest pause of the machine, s"] = round(pauses.longest, 2)
        verdict = audit(house.record, promises)
        if keep and verdict.findings:
            evidence.keep(folder, house.record, verdict.findings, pauses.found, keep)
        return _row(name, done, house, verdict, time.monotonic() - began)


async def _live(house: House, fault: Fault, rounds: int, *, stop: asyncio.Event, say: Callable[[str], None]) -> int:
    """Life and trouble side by side; how many rounds were done."""
    life = Life(house)
    dice = random.Random(f"{house.seed}-{fault.name}")
    done = 0
    async with asyncio.TaskGroup() as group:
        living = group.create_task(life.run())
        diary = group.create_task(house.keep_diary())
        beside = group.create_task(fault.beside(house))
        memory = 0.0
        while done < rounds and not stop.is_set():
            memory = max(memory, house.memory())
            await fault.strike(house, dice)
            done += 1
            say(f"\r{fault.name} {done}/{rounds} ")
        await fault.finish(house)
        await asyncio.sleep(1)
        house.record.notes["most memory, MB"] = round(max(memory, house.memory()), 1)
        life.end()
        await asyncio.wait([living], timeout=60)
        diary.cancel()
        beside.cancel()
    return done


async def _rest(house: House) -> None:
    """Everything comes to an end in order, and what is missing is asked for again."""
    await house.settled()
    await house.read_diary()
    house.take_over()
    house.record.settled = {line["id"] for line in house.record.journal}
    await house.ask_again()
    status = await house.daemon.stop()
    if status:
        house.record.broken.append(f"the last stop ended with status {status}: {house.daemon.tail(3)}")
    number, said = await house.command("journal", "verify")
    if number:
        house.record.broken.append(f"journal verify: {said}")
    await asyncio.sleep(0.3)
    house.take_over()


def _row(name: str, done: int, house: House, verdict: Verdict, seconds: float) -> Row:
    return Row(
        fault=name,
        rounds=done,
        seed=house.seed,
        seconds=round(seconds),
        columns={column: verdict.count(column) for column in COLUMNS},
        looked=dict(verdict.looked),
        took={what: sorted(values) for what, values in verdict.seconds.items()},
        notes=house.record.notes,
        findings=verdict.findings,
    )
