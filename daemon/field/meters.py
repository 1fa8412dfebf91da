"""Meters that tell their address to whoever asks everybody: DL/T 645 and CJ/T 188. Reads only.

Sources: DL/T 645-2007 control 13 (read address), as 600888/dlt645 has it; CJ/T 188 control 03 with 810A, as
shiyuecamus/ng-gateway has it, low byte first; Aixi Wang's python_cjt188, tried on a DN15 meter, sends the high byte
first, so that is asked next. Unverified on hardware of our own. All of it works only where a single meter of the kind
is on the line: several answer at once.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from daemon.clock import Clock
from daemon.field.direct import Visit
from daemon.field.knocks import overheard
from daemon.field.matter import NoAnswerError
from daemon.field.probe import walk
from drivers import cjt188, dlt645
from drivers._meter_frames import CJT188, DLT645, Finder, sealed
from gatehouse.driver import Device, Question
from gatehouse.points import Quality

_PATIENCE = 0.7
"""Seconds: the standard lets a meter think for half a second."""
_WAKE = 4
_EXAMPLES = 3
_TYPES = {
    0x10: "cold_water", 0x11: "hot_water", 0x12: "drinking_water", 0x13: "reclaimed_water",
    0x20: "heat", 0x30: "gas",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Meter:
    """A meter that said who it is."""

    driver: str
    settings: dict[str, Any]
    device: Device


def _any_dlt645() -> Question:
    request = sealed(b"\x68" + b"\xaa" * 6 + b"\x68\x13\x00", _WAKE)
    finder = Finder(
        DLT645, request[_WAKE:], lambda frame: frame[8] == 0x93 and frame[9] == 6, lambda frame: frame[7:8] == b"\x68"
    )
    return Question(request=request, find=finder.find, expected=22, patience=_PATIENCE, worst=_PATIENCE)


def _any_cjt188(identifier: bytes) -> Question:
    request = sealed(b"\x68" + b"\xaa" * 8 + b"\x03\x03" + identifier + b"\x00", _WAKE)
    finder = Finder(CJT188, request[_WAKE:], lambda frame: frame[9] == 0x83, lambda frame: frame[9:10] == b"\x83")
    return Question(request=request, find=finder.find, expected=20, patience=_PATIENCE, worst=_PATIENCE)


def _dlt645(answer: bytes) -> Meter:
    address = answer[1:7][::-1].hex()
    return Meter("dlt645", {"address": address}, dlt645.Device(address=address))


def _cjt188(answer: bytes) -> Meter | None:
    address, code = answer[2:9][::-1].hex(), answer[1]
    kind: Any = _TYPES.get(code) or _TYPES.get(code & 0xF0)
    if kind is None:
        return None
    settings = {"type": kind, "address": address} | ({} if code in _TYPES else {"code": code})
    return Meter("cjt188", settings, cjt188.Device(**settings))


_KINDS: Sequence[tuple[str, Callable[[], Question], Callable[[bytes], Meter | None]]] = (
    ("dlt645", _any_dlt645, _dlt645),
    ("cjt188", partial(_any_cjt188, b"\x0a\x81"), _cjt188),
    ("cjt188", partial(_any_cjt188, b"\x81\x0a"), _cjt188),
)


async def meters(visit: Visit, setting: str, clock: Clock) -> AsyncIterator[dict[str, Any]]:
    """What meters there are: `found` and `identified`, or `garbled` where several answer at once. ConnectionError."""
    told: set[str] = set()
    for driver, asking, meaning in _KINDS:
        if driver in told:
            continue
        question, heard = overheard(asking())
        began = clock.monotonic()
        try:
            answer = await visit(question, _PATIENCE)
        except NoAnswerError as error:
            if "only" in str(error) and heard.garbled:
                told.add(driver)
                yield {"event": "garbled", "unit": driver, "setting": setting, "bytes": heard.bytes[:32].hex(" ")}
            continue
        told.add(driver)
        try:
            meter = meaning(answer)
        except ValueError as error:  # a meter whose address is no number
            yield {"event": "garbled", "unit": driver, "setting": setting, "bytes": str(error)}
            continue
        if meter is None:
            continue
        yield {
            "event": "found",
            "unit": meter.settings["address"],
            "device": "",
            "setting": setting,
            "tongue": driver,
            "table": "",
            "answer": "",
            "refused": False,
            "milliseconds": round(1000 * (clock.monotonic() - began), 1),
            "steady": 1,
            "asked": 1,
        }
        yield await _identified(visit, await _with_phases(meter, visit, clock), clock)


async def _with_phases(meter: Meter, visit: Visit, clock: Clock) -> Meter:
    """A DL/T 645 meter that knows the volts of phase B has three of them."""
    if meter.driver != "dlt645":
        return meter
    address = meter.settings["address"]
    async for read in walk(dlt645.Device(address=address, phases=3, only=("volts_b",)), visit, clock):
        if any(sample.quality is Quality.GOOD for sample in read.samples.values()):
            return Meter("dlt645", {"address": address, "phases": 3}, dlt645.Device(address=address, phases=3))
    return meter


async def _identified(visit: Visit, meter: Meter, clock: Clock) -> dict[str, Any]:
    """Its usual values, so that people see which meter it is."""
    points, examples = {point.name: point for point in meter.device.points()}, []
    asked = answered = 0
    async for read in walk(meter.device, visit, clock):
        asked, answered = asked + len(read.scan.points), answered + len(read.samples)
        examples += [
            {"title": points[name].title, "value": sample.value, "unit": points[name].unit}
            for name, sample in read.samples.items()
            if sample.quality is Quality.GOOD
        ]
    return {
        "event": "identified",
        "unit": meter.settings["address"],
        "driver": meter.driver,
        "settings": meter.settings,
        "sure": True,
        "likely": [],
        "channels": asked,
        "answered": answered,
        "examples": examples[:_EXAMPLES],
    }
