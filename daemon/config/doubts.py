"""What may be meant, and mostly is not: a site with it runs, and `gatehouse check` says so."""

from collections.abc import Iterator, Mapping
from typing import Any

from daemon.config.draft import Draft
from daemon.config.faults import Fault

_BAUDS = (300, 600, 1200, 2400, 4800, 9600, 14400, 19200, 28800, 38400, 57600, 76800, 115200, 128000, 230400, 256000)
_PRINTED = {"discrete": 10001, "input": 30001, "holding": 40001}
"""The number that manuals print for the first address of a table."""
_RANGE = 9999


def warnings(draft: Draft, devices: Mapping[str, object]) -> Iterator[Fault]:
    """Bauds that no product has; addresses as manuals print them, where the wire counts from 0."""
    for name, line in draft.sound("lines"):
        if line.serial is not None and line.baud not in _BAUDS:
            likely = min(_BAUDS, key=lambda baud: abs(baud - line.baud))
            spot = ("lines", name, "baud")
            yield draft.document.place(spot).fault(spot, "odd_baud", nearest=str(likely), value=line.baud)
    told = set()
    for name, entry in draft.sound("devices"):
        profile = (entry.model_extra or {}).get("profile")
        if profile in told or not (found := _printed(devices.get(name))):
            continue
        told.add(profile)
        point, address, wire = found
        spot = ("devices", name, "profile")
        yield draft.document.place(spot).fault(
            spot, "printed_address", profile=profile, point=point, address=address, wire=wire
        )


def _printed(device: object) -> tuple[str, int, int] | None:
    """The first point of its profile with such an address, and the one that it would have on the wire."""
    points: Mapping[str, Any] = getattr(getattr(device, "profile", None), "points", {})
    for name, spec in points.items():
        first = _PRINTED.get(spec.table)
        if first is not None and first <= spec.address < first + _RANGE:
            return name, spec.address, spec.address - first
    return None
