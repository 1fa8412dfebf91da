"""Refuses lines that cannot keep what must be kept, with the arithmetic and with what would help, reckoned."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from daemon.config import capacity, site
from daemon.config.capacity import CAPACITY, Asked, Load, Promise
from daemon.config.draft import Draft
from daemon.config.faults import Both, listed
from daemon.config.hardware import Hardware
from daemon.config.wording_lines import CLASSES, PIECES
from daemon.field.transport import endpoint
from gatehouse.driver import Listener, ScanClass

SAFETY_LIMIT = 2.0
"""Seconds that a reading of a safety point may be old: from a fire input to its release two at most (GB 55029-2022)."""
SAFETY_AIM = 1.0
"""Seconds; better, and no reason to refuse a site."""
SENSOR_LIMIT = 30.0
"""Seconds from a sensor's threshold to the alarm (GB/T 45839-2025, 5.4.1); ten are the aim."""
SENSORS = ("electrical_fire",)
"""Kinds of rules that watch such sensors."""
RATES = (2400, 4800, 9600, 19200, 38400, 57600, 115200)


@dataclass(frozen=True, slots=True)
class Need:
    """How old a point may get, and a word of `PIECES` for why."""

    limit: float
    why: str


@dataclass(frozen=True, slots=True)
class _Line:
    """All that a line is asked to do."""

    name: str
    line: site.Line
    exchanges: Sequence[Asked]
    orders: Sequence[Asked]
    needs: Mapping[str, Need]

    def load(self, baud: int | None = None, without: Sequence[str] = (), measures: float = 1.0) -> Load:
        """As it is, or as it would be."""
        exchanges = [each for each in self.exchanges if each.device not in without]
        orders = [each for each in self.orders if each.device not in without]
        if measures != 1.0:
            exchanges = [capacity.rarer(each, measures) if _measure(each) else each for each in exchanges]
        return capacity.reckon(self.name, self.line, exchanges, orders, baud)

    def fits(self, load: Load) -> bool:
        """Whether it keeps what must be kept."""
        return not any(True for _ in self.late(load)) and not slipping(load)

    def late(self, load: Load) -> Iterator[tuple[float, str, Promise]]:
        """Points that may get too old: by how many times, which, and why it matters."""
        for promise in load.promises:
            for channel in promise.scan.points:
                point = f"{promise.asked.device}.{channel}"
                if point in self.needs and promise.age > self.needs[point].limit:
                    yield promise.age / self.needs[point].limit, point, promise


def loads(draft: Draft, gear: Hardware) -> dict[str, Load]:
    """Every line's load. What a line cannot keep is a fault of it, a driver that cannot be asked one of its device."""
    needs, found = _needs(draft, gear), {}
    exchanges: dict[str, list[Asked]] = {}
    orders: dict[str, list[Asked]] = {}
    for name, entry in draft.sound("devices"):
        device = gear.devices.get(name)
        if device is None or isinstance(device, Listener):
            continue
        try:
            exchanges.setdefault(entry.line, []).extend(capacity.asked(name, device))
            orders.setdefault(entry.line, []).extend(capacity.orders(name, device))
        except Exception as error:  # noqa: BLE001 - the edge of a plug-in
            draft.document.fault(("devices", name), "driver_refuses", why=error)
    for name, settings in draft.sound("lines"):
        line = _Line(name, settings, exchanges.get(name, []), orders.get(name, []), needs)
        found[name] = line.load()
        _judge(draft, line, found[name])
    return found


def told(load: Load) -> dict[str, Any]:
    """A line for people and programs, with the limits that it is held to."""
    limits = {"safety": SAFETY_LIMIT, "aim": SAFETY_AIM, "sensor": SENSOR_LIMIT}
    return {"endpoint": endpoint(load.line), "own": capacity.OWN, "limits": limits} | load.document()


