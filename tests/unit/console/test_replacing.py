"""A device is swapped in its file and nowhere else; what stood there can be had back; what cannot be is told."""

import os
from pathlib import Path

import pytest

from console.client import RefusedError
from console.replacing import Replacing, Row, forget
from daemon.config import document
from tests.unit.daemon import small

BOARD = "waveshare/rtu-relay-d"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return small.write(tmp_path / "site")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def entry(text: str, device: str = "io1") -> dict[str, object]:
    return document.parse(Path("x"), text).data["devices"][device]


def test_other_settings_of_the_same_driver_leave_the_rest_of_it(site):
    its = Replacing(site, "io1")
    after = its.edited({"unit": 7}, ["slower=0.5", "also=[a, b]"], ["title"])
    assert entry(after) == {
        "line": "gate", "driver": "modbus", "profile": BOARD, "unit": 7, "slower": 0.5, "also": ["a", "b"],
    }  # fmt: skip
    assert after.replace(after.splitlines()[5], its.text.splitlines()[5]) == its.text


def test_another_driver_takes_what_it_knows_and_leaves_what_it_does_not(site):
    its = Replacing(site, "io1")
    assert entry(its.edited({"driver": "rdm6300"}, [], [])) == {"line": "gate", "driver": "rdm6300", "title": "门岗板"}
    after = its.edited({"driver": "rdm6300"}, ["away=2.0"], [])
    assert entry(after)["away"] == 2.0


@pytest.mark.parametrize("text", ["slower", "=1", "a b=1", "slower={", "slower: 1"])
def test_a_setting_that_is_none_is_told(site, text):
    with pytest.raises(RefusedError, match="KEY=VALUE"):
        Replacing(site, "io1").edited({}, [text], [])


def test_an_unknown_device_is_answered_with_the_nearest(site):
    with pytest.raises(RefusedError, match="did you mean io1"):
        Replacing(site, "io2")


def test_a_file_that_cannot_be_read_is_explained_where_it_is_wrong(site):
    site.write_text("devices: {io1: {", encoding="utf-8")
    with pytest.raises(RefusedError, match=r"site\.yaml:1"):
        Replacing(site, "io1")


def test_an_entry_shared_with_others_is_left_alone_with_words(site):
    text = small.SITE.replace("io1:   {line", "io1:   &board {line") + "  # \n"
    text = text.replace("  north: {line: reader", "  io2: *board\n  north: {line: reader", 1)
    site.write_text(text, encoding="utf-8")
    with pytest.raises(RefusedError, match="write it out first"):
        Replacing(site, "io1").edited({"unit": 7}, [], [])
    with pytest.raises(RefusedError, match=r"written as \*board"):
        Replacing(site, "io2").edited({"unit": 7}, [], [])


def test_in_a_folder_of_files_the_one_is_found_that_has_it(tmp_path):
    site = small.write(tmp_path / "site").parent
    text = small.SITE.splitlines(keepends=True)
    devices = "".join(line for line in text if line.startswith(("devices:", "  io1:", "  north: {line")))
    (site / "site.yaml").write_text("".join(line for line in text if line not in devices), encoding="utf-8")
    (site / "devices.yaml").write_text(devices, encoding="utf-8")
    its = Replacing(site, "io1")
    assert its.file == site / "devices.yaml"
    assert its.faults(its.text, None) == []
    assert entry(its.edited({"unit": 3}, [], []))["unit"] == 3


def test_the_site_is_checked_as_a_whole_and_channels_are_compared(site):
    its = Replacing(site, "io1")
    good = its.edited({"unit": 7}, [], [])
    assert its.faults(good, None) == []
    assert its.rows(good) == []
    bad = its.edited({"profile": "wellpro/wp8028"}, [], [])
    faults = its.faults(bad, None)
    assert {fault.path for fault in faults} >= {"doors.east.lock", "doors.north.lock"}
    rows = {row.channel: row for row in its.rows(bad)}
    assert rows["relay1"].used == ("doors.north.lock",)
    assert site.read_text(encoding="utf-8") == small.SITE, "nothing was written"


def test_channels_that_conditions_name_are_told_by_their_own_names(site):
    rules = "rules:\n  odd: {kind: expression, when: 'not io1.input3 and io1.relay1', alarm: odd, title: 怪}\n"
    site.write_text(small.SITE + rules, encoding="utf-8")
    its = Replacing(site, "io1")
    rows = {row.channel: row for row in its.rows(its.edited({"profile": "wellpro/wp8028"}, [], []))}
    assert "rules.odd.when" in rows["relay1"].used
    assert all(name.isidentifier() for name in rows)


