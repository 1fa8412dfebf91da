"""`gatehouse driver test` as its user sees it: ours pass, the evil one fails by name, the result can travel."""

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import simulators.profile_units
from console.cli import app
from daemon.plugins.kit import subject
from daemon.plugins.process import Patience
from tests.unit.daemon.plugins.evil import driver

ROOT = Path(__file__).parents[3]
PROFILES = ["xy-md02", "waveshare/rtu-relay-d", "bender/rcms410", "greystone/cmd5b4-ascii", "homemaster/dim-420-r1",
            "lingxun/lx47le-125", "wirenboard/wb-mao4", "acrel/adw300"]  # fmt: skip
"""Coils, floats, ASCII, settings to write, something to settle; tests/system/test_profiles.py tries them all."""
OURS = ["rdm6300", "modbus", "dlt645", "cjt188", "drivers/_blueprint.py"]


def tried(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["driver", "test", *words])
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize("name", OURS)
def test_ours_pass(name: str) -> None:
    status, said, _ = tried(str(ROOT / name) if "/" in name else name, "--json")
    result = json.loads(said)
    verdicts = {check["check"]: check["verdict"] for check in result["checks"]}
    assert status == 0, said
    assert verdicts["loads"] == verdicts["golden"] == verdicts["rubbish"] == "pass"
    if name != "modbus":  # it takes a profile, and runs with us
        assert {"memory", "no-new-privileges"} <= set(result["held_by"])


@pytest.mark.parametrize("name", PROFILES)
def test_our_profiles_pass(name: str) -> None:
    status, said, _ = tried(name, "--json")
    verdicts = {check["check"]: check["verdict"] for check in json.loads(said)["checks"]}
    assert status == 0, said
    assert verdicts["server"] == verdicts["schema"] == verdicts["reads"] == "pass"


def test_a_driver_that_hangs_fails_and_the_rest_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "_PATIENCE", Patience(call=0.15, credit=60.0))
    file = driver(tmp_path, find="while received[:1] == b'B': pass")
    (tmp_path / "acme.golden.yaml").write_text(
        "settings: {address: 1}\nframes:\n  - {scan: state, answer: '42 35 2E', source: made up}\n"
        "  - {scan: state, answer: '21 35 2E', samples: {level: 5}, source: made up}\n"
    )
    status, said, _ = tried(str(file), "--lang", "en", "--out", str(tmp_path / "result.json"))
    assert status == 1
    assert "FAIL     golden frames" in said
    assert "no answer within 150 ms in find" in said
    assert "pass     loads, apart from the daemon" in said
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["good"] is False
    assert result["name"] == "acme"
    assert str(tmp_path) not in json.dumps(result)


def test_one_that_wants_more_than_it_declares_is_refused_by_name(tmp_path: Path) -> None:
    status, said, _ = tried(str(driver(tmp_path, head="import os; os.system('true')")))
    assert status == 1
    assert "不通过   装入与隔离" in said
    assert "想用 os.system" in said
    assert "标准帧" not in said.splitlines()[1], "what cannot be loaded is not tried"


def test_a_faulty_profile_is_told_by_line(tmp_path: Path) -> None:
    file = tmp_path / "board.yaml"
    good = (ROOT / "config/profiles/waveshare/rtu-relay.yaml").read_text()
    file.write_text(good.replace("table: coil", "table: coils", 1))
    status, said, _ = tried(str(file), "--lang", "en")
    assert status == 1
    assert "FAIL     profile is well formed" in said
    assert "board.yaml:" in said
    assert "'coils' is not known here; one of: coil," in said
    assert "这里不能写 'coils'" in tried(str(file), "--lang", "zh")[1]


def test_a_result_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    status, _, why = tried("rdm6300", "--out", str(tmp_path / "none" / "result.json"))
    assert status == 2
    assert "result.json：写不进去" in why


def test_without_pymodbus_a_profile_is_tried_as_far_as_it_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(simulators, "profile_units")
    monkeypatch.setitem(sys.modules, "simulators.profile_units", None)
    status, said, _ = tried("xy-md02", "--lang", "en")
    assert status == 0
    assert "skipped  against another hand" in said
    assert "gatehouse[simulators]" in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nothing"], "There is no such file, driver or profile"),
        (["rdm6300", "--set", "away"], "Write NAME=VALUE"),
        (["rdm6300", "--golden", "/nowhere.yaml"], "There is no file"),
    ],
)
def test_where_there_is_nothing_to_try_it_says_what_is_missing(words: list[str], says: str) -> None:
    status, _, error = tried(*words)
    assert status == 2
    assert says in error


def test_settings_of_the_command_line_are_read_as_in_a_site_file(tmp_path: Path) -> None:
    file = driver(tmp_path)
    (tmp_path / "acme.golden.yaml").write_text("frames: [{scan: state, request: '3F 37 2E', source: made up}]")
    assert "通过     标准帧" in tried(str(file), "--set", "address=7")[1]
    assert "不通过   标准帧" in tried(str(file), "--set", "address=8")[1]
    assert "请写在标准帧文件的 settings" in tried(str(file), "--set", "address=seven")[1]
