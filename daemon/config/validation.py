"""Data against a pydantic model; what does not fit becomes faults in plain words."""

import re
import unicodedata
from collections.abc import Collection, Iterator
from typing import TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError, WithJsonSchema
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from daemon.config.document import Document, Secret
from daemon.config.faults import Both, Term, Where, listed, nearest
from daemon.config.wording_profiles import chinese

Mark = TypeVar("Mark")
M = TypeVar("M", bound=BaseModel)

_WANTED = {
    "string": "text", "int": "a whole number", "float": "a number", "bool": "true or false",
    "list": "a list: [a, b]", "tuple": "a list: [a, b]", "set": "a list: [a, b]", "frozen": "a list: [a, b]",
    "dict": "a table of settings", "model": "a table of settings", "dataclass": "a table of settings",
}  # fmt: skip
_LIMITS = {"greater_than_equal": ("too_small", "ge"), "greater_than": ("too_small", "gt"),
           "less_than_equal": ("too_big", "le"), "less_than": ("too_big", "lt")}  # fmt: skip
_OWN = {
    "duration",
    "negative_duration",
    "duration_range",
    "quantity",
    "on_off",
    "timezone",
    "endpoint",
    "broker",
    "webhook_url",
    "sia_receiver",
    "component_address",
    "peer_address",
    "no_address",
    "instant",
    "moment",
    "mail_address",
    "no_gateway",
    "pattern_wrong",
    "success_choice",
    "size",
    "kept_too_short",
    "disk_percent",
}
"""Codes of our own validators: a PydanticCustomError's type is the code of its fault."""
_SHAPED = ("model_type", "list_type")
_NUMBERS = ("int", "float")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?\Z")
_HEXADECIMAL = re.compile(r"([0-9A-Fa-f]{1,4})[hH]?\Z")
_LEADING = re.compile(r"([0-9]+) ?[A-Za-z]{2,}\Z")
_UNNATURAL = ("string_too_short", "string_too_long", "too_short", "too_long")


def check(model: type[M], raw: object, where: Where, document: Document, beside: Collection[str] = ()) -> M | None:
    """The model made of this data; None when it does not fit, with the faults in the document.

    `beside` are keys that may also stand there and were taken out before.
    """
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            _tell(detail, model, where, document, beside)
        return None


def shown(value: object) -> str:
    """A value as it may be repeated in a message."""
    if value is None:
        return Term("nothing")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Secret):
        return f"!secret {value.name}"
    if isinstance(value, dict):
        return Term("a table of settings")
    if isinstance(value, list | tuple):
        return Term("a list")
    text = str(value)
    text = text if len(text) <= 60 else text[:57] + "…"
    return f"'{text}'" if isinstance(value, str) else text


def _tell(
    detail: ErrorDetails, model: type[BaseModel], where: Where, document: Document, beside: Collection[str]
) -> None:
    kind, context = detail["type"], detail.get("ctx", {})
    spot, value = (*where, *_written(detail["loc"], where, document)), shown(detail["input"])
    if kind == "extra_forbidden":
        known = sorted({*_known(model, detail["loc"][:-1]), *beside})
        key = str(detail["loc"][-1])
        document.fault(spot, "unknown_key", at_key=True, nearest=nearest(key, known), known=listed(known, 40), key=key)
    elif kind == "missing":
        key = str(detail["loc"][-1])
        meaning = _meaning(model, detail["loc"])
        shape, spot = _shape(_annotation(model, detail["loc"])), (*where, *detail["loc"])
        if shape:
            document.fault(spot, "missing_like", at_key=True, key=key, meaning=meaning, shape=shape)
        else:
            document.fault(spot, "missing", at_key=True, key=key, meaning=meaning)
    elif kind == "plain_secret":
        document.fault(spot, kind)  # what stands there is not repeated
    elif kind in _OWN:
        document.fault(spot, kind, value=value, **context)
    elif kind in _LIMITS:
        code, limit = _LIMITS[kind]
        document.fault(spot, code, value=value, limit=context[limit])
    elif kind in ("literal_error", "enum"):
        _tell_choice(detail, spot, document)
    else:
        _tell_type(detail, model, spot, document)


def _tell_choice(detail: ErrorDetails, spot: Where, document: Document) -> None:
    known = [part.strip("' ") for part in str(detail["ctx"]["expected"]).replace(" or ", ", ").split(",")]
    given, written = detail["input"], document.numbers.get(spot, "")
    if written in known:  # 8E1 without quotes is eighty
        document.fault(spot, "number_as_text", value=written)
    else:
        document.fault(spot, "one_of", nearest=nearest(str(given), known), value=shown(given), known=listed(known))


