"""A site from a file, from a folder, over simulated wires; and every wrong site in `bad_sites/`.

Each fault is found at the very place, and says what a technician needs to know. A case is a change to `config/small`.
▲ in it marks where a fault must be; `says` and `zh` are what it says there.
All faults that are found must be expected, so no slip is told twice. `site.yaml@io1`: that word there; ⋯: any text.
"""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from daemon.config.load import ConfigError, load
from daemon.config.secrets import Secrets

GOOD = Path(__file__).parents[4] / "config" / "small"
CASES = sorted((Path(__file__).parent / "bad_sites").glob("*.yaml"))
SITE = (GOOD / "site.yaml").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the small estate."""
    for file in GOOD.iterdir():
        if file.is_file():
            shutil.copy(file, tmp_path)
    return tmp_path


def codes(path: Path, wires: Path | None = None, secrets: Secrets | None = None) -> list[tuple[str, str, str]]:
    """File, path and code of every fault."""
    with pytest.raises(ConfigError) as caught:
        load(path, wires=wires, secrets=secrets)
    assert str(caught.value).count("\n") + 1 == len(caught.value.faults)
    return [(fault.file.name, fault.path, fault.code) for fault in caught.value.faults]


def test_the_small_estate_loads_as_file_and_as_folder() -> None:
    by_file, by_folder = load(GOOD / "site.yaml"), load(GOOD)
    assert by_file.site == by_folder.site
    assert by_file.points == by_folder.points
    assert by_file.folder == by_folder.folder == GOOD


def test_a_site_may_be_divided_over_files(folder: Path) -> None:
    head, doors = SITE.split("\naccess:")
    east = "  east:   {title: 东门, lock: io1.relay2, contact: io1.input3, exit: io1.input4}\n"
    assert east in doors
    (folder / "site.yaml").write_text(head, encoding="utf-8")
    (folder / "doors.yaml").write_text("access:" + doors.replace(east, ""), encoding="utf-8")
    (folder / "east.yaml").write_text("doors:\n" + east, encoding="utf-8")
    assert {**load(folder).site.doors} == {**load(GOOD).site.doors}


def test_a_fault_in_one_of_several_files_names_that_file(folder: Path) -> None:
    head, doors = SITE.split("\naccess:")
    (folder / "site.yaml").write_text(head, encoding="utf-8")
    (folder / "doors.yaml").write_text("access:" + doors.replace("io1.input4", "io1.input9"), encoding="utf-8")
    assert codes(folder) == [("doors.yaml", "doors.east.exit", "unknown_point")]


def test_the_same_name_in_two_files_is_told_with_both_places(folder: Path) -> None:
    (folder / "a.yaml").write_text("site: {id: x, name: x}\n", encoding="utf-8")
    (folder / "b.yaml").write_text("lines:\n  gate: {tcp: '10.0.0.1:502'}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(folder)
    told = [(f.file.name, f.line, f.path, f.values["first"]) for f in caught.value.faults]
    assert told == [
        ("site.yaml", 4, "site", f"{folder}/a.yaml:1:1"),
        ("site.yaml", 7, "lines.gate", f"{folder}/b.yaml:2:3"),
    ]


def test_files_that_would_be_passed_over_in_silence_are_faults(folder: Path) -> None:
    (folder / "more.yml").write_text("doors: {}\n")
    assert codes(folder) == [("more.yml", "", "wrong_suffix")]


def test_a_folder_without_a_site_and_a_path_to_nothing_are_faults(tmp_path: Path) -> None:
    assert codes(tmp_path) == [(tmp_path.name, "", "no_yaml")]
    assert codes(tmp_path / "none.yaml") == [("none.yaml", "", "no_file")]


def test_an_unreadable_file_does_not_bring_faults_that_are_none(folder: Path) -> None:
    (folder / "site.yaml").write_text(SITE.replace("lines:", "lines: [", 1), encoding="utf-8")
    (folder / "more.yaml").write_text("a: b: c\n")
    assert [code for _, _, code in codes(folder)] == ["syntax_colons", "syntax_bracket"]


def test_simulated_wires_replace_the_ends_of_lines_and_may_have_any_name(folder: Path) -> None:
    wires = folder.parent / f"{folder.name}-wires.yaml"
    wires.write_text("gate: {serial: /dev/pts/7}\nbuilding12: {rtu_over_tcp: '127.0.0.1:5020'}\n")
    site = load(folder, wires=wires).site
    assert (site.lines["gate"].serial, site.lines["gate"].title) == ("/dev/pts/7", "门岗总线")
    assert (site.lines["building12"].tcp, site.lines["building12"].rtu_over_tcp) == (None, "127.0.0.1:5020")
    assert site.lines["power"].serial == load(GOOD).site.lines["power"].serial


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gatte: {serial: /dev/pts/7}\n", ("wires.yaml", "gatte", "wire_unknown")),
        ("gate: {tcp: nowhere}\n", ("wires.yaml", "gate.tcp", "endpoint")),
        (
            "gate: {serial: /dev/pts/7}\npower: {serial: /dev/pts/7}\n",
            ("site.yaml", "lines.power.serial", "port_twice"),
        ),
        ("gate: {}\n", ("wires.yaml", "gate", "line_choice")),
        ("gate: {tcp: 'a:1', serial: /dev/x}\n", ("wires.yaml", "gate", "line_choice")),
    ],
)
def test_faults_of_the_wires_are_faults_too(folder: Path, text: str, expected: tuple[str, str, str]) -> None:
    wires = folder / "sub" / "wires.yaml"
    wires.parent.mkdir()
    wires.write_text(text)
    assert codes(folder, wires) == [expected]


def test_secrets_are_looked_at_only_when_they_are_given(folder: Path) -> None:
    load(folder)
    expected = [("site.yaml", f"subscribers.{name}.password", "secret_missing") for name in ("police", "property")]
    assert codes(folder, secrets=Secrets.beside(folder)) == expected


def test_a_password_that_others_may_read_is_told_with_the_remedy(folder: Path) -> None:
    (folder / "secrets").mkdir()
    for name in ("police", "property"):
        (folder / "secrets" / name).write_text("geheim")
        (folder / "secrets" / name).chmod(0o644)
    with pytest.raises(ConfigError, match=r"chmod 600 .*/secrets/police") as caught:
        load(folder, secrets=Secrets.beside(folder))
    assert "geheim" not in str(caught.value)


def test_no_message_repeats_a_password_that_stands_in_the_file(folder: Path) -> None:
    for wrong in ("geheim123", "12345678", "[geheim123]", "{a: geheim123}"):
        (folder / "site.yaml").write_text(SITE.replace("!secret police", wrong), encoding="utf-8")
        with pytest.raises(ConfigError) as caught:
            load(folder)
        for fault in caught.value.faults:
            shown = f"{fault.text()} {fault.text('zh')} {fault!r}"
            assert "geheim123" not in shown
            assert "12345678" not in shown


@pytest.mark.parametrize(
    ("points", "says"),
    [
        ("  {}", "a profile without points says nothing"),
        (
            "  online: {title: {zh: 在线, en: x}, table: coil, address: 0, kind: access, period: 1s}",
            "its point `online`",
        ),
    ],
)
def test_what_is_wrong_with_a_profile_as_a_whole_is_told(folder: Path, points: str, says: str) -> None:
    shipped = Path(__file__).parents[4] / "config" / "profiles" / "xy-md02.yaml"
    (folder / "profiles").mkdir()
    head = shipped.read_text(encoding="utf-8").partition("points:\n")[0]
    (folder / "profiles" / "xy-md02.yaml").write_text(f"{head}points:\n{points}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(folder)
    assert says in str(caught.value)


def test_own_profiles_of_a_site_go_before_the_shipped_ones(folder: Path) -> None:
    shipped = Path(__file__).parents[4] / "config" / "profiles" / "xy-md02.yaml"
    own = folder / "profiles" / "xy-md02.yaml"
    own.parent.mkdir()
    text = shipped.read_text(encoding="utf-8")
    own.write_text(text.replace("points:\n", "points:\n  extra: {title: {zh: 附加, en: extra}, table: input, "
                   "address: 9, kind: slow, period: 1m}\n"), encoding="utf-8")  # fmt: skip
    assert "climate.extra" in {point.name for point in load(folder).points}
    own.write_text(text.replace("address:", "adress:", 1) + "colour: white\n", encoding="utf-8")
    told = codes(folder)
    assert {file for file, _, _ in told} == {"xy-md02.yaml"}
    assert ("xy-md02.yaml", "colour", "unknown_key") in told
    assert any(path.endswith(".adress") and code == "unknown_key" for _, path, code in told)


def test_a_faulty_profile_of_many_devices_is_told_once(folder: Path) -> None:
    own = folder / "profiles" / "waveshare" / "rtu-relay-d.yaml"
    own.parent.mkdir(parents=True)
    own.write_text("maker: x\n")
    told = codes(folder)
    assert len(told) == len(set(told))
    assert {file for file, _, _ in told} == {"rtu-relay-d.yaml"}


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_a_site_with_random_slips_is_loaded_or_explained(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whatever a hand may do to a file: lines lost or doubled, a word replaced, a sign added or lost."""
    text = SITE
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text) - 1))
        end = data.draw(st.integers(at, min(len(text), at + 12)))
        text = text[:at] + data.draw(st.text(alphabet="ab1.:,{}[]- \n\t!#*&：", max_size=4)) + text[end:]
    folder = tmp_path_factory.mktemp("slips")
    shutil.copy(GOOD / "cards.csv", folder)
    (folder / "site.yaml").write_text(text, encoding="utf-8")
    try:
        load(folder, secrets=Secrets.beside(GOOD))
    except ConfigError as error:
        lines = text.splitlines()
        for fault in error.faults:
            assert fault.text("zh")
            assert "pydantic" not in fault.text()
            assert fault.file.name == "cards.csv" or 1 <= fault.line <= len(lines) + 1


