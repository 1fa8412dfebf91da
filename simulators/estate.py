"""A whole estate from its site file: every device on its line, every door and boom wired to them, in one process."""

import asyncio
import functools
import importlib
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol, TypeGuard, cast

from simulators import site as sites
from simulators.bodies import Contact, Door, Terminal
from simulators.boom import Boom, Wiring
from simulators.calling import Caller, CallingLine
from simulators.clock import Clock, FineClock
from simulators.diary import Diary
from simulators.meter import Meter
from simulators.segment import Pace
from simulators.site import SiteError
from simulators.unit import Terminals, Unit
from simulators.wire import Form, Line, Socket, Speaker, StreamLine, build

UNITS = Path(__file__).parent / "units"
FORMATS = ("8N1", "8E1", "8O1", "8N2", "8E2", "8O2", "7E1", "7O1", "7N2")


@functools.cache
def known() -> list[str]:
    """Profiles and drivers that can be simulated, as a site file names them."""
    files = (file.relative_to(UNITS).with_suffix("") for file in UNITS.rglob("*.py") if file.stem != "__init__")
    return sorted(file.as_posix().replace("_", "-") for file in files)


class Reader(Speaker, Protocol):
    """A card reader."""

    def swipe(self, number: str, seconds: float = 0.3) -> None:
        """Hold a card before it. ValueError when there can be no such card."""

    def state(self) -> dict[str, object]:
        """As JSON can say it."""


_Kind = type[Unit] | type[Meter] | Callable[[Clock], Reader]


class Panel(Terminals, Caller, Protocol):
    """A fire panel: it calls, and tells what its terminals are told."""


def _kind(path: str, device: Mapping[str, Any]) -> _Kind:
    """The class of a device."""
    driver = device.get("driver")
    key, name = ("profile", device.get("profile")) if driver == "modbus" else ("driver", driver)
    if name not in known():
        raise SiteError(f"{path}.{key}: {name!r} cannot be simulated; the simulators know: {', '.join(known())}")
    module = importlib.import_module(f"simulators.units.{str(name).replace('-', '_').replace('/', '.')}")
    return cast(_Kind, module.Device)


def _is_unit(kind: _Kind) -> TypeGuard[type[Unit]]:
    return isinstance(kind, type) and issubclass(kind, Unit)


def _is_meter(kind: _Kind) -> TypeGuard[type[Meter]]:
    return isinstance(kind, type) and issubclass(kind, Meter)