def _tell_type(detail: ErrorDetails, model: type[BaseModel], spot: Where, document: Document) -> None:
    kind, context, given = detail["type"], detail.get("ctx", {}), detail["input"]
    value = shown(given)
    if kind == "string_type" and type(given) in (int, float):
        document.fault(spot, "number_as_text", value=document.numbers.get(spot, value))
    elif kind == "string_pattern_mismatch":
        document.fault(spot, "pattern", value=value, pattern=context["pattern"])
    elif kind in _UNNATURAL:
        low, high = context.get("min_length"), context.get("max_length")
        document.fault(spot, "length", value=value, limit=f">= {low}" if low is not None else f"<= {high}")
    elif kind == "value_error" and (example := _example(model, detail["loc"])):
        document.fault(spot, "refused_like", value=value, why=context["error"], example=example)
    elif kind == "value_error":
        why = str(context["error"])
        document.fault(spot, _whole(given), value=value, why=Both(why, chinese(why)))
    elif kind in _SHAPED and (shape := _shape(_annotation(model, detail["loc"]))):
        document.fault(spot, "wrong_shape", value=value, key=detail["loc"][-1], shape=shape)
    elif (stem := kind.split("_")[0]) in _WANTED:
        meant = _number_meant(given) if stem in _NUMBERS and isinstance(given, str) else ""
        document.fault(spot, "wrong_type", nearest=meant, value=value, wanted=Term(_WANTED[stem]))
    else:
        document.fault(spot, "refused", value=value, why=detail["msg"])


def _whole(given: object) -> str:
    return "inconsistent" if isinstance(given, dict) else "refused"


def _number_meant(text: str) -> str:
    """What `9600bps`, `２` and `1F` were perhaps to be; empty where no number is to be seen."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if _NUMBER.match(plain):
        return plain
    if (digits := _HEXADECIMAL.match(plain)) and not plain.isdecimal():
        return f"0x{digits[1].upper()}"
    leading = _LEADING.match(plain)
    return leading[1] if leading else ""


def _written(loc: Where, where: Where, document: Document) -> Iterator[str | int]:
    """The steps that stand in the file; pydantic adds the names of union members, which do not."""
    here = where
    for step in loc:
        if (*here, step) in document.values:
            here = (*here, step)
            yield step


def _known(model: type[BaseModel], loc: Where) -> set[str]:
    inner = _model_at(model, loc)
    return {field.alias or name for name, field in inner.model_fields.items()}


def _model_at(model: type[BaseModel], loc: Where) -> type[BaseModel]:
    for step in loc:
        by_name = {field.alias or name: field for name, field in model.model_fields.items()}
        if step in by_name and (inner := _inner(by_name[step].annotation, loc)):
            model = inner
    return model


def _inner(annotation: object, loc: Where) -> type[BaseModel] | None:
    """The model inside `list[M]`, `dict[str, M]`, `M | None`; of several, the one that pydantic names in `loc`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = [inner for part in get_args(annotation) if (inner := _inner(part, loc))]
    return next((inner for inner in found if inner.__name__ in loc), found[0] if found else None)


def _annotation(model: type[BaseModel], loc: Where) -> object:
    field = _field(model, loc)
    return field.annotation if field else None


def _shape(annotation: object) -> str:
    """How a table, or a list of tables, is written; empty for anything else."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        needed = [field.alias or name for name, field in annotation.model_fields.items() if field.is_required()]
        return "{" + ", ".join(f"{name}: …" for name in needed) + "}" if needed else ""
    if get_origin(annotation) is list:
        inner = _shape(get_args(annotation)[0])
        return f"[{inner}]" if inner else ""
    return ""


def _meaning(model: type[BaseModel], loc: Where) -> str:
    field = _field(model, loc)
    return f" ({field.description.strip()})" if field and field.description else ""


def _example(model: type[BaseModel], loc: Where) -> str:
    """How a setting is written, where its type says so."""
    field = _field(model, loc)
    schema = mark_of(WithJsonSchema, field.annotation, *field.metadata) if field else None
    return str(((schema and schema.json_schema) or {}).get("examples", [""])[0])


def _field(model: type[BaseModel], loc: Where) -> FieldInfo | None:
    fields = _model_at(model, loc[:-1]).model_fields
    return next((field for name, field in fields.items() if loc and (field.alias or name) == loc[-1]), None)


def mark_of(kind: type[Mark], *annotations: object) -> Mark | None:
    """The first mark of this kind in `Annotated[...]`, however deep."""
    for annotation in annotations:
        if isinstance(annotation, kind):
            return annotation
        inside = [*get_args(annotation), *getattr(annotation, "__metadata__", ())]
        if inside and (found := mark_of(kind, *inside)) is not None:
            return found
    return None
