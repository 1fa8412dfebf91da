"""Walls are raised as high as the machine lets them be, and never stand in an honest driver's way."""

import resource
from pathlib import Path

import pytest

from daemon.plugins import walls


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> dict[int, tuple[int, int]]:
    """What would be set, instead of setting it for the tests themselves."""
    found: dict[int, tuple[int, int]] = {}
    monkeypatch.setattr(resource, "setrlimit", found.__setitem__)
    return found


def test_without_proc_memory_is_limited_all_the_same(
    limits: dict[int, tuple[int, int]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(walls, "_PROC", tmp_path / "none")
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert list(walls._limits(())) == ["memory"]
    assert limits[resource.RLIMIT_AS] == (640 << 20, 640 << 20)
    assert limits[resource.RLIMIT_NOFILE] == (32, 32)


def test_a_limit_that_holds_the_daemon_already_is_not_asked_to_be_higher(
    limits: dict[int, tuple[int, int]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """To ask would be refused, and every third-party driver with it."""
    monkeypatch.setattr(walls, "_PROC", tmp_path)
    (tmp_path / "statm").write_text("1000 1 1")
    monkeypatch.setattr(resource, "getrlimit", lambda _: (20, 20))
    assert list(walls._limits(())) == ["first-out-of-memory", "memory"]
    assert limits[resource.RLIMIT_AS] == (20, 20)
    assert limits[resource.RLIMIT_NOFILE] == (20, 20)
    assert limits[resource.RLIMIT_CORE] == (0, 0)