def slipping(load: Load) -> Promise | None:
    """The measure that comes most behind its rhythm. Safety and access scans may be asked for more often than they can
    come: what counts is how old they get."""
    behind = [each for each in load.promises if _measure(each.asked) and each.strained > each.scan.period]
    return max(behind, key=lambda each: each.strained / each.scan.period, default=None)


def _needs(draft: Draft, gear: Hardware) -> dict[str, Need]:
    """By point: the strictest of what its class wants and of what it is used for."""
    needs: dict[str, Need] = {}
    for point, need in chain(_classes(gear), _sensors(draft), _uses(draft)):
        if need.why in {"door", "presence", "fire"} and _no_contact(gear, point):
            continue  # told elsewhere
        needs[point] = min(need, needs.get(point, need), key=lambda each: each.limit)
    return needs


def _no_contact(gear: Hardware, point: str) -> bool:
    device, _, channel = point.partition(".")
    found = (gear.channels.get(device) or {}).get(channel)
    return found is None or bool(found.unit)


def _classes(gear: Hardware) -> Iterator[tuple[str, Need]]:
    for name, device in gear.devices.items():
        for scan in () if isinstance(device, Listener) else device.scans():
            if scan.kind is ScanClass.SAFETY:
                yield from ((f"{name}.{channel}", Need(SAFETY_LIMIT, "fire")) for channel in scan.points)
            elif scan.kind is ScanClass.ACCESS:
                yield from ((f"{name}.{each}", Need(gear.ages[name][each], "stale")) for each in scan.points)


def _sensors(draft: Draft) -> Iterator[tuple[str, Need]]:
    """What rules watch whose alarm has a time to keep."""
    for _, rule in draft.sound("rules"):
        for value in rule.values() if rule.get("kind") in SENSORS else ():
            for point in value if isinstance(value, list) else [value]:
                yield str(point), Need(SENSOR_LIMIT, "sensor")


def _uses(draft: Draft) -> Iterator[tuple[str, Need]]:
    for _, door in draft.sound("doors"):
        for point in (door.contact, door.exit, door.reader and f"{door.reader}.card"):
            yield point or "", Need(SAFETY_LIMIT, "door")
    for _, lane in draft.sound("lanes"):
        yield lane.presence, Need(lane.presence_limit, "presence")
    for _, zone in draft.sound("zones"):
        yield from ((point, Need(SAFETY_LIMIT, "fire")) for point in zone.fire)


def _judge(draft: Draft, line: _Line, load: Load) -> None:
    late, behind = max(line.late(load), default=None, key=lambda each: each[0]), slipping(load)
    if late is not None:
        _, point, promise = late
        need = line.needs[point]
        draft.document.fault(
            ("lines", line.name),
            "line_too_slow",
            at_key=True,
            point=point,
            age=_time(promise.age),
            limit=_time(need.limit),
            why=_piece(need.why, limit=_time(need.limit)),
            sum=_sum(load, promise),
            advice=_advice(line, promise, need.limit),
        )
    elif behind is not None:
        draft.document.fault(
            ("lines", line.name),
            "line_overfull",
            at_key=True,
            load=f"{sum(load.shares.values()):.0%}",
            capacity=f"{CAPACITY:.0%}",
            sum=_demands(load),
            scan=f"{behind.asked.device} ({behind.scan.name})",
            cycle=_time(behind.strained),
            period=_time(behind.scan.period),
            advice=_advice(line, behind, math.inf),
        )


def _sum(load: Load, promise: Promise) -> Both:
    """How the worst age of a scan comes about."""
    rounds = []
    for kind in ScanClass:
        its = [each.seconds for each in load.promises if each.scan.kind is kind]
        if its and kind <= promise.scan.kind:
            each, total = _time(sum(its) / len(its)), _time(sum(its))
            rounds.append(_piece("round", count=len(its), kind=_kind(kind), each=each, all=total))
    return _joined(
        "",
        _joined("plus", *rounds),
        _piece("ring" if promise.slips else "rhythm", cycle=_time(promise.cycle)),
        _piece("delay", jitter=_time(promise.jitter), own=_time(promise.seconds), age=_time(promise.age)),
    )


