"""`journal:` of a site file: what it means for the journal, and what is only warned of."""

from pathlib import Path

import pytest

from daemon.config.load import load
from daemon.journal.retention import CLASSES, Retention
from tests.unit.daemon import small


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return small.write(tmp_path)


def test_without_the_section_all_is_kept_as_long_as_the_stricter_source_wants(site: Path) -> None:
    assert load(site).site.journal.retention() == Retention()
    assert {name: its.days for name, its in CLASSES.items()} == {
        "alarm": 366, "drill": 366, "access": 180, "operations": 180, "patrol": 90, "network": 184, "record": 366,
    }  # fmt: skip


def test_days_sizes_and_the_limits_of_the_disk_reach_the_journal(site: Path) -> None:
    section = (
        "journal: {keep: {alarm: 400d, patrol: 100d}, size: {access: 8 GB, all: 40 GB}, full: 90 %, thin: 97.5 %}\n"
    )
    site.write_text(site.read_text() + section)
    found = load(site).site.journal.retention()
    assert found.days == {
        "alarm": 400, "drill": 366, "access": 180, "operations": 180, "patrol": 100, "network": 184, "record": 366,
    }  # fmt: skip
    assert (found.bytes, found.most_bytes) == ({"access": 8 * 10**9}, 40 * 10**9)
    assert (found.alarm_at, found.thin_at) == (90.0, 97.5)


def test_a_short_history_of_fires_is_warned_of(site: Path) -> None:
    site.write_text(site.read_text() + "journal: {keep: {alarm: 100d}}\n")
    (warning,) = [fault for fault in load(site).warnings if fault.code == "fire_history_short"]
    assert "365d (GB/T 45839-2025 5.9.5)" in warning.text("en")
    assert warning.path == "journal.keep.alarm"
