"""`recording:` of a site: what it is without a word, what is refused, and that a reload applies a change."""

from pathlib import Path

import pytest

from daemon.config import load as config
from daemon.config.load import ConfigError, Plan
from daemon.reload.difference import difference
from daemon.reload.words import told
from tests.unit.daemon import small


def load(folder: Path, section: str = "") -> Plan:
    return config.load(small.write(folder, small.SITE + section))


def test_two_weeks_of_what_rules_look_at_and_no_card_is_what_one_gets(tmp_path: Path) -> None:
    found = load(tmp_path).site.recording
    assert (found.points, found.keep, found.cards) == ("rules", 14 * 86400, False)
    assert load(tmp_path, "recording: {points: all, keep: 3d, megabytes: 50}\n").site.recording.keep == 3 * 86400


@pytest.mark.parametrize(
    ("section", "code"),
    [
        ("recording: {points: some}", "one_of"),
        ("recording: {keep: 5m}", "duration_range"),
        ("recording: {keep: 14}", "duration"),
        ("recording: {megabytes: 1}", "too_small"),
        ("recording: {deadband: 0.5}", "too_big"),
        ("recording: {card: true}", "unknown_key"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, section: str, code: str) -> None:
    with pytest.raises(ConfigError) as error:
        load(tmp_path, f"{section}\n")
    assert [fault.code for fault in error.value.faults] == [code]
    assert error.value.faults[0].path.startswith("recording")


def test_a_reload_sees_a_change_and_tells_it(tmp_path: Path) -> None:
    change = difference(load(tmp_path), load(tmp_path, "recording: {cards: true}\n"))
    assert change
    assert [str(each) for each in told(change)] == ["~ recording: cards False → True"]
