"""The house keeps its shape: small rooms, doors in one direction, nothing left lying about."""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ["gatehouse", "drivers", "rules", "daemon", "console", "simulators"]
UNSEEN = {
    ".git",
    ".venv",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".hypothesis",
    ".import_linter_cache",
    "__pycache__",
}
SOURCES = [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]

FORBIDDEN = re.compile(
    "|".join(
        [
            r"(?<![\w.])/" + r"work/",
            r"/tmp/" + r"w/",
            r"/opt/" + r"pypi",
            r"\.lib" + r"rary\b",
            r"farm-" + r"(?:studio|bench)",
            r"py" + r"pi\.org",
            r"python" + r"hosted",
            r"registry\." + r"npmjs",
            r"deb\." + r"debian\.org",
            r"\bTO" + r"DO\b",
            r"\bFIX" + r"ME\b",
            r"\bXX" + r"X\b",
        ]
    )
)


def files() -> Iterator[Path]:
    """Every file that belongs to the project: git's own list, or all of them where there is no git."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        paths = [path for path in ROOT.rglob("*") if not UNSEEN & set(path.relative_to(ROOT).parts)]
    else:
        paths = [ROOT / name for name in listed.split("\0") if name]
    yield from (path for path in paths if path.is_file())


def test_no_file_names_a_workplace_an_index_or_unfinished_work() -> None:
    found = []
    for file in files():
        text = file.read_text(encoding="utf-8", errors="replace")
        found += [f"{file.relative_to(ROOT)}: {match.group()}" for match in FORBIDDEN.finditer(text)]
    assert not found


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT)))
def test_files_and_functions_stay_small(file: Path) -> None:
    text = file.read_text()
    assert text.count("\n") <= 400, "one idea per file"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno < 60, f"{node.name}, line {node.lineno}: one thing on one level"


def test_the_words_fit_a_few_screens() -> None:
    assert sum(file.read_text().count("\n") for file in (ROOT / "gatehouse").glob("*.py")) < 480


def test_no_file_is_an_attic() -> None:
    attics = {"utils", "util", "helpers", "common", "misc", "types", "manager", "base"}
    assert not [file for file in SOURCES if attics & set(file.stem.strip("_").split("_"))]


@pytest.mark.parametrize("folder", ["drivers", "rules"])
def test_plug_ins_do_not_lean_on_each_other(folder: str) -> None:
    """A plug-in may use the `_files` of its folder, which are no plug-ins, and the files of its own sub-folder."""
    for file in (ROOT / folder).rglob("*.py"):
        own = file.relative_to(ROOT / folder).parts[0].removesuffix(".py")
        if own.startswith("_"):
            continue
        for module in re.findall(rf"^\s*(?:from|import) {folder}\.(\w+)", file.read_text(), re.MULTILINE):
            assert module.startswith("_") or module == own, f"{file.relative_to(ROOT)} imports {folder}.{module}"


def test_unit_tests_mirror_the_tree() -> None:
    strays = []
    for package in PACKAGES:
        for test in (ROOT / "tests/unit" / package).rglob("test_*.py"):
            place = ROOT / package / test.relative_to(ROOT / "tests/unit" / package).parent
            name = test.stem.removeprefix("test_")
            if name == "invariants":  # promises that several files keep together
                continue
            if not any((place / candidate).exists() for candidate in (f"{name}.py", f"_{name}.py", name)):
                strays.append(str(test.relative_to(ROOT)))
    assert not strays, "tests/unit/<folder>/test_<file>.py tests <folder>/<file>.py"


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    program = "import sys; sys.path.insert(0, ''); from importlinter.cli import lint_imports_command as run; run()"
    command = [sys.executable, "-c", program, "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("drivers/intruder.py", "import daemon.clock", "daemon stands on drivers and rules"),
        ("rules/intruder.py", "import asyncio", "do no I/O and keep no time"),
        ("gatehouse/intruder.py", "import rules", "daemon stands on drivers and rules"),
        ("simulators/intruder.py", "import drivers", "two independent hands"),
        ("daemon/intruder.py", "import simulators", "nothing that runs on site needs a simulator"),
        ("console/intruder.py", "import daemon.clock", "speaks to the daemon over its API"),
    ],
)
def test_each_contract_is_broken_by_an_intruder(tmp_path: Path, file: str, line: str, contract: str) -> None:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / file).write_text(f'"""Breaks in."""\n\n{line}\n')
    done = lint_imports(tmp_path)
    broken = [text for text in done.stdout.splitlines() if "BROKEN" in text]
    assert done.returncode != 0
    assert any(contract in text for text in broken), done.stdout + done.stderr
