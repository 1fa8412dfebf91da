"""What every rule must be; the blueprint is one, and so is the rule in the guide."""

import dataclasses
import importlib
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

import rules
from daemon.config import plugins
from gatehouse.points import Point
from rules._blueprint import Rule
from rules._formula import vocabulary

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs/writing-a-rule.md").read_text(encoding="utf-8")
KINDS = plugins.names("rules")
PLACES = {
    "words": vocabulary(
        [
            Point(name="pump.temperature", unit="°C"),
            Point(name="pump.running", sort="switch"),
            Point(name="sump.depth", unit="cm"),
        ]
    ),
    "contact": "io3.input9",
    "latitude": 31.2,
    "longitude": 121.5,
}
"""What a rule is given of its site."""
EXAMPLE = re.compile(r"^ {4}[a-z0-9-]+: +\{kind: .*\}$", re.MULTILINE)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


def build(text: str):
    """The rule that one line of a site file describes."""
    ((name, settings),) = YAML(typ="safe").load(text).items()
    kind = plugins.find("rules", settings.pop("kind"))
    values = kind.values(kind.settings.model_validate(settings))
    given = {name: PLACES[name] for name in PLACES.keys() & kind.fields if name not in values}
    return kind.build(name=name, **given, **values)


def test_the_blueprint_raises_at_its_time_and_lights_its_lamp(story):
    s = story(Rule(name="sump-pump", running="io3.input1", longest=1800.0, lamp="outputs.pump-lamp"))
    s.at(0, {"io3.input1": False})
    s.at(10, {"io3.input1": True})
    s.at(2000, {"io3.input1": False})
    assert s.diary == [
        "1810 sump-pump.late on",
        "1810 outputs.pump-lamp on at 14",
        "2000 sump-pump.late off",
        "2000 no more outputs.pump-lamp on at 14",
    ]


def test_the_blueprint_keeps_its_word_on_stale_inputs(story, uncertain):
    s = story(Rule(name="sump-pump", running="io3.input1", longest=60.0, lamp="outputs.pump-lamp"))
    assert s.at(0)["sump-pump.late"] is None
    s.at(1, {"io3.input1": True})
    for bad in (None, uncertain(True), uncertain(False)):
        said = s.at(100, {"io3.input1": bad})
        assert (said["sump-pump.late"], said.demands) == (None, [])
    assert s.at(101, {"io3.input1": True})["sump-pump.late"] is True


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_a_dataclass_whose_memory_nobody_can_set(kind):
    built = plugins.find("rules", kind).build
    for field in dataclasses.fields(built):
        assert field.init is not field.name.startswith("_"), field.name
    assert all(hasattr(built, word) for word in ("inputs", "outputs", "judge"))


@pytest.mark.parametrize("kind", [*KINDS, "_blueprint"])
def test_a_kind_says_what_it_does_when_an_input_is_stale(kind):
    assert re.search(r"\bstale\b", importlib.import_module(f"rules.{kind}").__doc__, re.IGNORECASE)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "subject" not in plugins.find("rules", kind).fields])
def test_a_kind_that_people_write_shows_how_and_the_example_works(kind):
    examples = EXAMPLE.findall(importlib.import_module(f"rules.{kind}").__doc__)
    assert examples
    for example in examples:
        assert type(build(example)).__module__ == f"rules.{kind}"


def test_the_example_of_the_blueprint_works_once_it_is_copied(tmp_path, monkeypatch):
    text = (ROOT / "rules/_blueprint.py").read_text(encoding="utf-8")
    (tmp_path / "running_too_long.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(rules, "__path__", [*rules.__path__, str(tmp_path)])
    (example,) = EXAMPLE.findall(text)
    rule = build(example)
    assert (rule.inputs, rule.outputs, rule.longest) == (("io3.input1",), ("outputs.pump-lamp",), 1800.0)


def test_the_rule_in_the_guide_can_be_written_in_a_site_and_its_story_is_true(story, tmp_path, monkeypatch):
    code, test = blocks("python")
    (example,) = blocks("yaml")
    (tmp_path / "lamp_over_gate.py").write_text(code, encoding="utf-8")
    monkeypatch.setattr(rules, "__path__", [*rules.__path__, str(tmp_path)])
    rule = build(example)
    assert (rule.patience, rule.outputs) == (5.0, ("outputs.lamps",))
    told: dict = {"Rule": type(rule)}
    exec(compile(test, "docs/writing-a-rule.md", "exec"), told)  # the guide's own code
    told["test_a_lamp_that_stays_dark_is_noticed"](story)
