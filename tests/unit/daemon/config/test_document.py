"""YAML 1.2 to plain data with places; everything odd is a fault in plain words and never a crash."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from daemon.config import document
from daemon.config.document import LARGEST, Document, Secret


def read(folder: Path, content: str | bytes, *, numbered: bool = False) -> Document:
    file = folder / "x.yaml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return document.read(file, numbered=numbered)


def told(read: Document) -> list[tuple[str, int, int]]:
    return [(fault.code, fault.line, fault.column) for fault in read.faults]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("22:30", "22:30"),
        ("no", "no"),
        ("on", "on"),
        ("NO", "NO"),
        ("2026-01-01", "2026-01-01"),
        ("true", True),
        ("010", 10),
        ("0x1F", 31),
        ("-5", -5),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        ("1_000", "1_000"),
        (".inf", ".inf"),
        ("~", None),
        ("", None),
        ("'5'", "5"),
        ('"true"', "true"),
        ("300 mA", "300 mA"),
        ("!secret police", Secret("police")),
        ("[a, 1, {b: c}]", ["a", 1, {"b": "c"}]),
    ],
)
def test_values_mean_what_a_technician_means(tmp_path: Path, written: str, meant: object) -> None:
    result = read(tmp_path, f"key: {written}\n")
    assert result.faults == []
    assert result.data == {"key": meant}
    assert type(result.data["key"]) is type(meant)


def test_a_file_that_says_it_is_yaml_1_1_is_still_read_as_it_is_meant(tmp_path: Path) -> None:
    assert read(tmp_path, "%YAML 1.1\n---\na: on\nb: 22:30\nc: yes\n").data == {"a": "on", "b": "22:30", "c": "yes"}


def test_every_key_and_value_has_its_place(tmp_path: Path) -> None:
    result = read(tmp_path, "\ufeffdoors:\n  north: {lock: io1.relay1, also: [a, b]}\n")
    north = ("doors", "north")
    assert str(result.place(("doors", "north", "lock"))).endswith("x.yaml:2:17")
    assert str(result.place(("doors", "north", "also", 1))).endswith("x.yaml:2:39")
    assert str(result.place(north, at_key=True)).endswith("x.yaml:2:3")
    assert str(result.place((*north, "missing"))).endswith("x.yaml:2:3")


def test_names_stay_text_but_numbers_in_profiles_stay_numbers(tmp_path: Path) -> None:
    assert read(tmp_path, "0x0F: a\n2: b\non: c\n").data == {"0x0F": "a", "2": "b", "on": "c"}
    assert read(tmp_path, "0x0F: a\n2: b\non: c\n", numbered=True).data == {15: "a", 2: "b", "on": "c"}


def test_a_table_may_borrow_from_another_and_its_own_keys_go_before(tmp_path: Path) -> None:
    text = "a: &a {x: 1, y: 2}\nb: &b {<<: *a, y: 3}\nc: {z: 4, <<: [*b, {w: 5, x: 9}]}\n"
    result = read(tmp_path, text)
    assert result.faults == []
    assert result.data["c"] == {"z": 4, "y": 3, "x": 1, "w": 5}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", [("duplicate_key", 3, 1)]),
        ("a: {b: 1, c: 2, b: 3}\n", [("duplicate_key", 1, 17)]),
        ("a: !!binary aGk=\nb: !vault x\n", [("unknown_tag", 1, 4), ("unknown_tag", 2, 4)]),
        ("a: !secret [x]\n", [("unknown_tag", 1, 4)]),
        ("? [a, b]\n: 1\n", [("odd_key", 1, 3)]),
        ("a: {<<: 5}\n", [("odd_merge", 1, 9)]),
        ("- a\n- b\n", [("not_a_table", 1, 1)]),
        ("just words\n", [("not_a_table", 1, 1)]),
        ("", [("empty_file", 1, 1)]),
        ("# only a comment\n", [("empty_file", 1, 1)]),
        (b"a: 1\nb: \xb1\xb1\xc3\xc5\n", [("not_utf8", 2, 4)]),
        (b"a: 1\nb: x\x00y\n", [("control_character", 2, 5)]),
        ("a: " + "[" * 30 + "]" * 30 + "\n", [("too_deep", 1, 24)]),
        ("a: " + "[" * 5000 + "]" * 5000 + "\n", [("too_deep", 1, 104)]),
        ("- " * 5000 + "x\n", [("too_deep", 1, 1)]),
        ("a: *nowhere\n", [("syntax_star", 1, 4)]),
        ("a: @x\n", [("syntax_quote", 1, 4)]),
        ("a:\n  b: 1\n c: 2\n", [("syntax_indent", 3, 2)]),
        ("a: 1\nb\nc: 2\n", [("syntax_colon", 3, 1)]),
        ("a: b: c\n", [("syntax_colons", 1, 5)]),
        ("a: 1\n\tb: 2\n", [("syntax_tab", 2, 1)]),
        ("a: [1, 2\nb: 3\n", [("syntax_bracket", 1, 4)]),
        ('a: {b: "c, d: 1}\ne: 2\n', [("syntax_open_quote", 1, 8)]),
        ("a: 1\n---\nb: 2\n", [("syntax_documents", 2, 1)]),
        ("site：\n  a: 1\n", [("syntax_wide", 1, 5)]),
        ("a: {b: 1，c: 2: 3}\n", [("syntax_wide", 1, 9)]),
    ],
)
def test_what_cannot_be_read_is_explained_where_it_is(
    tmp_path: Path, content: str | bytes, expected: list[tuple[str, int, int]]
) -> None:
    assert told(read(tmp_path, content)) == expected


def test_a_full_width_sign_inside_a_text_is_no_fault(tmp_path: Path) -> None:
    assert read(tmp_path, "name: 绿地：南社区，北门\n").faults == []


def test_a_few_lines_that_grow_without_bound_are_stopped(tmp_path: Path) -> None:
    values = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
    )
    merges = "m0: &m0 {x: 1}\n" + "".join(
        f"m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * 10)}]}}\n" for n in range(1, 12)
    )
    for text in (values, merges):
        assert [code for code, _, _ in told(read(tmp_path, text))] == ["too_many"]


def test_a_file_beyond_all_measure_is_not_even_read(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    with file.open("wb") as handle:
        handle.truncate(LARGEST + 1)
    assert told(document.read(file)) == [("too_large", 1, 1)]


def test_a_file_that_is_not_there_or_is_a_folder_is_a_fault(tmp_path: Path) -> None:
    assert told(document.read(tmp_path / "none.yaml")) == [("no_file", 1, 1)]
    assert told(document.read(tmp_path)) == [("unreadable", 1, 1)]


@settings(max_examples=400, deadline=None)
@example("&a {<<: *a}")
@example("a: &a [*a]")
@example("a: !!int 'x'")
@example("%YAML 9.9\n---\na: 1")
@example("%TAG ! x\n---\na: !b c")
@example("\u0085a: 1\u2028b")
@given(st.text(alphabet="ab:{}[],-?!&*#|>'\"%@` \n\t<：，1", max_size=60) | st.text(max_size=30))
def test_no_text_whatever_ends_in_anything_but_data_and_faults(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    result = read(tmp_path_factory.mktemp("yaml"), text.encode("utf-8", "surrogatepass"), numbered=True)
    assert all(
        fault.line >= 1 and fault.column >= 1 and fault.text("zh") and fault.text("en") for fault in result.faults
    )
    if not result.faults:
        assert result.data is not None
