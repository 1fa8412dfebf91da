"""Error numbers of services: HTTP 200 with one of them is no delivery, and each says what to do."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from daemon.channels.sender import Fate, SendError
from daemon.channels.text import quoted
from daemon.channels.web import Answer


class Code(NamedTuple):
    """What one number means."""

    fate: Fate
    why: str
    after: float = 0.0
    channel: bool = True
    """False: only this message or recipient is concerned."""


def again(why: str, after: float = 0.0) -> Code:
    """Later, it may be taken."""
    return Code(Fate.AGAIN, why, after)


def fix(why: str) -> Code:
    """Never, until somebody changes the channel's settings."""
    return Code(Fate.REFUSED, why)


def theirs(why: str) -> Code:
    """Never this message to this recipient; others may be well."""
    return Code(Fate.REFUSED, why, channel=False)


_UNKNOWN_REST = 10.0
"""Seconds before another try after a number that is in no list."""


def failure(codes: Mapping[int, Code], number: object, said: object, *hidden: str) -> SendError:
    """The error for an answer that is no success; what the service said is told only where we have no words for it."""
    code = codes.get(number) if isinstance(number, int) else None
    if code is not None:
        return SendError(code.fate, f"{code.why} (error {number})", after=code.after, channel=code.channel)
    words = quoted(said, *hidden)
    return SendError(Fate.AGAIN, f"error {number} of the service: {words or 'without a reason'}", after=_UNKNOWN_REST)


def judged(
    answer: Answer, codes: Mapping[int, Code], *hidden: str, number: str = "errcode", said: str = "errmsg"
) -> dict[str, Any]:
    """The answer of a service that counts its errors, once it says 0. SendError for anything else."""
    try:
        table = answer.table()
    except SendError:
        answer.check()
        raise
    found = table.get(number)
    if found is None:
        answer.check()
        raise SendError(Fate.AGAIN, f"HTTP {answer.status}, and the answer is not this service's")
    if found != 0 or isinstance(found, bool):
        raise failure(codes, found, table.get(said, ""), *hidden)
    answer.check()
    return table
