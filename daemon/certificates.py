"""When certificates end: thirty days before, while there is time to make new ones, it is an alarm."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from daemon.alarms.annunciator import own
from daemon.clock import Clock
from daemon.config.secrets import SecretError
from daemon.config.site import Site
from daemon.feeds.feed import Feed
from gatehouse.alarms import Condition, Severity

SOON = timedelta(days=30)
EVERY = 6 * 3600.0
"""Seconds between two looks."""
FIRST = 60.0
"""Seconds after the start: what brokers show is known by then, or they are away, which is an alarm of its own."""
_HELD = ("client", "ca")
"""Settings of a subscriber that name a secret with certificates in it."""


class Certificates:
    """Looks at those that this box itself holds, and at those that brokers show."""

    def __init__(
        self,
        site: Callable[[], Site],
        secret: Callable[[str], bytes],
        tell: Callable[[Condition], None],
        feeds: Mapping[str, Feed],
        clock: Clock,
    ) -> None:
        """`secret` reads one by its name; feeds know what their brokers showed when they last connected."""
        self._site, self._secret, self._tell, self._feeds, self._clock = site, secret, tell, feeds, clock
        self._named: set[str] = set()

    async def run(self) -> None:
        """Look, for ever."""
        await asyncio.sleep(FIRST)
        while True:
            await self.look()
            await asyncio.sleep(EVERY)

    async def look(self) -> None:
        """Raise an alarm for each that ends soon, and take back those that were renewed or are needed no more."""
        held = await asyncio.to_thread(self._own, self._site())
        now, ending = self._clock.utc(), held | self._shown()
        for name in self._named - ending.keys():
            self._tell(own(name, "certificate_ending", "feeds", False))
        self._named = set(ending)
        for name, (subject, end) in ending.items():
            severity = Severity.P3 if end > now else Severity.P2
            days = (end - now).days
            self._tell(
                own(name, "certificate_ending", subject, end - now < SOON, severity, days=days, ends=end.isoformat())
            )

    def _own(self, site: Site) -> dict[str, tuple[str, datetime]]:
        """By alarm: whom it concerns, and the first end among the certificates of one secret. Reads files."""
        found = {}
        for name, subscriber in site.subscribers.items():
            for setting in _HELD:
                secret = getattr(subscriber, setting, None)
                end = None if secret is None else self._first_end(secret)
                if end is not None:
                    found[f"certificates.{name}.{setting}"] = f"feeds.{name}", end
        return found

    def _shown(self) -> dict[str, tuple[str, datetime]]:
        """The same of what brokers showed."""
        found = {}
        for name, feed in self._feeds.items():
            if ends := feed.status().get("certificate_ends"):
                found[f"certificates.{name}.broker"] = f"feeds.{name}", datetime.fromisoformat(ends)
        return found

    def _first_end(self, secret: str) -> datetime | None:
        """None when it cannot be read or holds no certificate: that is trouble of the feed, which says so."""
        from cryptography import x509  # noqa: PLC0415 - 8 MB, for sites that have certificates

        try:
            return min(made.not_valid_after_utc for made in x509.load_pem_x509_certificates(self._secret(secret)))
        except (SecretError, ValueError):
            return None
