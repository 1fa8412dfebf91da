"""Room is held while there is plenty, and given up once."""

import errno
import os
from pathlib import Path

import pytest

from daemon.journal.ballast import SIZE, Ballast


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.journal.ballast.SIZE", 1 << 20)


def test_room_is_really_taken_and_given_back(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path / "journal.db")
    ballast.lay(SIZE * 16)
    stat = (tmp_path / "journal.db.ballast").stat()
    assert stat.st_blocks * 512 >= 1 << 20
    ballast.lay(SIZE * 16)
    assert ballast.drop()
    assert not ballast.drop()
    assert list(tmp_path.iterdir()) == []


def test_a_small_disk_is_left_alone(tmp_path: Path) -> None:
    Ballast(tmp_path / "journal.db").lay(8 << 20)
    assert list(tmp_path.iterdir()) == []


def test_a_file_system_that_will_not_is_left_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(handle: int, start: int, size: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    Ballast(tmp_path / "journal.db").lay(SIZE * 16)
    assert list(tmp_path.iterdir()) == []
