"""A fire monitoring centre that speaks GB/T 26875.3-2011, by TCP or UDP; `daemon/feeds/gb26875` says what."""

from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Any

from daemon.clock import Clock
from daemon.config.subscribers import Gb26875
from daemon.feeds.carrier import Inquiry, Receipt
from daemon.feeds.carriers.dialling import tried
from daemon.feeds.gb26875.answers import Answers, Seat
from daemon.feeds.gb26875.link import CentreLink
from daemon.feeds.gb26875.memory import Memory
from daemon.feeds.gb26875.said import DEEDS, STATES, Says
from daemon.feeds.gb26875.table import Table
from daemon.field.transport import explained

_CARRIED = STATES | DEEDS.keys() | {"rollcall.answered"}


class CentreCarrier:
    """The way to one centre."""

    def __init__(  # noqa: PLR0917 - all that it is made of
        self, name: str, settings: Gb26875, site: str, clock: Clock, zone: tzinfo, seat: Seat
    ) -> None:
        """Nothing is opened yet."""
        self.address = f"{'udp' if settings.udp else 'tcp'} {settings.centre}"
        self._settings, self._clock = settings, clock
        self._memory = Memory()
        self._says = Says(Table(settings), name, zone)
        self._answers = Answers(name, settings, site, self._says, self._memory, seat, clock, zone)

    def carries(self, kind: str) -> bool:
        """The life of alarms, and the guard's answer."""
        return kind in _CARRIED

    async def dial(self, beat: Callable[[], None], hear: Callable[[Inquiry], None]) -> CentreLink:
        """It works when a first heartbeat is confirmed, or denied: somebody understood it. UnreachableError."""
        link = CentreLink(self._settings, self._says, self._memory, self._answers, self._clock)
        await tried(self._hello(link), beat, link.farewell)
        return link

    async def _hello(self, link: CentreLink) -> Receipt:
        """A centre that denies it is told otherwise later."""
        try:
            await link.pipe.open(self._settings.centre, datagrams=self._settings.udp)
        except OSError as error:
            return Receipt("lost", f"{self.address}: {explained(error)}")
        receipt = await link.beat()
        return Receipt("lost", f"{self.address}: {receipt.why}") if receipt.verdict == "lost" else Receipt("accepted")

    def complain(self, channel: str, why: str) -> str:
        """A refusal in words, with what would help."""
        return f"{self.address} refused {channel}: {why}; compare addresses, check and types with the centre's list"

    def status(self) -> Mapping[str, Any]:
        """For people and programs on the box."""
        return {"tls": False, "device": self._settings.address, "centre": self._settings.centre_address}