class Estate:
    """Everything that stands on a site."""

    def __init__(self, site: Mapping[str, Any], folder: Path, clock: Clock, *, pace: bool) -> None:
        """SiteError when the site names something that cannot be simulated."""
        self.clock = clock
        self.diary = Diary(clock)
        self.lines: dict[str, Line] = {}
        self.units: dict[str, Unit | Meter] = {}
        self.readers: dict[str, Reader] = {}
        self.panels: dict[str, Panel] = {}
        self.doors: dict[str, Door] = {}
        self.booms: dict[str, Boom] = {}
        self.fires: dict[str, list[Contact]] = {}
        self._inverted: dict[str, list[str]] = {}
        for name, line in sites.section(site, "lines").items():
            self.lines[name] = _line(name, line, folder, clock, pace=pace)
        for name, device in sites.section(site, "devices").items():
            self._add_device(name, device)
        for name, door in sites.section(site, "doors").items():
            self.doors[name] = self._door(f"doors.{name}", door)
        for name, lane in sites.section(site, "lanes").items():
            self.booms[name] = self._boom(f"lanes.{name}", lane)
        for name, zone in sites.section(site, "zones").items():
            self.fires[name] = self._fires(f"zones.{name}", zone)
        for name, output in sites.section(site, "outputs").items():
            self._watch_output(f"outputs.{name}", output)

    def state(self) -> dict[str, object]:
        """All of it, as JSON can say it."""
        return {
            "now": self.clock.now(),
            "number": self.diary.number,
            "lines": {name: line.state() for name, line in self.lines.items()},
            "devices": {name: self._device_state(name) for name in (*self.units, *self.readers, *self.panels)},
            "doors": {name: door.state() for name, door in self.doors.items()},
            "lanes": {name: boom.state() for name, boom in self.booms.items()},
            "zones": {name: {"fire": [each.closed for each in fires]} for name, fires in self.fires.items()},
            "hit": any(boom.hits for boom in self.booms.values()),
        }

    def socket(self, device: str) -> Socket:
        """A Modbus unit's or a meter's place on its line."""
        return next(line.sockets[device] for line in self.lines.values() if device in line.sockets)

    def terminal(self, path: str, point: object) -> Terminal:
        """The screw that a site file calls `device.channel`. SiteError when there is none."""
        device, _, channel = str(point).partition(".")
        unit = self.units.get(device) or self.panels.get(device)
        if unit is None:
            there = ", ".join((*self.units, *self.panels))
            raise SiteError(f"{path}: {point!r} is on no simulated device; there are: {there}")
        channels = getattr(unit, "channels", ())
        if channel not in channels:
            raise SiteError(f"{path}: {device} has no terminal {channel!r}; it has: {', '.join(channels) or 'none'}")
        return Terminal(cast(Terminals, unit), channel, channel in self._inverted[device])

    def _device_state(self, name: str) -> dict[str, object]:
        if name in self.readers:
            return self.readers[name].state()
        if name in self.panels:
            return self.panels[name].state()
        return {**self.units[name].state(), **self.socket(name).state()}

    def _add_device(self, name: str, device: Mapping[str, Any]) -> None:
        path = f"devices.{name}"
        line = self.lines.get(str(device.get("line")))
        if line is None:
            raise SiteError(f"{path}.line: {device.get('line')!r} is no line; there are: {', '.join(self.lines)}")
        kind = _kind(path, device)
        self._inverted[name] = list(device.get("inverted") or [])
        if isinstance(line, CallingLine) or device.get("driver") == "gb26875":
            self._add_panel(path, name, device, line)
        elif _is_unit(kind):
            address = device.get("unit")
            if not isinstance(address, int) or not 1 <= address <= 255:
                raise SiteError(f"{path}.unit: a unit address from 1 to 255 is wanted, found {address!r}")
            self.units[name] = kind(address, self.clock)
            line.attach(name, self.units[name])
        elif not isinstance(line, StreamLine):
            raise SiteError(f"{path}: {device.get('driver')} needs a line that is serial or rtu_over_tcp, not tcp")
        elif _is_meter(kind):
            try:
                self.units[name] = kind(device, self.clock)
            except ValueError as error:
                raise SiteError(f"{path}.{error}") from error
            line.attach(name, self.units[name])
        else:
            self.readers[name] = cast(Callable[[Clock], Reader], kind)(self.clock)
            line.connect(name, self.readers[name])

    def _add_panel(self, path: str, name: str, device: Mapping[str, Any], line: Line) -> None:
        if not isinstance(line, CallingLine) or device.get("driver") != "gb26875" or line.device is not None:
            raise SiteError(f"{path}: one gb26875 on a line with listen, and nothing else there, can be simulated")
        kind = cast(Callable[[Mapping[str, Any], Clock], Panel], _kind(path, device))
        try:
            self.panels[name] = line.device = kind(device, self.clock)
        except ValueError as error:
            raise SiteError(f"{path}.{error}") from error

    def _given(self, path: str, table: Mapping[str, Any], key: str) -> Terminal | None:
        return self.terminal(f"{path}.{key}", table[key]) if table.get(key) else None

    def _needed(self, path: str, table: Mapping[str, Any], key: str) -> Terminal:
        terminal = self._given(path, table, key)
        if terminal is None:
            raise SiteError(f"{path}.{key}: missing; write device.channel")
        return terminal

    def _door(self, path: str, door: Mapping[str, Any]) -> Door:
        return Door(
            path,
            self.clock,
            self.diary,
            lock=self._needed(path, door, "lock"),
            energised_open=door.get("energised", "open") == "open",
            contact=self._given(path, door, "contact"),
            exit_button=self._given(path, door, "exit"),
        )

    def _boom(self, path: str, lane: Mapping[str, Any]) -> Boom:
        wiring = Wiring(
            open=self._needed(path, lane, "open"),
            close=self._needed(path, lane, "close"),
            presence=self._needed(path, lane, "presence"),
            up=self._given(path, lane, "up"),
            down=self._given(path, lane, "down"),
        )
        return Boom(path, self.clock, self.diary, wiring)

    def _fires(self, path: str, zone: Mapping[str, Any]) -> list[Contact]:
        points = zone.get("fire") or []
        return [Contact(f"{path}.fire", self.clock, self.diary, self.terminal(f"{path}.fire", each)) for each in points]

    def _watch_output(self, path: str, output: Mapping[str, Any]) -> None:
        relay = self._needed(path, output, "relay")
        relay.watch(lambda on: self.diary.note(path, "on" if on else "off"))


