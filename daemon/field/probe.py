"""Reads everything that a device's driver knows of it, once, and shows it beside the bytes it was made of."""

import asyncio
import dataclasses
import sys
from collections.abc import AsyncIterator, Mapping
from types import ModuleType
from typing import Any

from daemon.clock import Clock
from daemon.field.direct import Visit
from daemon.field.hints import hints, implausible
from daemon.field.matter import NoAnswerError
from gatehouse.driver import Device, DriverError, Learner, Sample, Scan
from gatehouse.points import Point, Quality

MOST = 200
"""Reads of one device at most: a driver that learns without end is not waited for."""
_NUMBER = 2
"""Bytes at the beginning of a request that may differ each time: the transaction's number on Modbus TCP."""
_PATIENCE = 1.0
"""Seconds for an answer: who asks by hand would rather wait than guess."""


@dataclasses.dataclass(frozen=True, slots=True)
class Read:
    """One exchange, and what became of it."""

    scan: Scan
    request: bytes
    answer: bytes
    """Without its envelope, as the driver took it; empty when there was none."""
    why: str
    """Why there are no samples; empty when there are."""
    samples: Mapping[str, Sample]
    seconds: float
    gap: float
    """Seconds for which the device wants to be left alone now."""


async def walk(device: Device, visit: Visit, clock: Clock, patience: float = _PATIENCE) -> AsyncIterator[Read]:
    """Every scan of a device once, those included that it finds out about on the way. ConnectionError."""
    asked: dict[str, Read] = {}
    free = clock.monotonic()
    for _ in range(MOST):
        scan = next((scan for scan in device.scans() if _to_ask(device, scan, asked.get(scan.name))), None)
        if scan is None:
            return
        await asyncio.sleep(free - clock.monotonic())
        read = asked[scan.name] = await _read(device, scan, visit, clock, patience)
        free = clock.monotonic() + read.gap
        yield read


def _to_ask(device: Device, scan: Scan, before: Read | None) -> bool:
    """Not asked yet; or what was asked in its place, to settle something else, was another question."""
    if before is None:
        return True
    if before.why or not before.samples or any(sample.value is not None for sample in before.samples.values()):
        return False
    return device.ask(scan).request[_NUMBER:] != before.request[_NUMBER:]


async def _read(device: Device, scan: Scan, visit: Visit, clock: Clock, patience: float) -> Read:
    began = clock.monotonic()
    request, answer, why, gap, samples = b"", b"", "", 0.0, dict[str, Sample]()
    try:
        question = device.ask(scan)
        request, gap = question.request, question.gap
        answer = await visit(question, max(question.patience, patience))
        samples = dict(device.read(scan, answer))
    except (DriverError, NoAnswerError) as error:
        why = str(error)
    except OSError:  # the wire is gone
        raise
    except Exception as error:  # noqa: BLE001 - the edge of a plug-in
        why = f"driver fault: {type(error).__name__}: {error}"
    seconds = clock.monotonic() - began
    if isinstance(device, Learner) and (why or not scan.points):
        device.learn(scan, answer)
    return Read(scan, request, answer, why, samples, seconds, gap)


def complete(device: Device) -> Device:
    """The same device as if just made, with the optional points of its profile as well: what is learnt from a probe
    must not change how the daemon reads it."""
    if not dataclasses.is_dataclass(device) or isinstance(device, type):
        return device
    profile = getattr(device, "profile", None)
    points: Mapping[str, Any] = getattr(profile, "points", {})
    optional = tuple(name for name, spec in points.items() if getattr(spec, "optional", False))
    return dataclasses.replace(device, **({"also": optional} if optional else {}))


def explained(device: object, frame: bytes) -> str:
    """A frame in words, by the `explain` of a device's driver, or of a driver itself; empty where it has none."""
    driver = device if isinstance(device, ModuleType) else sys.modules.get(type(device).__module__)
    explain = getattr(driver, "explain", None)
    if explain is None or not frame:
        return ""
    try:
        text = str(explain(frame))
        return text if text.isprintable() else repr(text)[1:-1]  # nothing that a terminal would obey
    except Exception as error:  # noqa: BLE001 - the edge of a plug-in
        return f"explain failed: {type(error).__name__}: {error}"


def _raw(device: Device, read: Read) -> Mapping[str, str]:
    """What each channel was made of, by the driver's `raw`; nothing where it has none."""
    raw = getattr(device, "raw", None)
    if raw is None or not read.answer:
        return {}
    try:
        found: Mapping[str, str] = raw(read.scan, read.answer)
    except Exception:  # noqa: BLE001 - the edge of a plug-in: the whole answer is shown all the same
        return {}
    return found


async def probe(device: Device, visit: Visit, clock: Clock) -> AsyncIterator[dict[str, Any]]:
    """A document for each exchange, and one at the end: `{"event": "read" | "end", …}`. ConnectionError."""
    device = complete(device)
    points = {point.name: point for point in device.points()}
    seen: set[str] = set()
    good = 0
    async for read in walk(device, visit, clock):
        raw, settling = _raw(device, read), not read.scan.points or _to_ask(device, read.scan, read)
        seen |= set(read.scan.points)
        good += not read.why
        yield {
            "event": "read",
            "scan": read.scan.name,
            "kind": read.scan.kind.name.lower(),
            "period": read.scan.period,
            "milliseconds": round(1000 * read.seconds, 1),
            "request": read.request.hex(),
            "answer": read.answer.hex(),
            "explained": explained(device, read.request),
            "why": read.why,
            "settling": settling,
            "points": [] if settling else [_channel(points[n], read, raw.get(n, "")) for n in read.scan.points],
            "hints": list(hints(device, read, points)),
        }
    yield {"event": "end", "answered": good, "unread": sorted(points.keys() - seen)}


def _channel(point: Point, read: Read, raw: str) -> dict[str, Any]:
    sample = read.samples.get(point.name, Sample(None, Quality.BAD, read.why or "not in the answer"))
    return {
        "channel": point.name,
        "title": point.title,
        "value": sample.value,
        "unit": point.unit,
        "raw": raw,
        "quality": sample.quality.name.lower(),
        "implausible": implausible(point, sample),
        "limits": [limit if abs(limit) != float("inf") else None for limit in (point.low, point.high)],
        "note": sample.note,
    }
