"""What cannot stand in one site together, where a change at one place alone does not show it."""

import shutil
from pathlib import Path

import pytest

from daemon.config.load import ConfigError, load

SMALL = Path(__file__).parents[4] / "config" / "small"
DIMMER = "profile: homemaster/dim-420-r1, unit: 2, title"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for file in SMALL.iterdir():
        shutil.copy(file, tmp_path)
    return tmp_path


def test_a_coil_that_is_only_pushed_is_no_lock_and_no_lamp(folder: Path) -> None:
    """Its own push ends by itself and is never read: nobody would know whether the door is locked."""
    site = (folder / "site.yaml").read_text(encoding="utf-8").replace("profile: eastron/sdm230, unit: 2, title", DIMMER)
    bad = site.replace("relays.relay2", "meter.switch_on1").replace("lock: io1.relay2", "lock: meter.switch_off2")
    (folder / "site.yaml").write_text(bad, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(folder)
    assert [(fault.path, fault.code) for fault in caught.value.faults] == [
        ("doors.east.lock", "no_read_back"),
        ("outputs.lamps.relay", "no_read_back"),
    ]
    assert "'meter.switch_off2' cannot be read back" in str(caught.value)


def test_a_coil_that_is_only_pushed_moves_no_boom(folder: Path) -> None:
    site = (folder / "site.yaml").read_text(encoding="utf-8").replace("profile: eastron/sdm230, unit: 2, title", DIMMER)
    (folder / "site.yaml").write_text(site.replace("open: io2.relay1", "open: meter.switch_on1"), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(folder)
    assert [(fault.path, fault.code) for fault in caught.value.faults] == [("lanes.in.open", "no_pulse")]
