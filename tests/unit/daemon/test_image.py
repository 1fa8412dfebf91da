"""Points come and go; readings of what stays are not lost."""

from daemon.image import LiveImage
from gatehouse.points import NEVER, Point, Quality


def test_what_stays_keeps_its_reading_what_is_anew_begins_what_goes_is_gone():
    image = LiveImage([Point(name="a.x"), Point(name="b.x"), Point(name="c.x")])
    for name in image.points:
        image.put(name, True, Quality.GOOD, 1.0)
    before = image.read("a.x", 1.0)
    image.change([Point(name="a.x", title="甲"), Point(name="b.x"), Point(name="d.x")], {"b.x", "d.x"})
    assert image.read("a.x", 1.0) is before
    assert image.points["a.x"].title == "甲"
    assert image.read("b.x", 1.0) == image.read("d.x", 1.0) == NEVER
    assert "c.x" not in image.points


def test_a_renewed_reading_is_younger_and_nothing_else():
    image = LiveImage([Point(name="a.x", max_age=2.0), Point(name="a.y", max_age=2.0)])
    image.put("a.x", 7, Quality.GOOD, 1.0)
    image.put("a.y", 8, Quality.GOOD, 1.0)
    image.renew(("a.x",), 4.0)
    assert image.read("a.x", 5.0).good
    assert (image.read("a.x", 5.0).value, image.read("a.x", 5.0).at, image.read("a.x", 5.0).changed) == (7, 4.0, 1.0)
    assert not image.read("a.y", 5.0).good
    image.put("a.x", 9, Quality.GOOD, 6.0)
    assert image.read("a.x", 6.0).at == 6.0


def test_what_begins_anew_does_not_inherit_an_age():
    image = LiveImage([Point(name="a.x", max_age=2.0)])
    image.put("a.x", 7, Quality.GOOD, 1.0)
    image.renew(("a.x",), 4.0)
    image.change([Point(name="a.x")], {"a.x"})
    assert image.read("a.x", 4.0) == NEVER


def test_what_was_too_old_has_moved_when_it_is_read_again():
    """An exit button that is still pressed when its board is back: its rule had taken it for unknown."""
    image = LiveImage([Point(name="a.x", max_age=2.0), Point(name="a.y")])
    for name in image.points:
        assert image.put(name, True, Quality.GOOD, 1.0)
        assert not image.put(name, True, Quality.GOOD, 3.0)
    image.renew(("a.x",), 4.0)
    assert not image.put("a.x", True, Quality.GOOD, 6.0)
    assert image.put("a.x", True, Quality.GOOD, 8.1)
    assert not image.put("a.y", True, Quality.GOOD, 1000.0)


def test_what_is_renewed_together_is_renewed_by_one_instant_even_after_a_change():
    image = LiveImage([Point(name="a.x", max_age=2.0), Point(name="a.y", max_age=2.0)])
    both, one = image.together(("a.x", "a.y")), image.together(("a.y",))
    assert image.together(("a.x", "a.y")) is both
    image.put("a.x", 7, Quality.GOOD, 1.0)
    image.put("a.y", 8, Quality.GOOD, 1.0)
    both.at, one.at = 4.0, 3.0
    assert (image.read("a.x", 4.0).at, image.read("a.y", 4.0).at) == (4.0, 4.0), "the younger of the two"
    one.at = 6.0
    assert (image.read("a.x", 6.0).at, image.read("a.y", 6.0).at) == (4.0, 6.0)
    image.change([Point(name="a.x", max_age=2.0), Point(name="a.y", max_age=2.0)], {"a.y"})
    assert image.read("a.x", 6.0).at == 4.0
    assert image.read("a.y", 6.0) == NEVER
    both.at = 9.0
    assert image.read("a.x", 9.0).good
    assert not image.read("a.y", 9.0).good, "nothing was ever put there"
