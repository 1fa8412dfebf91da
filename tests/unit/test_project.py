"""What is installed: one wheel with our folders, and nothing that was not pinned by hash."""

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
OURS = {"gatehouse", "drivers", "rules", "daemon", "console", "simulators"}
LOCKS = ["requirements.lock", "requirements-demo.lock", "requirements-dev.lock"]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def wanted(requirements: list[str]) -> set[str]:
    return {canonical(re.match(r"[\w.-]+", requirement).group()) for requirement in requirements}


def pinned(lock: str) -> dict[str, str]:
    text = (ROOT / lock).read_text()
    return {canonical(name): version for name, version in re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE)}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    (file,) = folder.glob("*.whl")
    return file


def test_the_wheel_holds_our_folders_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert tops == OURS | {f"gatehouse-{PROJECT['project']['version']}.{kind}" for kind in ("data", "dist-info")}
    code = {name for name in names if name.split("/")[0] in OURS}
    files = {str(file.relative_to(ROOT)) for folder in OURS for file in (ROOT / folder).rglob("*.py")}
    assert files <= code, "every file of ours is in it"
    assert "gatehouse/py.typed" in code


def test_what_is_data_lands_under_share_gatehouse(wheel: Path) -> None:
    share = f"gatehouse-{PROJECT['project']['version']}.data/data/share/gatehouse/"
    names = {name.removeprefix(share) for name in zipfile.ZipFile(wheel).namelist() if name.startswith(share)}
    data = {
        str(file.relative_to(ROOT))
        for top in ("config", "systemd")
        for file in (ROOT / top).rglob("*.*")
        if file.is_file()
    }
    assert data <= names
    assert {"config/small/site.yaml", "systemd/gatehouse.service"} <= names


def test_no_other_distribution_claims_our_names() -> None:
    owners = packages_distributions()
    rivals = {name: owners[name] for name in OURS if set(owners.get(name, [])) - {"gatehouse"}}
    assert not rivals, "such a package overwrites our files silently: gatehouse lives in an environment of its own"


@pytest.mark.parametrize("folder", ["config", "systemd", "scripts", "docs", "bench", "tests"])
def test_folders_that_are_no_packages_stay_none(folder: str) -> None:
    assert not list((ROOT / folder).rglob("__init__.py"))


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_everything_by_hash_and_names_no_source(lock: str) -> None:
    entries = re.split(r"\n(?=\S)", re.sub(r"^\s*#.*\n", "", (ROOT / lock).read_text(), flags=re.MULTILINE).strip())
    for entry in entries:
        head, *hashes = (line.strip(" \\") for line in entry.splitlines())
        assert re.fullmatch(r"[\w.\[\]-]+==[\w.!+]+( ; [^@]+)?", head), head
        assert hashes, head
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", line) for line in hashes), head


def test_each_lock_holds_what_the_project_asks_for() -> None:
    project, extras = PROJECT["project"], PROJECT["project"]["optional-dependencies"]
    site = wanted(project["dependencies"]) | {"hatchling"}
    assert site <= pinned("requirements.lock").keys()
    assert site | wanted(extras["demo"]) | wanted(extras["simulators"]) <= pinned("requirements-demo.lock").keys()
    assert site | wanted(extras["demo"]) | wanted(extras["dev"]) <= pinned("requirements-dev.lock").keys()


def test_what_is_tested_is_what_runs_on_site() -> None:
    assert pinned("requirements.lock").items() <= pinned("requirements-demo.lock").items()
    assert pinned("requirements-demo.lock").items() <= pinned("requirements-dev.lock").items()


def test_nothing_for_the_demo_or_for_developers_goes_to_a_site() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    unwanted = wanted(extras["demo"] + extras["simulators"] + extras["dev"]) - {"hatchling"}
    assert not unwanted & pinned("requirements.lock").keys()


@pytest.mark.parametrize("folder", sorted(OURS - {"simulators"}))
def test_every_library_that_is_imported_is_asked_for(folder: str) -> None:
    asked = wanted(PROJECT["project"]["dependencies"])
    optional = wanted(PROJECT["project"]["optional-dependencies"]["demo"]) if folder == "console" else set()
    owners = packages_distributions()
    for file in (ROOT / folder).rglob("*.py"):
        for name in imported(file) - OURS - sys.stdlib_module_names:
            found = {canonical(owner) for owner in owners.get(name, [])}
            assert found & (asked | optional), (
                f"{file.relative_to(ROOT)} imports {name}, which pyproject.toml does not ask for"
            )


def imported(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add((node.module or "").split(".")[0])
    return names
