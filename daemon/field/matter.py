"""On whose account something is asked on a line, and what may come of it instead of an answer."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from daemon.commands import Permit

Done = Callable[[bytes, Exception | None], None]
"""Told once what came of a question: the answer and None, or nothing and why."""


class NoAnswerError(Exception):
    """The device did not answer in time; the text says what was heard instead."""


class NotPermittedError(Exception):
    """The order may not be sent any more; the text says why."""


class PluginFaultError(Exception):
    """A driver raised what it should not."""


@dataclass(slots=True, eq=False)
class Matter:
    """On whose account something is asked, and who wants to know what comes of it. One serves for any number of
    exchanges, one after the other."""

    counts: "Counter[str]"
    """Of the device."""
    whom: tuple[str, str]
    """Its name, and what it is asked, for the trace."""
    done: Done
    permit: Permit | None = None
    """Asked right before the first byte."""
    patience: float | None = None
    """Seconds, instead of the question's own."""
    short: bool = False
    """For a device known to be silent; the asker leaves it alone long enough instead of the whole line."""
    urgent: bool = False
    """On a wire that is never silent it is sent all the same."""
    same: Callable[[float], None] | None = None
    """Told instead of `done` when exactly the bytes came that were expected, and when."""
