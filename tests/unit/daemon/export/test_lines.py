"""Each reader gets what its tier may see, in the site's own time, and nothing by which more could be guessed."""

from pathlib import Path
from typing import Any

import pytest

from daemon.export.lines import Reading
from daemon.export.order import Order, OrderError, order_of
from tests.unit.daemon.export.desk import PERSONAL, PLACE, WHOLE, journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return journal(tmp_path / "journal.db")


def lines(path: Path, order: Order) -> list[dict[str, Any]]:
    reading = Reading(path)
    try:
        return list(reading.lines(order, PLACE, reading.head))
    finally:
        reading.close()


@pytest.mark.parametrize("tier", [0, 1])
def test_below_tier_2_there_is_no_person_no_card_and_no_hash_to_try_names_against(path: Path, tier: int) -> None:
    found = lines(path, Order(tier=tier))
    assert ("access.denied" in {line["kind"] for line in found}) == (tier == 1)
    for word in ("李四", "0012345678", "王五", "hash", "body", "calc"):
        assert word not in str(found)


def test_from_tier_2_people_are_in_it_and_at_tier_3_the_lines_themselves(path: Path) -> None:
    two, three = lines(path, PERSONAL), lines(path, WHOLE)
    assert len(two) == len(three) == 12
    assert two[0]["content"]["person"] == "李四"
    assert len(two[0]["hash"]) == 64
    assert "body" not in two[0]
    assert '"card":"0012345678"' in three[0]["body"]


def test_times_are_the_sites_own(path: Path) -> None:
    (line,) = lines(path, Order(since="2026-05-01T17:00", until="2026-05-01T18:00"))
    assert line["time"] == "2026-05-01T17:00:00.000+08:00"
    assert (line["number"], line["place"], line["text"]["zh"]) == (2, "北门", line["text"]["zh"])


def test_kinds_are_chosen(path: Path) -> None:
    assert {line["kind"] for line in lines(path, Order(kinds="alarm.*,access.denied"))} == {
        "alarm.raised", "access.denied",
    }  # fmt: skip


def test_personal_data_needs_a_name_and_a_reason() -> None:
    Order(tier=1).check()
    WHOLE.check()
    with pytest.raises(OrderError, match="--by and --reason, or take --tier 1"):
        Order(tier=2, by="王敏").check()
    with pytest.raises(OrderError, match="含个人信息"):
        Order(tier=3, by=" ", reason="x").check()


def test_an_export_says_what_it_was_ordered_as() -> None:
    assert order_of({"tier": 2, "since": "2026", "kinds": "a.*", "by": "x"}) == Order(
        tier=2, since="2026", kinds="a.*", by="x"
    )
    assert order_of({"tier": "many"}).tier == 1
