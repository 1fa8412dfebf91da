"""A third-party driver is found by path or entry point, and refused, in words, when it wants more than it was given."""

import shutil
import sys
from pathlib import Path

import pytest

from daemon.config import thirdparty
from daemon.config.load import ConfigError, Plan, load
from gatehouse.driver import Listener, Writer

ROOT = Path(__file__).parents[4]
SITE = """
site: {{id: acme, name: 试点}}
lines:
  cellar: {{rtu_over_tcp: 127.0.0.1:4001}}
  hall: {{rtu_over_tcp: 127.0.0.1:4002}}
devices:
  tank: {{line: cellar, driver: {driver}, address: 7}}
  other: {{line: hall, driver: {driver}, address: 8}}
{more}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A site's folder with a driver that is not gatehouse's."""
    (tmp_path / "drivers").mkdir()
    shutil.copy(ROOT / "drivers" / "_blueprint.py", tmp_path / "drivers" / "tank.py")
    return tmp_path


@pytest.fixture
def package(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package with two drivers, one of which has the name of one of ours."""
    info = folder / "packages" / "acme_gate-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-gate\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[gatehouse.drivers]\nacme = acme_gate.tank:Device\nmodbus = acme_gate.tank:Device\n"
    )
    monkeypatch.setattr(sys, "path", [*sys.path, str(info.parent)])
    thirdparty.installed.cache_clear()
    yield info.parent
    thirdparty.installed.cache_clear()


def plan(folder: Path, driver: str = "drivers/tank.py", more: str = "") -> Plan:
    (folder / "site.yaml").write_text(SITE.format(driver=driver, more=more))
    return load(folder / "site.yaml")


def faults(folder: Path, driver: str = "drivers/tank.py", more: str = "") -> list[tuple[str, str]]:
    with pytest.raises(ConfigError) as caught:
        plan(folder, driver, more)
    assert all(fault.text("zh") != fault.text("en") for fault in caught.value.faults)
    return [(fault.path, fault.text("en").partition(": ")[2]) for fault in caught.value.faults]


def test_a_driver_beside_the_site_makes_devices_like_any_other(folder: Path) -> None:
    loaded = plan(folder)
    tank, other = loaded.devices["tank"], loaded.devices["other"]
    assert isinstance(tank, Writer)
    assert type(tank).__module__ == "daemon.plugins.remote", "its code is not in this process"
    assert not [name for name in sys.modules if "tank" in name]
    assert tank.ask(tank.scans()[0]).request == b"#07?\r"
    assert other.ask(other.scans()[0]).request == b"#08?\r"
    assert {"tank.temperature", "tank.heater", "tank.online"} <= {point.name for point in loaded.points}


def test_its_settings_are_checked_by_their_types_like_any_other(folder: Path) -> None:
    (folder / "site.yaml").write_text(
        SITE.format(driver="drivers/tank.py", more="").replace("address: 7", "adress: 700")
    )
    with pytest.raises(ConfigError) as caught:
        load(folder / "site.yaml")
    said = [(fault.path, fault.code, fault.nearest) for fault in caught.value.faults]
    assert said == [("devices.tank.address", "missing", ""), ("devices.tank.adress", "unknown_key", "address")]


@pytest.mark.parametrize(
    "driver", ["drivers/tnak.py", "./drivers/tank.py", "drivers/../drivers/tank.py", "/etc/passwd"]
)
def test_only_files_in_drivers_beside_the_site_are_drivers(folder: Path, driver: str) -> None:
    found = faults(folder, driver)
    assert found[0][0] == "devices.tank.driver"
    assert f"there is no driver file '{driver}' beside the site file" in found[0][1]
    assert "there: drivers/tank.py" in found[0][1]
    assert len(found) == 1, "told once, however many devices"


def test_a_link_out_of_the_folder_is_none(folder: Path) -> None:
    (folder / "tank.py").write_bytes((folder / "drivers/tank.py").read_bytes())
    (folder / "drivers/link.py").symlink_to(folder / "tank.py")
    assert "there is no driver file" in faults(folder, "drivers/link.py")[0][1]


def test_rights_that_it_declares_are_shown_as_they_are_to_be_written(folder: Path) -> None:
    file = folder / "drivers" / "tank.py"
    file.write_text(file.read_text() + "\nRIGHTS = ('files', 'threads')\n")
    ((path, message),) = faults(folder)
    assert path == "devices.tank.driver"
    given = "drivers: {drivers/tank.py: {allow: [files, threads]}}"
    assert given in message
    assert plan(folder, more=given).devices["tank"]
    assert "wants more" in faults(folder, more="drivers: {drivers/tank.py: {allow: [files]}}")[0][1]


def test_one_that_reaches_for_more_is_refused_by_name(folder: Path) -> None:
    file = folder / "drivers" / "tank.py"
    file.write_text(file.read_text() + "\nimport os\nos.system('true')\n")
    ((_, message),) = faults(folder)
    assert "the third-party driver 'drivers/tank.py' cannot be used: wants os.system" in message


def test_rights_given_to_nobody_and_rights_that_there_are_not(folder: Path) -> None:
    more = "drivers: {drivers/tunk.py: {allow: [files]}, drivers/tank.py: {allow: [fies]}}"
    found = dict(faults(folder, more=more))
    assert found["drivers.drivers/tunk.py"].endswith("did you mean drivers/tank.py?")
    assert found["drivers.drivers/tank.py.allow[0]"].endswith("did you mean files?")
    assert faults(folder, more="drivers: [files]")[0][0] == "drivers"


def test_there_is_an_end_to_how_many(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thirdparty, "_MOST", 0)
    assert "would be more than 0 third-party drivers" in faults(folder)[0][1]


def test_an_installed_package_offers_drivers_by_entry_points(folder: Path, package: Path) -> None:
    assert thirdparty.installed()["acme"] == ("acme_gate.tank:Device", "acme-gate")
    assert "no source of acme_gate.tank:Device is installed" in faults(folder, "acme")[0][1]
    assert "did you mean acme?" in faults(folder, "acmee")[0][1]


def test_an_entry_point_may_not_take_the_name_of_one_of_ours(folder: Path, package: Path) -> None:
    assert "'modbus' is the name of two drivers; one of them comes with acme-gate" in faults(folder, "modbus")[0][1]


def test_a_driver_of_a_package_is_loaded_by_its_module() -> None:
    kind = thirdparty.of_package("cards", "drivers.rdm6300:Device", [])
    reader = kind.build(**kind.values(kind.settings.model_validate({"away": 2.0})))
    assert isinstance(reader, Listener)
    found, samples = reader.hear(b"\x020A1234567802\x03", 0.0)
    assert (found.used, samples["card"].value) == (14, "0305419896")
    reader.close()
