"""Faults between the daemon and its subscribers."""

import asyncio
import random
import time
from typing import ClassVar

from campaign.fault import Fault
from campaign.house import House
from campaign.record import Span


class BrokerGone(Fault):
    """The broker is killed, or told to end, and comes back."""

    name = "broker"
    about = "broker killed (half of the times told to end), away 0.2 to 4 s"

    async def strike(self, house: House, dice: random.Random) -> None:
        """One round."""
        await asyncio.sleep(dice.uniform(0.5, 4))
        since = time.monotonic()
        if dice.random() < 0.5:
            house.broker.child.kill()
        await house.broker.stop()
        await asyncio.sleep(dice.uniform(0.2, 4))
        await house.broker.start()
        house.record.away.append(Span(since, time.monotonic()))


class Network(Fault):
    """The way to the broker is slow, loses, falls silent without an end, or is cut."""

    name = "network"
    about = "TCP between daemon and broker slow, lossy, half open, cut and reset, for 1 to 8 s"

    SILENT: ClassVar[float] = 40.0
    """Seconds until a connection that carries nothing any more must have been given up."""

    async def strike(self, house: House, dice: random.Random) -> None:
        """One round."""
        await asyncio.sleep(dice.uniform(0.5, 3))
        proxy, since = house.proxy, time.monotonic()
        proxy.dice = random.Random(dice.random())
        how = dice.choices(("slow", "lossy", "half open", "cut", "reset"), (1, 1, 1, 1, 1))[0]
        house.record.notes[how] = house.record.notes.get(how, 0) + 1
        if how == "reset":
            for _ in range(dice.randint(1, 5)):
                proxy.reset()
                await asyncio.sleep(dice.uniform(0, 0.8))
        elif how == "half open":
            proxy.freeze()
            await asyncio.sleep(dice.uniform(1, 8))
            house.record.away.append(Span(since, since + self.SILENT))
            return
        else:
            proxy.mood = "cut" if how == "cut" else "lossy" if how == "lossy" else "slow"
            if how == "cut":
                proxy.reset()
            await asyncio.sleep(dice.uniform(1, 8))
            proxy.mood = "well"
        house.record.away.append(Span(since, time.monotonic()))
