"""The channel to patrol phones: an outbox whose receipts come from the phones themselves, and whose phones answer."""

import asyncio
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from daemon.channels.make import pace_of
from daemon.channels.message import Message, Recipient, Report
from daemon.channels.outbox import Outbox
from daemon.clock import Clock
from daemon.config.channels.patrol import Patrol as Settings
from daemon.feeds.broker import Broker
from daemon.feeds.carrier import UnreachableError
from daemon.feeds.envelope import status_message
from daemon.patrol.command import TOPIC, public_key
from daemon.patrol.link import Link
from daemon.patrol.patrol import Patrol, Reply
from daemon.patrol.receipts import Receipts

_LOOK, _AGAIN = 0.25, 2.0
"""Seconds between two looks for phones that have not confirmed; between two questions to the journal."""
_NAME = re.compile(r"[a-z0-9_-]{1,40}\Z")
_STRANGER = "?"
"""All guards that the site file does not know, so that no number of them costs anything."""


class Phones(Outbox):
    """All phones of a site."""

    confirmed = True

    def __init__(  # noqa: PLR0917 - all that a channel is made of
        self, name: str, settings: Settings, site: str, read: Callable[[str], bytes], clock: Clock,
        on_trouble: Callable[[str], None], patrol: Patrol,
    ) -> None:  # fmt: skip
        """Nothing is opened yet. `read` fetches a secret when it is needed."""
        self._settings, self._site, self._read, self._patrol = settings, site, read, patrol
        self._keys = {guard: tuple(map(public_key, keys)) for guard, keys in settings.guards.items()}
        least = int(settings.least[1])
        self.link = Link(self._broker, site, settings.guards, least, patrol, self.hear, clock)
        self.receipts = Receipts(settings.delivered, clock)
        super().__init__(name, self.link, clock, on_trouble, pace_of(settings))

    def put(self, message: Message, recipient: Recipient, report: Report) -> None:
        """Take a message and return at once; its report hears of the phone, too."""
        super().put(message, recipient, self.receipts.expect(message.key, recipient.address, report))

    async def run(self) -> None:
        """For ever."""
        self._patrol.listen(self.name, self.link.changed)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.link.run())
                group.create_task(self._look_round())
                group.create_task(self._remember())
                await super().run()
        finally:
            self._patrol.listen(self.name, None)

    def take_over(self, old: Outbox) -> None:
        """Go on with what waits, to be sent or to be read; states of guards who are none any more are forgotten."""
        if isinstance(old, Phones):
            self.receipts.take_over(old.receipts)
            self.link.gone = {*old.link.guards, *old.link.gone} - {*self.link.guards}
        super().take_over(old)

    def status(self) -> dict[str, Any]:
        """For people and programs on the box."""
        seen = self.link.seen
        phones = {guard: {"seen": seen.get(guard, ""), "keys": len(keys)} for guard, keys in self._keys.items()}
        return {**super().status(), "connected": self.link.connected, "phones": phones}

    def hear(self, guard: str, body: bytes, retained: bool) -> Reply | None:
        """Something came from a guard's topic."""
        if not _NAME.match(guard):
            return None
        place = f"channels.{self.name}"
        who = guard if guard in self._keys else _STRANGER
        if retained:
            return self._patrol.stale(who, place) if body else None
        reply = self._patrol.judge(who, body, self._keys.get(guard, ()), self.receipts, place)
        if who == guard and reply is not None and (reply["id"] or reply["state"] == "done"):
            self.link.seen[guard] = self._clock.utc().isoformat()  # its signature was good
        return reply

    async def _look_round(self) -> None:
        while True:
            await asyncio.sleep(_LOOK)
            self.receipts.sweep()

    async def _remember(self) -> None:
        """What earlier runs have obeyed, as soon as the journal can say."""
        while True:
            try:
                await self._patrol.remember()
            except OSError:
                await asyncio.sleep(_AGAIN)
                continue
            return

    def _broker(self) -> Broker:
        its, url = self._settings, urlsplit(self._settings.broker)

        def secret(name: str | None) -> bytes | None:
            return None if name is None else self._read(name)

        password = secret(its.password)
        try:
            word = None if password is None else password.decode()
        except UnicodeDecodeError:
            raise UnreachableError(f"the secret {its.password} is no password: it is not UTF-8 text") from None
        return Broker(
            host=url.hostname or "",
            port=url.port or (8883 if url.scheme == "mqtts" else 1883),
            client_id=f"gatehouse-{self._site}-{TOPIC}",
            will_topic=f"{self.link.root}/status",
            will=status_message(online=False),
            tls=url.scheme == "mqtts",
            ca=secret(its.ca),
            client=secret(its.client),
            user=its.user,
            password=word,
        )
