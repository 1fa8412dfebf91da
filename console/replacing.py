"""A device swapped in a site file: found, edited, checked, tried, written, put back.

Of `gatehouse replace` only this file imports the daemon.
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from console.client import RefusedError
from daemon.config import document, hardware, plugins
from daemon.config import load as config
from daemon.config import site as sections
from daemon.config.draft import sketch
from daemon.config.entry import EntryError, changed, taken_over
from daemon.config.faults import nearest
from gatehouse.points import Point

_FOLDER = "replaced"
_MOST = 20
"""Replacements of one device that can be taken back."""
_BOM = "\ufeff"
_WHOLE, _WITHIN = re.compile(r"([\w-]+)\.([\w-]+)\Z"), re.compile(r"(?<![\w.-])([\w-]+)\.(\w+)")
"""A channel by its full name, and one in a condition."""
_WHY = {
    "absent": "站点文件里没有 {name} 这个表。 There is no table {name} in the site file.",
    "alias": "{name} 写作 {alias}，与别处共用；请先把它单独写出来。 {name} is written as {alias}; write it out first.",
    "shared": "{name} 与别处共用锚点，改它会改到别处；请先单独写出来。 {name} shares an anchor with others, "
    "which would change as well; write it out first.",
    "syntax": "站点文件读不通：{why}。 The site file cannot be read: {why}.",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A channel that the site names, and what the new device has instead; empty when it has nothing like it."""

    channel: str
    used: tuple[str, ...]
    instead: str


class Replacing:
    """One device of one site file."""

    def __init__(self, site: Path, device: str) -> None:
        """RefusedError when it has no such device."""
        self.site, self.device, self.where = site, device, ("devices", device)
        whole = config.gather(site)
        if whole.faults:
            raise RefusedError("\n".join(fault.text("zh") for fault in whole.faults))
        devices = whole.data.get("devices", {})
        if not isinstance(devices, dict) or device not in devices:
            close = nearest(device, devices)
            guess = f"，是不是 {close}？ did you mean {close}?" if close else "。"
            raise RefusedError(f"{site} 里没有设备 {device}{guess} There is no device {device} in it.")
        self.file = whole.place(self.where, at_key=True).file
        self.raw = self.file.read_bytes()
        self.text = self.raw.decode("utf-8-sig")

    def edited(self, values: Mapping[str, Any], texts: Collection[str], dropped: Collection[str]) -> str:
        """The file with another driver, profile, settings. RefusedError."""
        wanted = dict(values) | dict(map(_setting, texts))
        try:
            return changed(self.text, self.where, wanted, {*dropped, *self._left_over(wanted)})
        except EntryError as error:
            raise RefusedError(_WHY[error.code].format_map(error.values)) from error

    def _left_over(self, wanted: Mapping[str, Any]) -> Iterator[str]:
        """Settings of the old driver that the new one does not know."""
        entry = document.parse(self.file, self.text).data["devices"][self.device]
        if wanted.get("driver", entry.get("driver")) == entry.get("driver"):
            return
        try:
            known = plugins.find("drivers", wanted["driver"]).settings.model_fields
        except plugins.PluginError:  # somebody else's, or none: the check will tell
            return
        names = {*sections.Device.model_fields, *known, *(field.alias for field in known.values())}
        yield from (key for key in entry if key not in names)

    # Looking at it

    def faults(self, text: str, wires: Path | None) -> list[config.Fault]:
        """All that would be wrong with the site."""
        try:
            config.load(self.site, wires=wires, instead={self.file: text})
        except config.ConfigError as error:
            return error.faults
        return []

    def rows(self, text: str) -> list[Row]:
        """Channels that the site names and the new device does not have."""
        old, new = self._channels(self.text), self._channels(text)
        used: dict[str, list[str]] = {}
        for where, channel in _uses(config.gather(self.site).data, self.device, old):
            used.setdefault(channel, []).append(where)
        gone = sorted((channel for channel in used if channel not in new), key=lambda name: (len(name), name))
        return [Row(channel, tuple(used[channel]), _alike(channel, old, new)) for channel in gone]

    def _channels(self, text: str) -> Mapping[str, Point]:
        draft = sketch(config.gather(self.site, {self.file: text}))
        folder = self.site if self.site.is_dir() else self.site.parent
        return hardware.build(draft, folder, wired=True).channels.get(self.device) or {}

    # Changing it

    def write(self, text: str, state: Path, by: str) -> Path:
        """Write the file anew; where it can be found what stood there. RefusedError."""
        after = self._encoded(text)
        try:
            if self.file.read_bytes() != self.raw:
                raise RefusedError(f"{self.file} 刚被别人改过，没有写入；请再来一次。 It was changed meanwhile, so "
                                   "nothing was written; run this again.")  # fmt: skip
            kept = self._keep(after, state, by)
            _write(self.file, after)
        except OSError as error:
            raise RefusedError(
                f"{error}：没有写入；请用有权限的用户运行（sudo）。 Not written; run it as a user who may (sudo)."
            ) from error
        return kept

    def restore(self, text: str) -> bool:
        """Write what stood there before `text` was written; False when somebody has changed it since. OSError."""
        if self.file.read_bytes() != self._encoded(text):
            return False
        _write(self.file, self.raw)
        return True

    def _encoded(self, text: str) -> bytes:
        return ((_BOM if self.raw.startswith(_BOM.encode()) else "") + text).encode()

    def _keep(self, after: bytes, state: Path, by: str) -> Path:
        shelf = state / _FOLDER / self.device
        for folder in (state, shelf.parent, shelf):
            folder.mkdir(mode=0o700, exist_ok=True)
        now = datetime.now(UTC)
        kept = shelf / now.strftime("%Y%m%dT%H%M%S.%fZ")
        kept.mkdir(mode=0o700)
        _write(kept / "before.yaml", self.raw)
        meta = {"file": str(self.file.resolve()), "after": hashlib.sha256(after).hexdigest(), "by": by}
        _write(kept / "about.json", json.dumps(meta, ensure_ascii=False).encode())
        for old in sorted(shelf.iterdir())[:-_MOST]:
            shutil.rmtree(old)
        return kept

    def last(self, state: Path) -> tuple[Path, str]:
        """Where the last replacement is kept, and the file as it would be without it. RefusedError."""
        shelf = state / _FOLDER / self.device
        kept = max((each for each in shelf.glob("*Z") if (each / "about.json").is_file()), default=None)
        if kept is None:
            raise RefusedError(f"{shelf}: 没有可换回的。 There is no replacement of {self.device} to take back.")
        try:
            meta = json.loads((kept / "about.json").read_text(encoding="utf-8"))
            before = (kept / "before.yaml").read_bytes().decode("utf-8-sig")
            if hashlib.sha256(self.raw).hexdigest() == meta["after"]:
                return kept, before
            return kept, taken_over(self.text, before, self.where)
        except (OSError, ValueError, KeyError) as error:
            raise RefusedError(f"{kept}: {error}") from error
        except EntryError as error:
            raise RefusedError(_WHY[error.code].format_map(error.values)) from error

    # Trying it

    def tried(self, text: str, wires: Path | None) -> Iterator[dict[str, Any]]:
        """The events of a probe of the new device, with the line to ourselves. RefusedError."""
        from console.direct import probed_alone  # noqa: PLC0415 - only where no daemon runs

        plan = config.load(self.site, wires=wires, instead={self.file: text})
        return probed_alone(plan, self.device)


