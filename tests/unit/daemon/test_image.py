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
