"""What is odd about an answer, and what that usually means."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from gatehouse.driver import Device, DriverError, Sample
from gatehouse.points import Point, Quality

if TYPE_CHECKING:
    from daemon.field.probe import Read

_FEW = 3
"""Channels of one answer below which all being nought says nothing."""
_ORDERS = ("high-first", "low-first", "high-first-swapped", "low-first-swapped")


def implausible(point: Point, sample: Sample) -> bool:
    """Outside the limits that the sensor has."""
    value = sample.value
    return isinstance(value, int | float) and not isinstance(value, bool) and not point.low <= value <= point.high


def hints(device: Device, read: "Read", points: Mapping[str, Point]) -> Iterator[str]:
    """Sentences in English, which `phrases` puts into Chinese."""
    numbers = [
        sample.value
        for sample in read.samples.values()
        if isinstance(sample.value, int | float) and type(sample.value) is not bool
    ]
    data = read.answer[2:]  # behind a function and a count, where it is Modbus
    if len(numbers) >= _FEW and not any(numbers):
        yield "all are 0: nothing is wired to it, or the addresses are those of another model"
    elif len(data) >= 2 * _FEW and not data.strip(b"\xff"):
        yield "all bytes are FF: it has nothing there, or its measuring part does not answer"
    elif (
        len(data) >= 2 * _FEW
        and len(numbers) >= _FEW
        and len({data[at : at + 2] for at in range(0, len(data), 2)}) == 1
    ):
        yield "all registers are the same: the device answers, but does not measure"
    odd = [name for name, sample in read.samples.items() if implausible(points[name], sample)]
    if odd:
        yield from _reordered(device, read, points, odd)


def _reordered(device: Device, read: "Read", points: Mapping[str, Point], odd: list[str]) -> Iterator[str]:
    """Whether another order of words would make sense of them, and of no fewer of the others."""
    for order in _ORDERS:
        other = _with_order(device, order)
        if other is None:
            return
        try:
            samples = other.read(read.scan, read.answer)
        except (DriverError, KeyError):
            continue
        better = [name for name in odd if _sensible(points[name], samples.get(name), read.samples[name])]
        if better:
            values = ", ".join(
                f"{name} {_number(samples[name])} {points[name].unit}".rstrip() for name in better[:_FEW]
            )
            yield f"with words: {order} it would make sense: {values}"
            return


def _number(sample: Sample) -> str:
    return f"{sample.value:.6g}" if isinstance(sample.value, float) else str(sample.value)


def _sensible(point: Point, sample: Sample | None, before: Sample) -> bool:
    if sample is None or sample.quality is not Quality.GOOD or sample.value == before.value:
        return False
    value = sample.value
    return isinstance(value, int | float) and bool(value) and not implausible(point, sample)


def _with_order(device: Device, order: str) -> Device | None:
    """The device as if its numbers of several registers stood the other way round; None where there are none."""
    profile: Any = getattr(device, "profile", None)
    points: Mapping[str, Any] = getattr(profile, "points", {})
    wide = {name: spec for name, spec in points.items() if getattr(spec, "width", 1) > 1 and hasattr(spec, "words")}
    if not wide or not dataclasses.is_dataclass(device) or isinstance(device, type):
        return None
    turned = {name: spec.model_copy(update={"words": order}) for name, spec in wide.items()}
    profile = profile.model_copy(update={"points": {**points, **turned}, "settle": []})
    return dataclasses.replace(device, profile=profile)