def forget(kept: Path) -> None:
    """Note that a replacement was taken back. OSError."""
    kept.rename(kept.with_name(f"{kept.name}.undone"))


def _setting(text: str) -> tuple[str, Any]:
    """`slower=0.5`, as a line of the site file would say it."""
    key, equals, value = text.partition("=")
    read = document.parse(Path("--set"), f"value: {value}")
    if not equals or not key.isidentifier() or read.faults:
        raise RefusedError(f"--set {text}: 应为 KEY=VALUE。 Write it as KEY=VALUE.")
    return key, read.data.get("value")


def _uses(
    data: Mapping[str, Any] | list[Any], device: str, known: Collection[str], where: str = ""
) -> Iterator[tuple[str, str]]:
    """Every place of a site that names a channel of a device, and the channel. In a condition they are `known` ones."""
    for key, value in data.items() if isinstance(data, Mapping) else enumerate(data):
        if not where and key == "devices":
            continue
        spot = f"{where}.{key}" if isinstance(key, str) and where else f"{where}[{key}]" if where else str(key)
        if isinstance(value, Mapping | list):
            yield from _uses(value, device, known, spot)
        elif isinstance(value, str):
            whole = _WHOLE.match(value)
            found = [whole.groups()] if whole else _WITHIN.findall(value)
            for its, channel in dict.fromkeys(found):
                if its == device and channel != "online" and (whole or channel in known):
                    yield spot, channel


def _alike(channel: str, old: Mapping[str, Point], new: Mapping[str, Point]) -> str:
    """The channel of the new device that is of the same sort and number, or has nearly the same name."""
    number = channel[len(channel.rstrip("0123456789")) :]
    writable = old[channel].writable if channel in old else None
    unit = old[channel].unit if channel in old else ""
    same = [n for n, p in new.items() if writable in (None, p.writable) and p.unit == unit and not p.momentary]
    numbered = [name for name in same if number and name[len(name.rstrip("0123456789")) :] == number]
    return numbered[0] if len(numbered) == 1 else nearest(channel, same)


def _write(file: Path, content: bytes) -> None:
    """Written new, synced, swapped in; whose it is and who may read it stays."""
    target = file.resolve()
    fresh = target.with_name(f".{target.name}.new")
    with fresh.open("wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    if target.exists():
        before = target.stat()
        fresh.chmod(before.st_mode & 0o7777)
        if (before.st_uid, before.st_gid) != (fresh.stat().st_uid, fresh.stat().st_gid):
            os.chown(fresh, before.st_uid, before.st_gid)
    fresh.rename(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
