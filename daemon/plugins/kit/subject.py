"""What is tested, found by what stands on the command line: a file, an installed or shipped driver, a profile."""

import hashlib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from daemon.config import plugins, profiles, thirdparty
from daemon.config.faults import Fault
from daemon.plugins.kit.golden import Golden, read
from daemon.plugins.kit.verdict import Skip
from daemon.plugins.process import DriverFaultError, Patience
from daemon.plugins.rights import RIGHTS
from gatehouse.driver import Device, Listener

_SUFFIX = ".golden.yaml"
_SHELF = "golden"
"""Golden files of gatehouse's own drivers, beside its profiles."""
_MODBUS = "modbus"
_PATIENCE = Patience(call=0.5, credit=60.0)
"""More than the daemon has: the kit asks without a pause, and shall say the same on a busy machine."""


class SubjectError(Exception):
    """There is nothing to test; the text, in both languages, says what was looked for."""


@dataclass(slots=True)
class Subject:
    """A driver or a profile, from which devices can be made."""

    kind: Literal["driver", "profile"]
    name: str
    digest: str
    golden_file: Path
    """Where golden frames are, or would be."""
    golden: Golden | None = None
    golden_digest: str = ""
    """SHA-256 of the golden file."""
    faults: list[Fault] = field(default_factory=list)
    """Of the golden file and of the profile."""
    file: Path | None = None
    """The profile's own."""
    profile: Any = None
    settings: dict[str, Any] = field(default_factory=dict)
    """Those of the command line and of the golden file."""
    load: Callable[[], plugins.Kind] | None = None
    """Loads it once more, in a new process where it is third-party."""
    apart: bool = True
    """It runs in a process of its own here."""
    _kind: plugins.Kind | None = None
    _devices: list[Any] = field(default_factory=list)

    @property
    def driver(self) -> plugins.Kind:
        """The driver, loaded. DriverFaultError, SchemaError, plugins.PluginError."""
        if self._kind is None and self.load is not None:
            self._kind = self.load()
        if self._kind is None:
            raise DriverFaultError("not loaded")
        return self._kind

    def make(self, **other: object) -> Any:  # noqa: ANN401 - Device or Listener, as it turns out
        """A new device with the settings of the golden file, and these. Skip when they are not enough."""
        kind, written = self.driver, {**self.settings, **other}
        written.pop("wire", None)  # the line's, not the site's
        if kind.profile is not None:
            written.setdefault("unit", 1)
            written["profile"] = "under test"
        try:
            values = kind.values(kind.settings.model_validate(written))
        except ValidationError as error:
            wrong = "; ".join(f"{detail['loc'][0]}: {detail['msg']}" for detail in error.errors(include_url=False))
            raise Skip("no_settings", why=wrong) from error
        if kind.profile is not None and self.profile is None:
            raise Skip("no_settings", why="profile")
        if kind.profile is not None:
            values["profile"] = self.profile
        if "wire" in other:
            values["wire"] = other["wire"]
        made: Device | Listener = kind.build(**values)
        self._devices.append(made)
        return made

    def restart(self) -> None:
        """Begin with a new process: what went wrong in the last check is no trouble of the next."""
        for device in self._devices:
            if hasattr(device, "close"):
                device.close()
        self._devices.clear()
        self._kind = None


def find(what: str, golden: Path | None, settings: Mapping[str, Any]) -> Subject:
    """What the command line names. SubjectError."""
    file = Path(what)
    if file.suffix == ".yaml" and file.is_file():
        subject = _profile(file)
    elif file.suffix == ".py" and file.is_file():
        file = file.resolve()
        subject = Subject(
            "driver", file.stem, _digest(file), _beside(file), load=lambda: thirdparty.of_path(file, _ALL, _PATIENCE)
        )
    else:
        subject = _named(what)
    if golden is not None:
        subject.golden_file = golden
    if subject.golden_file.is_file():
        subject.golden, faults = read(subject.golden_file)
        subject.golden_digest = _digest(subject.golden_file)
        subject.faults += faults
    elif golden is not None:
        raise SubjectError(f"没有文件 {golden}。 There is no file {golden}.")
    subject.settings = {**(subject.golden.settings if subject.golden else {}), **settings}
    if subject.profile is None and subject.golden is not None and subject.golden.profile:
        _take_profile(subject, subject.golden.profile)
    return subject


_ALL: list[Any] = list(RIGHTS)
"""Here the author tries his own driver: whatever it declares it has, and the result says what that is."""


def _beside(file: Path) -> Path:
    """`acme.golden.yaml` beside `acme.py`; for our own, among those that come with the program."""
    beside = file.with_name(file.stem + _SUFFIX)
    return beside if beside.is_file() else _shipped(file.stem.strip("_")) or beside


def _shipped(name: str) -> Path | None:
    places = (folder.parent / _SHELF / f"{name}{_SUFFIX}" for folder in profiles.shipped())
    return next((place for place in places if place.is_file()), None)


def _digest(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _named(name: str) -> Subject:
    folders = profiles.folders(Path())
    profile, own = profiles.locate(name, folders), name in plugins.names("drivers")
    golden = _shipped(name) or Path(f"{name.rpartition('/')[2]}{_SUFFIX}")
    if own:
        kind, spec = plugins.find("drivers", name), importlib.util.find_spec(f"drivers.{name}")
        digest = _digest(Path(spec.origin)) if spec and spec.origin else ""
        subject = Subject("driver", name, digest, golden, apart=kind.profile is None)
        path = f"drivers.{name}:Device"
        subject.load = (lambda: thirdparty.of_package(name, path, _ALL, _PATIENCE)) if subject.apart else (lambda: kind)
        return subject
    if name in thirdparty.installed():
        module_name, _ = thirdparty.installed()[name]
        return Subject(
            "driver", name, "", golden, load=lambda: thirdparty.of_package(name, module_name, _ALL, _PATIENCE)
        )
    if profile is not None:
        return _profile(profile)
    known = ", ".join([*plugins.names("drivers"), *thirdparty.installed()])
    raise SubjectError(
        f"{name}：没有这个文件、驱动或档案；驱动：{known}。 There is no such file, driver or profile; drivers: {known}."
    )


def _profile(file: Path) -> Subject:
    kind = plugins.find("drivers", _MODBUS)
    subject = Subject("profile", file.stem, _digest(file), _beside(file), file=file, load=lambda: kind, apart=False)
    _load_profile(subject, file, kind.profile)
    return subject


def _take_profile(subject: Subject, name: str) -> None:
    file = profiles.locate(name, profiles.folders(subject.golden_file.parent))
    if file is None:
        raise SubjectError(f"没有设备档案 {name}。 There is no profile {name}.")
    _load_profile(subject, file, plugins.find("drivers", _MODBUS).profile)


def _load_profile(subject: Subject, file: Path, model: type[BaseModel] | None) -> None:
    if model is not None:
        subject.profile, faults = profiles.load(file, model)
        subject.faults += faults
