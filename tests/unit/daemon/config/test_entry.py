"""One entry is changed where it stands: every other byte of the file stays, whatever hand has written it."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.config import document
from daemon.config.entry import EntryError, changed, taken_over, written

IO1 = ("devices", "io1")
FLOW = "devices:\n  io1: {line: gate, driver: modbus, profile: a/b, unit: 1, title: 门岗板}  # 板\n  io2: {line: x}\n"
BLOCK = """\
# 站点
devices:
  io0: {line: x}   # before
  io1:             # the board
    line: gate
    # which one
    driver: modbus   # the protocol
    profile: 'a/b'
    unit: 1
    inverted:
      - input1
      - input2

  # the next
  io2: {line: x}
"""


@pytest.mark.parametrize(
    ("values", "dropped", "now"),
    [
        ({"profile": "c/d"}, [], "{line: gate, driver: modbus, profile: c/d, unit: 1, title: 门岗板}"),
        ({"profile": "c/d", "unit": 7}, [], "{line: gate, driver: modbus, profile: c/d, unit: 7, title: 门岗板}"),
        ({"driver": "rdm6300"}, ["profile", "unit"], "{line: gate, driver: rdm6300, title: 门岗板}"),
        ({}, ["title"], "{line: gate, driver: modbus, profile: a/b, unit: 1}"),
        ({}, ["unit", "title"], "{line: gate, driver: modbus, profile: a/b}"),
        ({}, ["line", "profile", "title"], "{driver: modbus, unit: 1}"),
        ({}, ["line", "driver", "profile", "unit", "title"], "{}"),
        ({"also": ["x", "z"], "slower": 0.5}, ["title"],
         "{line: gate, driver: modbus, profile: a/b, unit: 1, also: [x, z], slower: 0.5}"),
        ({"title": "北门, 一号"}, [], '{line: gate, driver: modbus, profile: a/b, unit: 1, title: "北门, 一号"}'),
    ],
)  # fmt: skip
def test_in_braces(values, dropped, now):
    assert changed(FLOW, IO1, values, dropped) == FLOW.replace(
        "{line: gate, driver: modbus, profile: a/b, unit: 1, title: 门岗板}", now
    )


@pytest.mark.parametrize(
    ("values", "dropped", "edits"),
    [
        ({"profile": "c/d"}, [], [("'a/b'", "c/d")]),
        ({"driver": "rdm6300"}, ["profile", "unit"],
         [("modbus   #", "rdm6300   #"), ("    profile: 'a/b'\n    unit: 1\n", "")]),
        ({}, ["inverted"], [("    inverted:\n      - input1\n      - input2\n", "")]),
        ({"inverted": ["di1"]}, [], [("\n      - input1\n      - input2\n", " [di1]\n")]),
        ({"slower": 0.5}, [], [("      - input2\n", "      - input2\n    slower: 0.5\n")]),
        ({"slower": 0.5}, ["inverted"], [("    inverted:\n      - input1\n      - input2\n", "    slower: 0.5\n")]),
    ],
)  # fmt: skip
def test_line_by_line(values, dropped, edits):
    wanted = BLOCK
    for before, after in edits:
        wanted = wanted.replace(before, after)
    got = changed(BLOCK, IO1, values, dropped)
    if values == {"inverted": ["di1"]}:
        assert document.parse(Path("x"), got).data["devices"]["io1"]["inverted"] == ["di1"]
        assert got.replace(" ", "").replace("\n", "") == wanted.replace(" ", "").replace("\n", "")
    else:
        assert got == wanted


def test_windows_line_ends_stay_and_new_lines_have_them():
    text = BLOCK.replace("\n", "\r\n")
    after = changed(text, IO1, {"slower": 0.5, "unit": 2}, ["profile"])
    assert after == changed(BLOCK, IO1, {"slower": 0.5, "unit": 2}, ["profile"]).replace("\n", "\r\n")


def test_at_the_end_of_a_file_without_a_line_end():
    text = "devices:\n  io1:\n    line: gate\n    unit: 1"
    assert changed(text, IO1, {"slower": 0.5}, []) == text + "\n    slower: 0.5"
    assert changed(text, IO1, {}, ["unit"]) == "devices:\n  io1:\n    line: gate\n"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("devices: {io2: {unit: 1}}", "absent"),
        ("devices:\n  io0: &a {unit: 1}\n  io1: *a\n", "alias"),
        ("devices:\n  io1: &a {unit: 1}\n  io2: *a\n", "shared"),
        ("devices:\n  io1: {unit: &u 1}\n  io2: {unit: *u}\n", "shared"),
        ("devices:\n  io1: {unit: 1\n", "syntax"),
        ("devices:\n  io1: 5\n", "absent"),
    ],
)
def test_what_is_shared_with_others_is_not_changed_behind_their_backs(text, code):
    with pytest.raises(EntryError) as refusal:
        changed(text, IO1, {"unit": 2}, [])
    assert refusal.value.code == code


def test_what_is_borrowed_from_another_entry_can_be_overruled_and_not_taken_away():
    text = "devices:\n  io0: &a {unit: 1}\n  io1:\n    <<: *a\n    line: x\n"
    assert changed(text, IO1, {"unit": 2}, []) == text + "    unit: 2\n"
    own = text.replace("line: x", "unit: 3")
    with pytest.raises(EntryError, match="shared"):
        changed(own, IO1, {}, ["unit"])


def test_an_entry_as_it_stood_is_put_back_into_a_file_that_has_changed_elsewhere():
    later = changed(BLOCK, IO1, {"driver": "rdm6300", "unit": 9}, ["profile"]).replace("# 站点", "# 新站点")
    assert taken_over(later, BLOCK, IO1) == BLOCK.replace("# 站点", "# 新站点")
    assert taken_over(FLOW, FLOW, IO1) == FLOW


def test_the_shipped_site_is_changed_in_one_line():
    text = Path("config/small/site.yaml").read_text(encoding="utf-8")
    after = changed(text, ("devices", "mains"), {"profile": "eastron/sdm230", "unit": 9}, [])
    differs = [(a, b) for a, b in zip(text.splitlines(), after.splitlines(), strict=True) if a != b]
    assert len(differs) == 1
    assert "eastron/sdm230, unit: 9, title: 门岗总断路器}" in differs[0][1]


# Files as many hands write them

NAMES = st.sampled_from(["line", "driver", "profile", "unit", "title", "also", "slower", "key"])
SCALARS = st.sampled_from(
    ["1", "0x1F", "gate", "'it''s'", '"双 引号: #"', "北门 一号", "true", "~", "a/b-c", "5s", "300 mA"]
)
SPACES = st.sampled_from(["", " ", "   "])
COMMENTS = st.sampled_from(["", "  # note", " # 注: {x}, [y]", "  #"])


@st.composite
def entries(draw) -> str:
    """What stands behind `io1:`."""
    names = draw(st.lists(NAMES, min_size=1, max_size=6, unique=True))
    values = [draw(SCALARS) for _ in names]
    if draw(st.booleans()):
        pairs = [f"{name}: {value}{draw(SPACES)}" for name, value in zip(names, values, strict=True)]
        gap = draw(st.sampled_from([", ", ",", ",\n       ", ", # note\n     "]))
        return f" {{{draw(SPACES)}{gap.join(pairs)}{draw(st.sampled_from(['', ',']))}}}{draw(COMMENTS)}\n"
    lines = []
    for name, value in zip(names, values, strict=True):
        blocks = [value, value, value, "[a, 'b']", "\n      - a\n      - b", "|\n      text\n      more", "{x: 1}"]
        lines.append(f"    {name}: {draw(st.sampled_from(blocks))}")
        if "\n" not in lines[-1]:
            lines[-1] += draw(COMMENTS)
        lines += draw(st.sampled_from([[], [""], ["    # between"], ["# at the margin"]]))
    return "\n" + "\n".join(lines) + "\n"


@st.composite
def files(draw) -> tuple[str, str, str]:
    """Before, the entry, behind."""
    before = draw(st.sampled_from(["", "# 站点\n", "site: {id: x}\n\nlines:\n  gate: {serial: /dev/x}\n"]))
    behind = draw(
        st.sampled_from(["", "  io2: {line: y}\n", "\n  # 下一个\n  io2:\n    line: y\n", "doors: {}\n", "# end"])
    )
    return before + "devices:\n  io1:", draw(entries()), behind


VALUES = st.dictionaries(
    NAMES, st.sampled_from([1, 0.5, True, "c/d", "东门: 1", "on", "", ["a", "b, c"], " x", "5s", None])
)


@settings(max_examples=60, deadline=None)
@given(file=files(), values=VALUES, dropped=st.sets(NAMES), windows=st.booleans())
def test_nothing_but_the_entry_changes_and_it_says_what_was_wanted(file, values, dropped, windows):
    before, entry, behind = ("".join(part).replace("\n", "\r\n") if windows else part for part in file)
    text = before + entry + behind
    old = document.parse(Path("x"), text)
    staying = old.data.get("devices", {}).get("io1", {}).keys() - (dropped - values.keys())
    if old.faults or not (staying or values):
        return
    after = changed(text, IO1, values, dropped)
    assert after.startswith(before)
    assert after.endswith(behind)
    got = document.parse(Path("x"), after)
    assert not got.faults
    wanted = {key: value for key, value in old.data["devices"]["io1"].items() if key not in dropped or key in values}
    assert got.data["devices"]["io1"] == wanted | values
    for line in entry.splitlines():
        if line.strip().startswith("#"):
            assert line in after.splitlines(), "a comment of its own is nobody's to take away"
    back = taken_over(after, text, IO1)
    assert (back.startswith(before), back.endswith(behind)) == (True, True)
    assert document.parse(Path("x"), back).data == old.data


@given(st.text(max_size=20) | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans())
def test_whatever_is_written_is_read_as_it_was(value):
    text = f"devices:\n  io1: {{a: {written(value)}, b: 1}}\n"
    assert document.parse(Path("x"), text).data["devices"]["io1"]["a"] == value