def _line(name: str, line: Mapping[str, Any], folder: Path, clock: Clock, *, pace: bool) -> Line:
    form = sites.form(f"lines.{name}", line)
    baud, characters = line.get("baud", 9600), line.get("format", "8N1")
    if not isinstance(baud, int) or not 300 <= baud <= 1_000_000:
        raise SiteError(f"lines.{name}.baud: a number of bits per second is wanted, found {baud!r}")
    if characters not in FORMATS:
        hint = " (8E1 without quotes is a number to YAML)" if isinstance(characters, float) else ""
        raise SiteError(f"lines.{name}.format: one of {', '.join(FORMATS)} is wanted, found {characters!r}{hint}")
    if form == "listen":
        return CallingLine(name, clock, Pace(baud, characters, pace))
    return build(name, cast(Form, form), clock, Pace(baud, characters, pace), folder / f"{name}.port")


def put(file: Path, text: str) -> None:
    """Write a file new and rename it, so that nobody reads half of it."""
    fresh = file.with_name(f".{file.name}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(file)


def _made(folder: Path) -> Path:
    """The folder, there and absolute: what is written into wires.yaml is read from elsewhere."""
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@asynccontextmanager
async def standing(site: Path, folder: Path, *, pace: bool = True) -> AsyncIterator[Estate]:
    """A site with all its ports open and `wires.yaml` written; all gone afterwards. SiteError, OSError."""
    logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)  # odd frames are what simulated lines are made of
    folder = _made(folder)
    clock = FineClock()
    wires = folder / "wires.yaml"
    lines: list[Line] = []
    for left in (wires, folder / "control.json"):
        left.unlink(missing_ok=True)  # by one that was killed
    try:
        estate = Estate(sites.read(site), folder, clock, pace=pace)
        lines.extend(estate.lines.values())
        for line in lines:
            await line.replug()
        put(wires, json.dumps({line.name: line.port.address for line in lines}, indent=2, ensure_ascii=False) + "\n")
        yield estate
    finally:
        wires.unlink(missing_ok=True)
        for line in lines:
            line.unplug()
        clock.close()


async def run(
    site: Path, folder: Path, *, pace: bool = True, control_port: int = 0, ready: Callable[[str], object] = str
) -> None:
    """Let a site stand, with its control face, until cancelled. SiteError, OSError.

    `ready` is told the address of the control face when everything stands."""
    from simulators.control import facing  # noqa: PLC0415 - the control face imports the estate; this starts both

    async with standing(site, folder, pace=pace) as estate, facing(estate, folder, control_port) as address:
        ready(address)
        await asyncio.Event().wait()
