"""The load of a line is that of its last minute."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.field.busy import Busy


def test_half_of_the_time() -> None:
    busy = Busy(100.0)
    for second in range(100, 400):
        busy.worked(second, second + 0.5)
    assert busy.load(400.0) == pytest.approx(0.5, abs=0.01)
    assert busy.total == pytest.approx(150)
    assert busy.load(430.0) == pytest.approx(0.25, abs=0.05)
    assert busy.load(470.0) == 0.0


def test_from_the_first_second_on() -> None:
    busy = Busy(0.0)
    assert busy.load(0.0) == 0.0
    busy.worked(0.0, 1.0)
    assert busy.load(2.0) == 0.5


@given(st.lists(st.tuples(st.floats(0, 30), st.floats(0, 30)), max_size=30))
def test_a_share_is_a_share(story: list[tuple[float, float]]) -> None:
    busy, now = Busy(0.0), 0.0
    for rest, work in story:
        busy.worked(now + rest, now + rest + work)
        now += rest + work
        assert 0.0 <= busy.load(now) <= 1.0
