"""Staleness is found at its instant, and fresh readings cost nothing but a look."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.freshness import Freshness
from daemon.image import LiveImage
from gatehouse.points import Point, Quality

LIMIT = 3.0


def watched(*names: str, **spec: object) -> tuple[LiveImage, Freshness]:
    image = LiveImage([Point(name=name, **({"max_age": LIMIT} | spec)) for name in names])
    freshness = Freshness(image)
    freshness.want(names)
    return image, freshness


def put(image: LiveImage, freshness: Freshness, name: str, now: float, quality: Quality = Quality.GOOD) -> None:
    if image.put(name, True, quality, now):
        freshness.moved([name])


def test_what_is_not_said_again_is_found_right_after_its_limit():
    image, freshness = watched("a", "b")
    put(image, freshness, "a", 10)
    put(image, freshness, "b", 11)
    assert 13 < freshness.next() < 13.01
    assert freshness.due(13) == []
    assert freshness.due(13.01) == ["a"]
    assert freshness.due(14.01) == ["b"]


def test_what_is_renewed_meanwhile_is_moved_on():
    image, freshness = watched("a")
    put(image, freshness, "a", 10)
    image.renew(["a"], 12)
    assert freshness.due(13.01) == []
    assert 15 < freshness.next() < 15.01


def test_what_is_the_very_same_after_it_was_stale_is_news():
    """An answer with the same bytes only renews the age: no put says that it is fresh again."""
    image, freshness = watched("a")
    put(image, freshness, "a", 10)
    assert freshness.due(13.01) == ["a"]
    assert freshness.due(14) == []
    image.renew(["a"], 14.2)
    assert freshness.due(14.6) == ["a"]
    assert freshness.due(17.3) == ["a"], "and it can grow stale again"


def test_what_is_bad_or_cannot_grow_stale_is_left_alone():
    image, freshness = watched("a")
    put(image, freshness, "a", 10, Quality.UNCERTAIN)
    assert freshness.next() == math.inf
    image, freshness = watched("a", max_age=math.inf)
    put(image, freshness, "a", 10)
    assert freshness.next() == math.inf
    image, freshness = watched("a", momentary=True)
    put(image, freshness, "a", 10)
    assert freshness.next() == math.inf


def test_a_point_that_is_gone_is_forgotten():
    image, freshness = watched("a")
    put(image, freshness, "a", 10)
    image.change([], ())
    assert freshness.due(20) == []
    assert freshness.next() == math.inf


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.floats(0.01, 2.5), st.sampled_from("abc"), st.sampled_from(["good", "good", "uncertain", "same", "none"])
        ),
        max_size=30,
    )
)
def test_at_every_instant_somebody_was_told_how_it_stands(steps):
    """What `due` and `put` told adds up to the truth, never later than half a second."""
    image, freshness = watched("a", "b", "c")
    now, told = 0.0, dict.fromkeys("abc", False)

    def pass_time(until: float) -> None:
        nonlocal now
        while (due := max(freshness.next(), now)) <= until:
            now = due
            for name in freshness.due(now):
                told[name] = image.read(name, now).good
        now = until

    for delay, name, what in steps:
        pass_time(now + delay)
        if what == "same" and image.read(name, now).value is not None:
            image.renew([name], now)
        elif what in {"good", "uncertain"}:
            quality = Quality.GOOD if what == "good" else Quality.UNCERTAIN
            if image.put(name, True, quality, now):
                freshness.moved([name])
                told[name] = image.read(name, now).good
        for each in "abc":
            if told[each]:
                assert image.read(each, now - 0.002).good, "it grew stale and nobody was told"
    pass_time(now + 0.6)
    assert told == {each: image.read(each, now).good for each in "abc"}


def test_what_was_fresh_for_a_moment_while_the_loop_was_held_up_is_told_once_more():
    image, freshness = watched("a")
    image.put("a", True, Quality.GOOD, 0.0)
    freshness.moved(["a"])
    assert freshness.due(50.0) == ["a"]
    image.put("a", True, Quality.GOOD, 50.1)
    freshness.moved(["a"])
    assert freshness.due(100.0) == ["a"], "whoever was told that it is fresh would believe it for ever"
    assert freshness.due(100.6) == []
    image.renew(["a"], 100.7)
    assert freshness.due(150.0) == ["a"]
