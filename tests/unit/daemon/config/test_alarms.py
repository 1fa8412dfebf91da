"""What a site may say of its alarms; the example of the documentation is one."""

import re
from pathlib import Path

import pytest

from daemon.config import load as config
from daemon.config.faults import ConfigError
from tests.unit.daemon.small import SITE, write

DOCUMENT = Path(__file__).parents[4] / "docs" / "alarms.md"


def test_without_a_word_the_usual_times_and_causes_count(tmp_path):
    its = config.load(write(tmp_path)).site.alarms
    assert (its.false_causes, its.shelve, its.disable) == ({}, 8 * 3600, 30 * 86400)


def test_the_documents_example_is_one(tmp_path):
    (example,) = re.findall(r"^```yaml\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    its = config.load(write(tmp_path, SITE + example)).site.alarms
    assert (its.false_causes["ducks"], its.shelve, its.disable) == ("鸭子", 4 * 3600, 14 * 86400)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("shelve: 25h", "alarms.shelve"),
        ("shelve: 10s", "alarms.shelve"),
        ("disable: 91d", "alarms.disable"),
        ("disable: forever", "alarms.disable"),
        ("false_causes: [cooking]", "alarms.false_causes"),
        ("false_causes: {油烟: 油烟}", "alarms.false_causes"),
        ("shelf: 2h", "alarms.shelf"),
    ],
)
def test_a_shelf_without_an_end_or_a_list_that_is_none_is_refused(tmp_path, written, says):
    with pytest.raises(ConfigError) as error:
        config.load(write(tmp_path, f"{SITE}alarms: {{{written}}}\n"))
    assert [str(fault) for fault in error.value.faults if says in str(fault)]
