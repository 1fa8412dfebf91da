"""A demo's site is a copy: served by its own broker, told in shorter times, and without anybody's secrets."""

import re
import stat
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from simulators import stage
from simulators.stage import Pace, SiteCopy, Stage, StageError, folder_for, shipped, titles

SITE = """
site: {id: x, name: 小区, timezone: Asia/Tokyo}
doors: {north: {title: 北门, lock: io1.relay1, unlock: 30s}}
lanes: {in: {title: 车道A, stay: 60s}}
rules: {leak: {kind: electrical_fire, for: 10s}, dusk: {kind: schedule}}
access: {cards: cards.csv}
subscribers:
  police: {broker: "mqtts://far.example:8883", tier: 1, client: !secret police, ca: !secret ca}
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    (folder / "secrets").mkdir(parents=True)
    (folder / "secrets" / "police").write_text("hush")
    (folder / "site.yaml").write_text(SITE, encoding="utf-8")
    (folder / "cards.csv").write_text("number,name\n0001,李\n", encoding="utf-8")
    return folder / "site.yaml"


def written(copy: SiteCopy) -> dict:
    yaml = YAML(typ="rt")
    return yaml.load((copy.folder / "site.yaml").read_text(encoding="utf-8"))


def test_the_copy_is_served_by_its_own_broker(site: Path, tmp_path: Path) -> None:
    copy = SiteCopy(site, tmp_path / "copy")
    copy.serve(1234)
    copy.save()
    police = written(copy)["subscribers"]["police"]
    assert police["broker"] == "mqtt://127.0.0.1:1234"
    assert (police["user"], police["password"].value) == ("gatehouse-police", "gatehouse-police")
    assert not {"client", "ca", "plaintext"} & set(police)
    assert not list(copy.folder.rglob("secrets")), "somebody's secrets are no business of a demo"


def test_a_demo_writes_to_nobody_outside(site: Path, tmp_path: Path) -> None:
    """A web address of the site becomes a branch of the demo's own broker."""
    text = site.read_text(encoding="utf-8")
    site.write_text(re.sub("police: *{[^}]*}", "police: {kind: webhook, url: 'https://x/', tier: 1, key: a}", text))
    copy = SiteCopy(site, tmp_path / "copy")
    copy.serve(1234)
    copy.save()
    police = written(copy)["subscribers"]["police"]
    assert set(police) == {"tier", "broker", "user", "password"}


def test_the_copy_is_told_in_shorter_times_and_the_original_is_left_alone(site: Path, tmp_path: Path) -> None:
    before = site.read_bytes()
    copy = SiteCopy(site, tmp_path / "copy")
    copy.quicken(Pace(unlock=3, stay=6, delay=2))
    copy.save()
    found = written(copy)
    assert found["doors"]["north"]["unlock"] == "3s"
    assert found["lanes"]["in"]["stay"] == "6s"
    assert found["rules"]["leak"]["for"] == "2s"
    assert "for" not in found["rules"]["dusk"]
    assert site.read_bytes() == before


@pytest.mark.parametrize("as_folder", [False, True])
def test_a_site_may_be_a_file_or_a_folder(site: Path, tmp_path: Path, as_folder: bool) -> None:
    copy = SiteCopy(site.parent if as_folder else site, tmp_path / "copy")
    assert copy.path.exists()
    assert (copy.site_id, str(copy.zone)) == ("x", "Asia/Tokyo")
    assert copy.people() == [{"number": "0001", "name": "李"}]
    assert titles(copy)["doors.north"] == "北门"


def test_no_site_is_said(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="no site file is there"):
        SiteCopy(tmp_path / "nowhere.yaml", tmp_path / "copy")


def test_each_subscriber_gets_a_reader_and_a_writer_with_passwords_of_their_own(site: Path, tmp_path: Path) -> None:
    copy = SiteCopy(site, tmp_path / "copy")
    made = Stage(tmp_path, copy)
    writer = copy.folder / "secrets" / "gatehouse-police"
    assert stat.S_IMODE(writer.stat().st_mode) == 0o600
    assert stat.S_IMODE(writer.parent.stat().st_mode) == 0o700
    assert made.passwords["police"] not in writer.read_text()
    box, reader = made.accounts
    everything, asking = ("gatehouse/v1/x/police/#",), ("gatehouse/v1/x/police/refill",)
    assert (box.user, box.reads, box.writes) == ("gatehouse-police", asking, everything)
    assert (reader.user, reader.reads, reader.writes) == ("police", everything, asking)


def test_the_private_folder_vanishes_whatever_happens() -> None:
    made = Path()

    def fail() -> None:
        nonlocal made
        with folder_for(None) as made:
            (made / "file").write_text("x")
            assert stat.S_IMODE(made.stat().st_mode) == 0o700
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not made.exists()


def test_a_folder_that_was_asked_for_stays_but_must_be_new(tmp_path: Path) -> None:
    with folder_for(tmp_path / "kept") as made:
        (made / "file").write_text("x")
    assert (tmp_path / "kept" / "file").exists()
    with pytest.raises(StageError, match="not empty"), folder_for(tmp_path / "kept"):
        pass


def test_a_long_temporary_folder_leaves_room_for_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage.tempfile, "gettempdir", lambda: "/" + "x" * 120)
    with folder_for(None) as made:
        assert len(str(made / "state" / "api.sock")) < 107


def test_the_small_estate_is_found() -> None:
    assert shipped().is_file()
