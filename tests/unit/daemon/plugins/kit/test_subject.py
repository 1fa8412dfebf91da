"""What stands on the command line is a file, a profile, or the name of a driver."""

import shutil
from pathlib import Path

import pytest

from daemon.plugins.kit import subject
from daemon.plugins.kit.subject import SubjectError
from daemon.plugins.kit.verdict import Skip
from gatehouse.driver import Listener

ROOT = Path(__file__).parents[5]


def test_a_file_has_its_golden_frames_beside_it(tmp_path: Path) -> None:
    driver = tmp_path / "acme.py"
    shutil.copy(ROOT / "drivers/_blueprint.py", driver)
    assert subject.find(str(driver), None, {}).golden is None
    (tmp_path / "acme.golden.yaml").write_text("settings: {address: 3}\nframes: [{scan: state, answer: '00'}]")
    found = subject.find(str(driver), None, {"address": 5})
    assert found.golden is not None
    assert (found.kind, found.name, found.settings, found.apart) == ("driver", "acme", {"address": 5}, True)
    made = found.make()
    assert made.ask(made.scans()[0]).request == b"#05?\r"
    with pytest.raises(Skip, match="no_settings"):
        found.make(address=500)
    pid = found.driver.build.args[0].pid  # type: ignore[attr-defined]
    found.restart()
    assert not Path(f"/proc/{pid}").exists()


def test_names_of_ours_and_of_profiles() -> None:
    reader, board = subject.find("rdm6300", None, {}), subject.find("waveshare/rtu-relay-d", None, {})
    assert (reader.kind, reader.apart, len(reader.digest)) == ("driver", True, 64)
    assert (board.kind, board.apart, board.name) == ("profile", False, "rtu-relay-d")
    assert board.make().points()
    made = reader.make()
    assert isinstance(made, Listener)
    reader.restart()
    modbus = subject.find("modbus", None, {})
    assert modbus.profile.model
    assert modbus.make().unit == 1


def test_what_is_not_there(tmp_path: Path) -> None:
    for what in ("nothing", str(tmp_path / "x.py"), str(tmp_path / "x.yaml")):
        with pytest.raises(SubjectError, match="没有"):
            subject.find(what, None, {})
    with pytest.raises(SubjectError, match="There is no file"):
        subject.find("rdm6300", tmp_path / "x.golden.yaml", {})
