"""Settings of a site -> a channel's sender and its pace: what a service documents, unless the site says otherwise."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from daemon.channels import dingtalk, feishu, wecom
from daemon.channels.apprise import Library
from daemon.channels.gateway import Gateway
from daemon.channels.mail import Mailbox
from daemon.channels.names import Names
from daemon.channels.ntfy import Topics
from daemon.channels.outbox import Outbox, Pace
from daemon.channels.rates import Rate
from daemon.channels.secret_text import SecretText
from daemon.channels.sender import Sender
from daemon.channels.web import Web
from daemon.channels.webhook import Hook
from daemon.clock import Clock
from daemon.config import channels as settings

_MINUTE = 61.0
"""Seconds: a second more, because their minute does not begin when ours does."""
_RATES: Mapping[str, tuple[Rate, ...]] = MappingProxyType({
    "wecom": (Rate(20, _MINUTE),),
    "dingtalk": (Rate(20, _MINUTE),),
    "feishu": (Rate(5, 1.05), Rate(100, _MINUTE)),
    "ntfy": (Rate(60, 300.0),),
    "mail": (Rate(60, _MINUTE),),
})  # fmt: skip
_EACH: Mapping[str, tuple[Rate, ...]] = MappingProxyType({"wecom_app": (Rate(30, _MINUTE),)})
_PROBES: Mapping[str, tuple[float, float]] = MappingProxyType({"patrol": (15.0, 5.0)})
_LIMITS: Mapping[str, float] = MappingProxyType({"voice": 10.0, "mail": 10.0, "apprise": 15.0})
_USUAL = 5.0


def outbox(  # noqa: PLR0917 - all that an outbox is made of
    name: str,
    channel: settings.Service,
    site: str,
    read: Callable[[str], bytes],
    clock: Clock,
    on_trouble: Callable[[str], None],
) -> Outbox:
    """The outbox of a channel; it does not run yet. `read` fetches a secret when it is needed."""
    pace = pace_of(channel)
    return Outbox(name, sender(channel, site, read, clock), clock, on_trouble, pace)


def pace_of(channel: settings.AnyChannel) -> Pace:
    """How much, how fast."""
    kind = channel.kind
    rates = _RATES.get(kind, ()) if channel.per_minute is None else (Rate(channel.per_minute, _MINUTE),)
    probe, probe_again = _PROBES.get(kind, (300.0, 30.0))
    return Pace(
        rates=rates,
        each=_EACH.get(kind, ()),
        limit=channel.limit or _LIMITS.get(kind, _USUAL),
        lanes=1 if kind == "apprise" else 4,
        language=channel.language,
        probe=probe,
        probe_again=probe_again,
    )


def sender(channel: settings.Service, site: str, read: Callable[[str], bytes], clock: Clock) -> Sender:
    """What sends; nothing is read or opened yet."""
    return _Maker(site, read, clock).make(channel)


class _Maker:
    """One method for each sort of settings."""

    def __init__(self, site: str, read: Callable[[str], bytes], clock: Clock) -> None:
        self._site, self._read, self._clock = site, read, clock

    def make(self, channel: settings.Service) -> Sender:
        match channel:
            case settings.Wecom() | settings.WecomApp() | settings.Dingtalk() | settings.Feishu():
                return self._chat(channel)
            case settings.Sms() | settings.Voice():
                return self._gateway(channel)
            case settings.Mail():
                return self._mailbox(channel)
            case settings.Ntfy():
                return self._ntfy(channel)
            case settings.Webhook():
                url = self._secret(channel.url.text) if channel.url.secret else channel.url.text
                return Hook(self._web(channel, channel.ca), url, self._maybe(channel.key), self._site, self._clock)
            case settings.Apprise():
                return Library(self._secret(channel.url))

    def _chat(self, channel: settings.Wecom | settings.WecomApp | settings.Dingtalk | settings.Feishu) -> Sender:
        web, clock = self._web(channel, None), self._clock
        match channel:
            case settings.Wecom():
                return wecom.Robot(web, self._secret(channel.key), channel.server or wecom.SERVER)
            case settings.WecomApp():
                key, server = self._secret(channel.secret), channel.server or wecom.SERVER
                return wecom.Application(web, channel.corp, channel.agent, key, clock, server)
            case settings.Dingtalk():
                token, sign = self._secret(channel.token), self._maybe(channel.sign)
                return dingtalk.Robot(web, token, sign, clock, channel.server or dingtalk.SERVER)
            case settings.Feishu():
                token, sign = self._secret(channel.token), self._maybe(channel.sign)
                return feishu.Robot(web, token, sign, clock, channel.server or feishu.SERVER)

    def _gateway(self, channel: settings.Sms | settings.Voice) -> Sender:
        keys = {name: self._secret(secret) for name, secret in channel.keys.items()}
        web = self._web(channel, channel.ca)
        return Gateway(web, channel.gateway, channel.with_, keys, channel.variables, self._clock)

    def _mailbox(self, channel: settings.Mail) -> Sender:
        host, _, port = channel.server.rpartition(":")
        return Mailbox(
            host=host.strip("[]"),
            port=int(port),
            safety=channel.safety,
            sender=channel.from_,
            user=channel.user,
            password=self._maybe(channel.password),
            limit=pace_of(channel).limit,
            clock=self._clock,
            names=Names(self._clock),
            ca=self._maybe(channel.ca),
        )

    def _ntfy(self, channel: settings.Ntfy) -> Sender:
        token, password = self._maybe(channel.token), self._maybe(channel.password)
        return Topics(self._web(channel, channel.ca), token, channel.user, password, channel.server, channel.topic)

    def _web(self, channel: settings.Service, ca: str | None) -> Web:
        return Web(pace_of(channel).limit, self._clock, self._maybe(ca))

    def _secret(self, name: str) -> SecretText:
        return SecretText(name, self._read)

    def _maybe(self, name: str | None) -> SecretText | None:
        return None if name is None else self._secret(name)
