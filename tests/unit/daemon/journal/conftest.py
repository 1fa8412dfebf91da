"""What every test of the journal starts from."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.daemon.journal.desk import Disk


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try a failing disk again soon."""
    monkeypatch.setattr("daemon.journal.journal._RETRY", 0.05)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def disk() -> Iterator[Disk]:
    disk = Disk()
    yield disk
    disk.leave()
