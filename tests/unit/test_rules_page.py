"""docs/rules.md: every kind is in its table, and every rule on it stands in a site that loads."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from daemon.config import plugins
from daemon.config.load import ConfigError, load

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/rules.md").read_text(encoding="utf-8")
GEAR, *BLOCKS = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
READ = YAML(typ="safe")
RULES = {name: settings for block in BLOCKS for name, settings in READ.load(block).items()}
HEADINGS = set(re.findall(r"^## (\w+)", PAGE, re.MULTILINE))


def site(folder: Path, rules: dict[str, Any]) -> Path:
    """The small estate with the gear of the page and these rules."""
    for file in (ROOT / "config/small").iterdir():
        shutil.copy(file, folder)
    small = YAML().load(folder / "site.yaml")  # with its tags
    for section, entries in READ.load(GEAR).items():
        small[section].update(entries)
    small["rules"].update(rules)
    YAML().dump(small, folder / "site.yaml")
    return folder / "site.yaml"


def test_every_rule_of_the_page_stands_in_one_site(tmp_path: Path) -> None:
    plan = load(site(tmp_path, RULES))
    built = {rule.name: type(rule).__module__ for rule in plan.rules}
    assert {name: built[name] for name in RULES} == {name: f"rules.{its['kind']}" for name, its in RULES.items()}
    (smoke,) = [rule for rule in plan.rules if rule.name == "floor3"]
    assert smoke.release == ("doors.north", "doors.east", "doors.unit12", "lanes.in", "lanes.out")
    assert smoke.sirens == ("outputs.siren",)


def test_a_device_that_lives_hang_on_is_graver_when_it_is_silent(tmp_path: Path) -> None:
    plan = load(site(tmp_path, RULES))
    silent = {rule.subject: rule.severity for rule in plan.rules if type(rule).__module__ == "rules.device_silent"}
    assert (silent["devices.io4"], silent["devices.co"], silent["devices.leak"]) == (2, 2, 3)


def test_the_table_lists_every_kind_once() -> None:
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == sorted(plugins.names("rules"))


def test_each_section_has_an_example_and_a_timetable() -> None:
    assert {its["kind"] for its in RULES.values()} == HEADINGS
    assert all((ROOT / f"config/timetables/{kind}.yaml").exists() for kind in HEADINGS)


@pytest.mark.parametrize(
    ("name", "change", "code"),
    [
        ("garage-co", {"alarm": "25 %LEL"}, "unit"),
        ("garage-co", {"low": "200 ppm"}, "not_below"),
        ("sump", {"alarm": "1 m"}, "unit"),
        ("switch-room", {"over": "45 V"}, "unit"),
        ("switch-room", {"under": "50 °C"}, "not_below"),
        ("b12-trend", {"threshold": "60 °C"}, "unit"),
        ("b12-gas", {"valve": "doors.north"}, "unknown_name"),
        ("b12-gas", {"faults": ["io4.input5", "io4.input6"]}, "rule_refuses"),
        ("floor3", {"heads": ["io4.input1", "io4.input1"]}, "listed_twice"),
        ("floor3", {"zone": "b13"}, "unknown_name"),
        ("floor3", {"release": ["doors.north"]}, "unknown_key"),
        ("b12-arc", {"detectors": ["io4.input9"]}, "unknown_point"),
    ],
)
def test_what_cannot_be_is_refused_when_the_site_is_loaded(
    tmp_path: Path, name: str, change: dict[str, Any], code: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        load(site(tmp_path, {name: RULES[name] | change}))
    faults = [fault for fault in refused.value.faults if fault.path.startswith(f"rules.{name}")]
    assert code in {fault.code for fault in faults}, str(refused.value)


def test_a_default_that_does_not_fit_is_said_where_it_is_missing(tmp_path: Path) -> None:
    without = {key: value for key, value in RULES["garage-co"].items() if key != "alarm"}
    with pytest.raises(ConfigError, match=r"rules\.garage-co\.alarm: 25 %LEL cannot be compared with 'co\.co'"):
        load(site(tmp_path, {"garage-co": without}))
