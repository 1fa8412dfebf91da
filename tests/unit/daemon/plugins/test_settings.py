"""Settings rebuilt from their JSON Schema are judged as by the types that they were made from."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, ValidationError

from daemon.config import plugins
from daemon.plugins import settings


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Device:
    """All kinds of settings that a site file can say."""

    unit: Annotated[int, Field(ge=1, le=255)]
    for_: float
    slower: Annotated[float, Field(gt=0, lt=10)] = 1.0
    key: Annotated[str, Field(min_length=2, max_length=4, pattern="^[0-9A-F]+$")] = "00"
    quick: bool = False
    parity: Literal["even", "odd"] = "even"
    colour: Colour = Colour.RED
    also: Annotated[tuple[str, ...], Field(max_length=3)] = ()
    pair: tuple[int, str] = (1, "a")
    maybe: int | None = None
    both: int | str = 1


ORIGINAL = plugins.described("drivers", "made_up", Device).settings
REBUILT = settings.model("made_up", ORIGINAL.model_json_schema(by_alias=True))
NAMES = [field.alias or name for name, field in ORIGINAL.model_fields.items()]
VALUE = st.one_of(
    st.integers(-3, 300), st.floats(-1, 12), st.booleans(), st.none(), st.text(max_size=5),
    st.sampled_from(["even", "odd", "red", "0F", "green"]), st.lists(st.text(max_size=2), max_size=5),
    st.just([1, "a"]), st.just({}),
)  # fmt: skip


def verdict(model: type[BaseModel], written: dict[str, object]) -> set[str]:
    """The settings that are refused."""
    try:
        model.model_validate(written)
    except ValidationError as error:
        return {str(detail["loc"][0]) for detail in error.errors()}
    return set()


@given(st.dictionaries(st.sampled_from([*NAMES, "unknown"]), VALUE, max_size=6))
def test_both_refuse_the_same(written: dict[str, object]) -> None:
    assert verdict(REBUILT, written) == verdict(ORIGINAL, written)


def test_only_what_was_written_goes_on_and_by_the_names_in_the_file() -> None:
    made = REBUILT.model_validate({"unit": 7, "for": 2.0, "also": ["a"]})
    assert settings.values(made) == {"unit": 7, "for": 2.0, "also": ["a"]}


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ({"type": "object"}, "'x' cannot be written in a site file: it is no number"),
        ({}, "it is no number"),
        ({"$ref": "#/$defs/gone"}, "'gone'"),
        ({"type": "array"}, "'items'"),
        ({"anyOf": 5}, "not iterable"),
        ({"$ref": "#/$defs/loop"}, "lists in lists"),
        ({"type": "string", "pattern": "("}, "make no sense"),
        ({"type": "integer", "minimum": "x"}, "make no sense"),
    ],
)
def test_what_nobody_could_write_is_refused(kind: dict[str, object], why: str) -> None:
    schema = {"properties": {"x": kind}, "$defs": {"loop": {"$ref": "#/$defs/loop"}}}
    with pytest.raises(settings.SchemaError, match=why):
        settings.model("made_up", schema)


def choices_without_end(width: int) -> dict[str, object]:
    both = [{"$ref": "#/$defs/a"}, {"type": "null"}] * width
    return {"properties": {"x": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"anyOf": both}}}


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": 5}, {"properties": [1]}, {"properties": {}, "required": 5}, {"properties": {}, "$defs": [1]},
        {"properties": {"x": 5}}, {"properties": {"x": {"type": []}}}, {"properties": {"x": {"enum": 5}}},
        {"properties": {"x": {"type": "string", "pattern": "["}}}, {"properties": {"x": {"anyOf": []}}},
        {"properties": {5: {"type": "string"}}}, choices_without_end(100),
    ],
)  # fmt: skip
def test_a_schema_that_is_none_is_refused_in_words(schema: dict[str, object]) -> None:
    with pytest.raises(settings.SchemaError):
        settings.model("made_up", schema)


@pytest.mark.parametrize("limit", ["minItems", "maxLength", "pattern"])
def test_a_limit_that_does_not_belong_to_its_sort_is_left_alone(limit: str) -> None:
    model = settings.model("made_up", {"properties": {"x": {"type": "integer", limit: 3}}})
    assert verdict(model, {"x": 5}) == set()
