"""What every test of the journal starts from."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.daemon.journal.desk import Disk


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try a failing disk again soon, and hold little room."""
    monkeypatch.setattr("daemon.journal.journal._RETRY", 0.05)
    monkeypatch.setattr("daemon.journal.ballast.SIZE", 1 << 16)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def disk() -> Iterator[Disk]:
    disk = Disk()
    yield disk
    disk.leave()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retention in small steps, and without newest lines that stay whatever happens."""
    monkeypatch.setattr("daemon.journal.trim.STEP", 7)
    monkeypatch.setattr("daemon.journal.trim.LEAST_ROWS", 1)
    monkeypatch.setattr("daemon.journal.trim._FRONT_RUNS", 3)
