"""A message as people read it: an exercise says so first, and what is too long for a service is cut where it may be."""

import re
from dataclasses import replace

from daemon.channels.message import Message
from daemon.feeds.texts import Language

_DRILL = {"zh": "【演练】", "en": "[DRILL] "}
_PRIVATE = re.compile(r"https?://\S+|[\w.+-]+@[\w-]+\.[\w.-]+|(?<![\w.])\+?[\d][\d -]{5,}\d|[0-9a-fA-F-]{16,}")
_QUOTED = 100
"""Characters of another program's words that are repeated."""


def marked(message: Message, language: Language) -> Message:
    """The message as it goes out: of a drill, the first word says so."""
    return replace(message, title=_DRILL[language] + message.title) if message.drill else message


def whole(message: Message, room: int) -> str:
    """Title and text, one under the other, in at most so many bytes of UTF-8."""
    return cut(f"{message.title}\n{message.text}".strip(), room)


def cut(text: str, room: int) -> str:
    """The text in at most so many bytes of UTF-8, with a sign where some of it is missing."""
    raw = text.encode()
    if len(raw) <= room:
        return text
    return raw[: max(0, room - 3)].decode(errors="ignore") + "…"


def quoted(text: object, *hidden: str) -> str:
    """Words of a service as they may be shown: short, without addresses, numbers of telephones, keys or `hidden`."""
    said = " ".join(str(text).split())
    for secret in filter(None, hidden):
        said = said.replace(secret, "***")
    said = _PRIVATE.sub("***", said)
    return said if len(said) <= _QUOTED else said[: _QUOTED - 1] + "…"
