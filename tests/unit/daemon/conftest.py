"""Fixtures over the doubles."""

import pytest

from tests.unit.daemon.doubles import HandClock, Outlet


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def outlet() -> Outlet:
    return Outlet()
