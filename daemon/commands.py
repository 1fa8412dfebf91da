"""How an actuator speaks to the field: one order, permitted anew at the instant that it is sent."""

from collections.abc import Callable
from typing import Protocol

from gatehouse.demands import Priority, Pulse
from gatehouse.points import Value

EXPIRED = "its time was over before the line was free"
"""The refusal of an order that a demand past its expiry would have given: recorded, never sent."""

Permit = Callable[[], str]
"""Asked right before the first byte: empty to send, else why it may not be sent any more."""

Done = Callable[[str], None]
"""Told exactly once: empty when the device accepted, else why not."""


class Send(Protocol):
    """Queue an order for a point; returns at once."""

    def __call__(self, point: str, value: Value | Pulse, priority: Priority, permit: Permit, done: Done) -> None:
        """See `Permit` and `Done`."""


def always() -> str:
    """Nothing forbids it."""
    return ""
