"""Faults of the field, each put right again: units, wires, adapters."""

import asyncio
import contextlib
import random
import time
from typing import Any

from campaign.house import House
from campaign.record import Span

_SOUND = 30.0
"""Seconds in which all must be well again after a trouble."""
_GUARDING = {"io1", "io2", "relays", "b12", "gate", "building12", "reader-n", "reader-l"}
"""What a fire, a gas alarm, a leakage or a card needs; while one is in trouble nothing is owed."""
LINES = ("gate", "power", "building12", "reader-n", "reader-l")
_UNITS = ("io1", "io2", "relays", "mains", "meter", "climate", "b12")
_SHAPES = ("corrupt", "half", "lost", "doubled", "foreign")


async def silent(house: House, dice: random.Random) -> None:
    """A unit does not answer, for 2 to 15 s."""
    unit = {"device": dice.choice(_UNITS)}
    await _trouble(house, "unit", dice.uniform(2, 15), unit | {"silent": True}, unit | {"silent": False})


async def misshapen(house: House, dice: random.Random) -> None:
    """The next few answers of a unit are spoilt."""
    unit, shape = {"device": dice.choice(_UNITS)}, dice.choice(_SHAPES)
    await _trouble(house, "unit", 2.0, unit | {shape: dice.randint(1, 5)}, unit | {shape: 0})


async def noise(house: House, dice: random.Random) -> None:
    """Stray bytes before some of the answers of a line."""
    line = {"line": dice.choice(("gate", "power"))}
    await _trouble(house, "line", dice.uniform(3, 12), line | {"noise": dice.uniform(0.05, 0.3)}, line | {"noise": 0.0})


async def pulled(house: House, dice: random.Random) -> None:
    """The adapter of a line, or its gateway, is gone for 2 to 12 s."""
    line = {"line": dice.choice(LINES)}
    await _trouble(house, "line", dice.uniform(2, 12), line | {"plugged": False}, line | {"plugged": True})


async def off_and_on(house: House, dice: random.Random) -> None:
    """A unit loses its power for a moment, and what it was told with it."""
    await _trouble(house, "power", 1.0, {"device": dice.choice(_UNITS)}, None)


async def _trouble(house: House, verb: str, seconds: float, off: dict[str, Any], on: dict[str, Any] | None) -> None:
    """Begin it, end it, and wait until every device answers and every point is good."""
    since = time.monotonic()
    await house.control.do(verb, **off)
    await asyncio.sleep(seconds)
    if on is not None:
        await house.control.do(verb, **on)
    await well_again(house, f"{verb} {off}")
    if {off.get("device"), off.get("line")} & _GUARDING:
        house.record.down.append(Span(since, time.monotonic()))


async def well_again(house: House, what: str) -> None:
    """Wait until all is; what is not by then is written down."""
    since, bad = time.monotonic(), ["?"]
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_SOUND):
            while bad := _unwell(await house.status()):  # noqa: ASYNC110 - another process sees to it
                await asyncio.sleep(0.1)
    if bad:
        house.record.broken.append(f"{_SOUND:g} s after {what}, at {time.monotonic():.3f}, not well: {bad[:5]}")
    took = max(time.monotonic() - since, house.record.notes.get("longest until well, s", 0.0))
    house.record.notes["longest until well, s"] = round(took, 2)


def _unwell(status: dict[str, Any]) -> list[str]:
    if not status:
        return ["no answer"]
    away = [name for line in status["lines"].values() for name, each in line["devices"].items() if not each["online"]]
    return away + [name for name, each in status["points"].items() if each["quality"] != "good"]
