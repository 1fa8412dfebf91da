"""A journal with lines of every kind that matters to an export, and exports of it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from daemon.export import jsonl, xlsx
from daemon.export.lines import Reading
from daemon.export.order import Order, Place, head_of_file
from daemon.journal.line import write
from daemon.journal.store import Store
from gatehouse.events import Event

START = datetime(2026, 5, 1, 8, tzinfo=UTC)
PLACE = Place(site="lvdinan", titles={"doors.north": "北门", "zones.b12": "12栋"}, zone=ZoneInfo("Asia/Shanghai"))
PERSONAL = Order(tier=2, by="王敏", reason="派出所调取")
WHOLE = Order(tier=3, by="王敏", reason="派出所调取")


def event(i: int) -> Event:
    kind = ("access.granted", "access.denied", "alarm.raised", "operator.command")[i % 4]
    content: dict[str, object] = {"card": "0012345678", "person": "李四", "reason": "expired", "door": "doors.north"}
    if kind == "alarm.raised":
        content = {"alarm": "zones.b12.fire", "alarm_kind": "fire", "state": "unacknowledged", "count": 1}
    if kind == "operator.command":
        content = {"command": "open", "reason": "=cmd|' /C calc'!A0", "by": "王五"}
    return Event(
        id=f"0123456789ab-{i}",
        at=START + timedelta(hours=i),
        kind=kind,
        subject="zones.b12" if kind == "alarm.raised" else "doors.north",
        actor="person:王五" if kind == "operator.command" else "rule:doors.north.access",
        severity=1 if kind == "alarm.raised" else 0,
        content=content,
    )


def journal(path: Path, lines: int = 12) -> Path:
    store = Store(path, lambda: START)
    store.open()
    store.commit([write(event(i)) for i in range(lines)], {}, {})
    store.close()
    return path


def export(path: Path, target: Path, order: Order | None = None) -> int:
    order, reading = order or Order(), Reading(path)
    try:
        head = head_of_file(order, PLACE, reading.epoch, 0)
        end = {"head": {"number": reading.head, "hash": reading.hash}}
        lines = reading.lines(order, PLACE, reading.head)
        if target.suffix == ".xlsx":
            return xlsx.write(target, head, lines, end, "zh")
        with target.open("wb") as file:
            return jsonl.write(file, head, lines, end)
    finally:
        reading.close()
