"""Small troubles on paced wires for as long as one likes, under one daemon that is never ended, but weighed."""

import asyncio
import contextlib
import csv
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from pathlib import Path

import httpx2

from campaign.fault import Fault
from campaign.field import LINES, misshapen, noise, off_and_on, pulled, silent, well_again
from campaign.house import House
from campaign.links import BrokerGone
from campaign.record import Deed
from campaign.scales import COLUMNS, figures, freed, weigh
from campaign.storage import DiskFull
from simulators.child import environment
from simulators.stage import gatehouse

_EVERY = 10.0
"""Seconds from one weighing to the next."""
_EXPLAINED = ("No space left on device", "is full; make room")
"""What its log may say as an error: that of the disk, which is filled."""


class Soak(Fault):
    """One small trouble after the other."""

    name = "soak"
    about = "units silent, wires noisy and pulled, broker and disk gone, reloads, clients, drills, exports; one process"
    paced = True

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._disk = DiskFull(folder, megabytes=96)
        self._weights: list[dict[str, float]] = []
        self._numbers = count(1)
        self._turns: list[Callable[[House, random.Random], Awaitable[None]]] = []

    @contextlib.asynccontextmanager
    async def around(self) -> AsyncIterator[None]:
        """The small disk."""
        async with self._disk.around():
            self.state = self._disk.state
            yield

    async def strike(self, house: House, dice: random.Random) -> None:
        """One round; as many in a row as there are kinds are one of each."""
        if not self._turns:
            kinds = (silent, misshapen, noise, pulled, off_and_on, _held, _clients, _drill,
                     BrokerGone(self.folder).strike, self._disk.strike, self._reload, self._export)  # fmt: skip
            self._turns = dice.sample(kinds, len(kinds))
        await asyncio.sleep(dice.uniform(3, 9))
        await self._turns.pop()(house, dice)
        await _desk(house)

    async def beside(self, house: House) -> None:
        """Weigh it on and on."""
        with (self.folder / "weights.csv").open("w", encoding="utf-8") as file:
            file.write(",".join(("at", *COLUMNS)) + "\n")
            while True:
                await asyncio.sleep(_EVERY)
                if not (weight := await weigh(house)):
                    house.record.broken.append(f"no status at {time.monotonic():.3f}")
                    continue
                self._weights.append(weight)
                file.write(",".join(f"{weight[each]:.3f}" for each in ("at", *COLUMNS)) + "\n")
                file.flush()

    async def finish(self, house: House) -> None:
        """All is well; the figures."""
        await well_again(house, "all troubles")
        await house.read_diary()
        well, troubled = freed(house.record)
        house.record.notes |= figures(self._weights)
        house.record.notes |= {
            "doors freed": len(well), "slowest, ms": round(max(well, default=0) * 1000),
            "doors freed in a trouble": len(troubled), "slowest of these, ms": round(max(troubled, default=0) * 1000),
        }  # fmt: skip
        for line in house.daemon.log.read_text("utf-8", errors="replace").splitlines():
            wrong = "Traceback" in line or '"level":"error"' in line or '"level":"critical"' in line
            if wrong and not any(each in line for each in _EXPLAINED):
                house.record.broken.append(f"its log says: {line[:300]}")

    async def _reload(self, house: House, dice: random.Random) -> None:
        """A small change of each kind."""
        copy, which = house.copy, dice.randrange(5)
        if which == 0:
            copy.section("doors")["east"]["held"] = dice.choice(("20s", "25s", "30s"))
        elif which == 1:
            copy.section("devices")["meter"]["title"] = f"门岗电表{next(self._numbers)}"
        elif which == 2:
            copy.section("rules")["lamps-dusk"]["hours"] = dice.choice(("18:00-06:00", "17:30-06:30"))
        elif which == 3:
            heat = {"kind": "electrical_fire", "temperatures": ["mains.temperature_a"], "warm": "60 °C", "hot": "80 °C"}
            copy.add("rules", "heat2", heat | {"zone": "b12", "for": dice.choice(("5s", "8s", "12s"))})
        else:
            with (copy.folder / "cards.csv").open("a", encoding="utf-8", newline="") as file:
                card = f"07{next(self._numbers):08d}"
                csv.writer(file).writerow([card, "新住户", "north", "2015-01-01", "2099-12-31", ""])
        copy.save()
        await _typed(house, "reload", "--yes", "--watch", "5", "--by", "周工")

    async def _export(self, house: House, dice: random.Random) -> None:
        file = self.folder / f"export-{next(self._numbers)}.jsonl"
        who = ("--tier", str(dice.randint(0, 3)), "--by", "李四", "--reason", "试", "--socket", str(house.socket))
        await _typed(house, "journal", "export", str(file), *who)
        await _typed(house, "journal", "verify")
        await _typed(house, "journal", "prove", str(file))
        file.unlink(missing_ok=True)


