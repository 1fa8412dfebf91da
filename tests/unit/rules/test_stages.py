"""A stage is reached after its delay and left with hysteresis; only believable numbers are measured."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.points import Image, Point, Quality
from gatehouse.rule import Scene
from rules._stages import Stage, measured


def scene(now: float, image: Image | None = None, wakes: list[float] | None = None) -> Scene:
    wake = (lambda at: None) if wakes is None else wakes.append
    return Scene(
        image=image or Image([]),
        now=now,
        wall=datetime(2026, 11, 23, tzinfo=UTC),
        changed=(),
        told={},
        standing=(),
        wake=wake,
    )


@pytest.mark.parametrize(
    ("value", "quality", "seen"),
    [
        (5, Quality.GOOD, 5.0),
        (10.0, Quality.GOOD, 10.0),
        (10.1, Quality.GOOD, None),
        (-0.1, Quality.GOOD, None),
        (5.0, Quality.UNCERTAIN, None),
        (5.0, Quality.BAD, None),
        (True, Quality.GOOD, None),
        ("5", Quality.GOOD, None),
        (float("nan"), Quality.GOOD, None),
    ],
)
def test_only_a_believable_number_is_measured(value, quality, seen):
    image = Image([Point(name="x.v", low=0.0, high=10.0)])
    assert measured(scene(0, image), "x.v") is None
    image.put("x.v", value, quality, 0.0)
    assert measured(scene(0, image), "x.v") == seen


def test_it_asks_to_be_woken_when_the_delay_is_over():
    stage, wakes = Stage(), []
    stage.judge(scene(10.0, wakes=wakes), 7.0, 5.0, 4.0, 3.0)
    assert (stage.reached, wakes) == (None, [13.0])
    stage.judge(scene(13.0), 7.0, 5.0, 4.0, 3.0)
    assert stage.reached is True


def test_between_the_two_it_stays_as_it_was_and_is_unknown_at_first():
    stage = Stage()
    for value, reached in ((4.5, None), (5.0, True), (4.0, True), (3.9, False), (4.5, False)):
        stage.judge(scene(0.0), value, 5.0, 4.0, 0.0)
        assert stage.reached is reached


@given(st.lists(st.one_of(st.floats(-20, 20), st.sampled_from([3.0, 5.0])), min_size=1, max_size=40))
def test_it_is_reached_only_by_a_whole_delay_and_left_only_below_the_hysteresis(values):
    stage, since, was = Stage(), None, None
    for second, value in enumerate(values):
        stage.judge(scene(float(second)), value, 5.0, 3.0, 2.0)
        if value >= 5.0:
            since = second if since is None else since
        elif value < 3.0 or not was:
            since = None
        assert bool(stage.reached) is (was if was and value >= 3.0 else since is not None and second >= since + 2.0)
        was = bool(stage.reached)
