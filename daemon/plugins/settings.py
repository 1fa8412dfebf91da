"""The settings of a third-party driver, rebuilt from their JSON Schema: a site is checked without running its code."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel, ConfigDict, Field, Strict, create_model

_PLAIN: dict[str, type] = {"boolean": bool, "integer": int, "number": float, "string": str}
_OF_NUMBERS = {"minimum": "ge", "maximum": "le", "exclusiveMinimum": "gt", "exclusiveMaximum": "lt"}
_LIMITS: dict[str, dict[str, str]] = {
    "integer": _OF_NUMBERS,
    "number": _OF_NUMBERS,
    "string": {"minLength": "min_length", "maxLength": "max_length", "pattern": "pattern"},
    "array": {"minItems": "min_length", "maxItems": "max_length"},
}
"""What limits a value of each sort; what does not belong to it is left alone."""
_DEPTH = 6
_MOST = 500
"""Parts of all settings together: choices of choices that name each other have no end."""


class SchemaError(Exception):
    """A setting of a kind that nobody could write in a site file; the text names it."""


def model(name: str, schema: Mapping[str, Any]) -> type[BaseModel]:
    """What may be written beside `driver:`. SchemaError."""
    definitions, properties, required = (schema.get(key) or {} for key in ("$defs", "properties", "required"))
    if not (isinstance(definitions, dict) and isinstance(properties, dict) and isinstance(required, list | dict)):
        raise SchemaError("its settings are no JSON Schema of an object")
    fields: dict[str, Any] = {}
    parts = iter(range(_MOST))
    for number, (key, one) in enumerate(properties.items()):
        if not isinstance(key, str):
            raise SchemaError(f"{key!r} is no name of a setting")
        try:
            kind = _kind(one, definitions, _DEPTH, parts)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise SchemaError(f"setting {key!r} cannot be written in a site file: {error}") from error
        default: Any = ... if key in required else None
        fields[f"setting_{number}"] = kind, Field(default, alias=key, description=str(one.get("description", "")))
    try:
        return create_model(
            f"{name}_settings",
            __config__=ConfigDict(extra="forbid", strict=True, frozen=True),
            __doc__=str(schema.get("description", "")),
            **fields,
        )
    except Exception as error:  # a pattern that is none, limits that contradict each other: pydantic has no one error
        raise SchemaError(f"its settings make no sense: {error}") from error


def values(settings: BaseModel) -> dict[str, Any]:
    """What was written, by the names in the file."""
    written = settings.model_dump(by_alias=True, exclude_unset=True)
    return {key: list(value) if isinstance(value, tuple) else value for key, value in written.items()}


def _kind(one: Mapping[str, Any], definitions: Mapping[str, Any], depth: int, parts: Iterator[int]) -> Any:  # noqa: ANN401 - annotations
    if not depth:
        raise ValueError("lists in lists in lists")
    if next(parts, None) is None:
        raise ValueError(f"it and those before it have more than {_MOST} parts")
    if "$ref" in one:
        return _kind(definitions[one["$ref"].rpartition("/")[2]], definitions, depth - 1, parts)
    if "const" in one or "enum" in one:
        choices = one["enum"] if "enum" in one else [one["const"]]
        return Literal[tuple(choices)]
    if "anyOf" in one:
        return Union[tuple(_kind(part, definitions, depth - 1, parts) for part in one["anyOf"])]  # noqa: UP007 - from a tuple
    return _typed(one, definitions, depth, parts)


def _typed(one: Mapping[str, Any], definitions: Mapping[str, Any], depth: int, parts: Iterator[int]) -> Any:  # noqa: ANN401 - annotations
    sort = one.get("type")
    if sort == "null":
        return None
    if sort == "array":
        inner = tuple.__class_getitem__(_members(one, definitions, depth, parts))
        return Annotated[inner, Strict(False), Field(**_limits(one))]
    if sort == "object" and isinstance(one.get("additionalProperties"), dict):
        return dict.__class_getitem__((str, _kind(one["additionalProperties"], definitions, depth - 1, parts)))
    if sort == "object" and isinstance(one.get("properties"), dict):
        return _table(one, definitions, depth, parts)
    if sort not in _PLAIN:
        raise ValueError("it is no number, text, true or false, choice, or list or table of these")
    return Annotated[_PLAIN[sort], Field(**_limits(one))]


def _table(one: Mapping[str, Any], definitions: Mapping[str, Any], depth: int, parts: Iterator[int]) -> type[BaseModel]:
    """A table with keys of its own; what is not written is left to the driver."""
    required = one.get("required") or ()
    fields: dict[str, Any] = {}
    for number, (key, part) in enumerate(one["properties"].items()):
        default: Any = ... if key in required else None
        fields[f"setting_{number}"] = _kind(part, definitions, depth - 1, parts), Field(default, alias=str(key))
    return create_model("table", __config__=ConfigDict(extra="forbid", strict=True, frozen=True), **fields)


def _members(
    one: Mapping[str, Any], definitions: Mapping[str, Any], depth: int, parts: Iterator[int]
) -> tuple[Any, ...]:
    if "prefixItems" in one:
        return tuple(_kind(part, definitions, depth - 1, parts) for part in one["prefixItems"])
    return _kind(one["items"], definitions, depth - 1, parts), ...


def _limits(one: Mapping[str, Any]) -> dict[str, Any]:
    return {ours: one[theirs] for theirs, ours in _LIMITS.get(one["type"], {}).items() if theirs in one}
