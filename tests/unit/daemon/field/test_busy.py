"""The load of a line is that of its last minute."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.field.busy import Busy


def worked(busy: Busy, begin: float, end: float) -> None:
    busy.work(begin)
    busy.work(begin + (end - begin) / 2)
    busy.rest(end)


def test_half_of_the_time() -> None:
    busy = Busy(100.0)
    for second in range(100, 400):
        worked(busy, second, second + 0.5)
    assert busy.load(400.0) == pytest.approx(0.5, abs=0.01)
    assert busy.total(400.0) == pytest.approx(150)
    assert busy.load(430.0) == pytest.approx(0.25, abs=0.05)
    assert busy.load(470.0) == 0.0


def test_from_the_first_second_on() -> None:
    busy = Busy(0.0)
    assert busy.load(0.0) == 0.0
    busy.work(0.0)
    busy.rest(1.0)
    assert busy.load(2.0) == 0.5


def test_a_line_that_never_rests_is_full() -> None:
    busy = Busy(0.0)
    busy.work(0.0)
    assert busy.load(3.0) == pytest.approx(1.0)
    assert busy.load(500.0) == pytest.approx(1.0)
    assert busy.total(500.0) == pytest.approx(500.0)
    busy.rest(500.0)
    assert busy.load(530.0) == pytest.approx(0.5, abs=0.05)


@given(st.lists(st.tuples(st.floats(0, 30), st.floats(0, 30)), max_size=30))
def test_a_share_is_a_share(story: list[tuple[float, float]]) -> None:
    busy, now, work_in_all = Busy(0.0), 0.0, 0.0
    for rest, work in story:
        worked(busy, now + rest, now + rest + work)
        now += rest + work
        work_in_all += work
        assert 0.0 <= busy.load(now) <= 1.0
    assert busy.total(now) == pytest.approx(work_in_all)
