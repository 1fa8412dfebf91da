"""A table of the config -> a Device or a Rule: kinds are files found by name, settings are fields."""

import dataclasses
import importlib
import inspect
import keyword
import pkgutil
import types
from collections.abc import Callable, Collection, Iterable, Sequence
from enum import Enum
from functools import lru_cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, Strict, create_model

import drivers
import rules

Family = Literal["drivers", "rules"]
_PACKAGES = {"drivers": (drivers, "Device"), "rules": (rules, "Rule")}
FILLED = {
    "drivers": frozenset({"wire", "clock"}),
    "rules": frozenset({"name", "contacts", "words", "release", "sirens"}),
}
"""Fields that the daemon fills; nobody may write them in a site file. `clock`: the site's time of day; `contacts`:
those of the rule's `doors`; `words`: all points of the site; `release` and `sirens`: those of its `zone`."""


class PluginError(Exception):
    """A plug-in that cannot be loaded; the text says why."""


@dataclasses.dataclass(frozen=True, slots=True)
class Kind:
    """One driver or one kind of rule."""

    name: str
    build: Callable[..., Any]
    """The dataclass, or what makes the proxy of one that runs elsewhere."""
    settings: type[BaseModel]
    """What may be written of it in a site file."""
    fields: frozenset[str]
    """All that the dataclass takes."""
    profile: type[BaseModel] | None = None
    """What a profile must be, where the driver wants one."""

    @property
    def implied(self) -> bool:
        """Made by the door, lane, zone or device that is its subject, and never written in a site file."""
        return "subject" in self.fields

    def values(self, settings: BaseModel) -> dict[str, Any]:
        """The written settings as keyword arguments; what was not written is left to the dataclass."""
        return {name: getattr(settings, name) for name in settings.model_fields_set}


def names(family: Family) -> list[str]:
    """All drivers, or all kinds of rules."""
    package, _ = _PACKAGES[family]
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__) if not module.name.startswith("_"))


def find(family: Family, name: str) -> Kind:
    """The plug-in of this name, which must be one of `names`. PluginError when it cannot be loaded."""
    package, wanted = _PACKAGES[family]
    try:
        module = importlib.import_module(f"{package.__name__}.{name}")
        return described(family, name, getattr(module, wanted))
    except Exception as error:  # the edge of a plug-in: whatever is wrong in it must not hide other faults
        raise PluginError(f"{type(error).__name__}: {error}") from error


@lru_cache(maxsize=128)
def described(family: Family, name: str, build: type[Any]) -> Kind:
    """A dataclass as a plug-in: what may be written of it is read from its fields."""
    if not (isinstance(build, type) and dataclasses.is_dataclass(build)):
        raise TypeError(f"what it calls {getattr(build, '__name__', build)} is no dataclass: write @dataclass above it")
    hints = get_type_hints(build, include_extras=True)
    fields = {field.name: field for field in dataclasses.fields(build) if field.init}
    profile = _model(hints["profile"]) if family == "drivers" and "profile" in fields else None
    described: dict[str, Any] = {}
    for field_name in fields.keys() - FILLED[family]:
        annotation = str if profile and field_name == "profile" else hints[field_name]
        described[field_name] = (_lenient(annotation), _described(fields[field_name]))
    settings = create_model(
        f"{name}_settings",
        __config__=ConfigDict(extra="forbid", strict=True, frozen=True, arbitrary_types_allowed=True),
        __doc__=inspect.getdoc(inspect.getmodule(build)) or inspect.getdoc(build),
        **described,
    )
    return Kind(name, build, settings, frozenset(fields), profile)


def _described(field: "dataclasses.Field[Any]") -> object:
    alias = field.name[:-1] if field.name.endswith("_") and keyword.iskeyword(field.name[:-1]) else None
    if field.default is not dataclasses.MISSING:
        return Field(field.default, alias=alias)
    if field.default_factory is not dataclasses.MISSING:
        return Field(default_factory=field.default_factory, alias=alias)
    return Field(alias=alias)


def _model(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type):
        return annotation if issubclass(annotation, BaseModel) else None
    return next((model for part in get_args(annotation) if (model := _model(part))), None)


def _lenient(annotation: Any) -> Any:  # noqa: ANN401 - annotations have no type of their own
    """A YAML list may stand for a tuple or a set, and a text for an enum; all else stays strict."""
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return Annotated[(_lenient(inside[0]), *inside[1:])]
    if origin in (Union, types.UnionType):
        return Union[tuple(_lenient(part) for part in inside)]  # noqa: UP007 - made from a tuple
    if origin in (Collection, Sequence, Iterable):
        return Annotated[tuple.__class_getitem__((_lenient(inside[0]), ...)), Strict(False)]
    if origin in (tuple, set, frozenset, list):
        parts = tuple(part if part is Ellipsis else _lenient(part) for part in inside)
        rebuilt = origin[parts if origin is tuple else parts[0]]
        return Annotated[rebuilt, Strict(False)]
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return Annotated[annotation, Strict(False)]
    return annotation
