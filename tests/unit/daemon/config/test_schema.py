"""The JSON Schema: an editor accepts with it what the check accepts, and underlines what it does not know."""

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from daemon.config import document
from daemon.config.document import Secret
from daemon.config.load import schema

ROOT = Path(__file__).parents[4]


def as_editors_see_it(value: object) -> object:
    """A file's data; editors take a tagged value for its text."""
    if isinstance(value, dict):
        return {key: as_editors_see_it(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_editors_see_it(inner) for inner in value]
    return value.name if isinstance(value, Secret) else value


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    """Of the whole site file."""
    Draft202012Validator.check_schema(schema())
    return Draft202012Validator(schema())


@pytest.fixture
def small() -> Any:
    """The small estate as data."""
    return as_editors_see_it(document.read(ROOT / "config" / "small" / "site.yaml").data)


def test_the_small_estate_fits(validator: Draft202012Validator, small: Any) -> None:
    assert [error.message for error in validator.iter_errors(small)] == []


@pytest.mark.parametrize(
    ("way", "value"),
    [
        (("doors", "north", "unlok"), "5s"),
        (("doors", "north", "title"), 5),
        (("devices", "io1", "unit"), "one"),
        (("devices", "io1", "colour"), "red"),
        (("devices", "io1", "driver"), "modbuss"),
        (("rules", "b12-leakage", "kind"), "electric_fire"),
        (("rules", "b12-leakage", "warn"), "300 mA"),
        (("lines", "gate", "format"), "8n1"),
        (("doors", "北门"), {"title": "北门", "lock": "io1.relay1"}),
        (("alarmes",), {}),
    ],
)
def test_what_the_check_refuses_an_editor_underlines(
    validator: Draft202012Validator, small: Any, way: tuple[str, ...], value: object
) -> None:
    table = small
    for step in way[:-1]:
        table = table[step]
    table[way[-1]] = value
    assert list(validator.iter_errors(small))


def test_settings_are_explained_and_products_are_offered() -> None:
    whole = schema()
    door = whole["$defs"]["Door"]["properties"]
    assert "leaf" in door["contact"]["description"]
    modbus = next(kind for kind in whole["$defs"]["Device"]["oneOf"] if kind["title"] == "driver: modbus")
    assert "waveshare/rtu-relay-d" in modbus["properties"]["profile"]["anyOf"][0]["enum"]
    assert {"line", "driver", "unit", "profile"} <= set(modbus["required"])
    assert "wire" not in modbus["properties"]
    kinds = [kind["title"] for kind in whole["properties"]["rules"]["patternProperties"].popitem()[1]["oneOf"]]
    assert "kind: electrical_fire" in kinds
    assert "kind: access" not in kinds
