from pathlib import Path

import pytest

from simulators.site import SiteError, form, read, section


def test_secrets_are_tolerated(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text("subscribers: {police: {password: !secret police}}\nrules: {a: {value: on}}\n")
    assert read(file) == {"subscribers": {"police": {"password": "police"}}, "rules": {"a": {"value": "on"}}}


def test_the_files_of_a_folder_are_one_site(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("site: {id: x}\nlines: {one: {tcp: 'a:1'}}\n")
    (tmp_path / "b.yaml").write_text("lines: {two: {tcp: 'a:2'}}\n")
    assert list(section(read(tmp_path), "lines")) == ["one", "two"]


@pytest.mark.parametrize(
    ("text", "says"),
    [("- a\n", "is a table"), ("a: [\n", "site.yaml"), ("a: !python/object x\n", "tag"), ("a: 1\na: 2\n", "duplicate")],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "site.yaml"
    file.write_text(text)
    with pytest.raises(SiteError, match=says):
        read(file)


def test_a_missing_file_and_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match="No such file"):
        read(tmp_path / "none.yaml")
    with pytest.raises(SiteError, match=r"no \.yaml"):
        read(tmp_path)


def test_sections_are_tables_of_tables() -> None:
    assert section({}, "doors") == {}
    with pytest.raises(SiteError, match="doors: a table"):
        section({"doors": [1]}, "doors")
    with pytest.raises(SiteError, match=r"doors\.north: a table"):
        section({"doors": {"north": 1}}, "doors")


@pytest.mark.parametrize("line", [{}, {"serial": "a", "tcp": "b:1"}])
def test_a_line_is_of_exactly_one_form(line: dict[str, str]) -> None:
    with pytest.raises(SiteError, match=r"lines\.gate: exactly one of serial, tcp, rtu_over_tcp"):
        form("lines.gate", line)
