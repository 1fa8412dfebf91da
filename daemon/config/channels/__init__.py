"""Ways to reach people: the settings of each kind of channel are a class of their own, told apart by `kind`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import Field

from daemon.config.channels.channel import Channel, Place
from daemon.config.channels.chat import Dingtalk, Feishu, Wecom, WecomApp
from daemon.config.channels.mail import Mail
from daemon.config.channels.patrol import Patrol
from daemon.config.channels.phone import Sms, Voice
from daemon.config.channels.push import Apprise, Ntfy, Webhook

__all__ = ["KINDS", "AnyChannel", "Apprise", "Channel", "Dingtalk", "Feishu", "Mail", "Ntfy", "Patrol", "Place",
           "Service", "Sms", "Voice", "Webhook", "Wecom", "WecomApp"]  # fmt: skip

KINDS: Mapping[str, type[Channel]] = MappingProxyType({
    "wecom": Wecom, "wecom_app": WecomApp, "dingtalk": Dingtalk, "feishu": Feishu, "ntfy": Ntfy, "sms": Sms,
    "voice": Voice, "webhook": Webhook, "mail": Mail, "apprise": Apprise,
    "patrol": Patrol,
})  # fmt: skip
"""By the word after `kind:`."""

Service = Wecom | WecomApp | Dingtalk | Feishu | Ntfy | Sms | Voice | Webhook | Mail | Apprise
"""Those that only send."""
AnyChannel = Annotated[Service | Patrol, Field(discriminator="kind")]
"""One entry of `channels:`."""