def _demands(load: Load) -> Both:
    """What asks for the line's time, the largest part first."""
    groups: Counter[tuple[ScanClass, float]] = Counter()
    counts: Counter[tuple[ScanClass, float]] = Counter()
    for each in load.promises:
        groups[each.scan.kind, each.scan.period] += each.seconds  # type: ignore[assignment] # seconds are counted
        counts[each.scan.kind, each.scan.period] += 1
    parts = sorted(groups, key=lambda group: -groups[group] / group[1])[:4]
    return _joined("plus", *(
        _piece("demand", count=counts[part], kind=_kind(part[0]), each=_time(groups[part] / counts[part]),
               period=_time(part[1]), share=f"{groups[part] / part[1]:.0%}")
        for part in parts
    ))  # fmt: skip


def _advice(line: _Line, promise: Promise, limit: float) -> Both:
    """What would make it fit, by reckoning."""
    if promise.age - promise.cycle < limit < promise.age and not promise.slips:
        alone = line.load(without=[each.device for each in line.exchanges if each.device != promise.asked.device])
        if not line.fits(alone):  # it is the profile that asks too rarely
            period = math.floor(10 * (limit - promise.age + promise.cycle)) / 10
            return _piece("often", period=_time(max(period, 0.1)))
    ways = [way for way in (_baud(line, promise), _seldom(line), _move(line)) if way is not None]
    return _joined("", _piece("begin"), _joined("or", *(ways or [_piece("quick")])))


def _baud(line: _Line, promise: Promise) -> Both | None:
    for baud in RATES:
        load = line.load(baud)
        if baud > line.line.baud and line.fits(load):
            same = next(each for each in load.promises if each.asked == promise.asked)
            figure = f"{_time(same.cycle)}" if promise.scan.kind is ScanClass.MEASURE else _time(same.age)
            return _piece("baud", baud=baud, figure=figure)
    return None


def _seldom(line: _Line) -> Both | None:
    """How much more rarely measures would have to be asked for, in halves."""
    if not any(map(_measure, line.exchanges)):
        return None
    factor = next((half / 2 for half in range(3, 13) if line.fits(line.load(measures=half / 2))), None)
    return _piece("seldom", factor=f"{factor:g}") if factor else None


def _move(line: _Line) -> Both | None:
    """The smallest number of devices, the last of the file first, without which it fits."""
    devices = list(dict.fromkeys(each.device for each in line.exchanges))
    low, high = 1, len(devices) - 1
    if high < 1 or not line.fits(line.load(without=devices[1:])):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if line.fits(line.load(without=devices[-middle:])) else (middle + 1, high)
    left = len(devices) - low
    if low > left:
        return _piece("lines", all=len(devices), count=math.ceil(len(devices) / left))
    return _piece("move", all=len(devices), count=low, names=listed(devices[-low:], 4))


def _measure(exchange: Asked) -> bool:
    return exchange.scan.kind is ScanClass.MEASURE


def _kind(kind: ScanClass) -> Both:
    zh, en = CLASSES[kind.name.lower()]
    return Both(en, zh)


def _time(seconds: float) -> str:
    """43.2 ms, 605 ms, 1.41 s, 12.3 s, 60 s."""
    if seconds < 1:
        return f"{1000 * seconds:.3g} ms"
    return f"{seconds:.3g} s" if seconds < 100 else f"{seconds:.0f} s"


def _piece(key: str, **values: object) -> Both:
    zh, en = PIECES[key]
    chinese = {name: value.zh if isinstance(value, Both) else value for name, value in values.items()}
    return Both(en.format_map(values), zh.format_map(chinese))


def _joined(key: str, *parts: Both) -> Both:
    glue = _piece(key) if key else Both("", "")
    return Both(str(glue).join(parts), glue.zh.join(part.zh for part in parts))
