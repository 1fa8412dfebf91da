"""The ways to a subscriber, one file each; which one an entry of the site file takes, its settings say."""

from collections.abc import Callable

from daemon.clock import Clock
from daemon.config.subscribers import Mqtt, Subscriber, Webhook
from daemon.feeds.carrier import Carrier
from daemon.feeds.carriers import mqtt, webhook


def carrier(name: str, settings: Subscriber, site: str, secrets: Callable[[str], bytes], clock: Clock) -> Carrier:
    """The way to one subscriber. `secrets` gives the value of a secret by its name, anew each time it is needed."""
    if isinstance(settings, Mqtt):
        return mqtt.MqttCarrier(name, settings, site, secrets, clock)
    if isinstance(settings, Webhook):
        return webhook.WebhookCarrier(name, settings, site, secrets, clock)
    raise TypeError(
        f"subscribers.{name}: no carrier for {type(settings).__name__}; carriers/__init__.py knows them all"
    )
