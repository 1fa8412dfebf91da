"""A clock moved by hand, and an outlet that remembers what was sent."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


@dataclass
class HandClock:
    """Moves only when told."""

    now: float = 1000.0

    def monotonic(self) -> float:
        return self.now

    def utc(self) -> datetime:
        return datetime(2026, 11, 21, 6, 0, tzinfo=UTC) + timedelta(seconds=self.now - 1000)


@dataclass
class Sent:
    """An order as an actuator gave it; `go()` is the line sending it."""

    point: str
    value: object
    priority: int
    permit: object
    done: object

    def go(self, refusal: str = "") -> str:
        why = self.permit() or refusal
        self.done(why)
        return why


@dataclass
class Outlet:
    """Takes orders instead of a line."""

    orders: list[Sent] = field(default_factory=list)

    def __call__(self, point, value, priority, permit, done) -> None:
        self.orders.append(Sent(point, value, priority, permit, done))

    def values(self) -> list[object]:
        return [(order.point, order.value) for order in self.orders]
