"""Senders made as the daemon makes them: from the settings of a site file."""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from daemon.channels import make
from daemon.channels.message import Message, ReceiptState, Recipient
from daemon.channels.sender import Sender, SendError
from daemon.clock import SystemClock
from daemon.config.channels import AnyChannel
from daemon.config.document import Secret
from daemon.config.secrets import SecretError
from gatehouse.alarms import Severity

FIRE = Message("a1-2", "12栋 火警", "一层东侧烟感", Severity.P1)
NOBODY = Recipient("保安群")
GUARD = Recipient("李四", "13800001111")
SECRETS = {"key": b"693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa", "sign": b"SECabc", "id": b"AKID-1", "password": b"pa ss"}


class Clock(SystemClock):
    """The machine's."""


def sender(secrets: Mapping[str, bytes] = SECRETS, **settings: Any) -> Sender:
    def read(name: str) -> bytes:
        if name not in secrets:
            raise SecretError("secret_missing", name=name, instead="secrets")
        return secrets[name]

    def marked(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: marked(each) for key, each in value.items()}
        return Secret(value[1:]) if isinstance(value, str) and value.startswith("!") else value

    channel = TypeAdapter[Any](AnyChannel).validate_python(marked({"limit": "1s"} | settings))
    return make.sender(channel, "lvdinan", read, Clock())


async def fate(its: Sender, message: Message = FIRE, to: Recipient = NOBODY) -> ReceiptState | SendError:
    """What became of one message; and the connection is closed."""
    try:
        return await its.send(message, to)
    except SendError as error:
        return error
    finally:
        await its.close()
