"""A safety point that was good and is not, or is read markedly less often, is a reason to take a change back."""

import pytest

from daemon.config import load as config
from daemon.reload.watch import LONGEST_BLIND, Before, Watch, safety_points
from gatehouse.points import Image, Quality
from tests.unit.daemon import small

FIRE, EXIT = "io1.input8", "io1.input2"


@pytest.fixture
def plan(tmp_path):
    return config.load(small.write(tmp_path))


@pytest.fixture
def image(plan):
    image = Image(plan.points)
    for name in safety_points(plan):
        image.put(name, False, Quality.GOOD, 0.0)
    return image


def watched(plan, image, seconds=60.0) -> Watch:
    before = Before()
    for _ in range(4):
        before.look(safety_points(plan), image, 0.1)
    return Watch(before, plan, plan, 0.0, seconds)


def lives(image: Image, watch: Watch, start: float, end: float, every: float = 0.25, period: float = 0.25, *, dead=()):
    """Look again and again while all points but the dead are read each `period`."""
    now, read = start, start
    while now < end:
        if now >= read:
            image.renew([name for name in image.points if image.read(name, now).at > -1 and name not in dead], now)
            read += period
        watch.look(image, now)
        now += every
    return now


def test_safety_points_are_those_of_the_class_and_those_that_free_or_stop(plan):
    names = safety_points(plan)
    assert {f"io1.input{number}" for number in range(1, 9)} <= names
    assert not {"io1.relay1", "north.card", "io1.online"} & names


def test_what_is_read_as_before_is_no_reason(plan, image):
    watch = watched(plan, image)
    now = lives(image, watch, 0.0, 60.0)
    assert watch.urgent(now) == []
    assert watch.verdict(now) == []


def test_a_fire_input_is_not_waited_for_longer_than_ten_seconds(plan, image):
    watch = watched(plan, image)
    now = lives(image, watch, 0.0, LONGEST_BLIND - 1, dead={FIRE, EXIT})
    assert watch.urgent(now) == []
    now = lives(image, watch, now, LONGEST_BLIND + 2, dead={FIRE, EXIT})
    assert [worse.what for worse in watch.urgent(now)] == [FIRE]
    assert watch.urgent(now)[0].why.startswith("stale: ")
    assert {worse.what for worse in watch.verdict(now)} == {FIRE, EXIT}


def test_one_missed_answer_at_the_end_is_no_verdict(plan, image):
    watch = watched(plan, image)
    now = lives(image, watch, 0.0, 59.0)
    image.put(FIRE, False, Quality.UNCERTAIN, now, "just back")
    watch.look(image, now)
    assert watch.verdict(now + 0.5) == []
    image.put(FIRE, False, Quality.UNCERTAIN, now + 1.6, "just back")
    watch.look(image, now + 1.6)
    assert [worse.why for worse in watch.verdict(now + 1.6) if worse.what == FIRE] == ["just back"]


def test_what_was_bad_before_is_not_held_against_the_change(plan, image):
    image.put(FIRE, None, Quality.BAD, 0.0, "no answer")
    watch = watched(plan, image)
    now = lives(image, watch, 0.0, 60.0, dead={FIRE})
    assert watch.urgent(now) == []
    assert watch.verdict(now) == []


def test_only_what_is_good_at_each_look_was_good(plan, image):
    before = Before()
    before.look([FIRE, EXIT], image, 0.1)
    image.put(FIRE, False, Quality.UNCERTAIN, 0.2)
    before.look([FIRE, EXIT], image, 0.3)
    image.put(FIRE, False, Quality.GOOD, 0.4)
    before.look([FIRE, EXIT], image, 0.5)
    assert before.ages == {EXIT: 0.5}


def test_read_markedly_less_often_is_worse_though_it_is_good_at_the_end(plan, image):
    """The limit of this board's inputs is one second: it is now read every two."""
    watch = watched(plan, image)
    now = lives(image, watch, 0.0, 60.25, period=2.0)
    image.renew([name for name in image.points if image.read(name, now).at > -1], now)
    watch.look(image, now)
    verdict = {worse.what: worse.why for worse in watch.verdict(now)}
    assert verdict[FIRE] == "read 1.8 s ago at worst, 0.1 s before the change"


def test_a_single_late_reading_is_not(plan, image):
    watch = watched(plan, image)
    now = lives(image, watch, 0.0, 40.0)
    watch.look(image, now + 1.2)
    now = lives(image, watch, now + 1.3, 60.0)
    assert watch.verdict(now) == []


def test_a_point_that_the_new_site_does_not_have_is_not_missed(plan, image, tmp_path):
    before = Before()
    before.look(safety_points(plan), image, 0.1)
    text = small.SITE.replace("waveshare/rtu-relay-d", "waveshare/rtu-relay")
    lines = [
        line for line in text.splitlines() if not line.startswith(("zones", "  b1", "lanes", "  in:", "       stay"))
    ]
    text = "\n".join(lines).replace(", contact: io1.input1, exit: io1.input2", "") + "\n"
    text = text.replace("access", "#access").replace("reader: north, ", "")
    new = config.load(small.write(tmp_path / "new", text))
    watch = Watch(before, plan, new, 0.0, 60.0)
    watch.look(Image(new.points), 50.0)
    assert watch.verdict(60.0) == []
