"""Orders that wait for a line: bounded, the most important first, none of them sent without being permitted anew."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from gatehouse.demands import Pulse
from gatehouse.points import Value

MOST = 256
TRIES = 3
TRIES_SILENT = 2
"""For a device that is silent: it gets its chance, but does not hold up the others."""
WAIT = 2.0
"""Seconds for which an order waits while the line or its device is away."""


@dataclass(slots=True, kw_only=True)
class Command:
    """An order to a device."""

    device: str
    channel: str
    value: Value | Pulse
    permit: Callable[[], str]
    """Asked right before the first byte goes out: empty to send, else the reason why it may not be sent any more."""
    done: Callable[[str], None]
    """Called exactly once: empty when the device accepted, else why not."""
    priority: int
    """Lower goes first among waiting writes."""


@dataclass(slots=True, eq=False)
class Order:
    """A command in the queue."""

    command: Command
    number: int
    since: float
    tries: int = 0

    @property
    def rank(self) -> tuple[int, int, int]:
        """Of one priority those that have failed go last: a dead board never holds up the release of other doors."""
        return self.command.priority, self.tries, self.number


class Writes:
    """The queue of one line."""

    def __init__(self) -> None:
        """Empty."""
        self._orders: list[Order] = []
        self._number = 0

    def __len__(self) -> int:
        return len(self._orders)

    def put(self, command: Command, now: float) -> None:
        """Queue it; in a full queue the least important is answered instead."""
        self._number += 1
        self._orders.append(Order(command, self._number, now))
        if len(self._orders) > MOST:
            least = max(self._orders, key=lambda order: (order.command.priority, order.number))
            self._orders.remove(least)
            least.command.done(f"{MOST} orders wait for this line already; this was the least important")

    def next(self, ready: Callable[[str], bool], silent: Callable[[str], bool] = lambda _: False) -> Order | None:
        """Take the order to send now, of those whose device is `ready`; it is the caller's from here on.

        Of one priority those for a device that is `silent` go last: eight locks on a dead board are eight time-outs.
        """
        orders = (order for order in self._orders if ready(order.command.device))
        order = min(
            orders,
            key=lambda order: (order.command.priority, silent(order.command.device), *order.rank),
            default=None,
        )
        if order is not None:
            self._orders.remove(order)
        return order

    def any(self, ready: Callable[[str], bool]) -> bool:
        """Something could be sent now."""
        return any(ready(order.command.device) for order in self._orders)

    def retry(self, order: Order) -> None:
        """Give back one that was not answered."""
        self._orders.append(order)

    def give_up(self, why: str, now: float, age: float = WAIT) -> None:
        """Answer all that have waited too long while nothing can be sent."""
        self._answer([order for order in self._orders if now - order.since >= age], why)

    def give_up_device(self, device: str, why: str, before: float = math.inf) -> None:
        """Answer all for a device that is out of service, or those that have waited for it since before then."""
        self._answer([order for order in self._orders if order.command.device == device and order.since < before], why)

    def _answer(self, orders: list[Order], why: str) -> None:
        for order in orders:
            self._orders.remove(order)
        for order in orders:
            order.command.done(why)
