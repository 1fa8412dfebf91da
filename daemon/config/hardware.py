"""Lines and devices of a site: the driver objects are built, and what cannot stand on one wire together is found."""

import dataclasses
import os
import re
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from daemon.config import listening, plugins, profiles, site
from daemon.config.draft import Draft
from daemon.config.faults import Where, listed, nearest
from daemon.config.references import Channels, sort_of
from daemon.config.thirdparty import ThirdParty, installed
from daemon.config.validation import check, shown
from gatehouse.driver import Device, Listener, Scan, ScanClass, Wire
from gatehouse.points import Point

_STABLE = re.compile(r"/dev/(serial/by-(id|path)/\S+|ttyS\d+|ttyAMA\d+|(?!tty|pts/)\S+)\Z")
_ADDRESSES = ("unit", "address")
_BESIDE = tuple(site.Device.model_fields)


@dataclasses.dataclass(slots=True)
class Hardware:
    """The devices that could be built, and their points."""

    devices: dict[str, Device | Listener]
    channels: dict[str, Channels | None]
    """Every device by name; None where it is faulty."""
    ages: dict[str, Mapping[str, float]]
    """Device -> channel -> seconds for which a reading of it may be trusted."""


def build(draft: Draft, folder: Path, *, wired: bool) -> Hardware:
    """Build every device that can be; `wired` means that the lines are simulated, so their ports may have any name."""
    hardware = Hardware({}, dict.fromkeys(draft.entries["devices"]), {})
    shelf, guests = _Shelf(draft, profiles.folders(folder)), ThirdParty(draft, folder)
    for name, entry in draft.sound("devices"):
        device = _device(draft, name, entry, shelf, guests)
        if device is None:
            continue
        try:
            points, scans = list(device.points()), [] if isinstance(device, Listener) else list(device.scans())
            if any(point.name == "online" for point in points):
                raise ValueError("its point `online` has the name of the one that every device has; it needs another")
        except Exception as error:  # noqa: BLE001 - the edge of a plug-in
            draft.document.fault(("devices", name), "driver_refuses", why=error)
            continue
        hardware.devices[name], hardware.ages[name] = device, _ages(scans)
        hardware.channels[name] = {point.name: point for point in points}
        _check_inverted(draft, name, entry, hardware.channels[name] or {})
    guests.check_grants()
    _check_ports(draft, wired=wired)
    _check_lines(draft, hardware)
    listening.check(draft, hardware.devices)
    return hardware


def _device(
    draft: Draft, name: str, entry: site.Device, shelf: "_Shelf", guests: ThirdParty
) -> Device | Listener | None:
    document, spot = draft.document, ("devices", name)
    lines = draft.entries["lines"]
    if entry.line not in lines and "lines" not in draft.unread:
        document.fault((*spot, "line"), "unknown_line", nearest=nearest(entry.line, lines), value=entry.line,
                       known=listed(lines))  # fmt: skip
    kind = _kind(draft, entry.driver, (*spot, "driver"), guests)
    if kind is None:
        return None
    settings = check(kind.settings, entry.model_extra or {}, spot, document, _BESIDE)
    if settings is None:
        return None
    values = kind.values(settings)
    if kind.profile is not None and "profile" in values:
        values["profile"] = shelf.take(values["profile"], kind.profile, (*spot, "profile"))
        if values["profile"] is None:
            return None
    if "wire" in kind.fields:
        values["wire"] = _wire(lines.get(entry.line))
    if "clock" in kind.fields and draft.header is not None:
        values["clock"] = partial(datetime.now, ZoneInfo(draft.header.timezone))
    try:
        device: Device | Listener = kind.build(**values)
    except Exception as error:  # noqa: BLE001 - the edge of a plug-in
        document.fault((*spot, *blamed(error, entry.model_extra or {})), "driver_refuses", why=error)
        return None
    return device


def _kind(draft: Draft, driver: str, spot: Where, guests: ThirdParty) -> plugins.Kind | None:
    if guests.claims(driver):
        return guests.kind(driver, spot)
    shipped = plugins.names("drivers")
    if driver not in shipped:
        known = [*shipped, *installed()]
        near = _beside(guests.folder, driver) or nearest(driver, known)
        draft.document.fault(spot, "unknown_driver", nearest=near, value=driver, known=listed(known))
        return None
    try:
        return plugins.find("drivers", driver)
    except plugins.PluginError as error:
        draft.document.fault(spot, "plugin_broken", value=driver, why=error)
        return None


def _beside(folder: Path, driver: str) -> str:
    """`drivers/acme.py` where such a file lies beside the site file and only its name was written."""
    path = f"drivers/{Path(driver).name.removesuffix('.py')}.py"
    return path if (folder / path).is_file() else ""


