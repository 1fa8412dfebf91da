"""What of a scan may be written into the site file: names that are free, and devices that stand there already."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from daemon.config.site import Device

_ADDRESSES = ("unit", "address")
_AS_WELL = 0.05


def known_units(devices: Mapping[str, Device], line: str) -> dict[int, str]:
    """Modbus units that the site names on a line."""
    named = ((name, its, (its.model_extra or {}).get("unit")) for name, its in devices.items())
    return {unit: name for name, its, unit in named if its.line == line and type(unit) is int}


def proposed(
    identified: Mapping[str, Any], line: str, devices: Mapping[str, Device], taken: set[str]
) -> dict[str, Any]:
    """An entry of `devices:` for what was identified; `known` is its name when the site has it. Adds to `taken`."""
    settings = {"driver": identified["driver"], **identified["settings"]}
    known = _known(settings, line, devices)
    if known:
        written = (devices[known].model_extra or {}).get("profile", "")
        differs = bool(settings.get("profile")) and written not in _fitting(identified["likely"])
        return {"known": known, "written": written, "differs": differs, "entry": {"line": line, **settings}}
    name = _free(_stem(settings), taken)
    taken.add(name)
    return {"known": "", "name": name, "entry": {"line": line, **settings}}


def _fitting(likely: Sequence[Mapping[str, Any]]) -> set[str]:
    """Profiles that fit as well as the best, or nearly so."""
    return {each["profile"] for each in likely if each["fit"] >= likely[0]["fit"] - _AS_WELL}


def _known(settings: Mapping[str, Any], line: str, devices: Mapping[str, Device]) -> str:
    for name, its in devices.items():
        written = its.model_extra or {}
        if its.line == line and its.driver == settings["driver"]:
            key = next((key for key in _ADDRESSES if key in settings), "")
            if key and written.get(key) == settings[key]:
                return name
    return ""


def _stem(settings: Mapping[str, Any]) -> str:
    """`rtu-relay-1` for unit 1 of waveshare/rtu-relay, `dlt645-6789` for a meter by the end of its address."""
    profile = str(settings.get("profile") or ("unit" if settings["driver"] == "modbus" else settings["driver"]))
    address = str(settings.get("unit", settings.get("address", "")))[-4:]
    stem = re.sub(r"[^a-z0-9_-]+", "-", profile.rpartition("/")[2].lower()).strip("-")
    return f"{stem if stem[:1].isalpha() else f'd-{stem}'}"[:30] + f"-{address}"


def _free(stem: str, taken: set[str]) -> str:
    names = [stem, *(f"{stem}-{number}" for number in range(2, 1000))]
    return next(name for name in names if name not in taken)
