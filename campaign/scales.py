"""A running daemon weighed again and again: what it holds, what waits, and how much of it grows."""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import linear_regression, median
from typing import Any

from campaign.house import House
from campaign.places import DOORS, spans
from campaign.record import Record

COLUMNS = (
    "rss MB", "private MB", "threads", "fds", "cpu s", "answer s", "head", "journal MB", "waiting", "behind", "orders",
    "alarms", "cases",
)  # fmt: skip
"""`answer`: how long the API took to tell its status; the rest as it tells it, or as the kernel does."""


async def weigh(house: House) -> dict[str, float]:
    """One row, `at` an instant of the monotonic clock; empty when nobody answers."""
    began = time.monotonic()
    status = await house.status()
    if not status:
        return {}
    answer = time.monotonic() - began
    journal = sum(each.stat().st_size for each in house.state.glob("journal.db*")) / 1e6
    return {
        "at": began, "answer s": answer, "journal MB": journal, **_process(house.daemon.pid), **_queues(status),
    }  # fmt: skip


def _process(pid: int) -> dict[str, float]:
    place = Path(f"/proc/{pid}")
    words = dict(line.split(":", 1) for line in (place / "status").read_text("ascii").splitlines())
    ticks = (place / "stat").read_text("ascii").rpartition(")")[2].split()
    return {
        "rss MB": int(words["VmRSS"].split()[0]) / 1024,
        "private MB": int(words["RssAnon"].split()[0]) / 1024,
        "threads": int(words["Threads"]),
        "fds": len(list((place / "fd").iterdir())),
        "cpu s": (int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK"),
    }


def _queues(status: dict[str, Any]) -> dict[str, float]:
    return {
        "head": status["journal"]["head"],
        "waiting": status["journal"]["waiting"],
        "behind": max(feed["behind"] for feed in status["feeds"].values()),
        "orders": max(line.get("orders_waiting", 0) for line in status["lines"].values()),
        "alarms": len(status["alarms"]),
        "cases": status["cases"],
    }


def figures(weights: Sequence[dict[str, float]]) -> dict[str, float]:
    """Of each column the most, and of the second half its median and what a line through it gains in an hour."""
    late = weights[len(weights) // 2 :]
    found: dict[str, float] = {"weighed": len(weights)}
    if len({each["at"] for each in late}) <= 1:
        return found
    hours = [each["at"] / 3600 for each in late]
    for name in COLUMNS:
        values = [each[name] for each in late]
        found[f"{name}, most"] = max(each[name] for each in weights)
        found[f"{name}, median"] = median(values)
        found[f"{name}, an hour"] = linear_regression(hours, values).slope
    return {name: round(value, 3) for name, value in found.items()}


def freed(record: Record) -> tuple[list[float], list[float]]:
    """Seconds from each fire's contact to the release of each door that was locked: with all wires well, and else.

    inf for one that was never released.
    """
    well: list[float] = []
    troubled: list[float] = []
    free = {door: spans(record.diary, door, "unlocked", "locked") for door in DOORS}
    for fire in (each for each in record.episodes if each.what == "fire"):
        for door in DOORS:
            if any(span.start <= fire.start < span.end for span in free[door]):
                continue
            took = (
                min((span.start for span in free[door] if span.start > fire.start), default=float("inf")) - fire.start
            )
            touched = any(span.start <= fire.start + took and fire.start < span.end for span in record.down)
            (troubled if touched else well).append(took)
    return well, troubled
