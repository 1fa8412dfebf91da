"""What somebody wants exported, and what the file says of itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any, Literal

from daemon.feeds.catalogue import PERSONAL
from daemon.journal.query import STAGED, Filter

Format = Literal["jsonl", "xlsx"]
WHOLE = 3
"""From this tier on the lines themselves are in the file, and its chain can be checked without the journal."""
MARK = "gatehouse journal 1"
"""The first word of every export: what it is, and in which form."""


class OrderError(ValueError):
    """The order cannot be carried out; the text says what would do, in Chinese and in English."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One export."""

    since: str = ""
    until: str = ""
    """Instants as people write them, in the site's own time."""
    kinds: str = ""
    """Patterns, separated by commas."""
    tier: int = 1
    """Who will read it: the masks of subscribers. Below 2: no person, card, plate or flat."""
    format: Format = "jsonl"
    by: str = ""
    reason: str = ""

    def check(self) -> None:
        """OrderError when personal data would go out without a name and a reason."""
        if self.tier >= PERSONAL and not (self.by.strip() and self.reason.strip()):
            raise OrderError(
                f"{self.tier} 级含个人信息：请写明 --by 姓名 和 --reason 原因，或用 --tier 1。 "
                f"Tier {self.tier} holds personal data: give --by and --reason, or take --tier 1."
            )

    def wanted(self, zone: tzinfo | None) -> Filter:
        """Which lines; none of drills and walk tests unless `kinds` names theirs. ValueError says what is wrong."""
        asked = any(kind.startswith(STAGED) for kind in self.kinds.replace(" ", "").split(","))
        words = {"since": self.since, "until": self.until, "kinds": self.kinds, "drill": "" if asked else "without"}
        return Filter.parse({key: value for key, value in words.items() if value}, zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the lines come from."""

    site: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)
    zone: tzinfo | None = None


def head_of_file(order: Order, place: Place, epoch: str, recorded: int) -> dict[str, Any]:
    """The first line of an export; `recorded` is the journal's line that tells of it, 0 where it was a copy."""
    return {
        "export": MARK,
        "site": place.site,
        "timezone": str(place.zone or ""),
        "tier": order.tier,
        "since": order.since,
        "until": order.until,
        "kinds": order.kinds,
        "epoch": epoch,
        "recorded": recorded,
    } | ({"by": order.by, "reason": order.reason} if order.tier >= PERSONAL else {})


def order_of(head: Mapping[str, Any]) -> Order:
    """The order that such a first line tells of."""
    return Order(
        since=str(head.get("since", "")),
        until=str(head.get("until", "")),
        kinds=str(head.get("kinds", "")),
        tier=head["tier"] if head.get("tier") in range(4) else 1,
        by=str(head.get("by", "")),
        reason=str(head.get("reason", "")),
    )