def listed(item: str | list[str]) -> list[str]:
    return [item] if isinstance(item, str) else item


def build(case: dict[str, Any], folder: Path) -> list[tuple[str, int, int]]:
    """Write the wrong site; the places of its faults."""
    texts = {name: (GOOD / name).read_text(encoding="utf-8") for name in ("site.yaml", "cards.csv")}
    if "add" in case:
        name = case["add"]
        texts[name] = case["text"]
    else:
        name = case.get("file", "site.yaml")
        for old, new in zip(listed(case["from"]), listed(case["to"]), strict=True):
            assert old in texts[name], f"the case no longer fits config/small: {old}"
            texts[name] = texts[name].replace(old, new, 1)
    places = []
    while "▲" in texts[name]:
        before, _, after = texts[name].partition("▲")
        places.append((name, before.count("\n") + 1, len(before) - before.rfind("\n")))
        texts[name] = before + after
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    secrets = folder / "secrets"
    secrets.mkdir()
    for name in ("police", "property"):
        (secrets / name).write_text("x")
        (secrets / name).chmod(0o600)
    return places


def words(message: str, folder: Path) -> str:
    """A message without its own place; another place in it as the word that stands there: `site.yaml@io1`."""

    def word(match: re.Match[str]) -> str:
        line = (folder / match[1]).read_text(encoding="utf-8").splitlines()[int(match[2]) - 1]
        return f"{match[1]}@{re.match(r'[^,:{}]*', line[int(match[3]) - 1 :])[0]}"  # type: ignore[index]

    return re.sub(r"(\w+\.yaml):(\d+):(\d+)", word, message.partition(" ")[2].replace(f"{folder}/", ""))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_wrong_site_is_explained_where_it_is_wrong(path: Path, tmp_path: Path) -> None:
    case = YAML(typ="safe", pure=True).load(path)
    places = build(case, tmp_path)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, secrets=Secrets.beside(tmp_path))
    faults = caught.value.faults
    said = [words(fault.text("en"), tmp_path) for fault in faults]
    chinese = [words(fault.text("zh"), tmp_path) for fault in faults]
    for messages, expected in ((said, case["says"]), (chinese, case["zh"])):
        assert len(messages) == len(expected), messages
        for message, wanted in zip(messages, expected, strict=True):
            assert re.fullmatch(re.escape(wanted).replace("⋯", ".*"), message), message
    assert [(fault.file.name, fault.line, fault.column) for fault in faults] == places


def test_there_are_enough_of_them() -> None:
    assert len(CASES) >= 70
