"""The last good copy of a site: its own files, no secrets, whole or not at all."""

import shutil

import pytest

from daemon.config import lastgood


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "site"
    (folder / "secrets").mkdir(parents=True)
    (folder / "profiles" / "acme").mkdir(parents=True)
    (folder / "site.yaml").write_text("site: {id: a, name: 一}")
    (folder / "cards.csv").write_text("number,name\n")
    (folder / "profiles" / "acme" / "x.yaml").write_text("maker: acme")
    (folder / "drivers").mkdir()
    (folder / "drivers" / "acme.py").write_text("")
    (folder / "secrets" / "police").write_text("hush")
    (folder / "state").mkdir()
    return folder


def names(folder) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_site_keeps_its_files_and_never_its_secrets(site):
    state = site / "state"  # inside the site's folder, as people do
    lastgood.keep(site / "site.yaml", "cards.csv", state)
    assert names(state / "last-good") == [".site", "cards.csv", "drivers/acme.py", "profiles/acme/x.yaml", "site.yaml"]
    assert lastgood.find(state).read_text() == "site: {id: a, name: 一}"


def test_a_folder_of_files_is_kept_as_a_folder(site):
    (site / "doors.yaml").write_text("doors: {}")
    lastgood.keep(site, None, site / "state")
    assert names(lastgood.find(site / "state")) == [
        ".site",
        "doors.yaml",
        "drivers/acme.py",
        "profiles/acme/x.yaml",
        "site.yaml",
    ]


def test_the_newest_good_copy_replaces_the_one_before(site):
    for text in ("one", "two"):
        (site / "site.yaml").write_text(text)
        lastgood.keep(site / "site.yaml", None, site / "state")
    assert lastgood.find(site / "state").read_text() == "two"
    assert [path.name for path in (site / "state").iterdir()] == ["last-good"]


def test_power_lost_between_the_renames_leaves_the_older_copy(site):
    state = site / "state"
    lastgood.keep(site / "site.yaml", None, state)
    shutil.move(state / "last-good", state / "last-good.old")
    assert lastgood.find(state).read_text() == "site: {id: a, name: 一}"


def test_nothing_kept_is_nothing_found(tmp_path):
    assert lastgood.find(tmp_path) is None
