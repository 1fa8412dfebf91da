"""All the faults by name."""

import random
from pathlib import Path

from campaign.fault import Fault
from campaign.house import House
from campaign.links import BrokerGone, Network
from campaign.process import Calendar, Kill, Memory, Power
from campaign.soak import Soak
from campaign.storage import Damage, DiskFull


class Medley(Fault):
    """One fault after the other on one house, as a short look at all of them."""

    name = "medley"
    about = "all but damage, in turn, on one house"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._turns = [kind(folder) for kind in (Power, BrokerGone, Network, Calendar, DiskFull, Memory)]
        self.costume = [word for fault in self._turns for word in fault.costume]
        self._next = 0

    async def strike(self, house: House, dice: random.Random) -> None:
        """One round of the next one."""
        if not house.daemon.running:
            await house.start()
            await house.armed()
        await self._turns[self._next % len(self._turns)].strike(house, dice)
        self._next += 1

    async def finish(self, house: House) -> None:
        """Of each its own."""
        for fault in self._turns:
            await fault.finish(house)


FAULTS: dict[str, type[Fault]] = {
    fault.name: fault for fault in (Kill, Power, BrokerGone, Network, DiskFull, Damage, Calendar, Memory, Medley, Soak)
}
