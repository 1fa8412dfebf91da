"""Device profiles: YAML that describes a product, found by name beside the site first, then among the shipped ones."""

import re
import sys
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from daemon.config import document
from daemon.config.faults import Fault
from daemon.config.validation import check

M = TypeVar("M", bound=BaseModel)
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*\Z")
_SHIPPED = (
    Path(__file__).parents[2] / "config" / "profiles",
    Path(sys.prefix) / "share" / "gatehouse" / "config" / "profiles",
)


def folders(site: Path) -> list[Path]:
    """Where profiles are looked for, own ones of the site first."""
    return [site / "profiles", *_SHIPPED]


def shipped() -> list[Path]:
    """Where the profiles lie that come with the program."""
    return list(_SHIPPED)


def names(where: list[Path]) -> list[str]:
    """All profiles there."""
    found = {file.relative_to(folder).with_suffix("").as_posix() for folder in where for file in folder.rglob("*.yaml")}
    return sorted(found)


def locate(name: str, where: list[Path]) -> Path | None:
    """The file of a profile; None when there is none of this name."""
    if not _NAME.match(name):
        return None
    return next((file for folder in where if (file := folder / f"{name}.yaml").is_file()), None)


def load(file: Path, model: type[M]) -> tuple[M | None, list[Fault]]:
    """The profile in a file, or its faults."""
    its = file.stat()  # whoever copies or unpacks a file may set its time; nobody sets when that was done
    return _load(file, model, (its.st_mtime_ns, its.st_ctime_ns, its.st_size, its.st_ino))  # type: ignore[return-value] # the cache forgets the type


@lru_cache(maxsize=512)  # a scan of a line looks at all of them
def _load(file: Path, model: type[BaseModel], changed: tuple[int, ...]) -> tuple[BaseModel | None, list[Fault]]:
    read = document.read(file, numbered=True)
    if read.faults:
        return None, read.faults
    return check(model, read.data, (), read), read.faults
