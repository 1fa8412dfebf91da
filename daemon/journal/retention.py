"""How long lines of which class are kept. `docs/journal.md` names the law or standard behind each number of days."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from typing import Literal

Class = Literal["alarm", "drill", "access", "operations", "patrol", "network", "record"]


@dataclass(frozen=True, slots=True)
class Promise:
    """What is promised for a class of lines."""

    kinds: tuple[str, ...]
    days: int
    """If the site says nothing else."""
    least: int
    """Fewer are refused."""
    source: str
    """Who wants that."""


CLASSES: Mapping[Class, Promise] = {
    "alarm": Promise(("alarm.*", "incident.*", "ladder.*", "message.*"), 366, 90, "DB11/T 2552-2026 8.2.5"),
    "drill": Promise(("drill.*", "walk.*"), 366, 180, "公安部令第61号 (MPS order 61) 40: a drill every half year"),
    "access": Promise(("access.*", "visitor.*", "vehicle.*"), 180, 180, "GB 50396-2007 5.2.2, DB11/T 2552-2026 8.4.3"),
    "patrol": Promise(("patrol.*",), 90, 90, "DB11/T 2552-2026 8.5.2"),
    "network": Promise(
        ("feed.*", "network.*", "login.*", "broker.*"), 184, 184, "网络安全法 (Cybersecurity Law) 23(3)"
    ),
    "record": Promise(("journal.*", "daemon.*"), 366, 184, "网络安全法 (Cybersecurity Law) 23(3)"),
    "operations": Promise(("*",), 180, 180, "DB11/T 2552-2026 8.4.3"),
}
"""The first class that fits a kind is its class. `operations`: orders, outputs, devices, configuration, the rest."""
THINNED: tuple[Class, ...] = ("network", "operations", "access", "patrol", "drill")
"""Classes that make room when the disk is about to be full, in this order."""


@cache
def class_of(kind: str) -> Class:
    """The class of a kind of event."""
    return next(name for name, its in CLASSES.items() if any(fnmatchcase(kind, pattern) for pattern in its.kinds))


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """What a site wants kept."""

    days: Mapping[Class, int] = field(default_factory=lambda: {name: its.days for name, its in CLASSES.items()})
    bytes: Mapping[Class, int] = field(default_factory=dict)
    """Room in the file that a class may take; the oldest go first, but never sooner than the least days."""
    most_bytes: int = 0
    """Room for all of them; 0: no limit but the disk."""
    alarm_at: float = 95.0
    """Percent of the disk, or of its inodes, in use that are an alarm."""
    thin_at: float = 98.0
    """Percent from which classes other than alarms make room sooner than promised."""
