"""Counting what happens rather than lasts."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.points import Image, Point, Quality
from gatehouse.rule import Scene
from rules._pulses import Pulses, occurred


class World:
    def __init__(self, **more) -> None:
        self.image, self.wakes = Image([Point(name="x.n", **more)]), []

    def at(self, now: float, value: object = ..., quality: Quality = Quality.GOOD) -> Scene:
        if value is not ...:
            self.image.put("x.n", value, quality, now)
        wall = datetime(2026, 11, 23, tzinfo=UTC)
        return Scene(image=self.image, now=now, wall=wall, changed=(), told={}, standing=(), wake=self.wakes.append)


def test_a_counter_tells_its_growth_within_the_window():
    world, pulses = World(), Pulses()
    growth = [
        pulses.counter(world.at(second, value), "x.n", 10.0)
        for second, value in ((0, 100), (1, 103), (5, 104), (11, 104), (15, 104))
    ]
    assert growth == [0, 3, 4, 1, 0]
    assert world.wakes == [11.0, 11.0, 15.0]


def test_a_counter_that_falls_begins_anew_and_a_gap_is_made_up():
    world, pulses = World(), Pulses()
    told = [
        pulses.counter(world.at(second, value), "x.n", 1.0)
        for second, value in ((0, 65530), (5, 2), (10, 3), (15, None), (20, 7))
    ]
    assert told == [0, 0, 1, None, 4]


def test_a_contact_counts_closings_and_one_at_the_start():
    world, pulses = World(), Pulses()
    told = [
        pulses.contact(world.at(second, value), "x.n", 10.0)
        for second, value in ((0, True), (1, True), (2, False), (3, True), (4, None), (5, True))
    ]
    assert told == [1, 1, 1, 2, None, 2]


def test_judging_again_at_the_same_instant_adds_nothing():
    world, pulses = World(), Pulses()
    pulses.counter(world.at(0, 5), "x.n", 10.0)
    scene = world.at(1, 9)
    assert [pulses.counter(scene, "x.n", 10.0) for _ in range(3)] == [4, 4, 4]


def test_a_momentary_point_lasts_a_while_and_not_longer():
    world = World(momentary=True)
    assert not occurred(world.at(0), "x.n", 2.0)
    assert occurred(world.at(5, "A1"), "x.n", 2.0)
    assert occurred(world.at(6.9), "x.n", 2.0)
    assert not occurred(world.at(7.0), "x.n", 2.0)
    assert world.wakes == [7.0, 7.0]
    assert not occurred(world.at(8.0, "A1", Quality.UNCERTAIN), "x.n", 2.0)


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(0, 50)), max_size=40))
def test_growth_never_exceeds_what_was_added(steps):
    world, pulses, total, now = World(), Pulses(), 1000, 0.0
    pulses.counter(world.at(now, total), "x.n", 2.0)
    for gap, added in steps:
        now, total = now + gap, total + added
        assert 0 <= pulses.counter(world.at(now, total), "x.n", 2.0) <= total - 1000


@pytest.mark.parametrize("arcs", [5000])
def test_memory_is_bounded_whatever_a_contact_does(arcs):
    world, pulses = World(), Pulses()
    for number in range(arcs):
        pulses.contact(world.at(number * 1e-4, bool(number % 2)), "x.n", 1e6)
    assert len(pulses._times["x.n"]) == 1024
