"""What the documents say is so: files and names exist, the twins agree, the example is a valid site."""

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from daemon.config import load as config
from daemon.feeds import texts
from gatehouse.alarms import AlarmState
from gatehouse.demands import Priority

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
FOLDERS = "gatehouse|drivers|rules|daemon|console|simulators|config|systemd|tests|bench|docs|scripts"


def told(document: str) -> str:
    return (ROOT / document).read_text()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", document.read_text()):
        if not re.match(r"[a-z]+:", target):
            assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_file_that_is_named_exists(document: Path) -> None:
    """`daemon/engine.py` must be there; of `daemon/engine.py:Engine.land`, so must each name."""
    for path, names in re.findall(rf"`((?:{FOLDERS})/[\w./-]*)(?::([\w.]+))?`", document.read_text()):
        assert (ROOT / path).exists(), path
        for name in filter(None, names.split(".")):
            assert re.search(rf"^\s*(?:(?:async )?def|class) {name}\b", told(path), re.MULTILINE), f"{path}:{name}"


@pytest.mark.parametrize("twin", ["README.zh-CN.md"])
def test_the_chinese_twin_says_all_that_the_english_one_says(twin: str) -> None:
    english, chinese = told("README.md"), told(twin)
    for pattern in (r"^#+ ", r"^\* ", r"^\|", r"^```\w*$"):
        assert len(re.findall(pattern, chinese, re.MULTILINE)) == len(re.findall(pattern, english, re.MULTILINE)), (
            pattern
        )
    assert code(chinese) == code(english)
    assert set(re.findall(r"\]\(([^)]+)\)", chinese)) - {"README.md"} == set(re.findall(r"\]\(([^)]+)\)", english)) - {
        twin
    }


def code(text: str) -> list[list[str]]:
    """The commands and examples, without what is said about them."""
    blocks = re.findall(r"^```(?:sh|yaml)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [[line.split(" # ")[0].rstrip() for line in block.splitlines()] for block in blocks]


def test_the_site_in_the_readme_is_one(tmp_path: Path) -> None:
    example = re.search(r"^```yaml\n(.*?)^```", told("README.md"), re.MULTILINE | re.DOTALL)[1]
    assert example.count("\n") <= 20, "twenty lines were promised"
    (tmp_path / "site.yaml").write_text(example)
    (tmp_path / "cards.csv").write_text(
        "number,name,doors,from,until,hours\n0004712345,李秀英,north,2025-01-01,2030-12-31,\n"
    )
    plan = config.load(tmp_path / "site.yaml")
    assert {"doors.north.access", "zones.b12.fire_release", "b12-leakage"} <= {rule.name for rule in plan.rules}


def test_the_glossary_knows_every_word_of_the_screen() -> None:
    glossary = told("docs/glossary.md")
    for kind, text in texts.ALARMS.items():
        assert f"| {text.zh} | {text.en} | `{kind}` |" in glossary
    for text in texts.REFUSALS.values():
        assert f"{text.zh} {text.en}" in glossary
    for level in Priority:
        assert f"| {level.value} | {texts.LEVELS[level].zh} | {texts.LEVELS[level].en} |" in glossary
    for state in AlarmState:
        assert re.search(rf"\| {state.value} \|", glossary), state


def test_the_glossary_defines_each_word_once() -> None:
    words = re.findall(r"^\| ([^|]*[\u4e00-\u9fff][^|]*) \|", told("docs/glossary.md"), re.MULTILINE)
    repeated = {word for word in words if words.count(word) > 1} - {"中文"}
    assert not repeated


def test_decisions_are_numbered_and_fit_a_page() -> None:
    pages = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(len(pages)))
    for page in pages:
        assert page.read_text().startswith("# "), page.name
        assert page.read_text().count("\n") <= 60, f"{page.name} is longer than a page"


def test_each_line_of_the_changelog_says_what_it_is() -> None:
    lines = [line for line in told("CHANGELOG.md").splitlines() if line.startswith("*")]
    assert lines
    assert all(re.match(r"\* (CHANGE|FEATURE|FIX) ", line) for line in lines)


def test_every_profile_is_in_the_list_of_devices() -> None:
    rows = re.findall(r"^\| (.*) · (.*) \| `(.*)` \| (\S+) \| .+ \|$", told("docs/devices.md"), re.MULTILINE)
    listed = {name: (title, product, grade) for title, product, name, grade in rows}
    assert len(listed) == len(rows), "one comes twice"
    folder = ROOT / "config/profiles"
    shipped = {file.relative_to(folder).with_suffix("").as_posix(): file for file in folder.rglob("*.yaml")}
    assert listed.keys() == shipped.keys()
    for name, file in shipped.items():
        profile = YAML(typ="safe").load(file)
        title, product, grade = listed[name]
        assert (title, grade) == (profile["title"]["zh"], profile["grade"]), name
        assert product.endswith(profile["model"]), name
