"""Messages: every code says the same in both languages, and is used."""

import string
from pathlib import Path

import pytest

from daemon.config.faults import ConfigError, Place, Term, dotted, listed, nearest
from daemon.config.validation import _OWN
from daemon.config.wording import TERMS, WORDS

DAEMON = Path(__file__).parents[4] / "daemon"
PLACE = Place(Path("site.yaml"), 31, 24)


def names(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("code", WORDS)
def test_a_message_is_complete_in_both_languages(code: str) -> None:
    found, right, found_zh, right_zh = WORDS[code]
    assert all((found, right, found_zh, right_zh))
    assert names(found_zh + right_zh) <= names(found + right) | {"example"}
    assert not any("\u4e00" <= character <= "\u9fff" for character in found + right)
    assert any("\u4e00" <= character <= "\u9fff" for character in found_zh)


def test_every_code_is_used_and_every_used_code_is_known() -> None:
    source = "".join(file.read_text() for file in DAEMON.rglob("*.py") if not file.name.startswith("wording"))
    rules = "".join(file.read_text() for file in (DAEMON.parent / "rules").glob("_*.py"))
    composed = {"unknown_line", "unknown_device"}
    assert [code for code in WORDS if f'"{code}"' not in source + rules and code not in composed] == []
    assert set(WORDS) >= _OWN
    assert all(f'"{term}"' in source + "".join(f'"{sort}"' for sort in ("lane", "output")) for term in TERMS)


def test_a_message_gives_place_path_what_was_found_what_is_right_and_the_nearest_name() -> None:
    where = ("doors", "north", "contact")
    fault = PLACE.fault(where, "unknown_point", "io1.input1", value="io1.imput1", device="io1", known="input1…input8")
    assert str(fault) == (
        "site.yaml:31:24 doors.north.contact: 'io1.imput1' does not exist; io1 has input1…input8; "
        "did you mean io1.input1?"
    )
    assert fault.text("zh") == (
        "site.yaml:31:24 doors.north.contact：'io1.imput1' 不存在；io1 有 input1…input8；是不是 io1.input1？"
    )
    assert (fault.found, fault.right) == ("'io1.imput1' does not exist", "io1 has input1…input8")


def test_words_of_the_user_are_never_translated_words_of_the_program_are() -> None:
    own = PLACE.fault((), "wrong_type", value="nothing", wanted="text")
    ours = PLACE.fault((), "wrong_type", value=Term("nothing"), wanted=Term("text"))
    assert own.text("zh") == "site.yaml:31:24 写的是 nothing；这里应为text"
    assert ours.text("zh") == "site.yaml:31:24 写的是 空；这里应为文字"
    assert ours.text("en") == "site.yaml:31:24 found nothing; text belongs here"


def test_braces_of_the_user_stay_as_they_are() -> None:
    assert "{0.__class__}" in str(PLACE.fault((), "bad_name", value="{0.__class__}"))


def test_an_error_holds_its_faults_in_the_order_of_the_files() -> None:
    places = [Place(Path(file), line, 1) for file, line in (("b", 1), ("a", 10), ("a", 9))]
    error = ConfigError(place.fault((), "odd_key") for place in places)
    assert [(str(fault.file), fault.line) for fault in error.faults] == [("a", 9), ("a", 10), ("b", 1)]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ([], "-"),
        (["a", "b"], "a, b"),
        (["in1", "in2", "in3", "in5", "x"], "in1…in3, in5, x"),
        (["in1", "in2"], "in1, in2"),
        (["xy-md02", "a"], "xy-md02, a"),
        (["1", "2", "3"], "1…3"),
        (["", ""], ", "),
        ([f"n{i * 2}" for i in range(20)], ", ".join(f"n{i * 2}" for i in range(16)) + " … (+4)"),
    ],
)
def test_names_are_listed_shortly(given: list[str], shown: str) -> None:
    assert listed(given) == shown


def test_the_nearest_name_is_found_whatever_its_case() -> None:
    assert nearest("IO1.Imput1", ["io2.input7", "io1.input1"]) == "io1.input1"
    assert nearest("8n1", ["8N1", "8E1"]) == "8N1"
    assert nearest("zebra", ["io1"]) == ""


def test_a_path_reads_as_people_write_it() -> None:
    assert dotted(("zones", "b12", "fire", 0)) == "zones.b12.fire[0]"
