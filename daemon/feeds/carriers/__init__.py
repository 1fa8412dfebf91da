"""The ways to a subscriber, one file each; which one an entry of the site file takes, its settings say."""

from collections.abc import Callable
from datetime import tzinfo
from zoneinfo import ZoneInfo

from daemon.clock import Clock
from daemon.config.subscribers import Gb26875, Gb45839, Mqtt, SiaDc09, Subscriber, Webhook
from daemon.feeds.carrier import Carrier
from daemon.feeds.carriers import gb26875, gb45839, mqtt, webhook
from daemon.feeds.gb26875.answers import Nobody, Seat

_USUAL = ZoneInfo("Asia/Shanghai")


def carrier(  # noqa: PLR0917 - all that any carrier needs
    name: str,
    settings: Subscriber,
    site: str,
    secrets: Callable[[str], bytes],
    clock: Clock,
    zone: tzinfo = _USUAL,
    seat: Seat | None = None,
) -> Carrier:
    """The way to one subscriber. `secrets` gives the value of a secret by its name, anew each time it is needed.

    `zone`: the site's; `seat`: where a centre that calls the roll is heard.
    """
    if isinstance(settings, Mqtt):
        return mqtt.MqttCarrier(name, settings, site, secrets, clock)
    if isinstance(settings, Webhook):
        return webhook.WebhookCarrier(name, settings, site, secrets, clock)
    if isinstance(settings, Gb26875):
        return gb26875.CentreCarrier(name, settings, site, clock, zone, seat or Nobody())
    if isinstance(settings, Gb45839):
        return gb45839.PlatformCarrier(settings, secrets, clock, zone)
    if isinstance(settings, SiaDc09):
        from daemon.feeds.carriers import sia_dc09  # noqa: PLC0415 - its cipher is 8 MB, for sites that need it

        return sia_dc09.SiaCarrier(settings, secrets, clock)
    raise TypeError(
        f"subscribers.{name}: no carrier for {type(settings).__name__}; carriers/__init__.py knows them all"
    )
