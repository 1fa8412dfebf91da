"""`gatehouse rules test` for people and for programs: what it prints, and the status it ends with."""

import json
from pathlib import Path

import pytest

from console import rehearsal

ROOT = Path(__file__).parents[3]
GOOD = ROOT / "config/timetables/door_held.yaml"
BAD = """\
site: {small}
timetable:
  - {{at: 1s, set: {{io1.input8: on}}, expect: {{alarms: {{zones.b12.fire: normal}}}}, note: 错的 / wrong}}
"""


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    file = tmp_path / "bad.yaml"
    file.write_text(BAD.format(small=ROOT / "config/small/site.yaml"))
    return file


def test_a_good_file_is_a_line_and_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert rehearsal.test([GOOD], "", "zh", as_json=False) == 0
    assert capsys.readouterr().out.count("\n") == 1


@pytest.mark.parametrize(
    ("language", "words"), [("zh", "应为 normal  实为 unacknowledged"), ("en", "expected normal  found unacknowledged")]
)
def test_a_difference_is_told_with_its_line_and_its_why(
    bad: Path, language: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    assert rehearsal.test([bad, GOOD], "", language, as_json=False) == 1
    said = capsys.readouterr().out
    assert words in said
    assert "alarms zones.b12.fire" in said
    assert "rule = zones.b12.fire_release" in said
    assert "io1.input8 = True (good" in said
    assert ("2 个文件：1 个符合，1 个不符" if language == "zh" else "2 files: 1 as expected, 1 not") in said


def test_faults_of_a_file_are_told_and_the_others_are_played(
    bad: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad.write_text(bad.read_text().replace("io1.input8: on", "io1.inptu8: on"))
    assert rehearsal.test([tmp_path, GOOD], "", "en", as_json=False) == 2
    said = capsys.readouterr().out
    assert "did you mean io1.input8?" in said
    assert "as expected" in said


def test_a_folder_without_timetables_is_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rehearsal.test([tmp_path], "", "zh", as_json=False) == 2
    assert "没有时间表文件" in capsys.readouterr().err


def test_programs_get_json(bad: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "worse.yaml").write_text("timetable: 7\n")
    assert rehearsal.test([bad, tmp_path / "worse.yaml"], "", "zh", as_json=True) == 2
    first, second = json.loads(capsys.readouterr().out)
    assert (first["good"], first["failures"][0]["line"], first["failures"][0]["found"]) == (False, 3, "unacknowledged")
    assert {fault["code"] for fault in second["faults"]} == {"missing", "wrong_type"}


def test_a_rule_is_explained_in_the_end(bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rehearsal.test([bad], "zones.b12.fire", "en", as_json=False)
    said = capsys.readouterr().out
    assert "zones.b12.fire  P1 fire  holds" in said
    assert "doors.north" in said
    assert "granted" in said
    rehearsal.test([bad], "zones.b12.fir", "en", as_json=False)
    assert "did you mean zones.b12.fire?" in capsys.readouterr().out