def blamed(error: Exception, written: Mapping[str, object]) -> Where:
    """The setting whose name or value a plug-in's complaint begins with, as in `unit 300 is no address`."""
    first = str(error).split(maxsplit=1)[0].strip("`:',") if str(error) else ""
    return next(((key,) for key, value in written.items() if first in (key, value)), ())


def _wire(line: site.Line | None) -> Wire:
    return "tcp" if line is not None and line.tcp is not None else "serial"


@dataclasses.dataclass(slots=True)
class _Shelf:
    """The profiles that a site may name."""

    draft: Draft
    folders: list[Path]
    _told: set[Path] = dataclasses.field(default_factory=set)

    def take(self, name: str, model: type[BaseModel], spot: Where) -> BaseModel | None:
        """The profile of this name; None, with a fault, when there is none or it is faulty itself."""
        document, file = self.draft.document, profiles.locate(name, self.folders)
        if file is None:
            known = profiles.names(self.folders)
            maker = name.partition("/")[0]
            its = [each for each in known if each.startswith(f"{maker}/")] or known
            document.fault(spot, "unknown_profile", nearest=nearest(name, known), value=name, known=listed(its, 40))
            return None
        profile, faults = profiles.load(file, model)
        if file not in self._told:  # many devices share a profile; its faults are told once
            document.faults += faults
            self._told.add(file)
        return profile


def _ages(scans: list[Scan]) -> dict[str, float]:
    ages: dict[str, float] = {}
    for scan in scans:
        safety = scan.kind is ScanClass.SAFETY
        age = max(4 * scan.period, 1.0) if safety else max(3 * scan.period, scan.period + 2.0)
        for channel in scan.points:
            ages[channel] = min(age, ages.get(channel, age))
    return ages


def _check_inverted(draft: Draft, name: str, entry: site.Device, channels: Mapping[str, Point]) -> None:
    for number, channel in enumerate(entry.inverted):
        spot = ("devices", name, "inverted", number)
        if channel not in channels:
            near, known = nearest(channel, channels), listed(channels)
            draft.document.fault(spot, "unknown_channel", nearest=near, value=channel, device=name, known=known)
        elif sort := sort_of(channels[channel]):
            draft.document.fault(spot, "not_a_switch", value=channel, sort=sort)
        elif channel in entry.inverted[:number]:
            draft.document.fault(spot, "listed_twice", value=channel)


def _check_ports(draft: Draft, *, wired: bool) -> None:
    document, owners = draft.document, dict[str, str]()
    for name, line in draft.sound("lines"):
        for way in site.WAYS:
            target = getattr(line, way)
            if target is None:
                continue
            spot = ("lines", name, way)
            if way == "serial" and not target.startswith("/"):
                document.fault(spot, "no_port", value=shown(target))
            elif way == "serial" and not (wired or line.unstable_name or _STABLE.match(target)):
                document.fault(spot, "unstable_port", value=shown(target))
            same = os.path.realpath(target) if way == "serial" else target.casefold()
            owner = owners.setdefault(same, name)
            if owner != name:
                first = document.place(("lines", owner), at_key=True)
                document.fault(spot, "port_twice", value=shown(target), other=f"lines.{owner}", first=first)


def _check_lines(draft: Draft, hardware: Hardware) -> None:
    document, seen = draft.document, dict[str, dict[str, Any]]()
    listeners = {name for name, device in hardware.devices.items() if isinstance(device, Listener)}
    for name, entry in draft.sound("devices"):
        device = hardware.devices.get(name)
        if device is None:
            continue
        others, spot = seen.setdefault(entry.line, {}), ("devices", name)
        for other, neighbour in others.items():
            first = document.place(("devices", other), at_key=True)
            listener = next((each for each in (name, other) if each in listeners), None)
            if listener is not None:
                guest = other if listener == name else name
                document.fault((*spot, "line"), "listener_shares", listener=listener, line=entry.line, other=guest,
                               first=first)  # fmt: skip
                break
            for key in _ADDRESSES:
                address = getattr(device, key, None)
                if address is not None and address == getattr(neighbour, key, None):
                    document.fault((*spot, key), "address_twice", device=name, address=address, line=entry.line,
                                   other=other, first=first)  # fmt: skip
                elif address is not None and (asker := _for_all({name: device, other: neighbour})):
                    document.fault((*spot, key), "not_alone", asker=asker, device=name, other=other, line=entry.line,
                                   first=first)  # fmt: skip
        others[name] = device


def _for_all(devices: Mapping[str, Any]) -> str:
    """The one of two devices of a kind whose question the other would answer as well."""
    one, other = devices.values()
    alike = type(one) is type(other)
    return next((name for name, device in devices.items() if alike and getattr(device, "answers_for_all", False)), "")
