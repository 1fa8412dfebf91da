"""Third-party drivers of a site: found by path or entry point, refused when they want more than the site allows.

`driver: drivers/acme.py` is a file in the folder `drivers/` beside the site file; any other name is one of gatehouse's
own or of an installed package (entry points of the group `gatehouse.drivers`). Nothing of it runs in this process.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from importlib import metadata
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from daemon.config import plugins
from daemon.config.draft import Draft
from daemon.config.faults import Where, listed, nearest
from daemon.plugins import remote
from daemon.plugins import settings as rebuilt
from daemon.plugins.process import DriverFaultError, DriverProcess, NotAllowedError, Patience
from gatehouse.driver import Device, Listener

GROUP = "gatehouse.drivers"
_FOLDER = "drivers"
_PATH = re.compile(r"drivers/(?:[A-Za-z0-9_-]+/)*[A-Za-z0-9_-]+\.py\Z")
_MOST = 8
"""Third-party drivers of one site: each is a process with some 20 MB."""
_TAKEN = frozenset({"line", "driver", "title", "inverted"})


@lru_cache(maxsize=1)
def installed() -> Mapping[str, tuple[str, str]]:
    """Drivers of installed packages: name -> `package.module:Device`, and who brings it. Nothing is imported."""
    found: dict[str, tuple[str, str]] = {}
    for entry in metadata.entry_points(group=GROUP):
        owner = entry.dist.name if entry.dist else "?"
        value, other = found.get(entry.name, (entry.value, owner))
        found[entry.name] = (value if value == entry.value else "", other if other == owner else f"{other} + {owner}")
    return found


class _Kind(plugins.Kind):
    """A driver that runs elsewhere: its settings go by the names in the file."""

    __slots__ = ()

    def values(self, settings: BaseModel) -> dict[str, Any]:
        """The written settings."""
        return rebuilt.values(settings)


def of_path(file: Path, allowed: list[Any], patience: Patience | None = None) -> plugins.Kind:
    """The driver in a file. DriverFaultError, NotAllowedError, rebuilt.SchemaError."""
    return _kind(file.stem, DriverProcess(file, "", allowed, patience=patience))


def of_package(name: str, module: str, allowed: list[Any], patience: Patience | None = None) -> plugins.Kind:
    """The driver of an installed package. DriverFaultError, NotAllowedError, rebuilt.SchemaError."""
    return _kind(name, DriverProcess(None, module, allowed, patience=patience))


@dataclass(slots=True)
class ThirdParty:
    """The third-party drivers that a site names, each in a process that ends with its last device."""

    draft: Draft
    folder: Path
    _kinds: dict[str, plugins.Kind | None] = field(default_factory=dict)

    def claims(self, name: str) -> bool:
        """Whether this is, or would be, somebody else's driver."""
        return _is_path(name) or name in installed()

    def kind(self, name: str, spot: Where) -> plugins.Kind | None:
        """The driver of this name; None, with a fault, when it cannot be used. Told once, however many devices."""
        if name not in self._kinds:
            self._kinds[name] = self._load(name, spot)
        return self._kinds[name]

    def check_grants(self) -> None:
        """Rights that were given to nobody."""
        used = [name for name, kind in self._kinds.items() if kind is not None]
        for name in self.draft.grants:
            if name not in self._kinds and "devices" not in self.draft.unread:
                known = listed(used)
                self.draft.document.fault(("drivers", name), "grant_unused", at_key=True, value=name, known=known,
                                          nearest=nearest(name, used))  # fmt: skip

    def _load(self, name: str, spot: Where) -> plugins.Kind | None:
        document, grant = self.draft.document, self.draft.grants.get(name)
        allowed: list[Any] = list(grant.allow) if grant else []
        if len(self._kinds) >= _MOST:
            document.fault(spot, "too_many_drivers", value=name, limit=_MOST)
            return None
        try:
            if _is_path(name):
                return self._of_path(name, spot, allowed)
            module, owner = installed()[name]
            if name in plugins.names("drivers") or not module:
                document.fault(spot, "driver_twice", value=name, other=owner)
                return None
            return of_package(name, module, allowed)
        except NotAllowedError as error:
            document.fault(spot, "driver_wants", value=name, rights=", ".join(error.missing))
        except (DriverFaultError, rebuilt.SchemaError) as error:
            document.fault(spot, "driver_broken", value=name, why=error)
        return None

    def _of_path(self, name: str, spot: Where, allowed: list[Any]) -> plugins.Kind | None:
        beside = self.folder / _FOLDER
        file = self.folder / name
        if not _PATH.match(name) or not file.is_file() or not file.resolve().is_relative_to(beside.resolve()):
            known = [path.relative_to(self.folder).as_posix() for path in sorted(beside.rglob("*.py"))]
            self.draft.document.fault(spot, "no_driver_file", value=name, known=listed(known),
                                      nearest=nearest(name, known))  # fmt: skip
            return None
        return of_path(file.resolve(), allowed)


def _is_path(name: str) -> bool:
    return "/" in name or name.endswith(".py")


def _kind(name: str, process: DriverProcess) -> plugins.Kind:
    description = process.description
    model = rebuilt.model(name, description.settings)
    if taken := _TAKEN & {field.alias for field in model.model_fields.values()}:
        raise rebuilt.SchemaError(f"its setting {', '.join(sorted(taken))} has the name of one that every device has")
    filled = frozenset(description.fields) & plugins.FILLED["drivers"]
    return _Kind(name, partial(_make, process), model, filled)


def _make(process: DriverProcess, **values: Any) -> Device | Listener:  # noqa: ANN401 - settings
    filled = {key: values.pop(key) for key in plugins.FILLED["drivers"] & values.keys()}
    return remote.make(process, values, filled)
