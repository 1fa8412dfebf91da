"""The technician's tools on a line that no daemon works, and on traces that were saved. Only this file of the tools
imports the daemon."""

import asyncio
import importlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

from console.client import RefusedError
from daemon.clock import SystemClock
from daemon.config import load as config
from daemon.config.site import Format
from daemon.feeds.phrases import phrase
from daemon.field.blackbox import FOLDER
from daemon.field.direct import Visit, opened
from daemon.field.likeness import shelf
from daemon.field.probe import explained, probe
from daemon.field.proposal import known_units
from daemon.field.survey import SERIAL_PATIENCE, TCP_PATIENCE, USUAL, Errand, Setting, Survey
from daemon.technician_api import LISTENS, SAID, clearest, local, probed, surveyed, units
from gatehouse.driver import Listener

FORMATS = get_args(Format)
_DAMAGES = (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
"""What reading a file raises that is no trace, or only half of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What of a line is to be scanned."""

    units: str = ""
    bauds: str = ""
    formats: str = ""
    everything: bool = False
    ascii: bool = False
    meters: bool = True
    patience: float | None = None


def scan(site: Path, wires: Path | None, line: str, wish: Wish) -> Iterator[dict[str, Any]]:
    """The events of a scan, with the line to ourselves. RefusedError."""
    plan = _plan(site, wires)
    if line not in plan.site.lines:
        raise RefusedError(_unknown("总线", "line", line, plan.site.lines))
    settings, clock = plan.site.lines[line], SystemClock()
    if any(isinstance(plan.devices[name], Listener) for name, its in plan.site.devices.items() if its.line == line):
        raise RefusedError(LISTENS)

    def opening(setting: Setting) -> AbstractAsyncContextManager[Visit]:
        return opened(settings.model_copy(update={"baud": setting.baud, "format": setting.format}), clock)

    if wish.patience is not None and not 0.02 <= wish.patience <= 5:
        raise RefusedError("--patience 应为 20 到 5000 毫秒。 It is 20 to 5000 milliseconds.")
    tcp = settings.tcp is not None
    patience = TCP_PATIENCE if tcp else SERIAL_PATIENCE
    try:
        errand = Errand(
            tongue="tcp" if tcp else "ascii" if wish.ascii else "rtu",
            units=units(wish.units or "1-247"),
            known=known_units(plan.site.devices, line),
            meters=wish.meters,
            everything=wish.everything,
            patience=patience if wish.patience is None else wish.patience,
        )
        tried = _settings(Setting(settings.baud, settings.format), wish, fixed=settings.serial is None)
    except ValueError as error:
        raise RefusedError(str(error)) from error
    survey = Survey(opening, tried, errand, shelf(plan.folder), clock)
    return _played(surveyed(survey, plan, line))


def _settings(own: Setting, wish: Wish, *, fixed: bool) -> list[Setting]:
    """The line's own setting, then those that were named, or the usual ones. ValueError."""
    if fixed:  # on TCP, baud and format are the gateway's business
        return [own]
    if not wish.bauds and not wish.formats:
        return [own, *(setting for each in USUAL if (setting := Setting(*each)) != own)]
    bauds = [_baud(part.strip()) for part in wish.bauds.split(",")] if wish.bauds else [own.baud]
    formats = [part.strip().upper() for part in wish.formats.split(",")] if wish.formats else [own.format]
    for form in formats:
        if form not in FORMATS:
            raise ValueError(f"格式 {form!r} 有误，应为 {', '.join(FORMATS)}。 A format is one of these.")
    return [Setting(baud, form) for baud in bauds for form in formats]


def _baud(text: str) -> int:
    if not text.isdecimal() or not 300 <= int(text) <= 256_000:
        raise ValueError(f"波特率 {text!r} 有误，应为 300 到 256000，如 9600,19200。 A baud is a number such as 9600.")
    return int(text)


def probe_device(site: Path, wires: Path | None, device: str) -> Iterator[dict[str, Any]]:
    """The events of a probe, with the line to ourselves. RefusedError."""
    plan = _plan(site, wires)
    if device not in plan.devices:
        raise RefusedError(_unknown("设备", "device", device, plan.devices))
    return probed_alone(plan, device)


def probed_alone(plan: config.Plan, device: str) -> Iterator[dict[str, Any]]:
    """The events of a probe of one device of a plan. RefusedError."""
    its, clock = plan.devices[device], SystemClock()
    if isinstance(its, Listener):
        raise RefusedError(LISTENS)
    settings = plan.site.lines[plan.site.devices[device].line]

    async def events() -> AsyncIterator[dict[str, Any]]:
        async with opened(settings, clock) as visit:
            async for event in probe(its, visit, clock):
                yield event

    return _played(probed(events()))


def traces(state: Path) -> Path:
    """The folder of what the daemon kept at faults."""
    return state / FOLDER


def saved(state: Path) -> list[dict[str, Any]]:
    """The heads of all saved traces, the newest last."""
    found = []
    for file in sorted(traces(state).glob("*.jsonl")):
        try:
            with file.open(encoding="utf-8") as handle:
                head = json.loads(handle.readline())
            when = datetime.fromisoformat(head["at"]).timestamp()
            shown = {"local": local(when, head.get("timezone", "UTC")), "file": file.name, "size": file.stat().st_size}
            shown |= {key: f"{head[key]}" for key in ("line", "why")}
            found.append(head | shown)
        except _DAMAGES as error:
            found.append({"file": file.name, "size": 0, "line": "?", "why": f"{error}", "local": "", "subject": ""})
    return found


def read_saved(state: Path, name: str) -> Iterator[dict[str, Any]]:
    """The entries of a saved trace, explained. RefusedError when there is none of that name."""
    file = next((each for each in (Path(name), traces(state) / name) if each.is_file()), None)
    if file is None:
        raise RefusedError(
            f"{traces(state)}: 没有 {name}；gatehouse trace --saved 列出全部。 There is no such trace; "
            "gatehouse trace --saved lists them."
        )
    number = 1
    try:
        head, *lines = file.read_text(encoding="utf-8").removesuffix("\n").split("\n")
        about = json.loads(head)
        drivers = {device: _driver(name) for device, name in about.get("drivers", {}).items()}
        for number, line in enumerate(lines, 2):  # noqa: B007 - told below
            yield _entry(json.loads(line), drivers, about.get("timezone", "UTC"))
    except _DAMAGES as error:
        raise RefusedError(
            f"{file}: 第 {number} 行已损坏（{error}），其后无法显示。 "
            f"Line {number} is damaged; nothing behind it can be shown."
        ) from error


def _entry(entry: dict[str, Any], drivers: Mapping[str, ModuleType | None], timezone: str) -> dict[str, Any]:
    data, texts = bytes.fromhex(entry["bytes"]), [entry[key] for key in ("kind", "device", "scan")]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError(f"{texts} are no kind, device and scan")
    known = [drivers[entry["device"]]] if entry["device"] in drivers else list(drivers.values())
    text = clearest(explained(driver, data) for driver in known)
    shown = {"local": local(entry["at"], timezone)}
    return entry | shown | {"text": _both(data.decode("utf-8", "replace") if entry["kind"] in SAID else text)}


def _driver(name: str) -> ModuleType | None:
    """The driver of this name, for its `explain`; None for one that is not of this program."""
    try:
        return importlib.import_module(f"drivers.{name}")
    except ImportError:
        return None


def _both(text: str) -> dict[str, str]:
    return {"zh": phrase(text, "zh"), "en": phrase(text, "en")}


def _plan(site: Path, wires: Path | None) -> config.Plan:
    try:
        return config.load(site, wires=wires)
    except config.ConfigError as error:
        raise RefusedError("\n".join(f"{fault.text('zh')}\n{fault.text('en')}" for fault in error.faults)) from error


def _unknown(zh: str, en: str, name: str, known: Iterable[str]) -> str:
    names = ", ".join(known) or "—"
    return f"没有{zh} {name}，有：{names}。 There is no {en} {name}; there are: {names}."


def _played(events: AsyncGenerator[dict[str, Any], None]) -> Iterator[dict[str, Any]]:
    """Events as they come, in a loop of their own; Ctrl-C ends it, and the line is given back."""

    async def following() -> dict[str, Any] | None:
        return await anext(events, None)

    async def end() -> None:
        await events.aclose()

    with asyncio.Runner() as runner:
        try:
            while (event := runner.run(following())) is not None:
                yield event
        finally:
            runner.run(end())
