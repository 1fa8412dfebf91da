"""An export is true, or the check says what is not."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.export.check import Checked, NotAnExportError, check, is_export
from daemon.export.order import Order
from daemon.journal.prove import prove
from tests.unit.daemon.export.desk import PERSONAL, PLACE, WHOLE, export, journal
from tests.unit.daemon.journal.book import spoil


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return journal(tmp_path / "journal.db")


def examined(path: Path | None, target: Path) -> Checked:
    return check(target, path, PLACE)


@pytest.mark.parametrize(
    "order", [Order(tier=0), Order(), PERSONAL, WHOLE, Order(kinds="access.*", since="2026-05-01")]
)
def test_what_was_exported_is_found_true(path: Path, tmp_path: Path, order: Order) -> None:
    target = tmp_path / "out.jsonl"
    lines = export(path, target, order)
    assert is_export(target)
    assert not is_export(path)
    found = examined(path, target)
    assert (found.faults, found.whole, found.lines, found.compared, found.gone) == ([], True, lines, lines, 0)
    assert found.chained == (lines - 1 if order is WHOLE else 0)
    assert found.head is not None
    assert prove(path, [found.head])[1][0].said == "proved"
    alone = examined(None, target)
    assert (alone.faults, alone.whole, alone.compared) == ([], True, 0)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_single_byte_of_an_export_is_missed_when_it_is_changed(path: Path, tmp_path: Path, data) -> None:
    target = tmp_path / "out.jsonl"
    if not target.exists():
        export(path, target, PERSONAL)
    raw = bytearray(target.read_bytes())
    place = data.draw(st.integers(0, len(raw) - 2))
    raw[place] ^= 1 << data.draw(st.integers(0, 7))
    spoilt = tmp_path / "spoilt.jsonl"
    spoilt.write_bytes(raw)
    try:
        found = examined(path, spoilt)
        assert found.faults or found.head is None or prove(path, [found.head])[1][0].said != "proved"
    except NotAnExportError:
        pass


def reseal(target: Path, change) -> None:
    """Change the lines and compute the file's own digest anew, as a forger would."""
    from hashlib import sha256

    head, *lines, end = [json.loads(line) for line in target.read_text().splitlines()]
    lines = change(lines)
    raw = "".join(json.dumps(line) + "\n" for line in [head, *lines]).encode()
    end["end"] |= {"lines": len(lines), "sha256": sha256(raw).hexdigest()}
    target.write_bytes(raw + json.dumps(end).encode() + b"\n")


def test_a_forger_who_knows_the_digest_is_found_by_the_journal(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    export(path, target, PERSONAL)
    reseal(target, lambda lines: lines)
    assert examined(path, target).faults == []
    reseal(target, lambda lines: lines[:3] + lines[4:])
    assert examined(path, target).faults == ["缺少第 4 条。 Line 4 is missing."]
    export(path, target, PERSONAL)
    reseal(target, lambda lines: [lines[0] | {"content": lines[0]["content"] | {"person": "张三"}}, *lines[1:]])
    (fault,) = examined(path, target).faults
    assert "Line 1 differs from the journal: content" in fault
    assert examined(None, target).whole


def test_at_tier_3_a_forger_is_found_even_without_the_journal(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    export(path, target, WHOLE)
    reseal(
        target, lambda lines: [*lines[:4], lines[4] | {"body": lines[4]["body"].replace("李四", "张三")}, *lines[5:]]
    )
    assert examined(None, target).faults == ["第 5 条被改过。 Line 5 was changed."]


def test_lines_that_were_cut_since_are_counted_not_blamed(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    export(path, target, PERSONAL)
    spoil(path, "DELETE FROM events WHERE number < 3")
    found = examined(path, target)
    assert (found.faults, found.gone, found.compared) == ([], 2, 10)


def test_what_is_no_whole_export_is_told(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    export(path, target)
    raw = target.read_bytes()
    target.write_bytes(raw[: len(raw) // 2])
    with pytest.raises(NotAnExportError, match="cut off: its last line is missing"):
        examined(path, target)
    target.write_bytes(b'{"a": 1}\n')
    with pytest.raises(NotAnExportError, match="no export of gatehouse"):
        examined(path, target)
    target.write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(NotAnExportError, match="spreadsheet cannot be read"):
        examined(path, target)
