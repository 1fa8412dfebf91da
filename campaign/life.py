"""Life on the estate while faults are injected: people, cars, hazards; each thing done is noted with its instant."""

import asyncio
import random
from contextlib import suppress
from itertools import count

import httpx2

from campaign.house import House
from campaign.record import Deed, Episode
from simulators.client import ControlRefusedError

DOORS = ("north", "east", "unit12")
ALARMS = {"fire": "zones.b12.fire", "gas": "b12-gas.alarm.io1-input7", "leak": "b12-leakage.alarm"}


class Life:
    """Seeded: the same seed does the same things in the same order."""

    def __init__(self, house: House, *, hazards: tuple[str, ...] = ("fire", "gas", "leak")) -> None:
        self._house, self._control, self._record = house, house.control, house.record
        self._seed, self._kinds = house.seed, hazards
        self._cards = iter(house.residents)
        self._strangers = count(9_0000_0001)
        self._last_swipe = dict.fromkeys(("north", "lane-in"), -9.0)
        self._ending = asyncio.Event()

    async def run(self) -> None:
        """Until told to end; then everything that was begun is ended in order."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._people())
            group.create_task(self._cars())
            for kind in self._kinds:
                group.create_task(self._hazards(kind))

    def end(self) -> None:
        """Let it come to rest."""
        self._ending.set()

    async def _while(self, seconds: float) -> None:
        """Nothing happens for so long, or until it comes to rest."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), seconds)

    def _dice(self, name: str) -> random.Random:
        return random.Random(f"{self._seed}-{name}")

    async def _people(self) -> None:
        dice = self._dice("people")
        while not self._ending.is_set():
            await asyncio.sleep(dice.uniform(0.35, 0.7))
            what = dice.random()
            if what < 0.5:
                await self._swipe("north", f"{next(self._strangers):010d}", "")
            elif what < 0.7:
                await self._swipe("north", next(self._cards), "doors.north")
            elif what < 0.95:
                door = dice.choice(DOORS)
                done = await self._control.do("door", door=door, do="exit")
                self._record.deeds.append(Deed(at=done["at"], what="exit", where=door, opens=f"doors.{door}"))
            else:
                await self._control.do("door", door="east", do="force", seconds=0.2)

    async def _swipe(self, reader: str, number: str, opens: str) -> None:
        done = await self._control.do("swipe", reader=reader, number=number, seconds=0.2)
        self._record.deeds.append(Deed(at=done["at"], what="swipe", where=reader, key=number, opens=opens))

    async def _cars(self) -> None:
        """A car comes, shows a card until the boom rises, drives through; some wait below the boom for a while."""
        dice = self._dice("cars")
        while not self._ending.is_set():
            await self._while(dice.uniform(0.5, 6))
            await self._control.do("car", lane="in", do="arrives")
            while True:
                await self._swipe("lane-in", next(self._cards), "")
                await asyncio.sleep(dice.uniform(1.0, 2.0))
                await asyncio.sleep(dice.uniform(0, 8) if dice.random() < 0.2 else 0)
                try:
                    await self._control.do("car", lane="in", do="drives")
                except ControlRefusedError:
                    break  # it is through
                await asyncio.sleep(dice.uniform(3.0, 5.0))

    async def _hazards(self, kind: str) -> None:
        dice = self._dice(kind)
        for number in count(1):
            await self._while(dice.uniform(1, 8))
            if self._ending.is_set():
                return
            episode = Episode(what=kind, alarm=ALARMS[kind], by=f"{kind}-{number}-王", start=await self._begin(kind))
            self._record.episodes.append(episode)
            await asyncio.sleep(dice.uniform(1, 7) + (3 if kind == "leak" else 0))
            episode.stop = await self._stop(kind)
            await self._reset(episode, dice)

    async def _begin(self, kind: str) -> float:
        return await self._turn(kind, on=True)

    async def _stop(self, kind: str) -> float:
        return await self._turn(kind, on=False)

    async def _turn(self, kind: str, *, on: bool) -> float:
        if kind == "fire":
            return float((await self._control.do("fire", zone="b12", on=on))["at"])
        if kind == "gas":
            return float((await self._control.do("input", device="io1", channel="input7", on=on))["at"])
        current = 0.62 if on else 0.04
        return float((await self._control.do("set", device="b12", field="rms1", value=current))["at"])

    async def _reset(self, episode: Episode, dice: random.Random) -> None:
        """A guard tries until the alarm is reset, or there is none; the daemon may be away meanwhile."""
        loop = asyncio.get_running_loop()
        none = 0
        while none < 3:
            await asyncio.sleep(dice.uniform(0.4, 1.2))
            status = await self._house.status()
            if not status.get("armed"):
                continue
            standing = [each["id"] for each in status["alarms"] if each["id"].startswith(episode.alarm)]
            if not standing:
                none += 1
                continue
            episode.ended = [*episode.ended, loop.time()]
            for alarm in standing:
                try:
                    await self._house.ask("POST", f"/v1/alarms/{alarm}/reset", json={"by": episode.by})
                except (OSError, httpx2.HTTPError, ValueError):
                    continue  # not yet clear, or nobody there: again
                episode.answered = loop.time()
