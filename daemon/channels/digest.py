"""Many messages told as one, where a service would take longer than a minute for them one by one."""

import hashlib
from collections.abc import Sequence

from daemon.channels.message import Message
from daemon.feeds.texts import Language

_LONGEST = 60
"""Characters of one line."""
_BESIDE = 80
"""Bytes for the title, the mark of a drill, and the count of what is not named."""


def named(messages: Sequence[Message], room: int) -> int:
    """How many of them one message of so many bytes can name, each with a line of its own; one at least."""
    left, count = room - _BESIDE, 0
    for message in messages:
        left -= len(_line(message).encode()) + 1
        if left < 0:
            break
        count += 1
    return max(1, count)


def digest(messages: Sequence[Message], language: Language, room: int) -> Message:
    """One message for many, of one recipient, the gravest first; all of them are drill, or none is.

    Its key depends on nothing but theirs, so the same ones told again are known as a repeat.
    """
    lines = [_line(each) for each in messages[: named(messages, room)]]
    rest = len(messages) - len(lines)
    if rest:
        lines.append(f"还有 {rest} 条" if language == "zh" else f"and {rest} more")
    keys = "\n".join(sorted(each.key for each in messages))
    return Message(
        key=f"digest-{hashlib.sha256(keys.encode()).hexdigest()[:24]}",
        title=f"{len(messages)} 条消息合并" if language == "zh" else f"{len(messages)} messages in one",
        text="\n".join(lines),
        severity=min(each.severity for each in messages),
        drill=messages[0].drill,
        valid=max(each.valid for each in messages),
    )


def _line(message: Message) -> str:
    line = f"P{int(message.severity)} {' '.join(message.title.split())}"
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
