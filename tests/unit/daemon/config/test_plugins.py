"""Drivers and rule kinds are files found by name; what may be written of them is read from their fields."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

import drivers
import rules
from daemon.config import plugins
from rules._settings import Amount

FAKE = '''
"""A made-up rule: `{kind: made_up_rule, for: 2m}`."""

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from rules._settings import Duration, OnOff, PointName, Quantity, Refers


class Colour(StrEnum):
    RED = "red"


@dataclass(kw_only=True)
class Rule:
    """What it judges."""

    name: str
    for_: Duration
    """How long."""
    points: tuple[PointName, ...] = ()
    also: Collection[str] = ()
    limit: Quantity | None = None
    colour: Colour = Colour.RED
    value: OnOff = False
    zone: Annotated[str, Refers("zone")] | None = None
    number: int = 5
    _memory: list[str] = field(default_factory=list, init=False)
'''
OLD = FAKE.replace('"""A made-up', 'from __future__ import annotations\n"""A made-up')


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose files are drivers and rules too."""
    for package in (drivers, rules):
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[2].startswith("made_up")]:
        del sys.modules[name]


def settings(**written: object) -> dict[str, Any]:
    kind = plugins.find("rules", "made_up_rule")
    return kind.values(kind.settings.model_validate(written))


def test_kinds_are_the_files_without_an_underscore(folder: Path) -> None:
    for name in ("made_up_rule.py", "_made_up_hidden.py", "made_up_text.txt"):
        (folder / name).write_text(FAKE)
    assert "made_up_rule" in plugins.names("rules")
    assert {"access", "barrier", "schedule", "electrical_fire"} <= set(plugins.names("rules"))
    assert {"modbus", "rdm6300"} <= set(plugins.names("drivers"))
    assert [name for name in plugins.names("rules") if name.startswith("_") or "hidden" in name or "text" in name] == []


@pytest.mark.parametrize("source", [FAKE, OLD], ids=["annotations", "annotations as text"])
def test_settings_are_converted_as_their_fields_say(folder: Path, source: str) -> None:
    (folder / "made_up_rule.py").write_text(source)
    written = {"for": "2m", "points": ["io1.input1"], "also": ["a"], "limit": "300 mA", "colour": "red", "value": "on"}
    assert settings(**written) == {
        "for_": 120.0,
        "points": ("io1.input1",),
        "also": ("a",),
        "limit": Amount(300, "mA"),
        "colour": "red",
        "value": True,
    }


def test_what_is_not_written_is_left_to_the_dataclass(folder: Path) -> None:
    (folder / "made_up_rule.py").write_text(FAKE)
    rule = plugins.find("rules", "made_up_rule").build(name="x", **settings(**{"for": "2m"}))
    assert (rule.points, rule.number, rule.zone) == ((), 5, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"for": "2m", "name": "x"},
        {"for": "2m", "_memory": []},
        {"for_": "2m"},
        {"for": "2m", "number": True},
        {"for": "2m", "number": "5"},
        {"for": "2m", "number": 5.0},
        {"for": "2m", "points": "io1.input1"},
        {"for": "2m", "points": [1]},
        {"for": "2m", "colour": "blue"},
        {"for": "2m", "value": "yes"},
        {"for": 2},
        {"for": "-2m"},
        {"for": "2m", "limit": 5},
    ],
)
def test_what_does_not_fit_is_refused(folder: Path, wrong: dict[str, object]) -> None:
    (folder / "made_up_rule.py").write_text(FAKE)
    with pytest.raises(ValidationError):
        settings(**wrong)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("raise OSError('disk')", "OSError: disk"),
        ("def x(:", "SyntaxError"),
        ("", "AttributeError"),
        ("Rule = 5", "TypeError"),
        ("import made_up_missing", "ModuleNotFoundError"),
    ],
)
def test_a_broken_plugin_is_told_and_breaks_nothing_else(folder: Path, source: str, why: str) -> None:
    (folder / "made_up_broken.py").write_text(source)
    with pytest.raises(plugins.PluginError, match=why):
        plugins.find("rules", "made_up_broken")


def test_the_profile_of_a_driver_is_written_as_a_name_and_its_wire_is_not_written() -> None:
    kind = plugins.find("drivers", "modbus")
    assert kind.profile is not None
    assert issubclass(kind.profile, BaseModel)
    assert kind.settings.model_fields["profile"].annotation is str
    assert "wire" not in kind.settings.model_fields
    assert "wire" in kind.fields


@pytest.mark.parametrize("family", ["drivers", "rules"])
def test_every_shipped_plugin_can_be_loaded(family: plugins.Family) -> None:
    for name in plugins.names(family):
        kind = plugins.find(family, name)
        assert kind.implied or kind.settings.model_json_schema()["properties"]
