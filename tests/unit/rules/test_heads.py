"""Many heads in one rule: names, faults, fault contacts."""

import pytest

from gatehouse.alarms import Condition
from gatehouse.points import Point
from rules._heads import Faults, distinct, located, named, online, paired, standing, where


def test_an_alarm_carries_its_head_in_its_id():
    assert named("gas.alarm", "io4.input1") == "gas.alarm.io4-input1"


def test_each_point_once_and_the_devices_of_all():
    assert online(["a.x", "a.y", "b.x", "a.x"]) == ("a.x", "a.y", "b.x", "a.online", "b.online")


@pytest.mark.parametrize("points", [["a.x", "b.x", "a.x"], ["a.x-y", "a-x.y"]])
def test_two_heads_never_share_an_alarm(points):
    with pytest.raises(ValueError, match="is named twice"):
        distinct(points)
    distinct(["a.x", "a.y", "b.x"])


@pytest.mark.parametrize(
    ("faults", "pairs"), [([], {}), (["f"], {"a": "f", "b": "f"}), (["f", "g"], {"a": "f", "b": "g"})]
)
def test_one_fault_contact_for_all_or_one_each(faults, pairs):
    assert paired(["a", "b"], faults) == pairs


def test_other_numbers_of_fault_contacts_are_refused():
    with pytest.raises(ValueError, match="2 heads have 3 `faults`; give one for all, or one each in order"):
        paired(["a", "b"], ["f", "g", "h"])


def test_each_head_has_a_place_or_none_has():
    assert located(["a", "b"], []) == {}
    assert located(["a", "b"], ["1楼", "2楼"]) == {"a": "1楼", "b": "2楼"}
    with pytest.raises(ValueError, match="2 heads have 1 `places`; give one each, in order"):
        located(["a", "b"], ["1楼"])


@pytest.mark.parametrize(("places", "said"), [({}, "输入板 输入1"), ({"io.a": "3楼东走廊"}, "3楼东走廊")])
def test_a_head_is_where_people_say_or_what_its_board_calls_it(story, places, said):
    class Asks:
        name, outputs, inputs = "x", (), ("io.a",)

        def judge(self, scene):
            assert where(scene, "io.a", places) == said
            return iter(())

    story(Asks(), points=(Point(name="io.a", title="输入板 输入1"),)).at(0)


class Watch:
    """A rule that says nothing but its head's fault."""

    name, outputs = "x", ()

    def __init__(self, fault: str | None = None) -> None:
        self.inputs = online(point for point in ("io.a", fault) if point)
        self.fault, self.faults = fault, Faults()

    def judge(self, scene):
        known = scene.read("io.a").good
        yield self.faults.judge(scene, "x", "devices.io", "io.a", known, 10.0, self.fault)
        stands = standing(scene, "x.alarm.")
        yield Condition(alarm="stands", active=stands, severity=1, kind="", subject="")


def test_a_head_is_in_fault_when_it_says_so_or_cannot_be_read_for_too_long(story):
    s = story(Watch("io.fault"))
    s.at(0, {"io.a": False, "io.fault": False, "io.online": True})
    s.at(5, {"io.fault": True})
    s.at(6, {"io.fault": False})
    s.at(20, {"io.a": None})
    s.at(40, {"io.a": False, "io.fault": None})
    s.at(60, {"io.fault": False})
    assert s.diary == [
        "5 x.sensor.io-a on",
        "6 x.sensor.io-a off",
        "30 x.sensor.io-a on",
        "60 x.sensor.io-a off",
    ]


def test_a_device_that_is_away_is_said_by_another_rule(story):
    s = story(Watch())
    s.at(0, {"io.a": None, "io.online": False})
    s.at(100, {"io.online": True})
    s.at(200)
    assert s.diary == ["110 x.sensor.io-a on"]


def test_what_stands_is_found_by_its_beginning_unless_it_is_set_apart(story):
    s = story(Watch())
    assert s.at(0, standing={"x.alarm.gone-head"})["stands"] is True
    assert s.at(1, standing={"x.alarms.a", "y.x.alarm.a", "x.sensor.io-a"})["stands"] is False
    s.apart = {"x.alarm.io-a"}
    assert s.at(2, standing={"x.alarm.io-a"})["stands"] is False
