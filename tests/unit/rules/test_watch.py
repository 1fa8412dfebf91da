"""How rules look at points, and count time."""

from datetime import UTC, datetime

import pytest

from gatehouse.points import Image, Point, Quality
from gatehouse.rule import Scene
from rules._watch import Lasting, switch


def scene(image: Image, now: float, wakes: list[float] | None = None) -> Scene:
    wake = (lambda at: None) if wakes is None else wakes.append
    return Scene(
        image=image, now=now, wall=datetime(2026, 11, 23, tzinfo=UTC), changed=(), told={}, standing=(), wake=wake
    )


@pytest.mark.parametrize(
    ("value", "quality", "seen"),
    [
        (True, Quality.GOOD, True),
        (False, Quality.GOOD, False),
        (True, Quality.UNCERTAIN, None),
        (True, Quality.BAD, None),
        (None, Quality.GOOD, None),
        (1, Quality.GOOD, None),
        ("on", Quality.GOOD, None),
    ],
)
def test_only_a_good_switch_is_true_or_false(value, quality, seen):
    image = Image([Point(name="io.x")])
    assert switch(scene(image, 0), "io.x") is None
    image.put("io.x", value, quality, 0.0)
    assert switch(scene(image, 0), "io.x") is seen


def test_lasting_counts_without_a_break_and_each_thing_by_itself():
    image, wakes, lasting = Image([]), [], Lasting()
    assert not lasting.due(scene(image, 10, wakes), "a", True, 5)
    assert not lasting.due(scene(image, 13, wakes), "b", True, 5)
    assert lasting.due(scene(image, 15), "a", True, 5)
    assert not lasting.due(scene(image, 16), "a", False, 5)
    assert not lasting.due(scene(image, 17, wakes), "a", True, 5)
    assert lasting.due(scene(image, 18), "b", True, 5)
    assert wakes == [15, 18, 22]


def test_no_time_at_all_is_at_once():
    assert Lasting().due(scene(Image([]), 10), "a", True, 0)
