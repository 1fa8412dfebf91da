"""Every wrong site in `bad_sites/`: each fault is found at the very place, and says what a technician needs to know.

A case is a change to `config/small`. ▲ in it marks where a fault must be; `says` and `zh` are what it says there.
All faults that are found must be expected, so no slip is told twice. `site.yaml@io1`: that word there; ⋯: any text.
"""

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from daemon.config import ConfigError, load
from daemon.secrets import Secrets

HERE = Path(__file__).parent
GOOD = HERE.parents[2] / "config" / "small"
CASES = sorted((HERE / "bad_sites").glob("*.yaml"))


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