async def _held(house: House, _: random.Random) -> None:
    """Somebody goes out by the button and stands in the door for longer than the site allows."""
    done = await house.control.do("door", door="north", do="exit")
    house.record.deeds.append(Deed(at=done["at"], what="exit", where="north", key="", opens="doors.north"))
    await asyncio.sleep(0.7)
    await house.control.do("door", door="north", do="push", seconds=30.0)
    await asyncio.sleep(31)


async def _clients(house: House, dice: random.Random) -> None:
    """Some that follow, of whom about half are killed, and some that look once."""
    nobody = asyncio.subprocess.DEVNULL
    followers = []
    for words in (
        ("events", "-f"),
        ("events", "-f", "--json"),
        ("trace", dice.choice(LINES)),
        ("trace", "gate", "--raw"),
    ):
        command = gatehouse(*words, "--socket", house.socket)
        followers.append(
            await asyncio.create_subprocess_exec(
                *command, stdin=nobody, stdout=nobody, stderr=nobody, env=environment()
            )
        )
    await _typed(house, "status")
    await _typed(house, "alarms", "--all")
    await asyncio.sleep(dice.uniform(2, 8))
    for each in followers:
        with contextlib.suppress(ProcessLookupError):
            (each.kill if dice.random() < 0.5 else each.terminate)()
        await asyncio.wait_for(each.wait(), 10)


async def _drill(house: House, dice: random.Random) -> None:
    """None begins while a fire stands, and there are many: somebody tries again and again, and the next one ends it."""
    for _ in range(20):
        number, _said = await house.command("drill", "start", "b12", "--by", "李四", "--minutes", "2", "--reason", "试")
        if number == 0:
            break
        await asyncio.sleep(0.3)
    house.record.notes["drills"] = house.record.notes.get("drills", 0) + (number == 0)
    await asyncio.sleep(dice.uniform(1, 5))
    await house.command("drill", "stop", "b12", "--by", "李四")


async def _typed(house: House, *words: str) -> None:
    try:
        number, said = await house.command(*words)
    except TimeoutError:
        number, said = -1, "no end within 20 s"
    if number:
        house.record.broken.append(
            f"{' '.join(words[:2])}, at {time.monotonic():.3f}, ended with {number}: {said[-300:]}"
        )


async def _desk(house: House) -> None:
    """A guard works through all that stands and all open cases; what he may not do yet waits for the next time."""
    with contextlib.suppress(OSError, httpx2.HTTPError, ValueError):
        found = await house.ask("GET", "/v1/alarms")
        told = {each["occurrence"]: each for each in (*found["alarms"], *found["cases"])}
        for case in told:
            for verb, more in (("ack", {}), ("verify", {"verdict": "true"}), ("close", {})):
                with contextlib.suppress(ValueError):
                    await house.ask("POST", f"/v1/alarms/{case}/{verb}", json={"by": "李四", **more})