def test_a_channel_of_the_same_sort_and_number_is_proposed(site):
    (site.parent / "profiles").mkdir()
    board = Path("config/profiles/waveshare/rtu-relay-d.yaml").read_text(encoding="utf-8")
    other = board.replace("\n  input:", "\n  di:").replace("\n  relay:", "\n  out:")
    (site.parent / "profiles" / "other.yaml").write_text(other, encoding="utf-8")
    its = Replacing(site, "io1")
    rows = its.rows(its.edited({"profile": "other"}, [], []))
    assert Row("input8", ("zones.b12.fire[0]",), "di8") in rows
    assert Row("relay3", ("lanes.in.open",), "out3") in rows


def test_written_and_taken_back_the_file_is_what_it_was_byte_for_byte(site, state):
    raw = b"\xef\xbb\xbf" + small.SITE.replace("\n", "\r\n").encode()
    site.write_bytes(raw)
    site.chmod(0o640)
    its = Replacing(site, "io1")
    after = its.edited({"unit": 7}, [], [])
    kept = its.write(after, state, "王敏")
    assert site.read_bytes() == raw.replace(b"unit: 1", b"unit: 7")
    assert site.stat().st_mode & 0o777 == 0o640
    assert kept.parent.parent.stat().st_mode & 0o077 == 0
    last, before = Replacing(site, "io1").last(state)
    assert last == kept
    again = Replacing(site, "io1")
    again.write(before, state, "王敏")
    assert site.read_bytes() == raw


def test_what_else_was_changed_since_stays_when_the_device_is_taken_back(site, state):
    its = Replacing(site, "io1")
    its.write(its.edited({"unit": 7, "driver": "rdm6300"}, [], []), state, "王敏")
    text = site.read_text(encoding="utf-8").replace("title: 东门", "title: 新东门")
    site.write_text(text, encoding="utf-8")
    _, before = Replacing(site, "io1").last(state)
    assert before == small.SITE.replace("title: 东门", "title: 新东门")


def test_a_failed_change_is_put_back_unless_somebody_has_written_meanwhile(site, state):
    its = Replacing(site, "io1")
    after = its.edited({"unit": 7}, [], [])
    its.write(after, state, "王敏")
    assert its.restore(after)
    assert site.read_text(encoding="utf-8") == small.SITE
    its.write(after, state, "王敏")
    site.write_text(after + "# mine\n", encoding="utf-8")
    assert not its.restore(after)
    assert site.read_text(encoding="utf-8").endswith("# mine\n")


def test_what_somebody_wrote_while_the_new_device_was_tried_is_not_lost(site, state):
    its = Replacing(site, "io1")
    after = its.edited({"unit": 7}, [], [])
    site.write_text(small.SITE + "# mine\n", encoding="utf-8")
    with pytest.raises(RefusedError, match="changed meanwhile"):
        its.write(after, state, "王敏")
    assert site.read_text(encoding="utf-8") == small.SITE + "# mine\n"
    assert not state.exists(), "there is nothing to take back"


def test_only_so_many_are_kept_and_what_was_taken_back_is_not_offered_again(site, state):
    for unit in range(2, 26):
        its = Replacing(site, "io1")
        kept = its.write(its.edited({"unit": unit}, [], []), state, "王敏")
    assert len(list(kept.parent.iterdir())) == 20
    forget(kept)
    last, before = Replacing(site, "io1").last(state)
    assert last < kept
    assert entry(before)["unit"] == 23


def test_without_a_replacement_there_is_nothing_to_take_back(site, state):
    with pytest.raises(RefusedError, match="no replacement of io1"):
        Replacing(site, "io1").last(state)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_who_may_not_write_is_told_so_and_nothing_is_written(site, state):
    site.parent.chmod(0o500)
    its = Replacing(site, "io1")
    with pytest.raises(RefusedError, match="sudo"):
        its.write(its.edited({"unit": 7}, [], []), state, "王敏")


def test_a_state_folder_that_cannot_be_used_is_told_and_nothing_is_written(site, state):
    state.write_text("in the way")
    its = Replacing(site, "io1")
    with pytest.raises(RefusedError, match="Not written"):
        its.write(its.edited({"unit": 7}, [], []), state, "王敏")
    assert site.read_text(encoding="utf-8") == small.SITE


def test_a_file_that_is_a_link_stays_one(site, state):
    real = site.parent / "real" / "small.yaml"
    real.parent.mkdir()
    site.rename(real)
    site.symlink_to(real)
    its = Replacing(site, "io1")
    its.write(its.edited({"unit": 7}, [], []), state, "王敏")
    assert site.is_symlink()
    assert "unit: 7" in real.read_text(encoding="utf-8")
