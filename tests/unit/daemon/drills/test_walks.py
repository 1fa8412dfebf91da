"""A walk test ticks heads off and wakes nobody; what is still tripped when it ends is an alarm in that instant."""

from pathlib import Path

import pytest

from daemon.operator import RefusedError
from gatehouse.demands import Passage
from gatehouse.points import Quality
from tests.unit.daemon.drills.ground import Ground

HEADS = ["io1.input8", "io2.input1", "io2.input2", "io2.input3", "io2.input4"]


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground(tmp_path)


def begin(ground: Ground, minutes: float = 30, only: tuple[str, ...] = ()) -> str:
    words = ground.exercises.walk("b12", minutes * 60, "季度测试", "王班长 (root)", only)
    ground.wait()
    return words


def walking(ground: Ground) -> dict[str, object]:
    (walk,) = ground.exercises.status()["walks"]
    return {head["head"]: head["count"] for head in walk["heads"]}


def graver(ground: Ground) -> list[str]:
    return [alarm for alarm, its in ground.engine.annunciator.standing.items() if its.condition.severity <= 2]


def test_each_head_is_ticked_off_and_nothing_else_happens(ground: Ground) -> None:
    begin(ground)
    before = [message.title for message in ground.messages()]
    for head in HEADS:
        ground.trip(head)
        ground.later(2)
        ground.trip(head, on=False)
    ground.trip("io2.input1")
    ground.trip("io2.input1", on=False)
    assert walking(ground) == dict.fromkeys(HEADS, 1) | {"io2.input1": 2}
    assert graver(ground) == []
    assert ground.told("doors.north") is Passage.CLOSED
    assert ground.told("outputs.siren") is False
    assert [message.title for message in ground.messages()] == before
    assert not [event for event in ground.outside() if event.severity in (1, 2) or event.kind.startswith("walk.")]


def test_two_heads_at_once_confirm_no_fire_while_both_are_walked(ground: Ground) -> None:
    begin(ground)
    ground.trip("io2.input1")
    ground.trip("io2.input2")
    assert graver(ground) == []
    assert ground.told("doors.north") is Passage.CLOSED


def test_it_is_a_dangerous_state_and_alarmed_for_its_whole_length(ground: Ground) -> None:
    begin(ground, 5)
    alarm = ground.engine.annunciator.standing["zones.b12.under_test"]
    assert (alarm.condition.severity, alarm.condition.kind, alarm.active) == (3, "zone_under_test", True)
    ground.later(120)
    assert ground.engine.annunciator.standing["zones.b12.under_test"].active
    ground.later(181)
    assert not ground.engine.annunciator.standing["zones.b12.under_test"].active


@pytest.mark.parametrize("end", ["time", "command"])
def test_a_head_that_stays_tripped_is_an_alarm_the_moment_it_ends(ground: Ground, end: str) -> None:
    begin(ground, 5)
    ground.trip("io1.input8")
    if end == "time":
        ground.later(300)
    else:
        ground.exercises.stop("walktest", "b12", "王班长 (root)")
    assert "zones.b12.fire" in graver(ground)
    assert ground.told("doors.north") is Passage.OPEN
    raised = [event for event in ground.outside() if event.kind == "alarm.raised" and event.severity == 1]
    assert [event.content["alarm"] for event in raised] == ["zones.b12.fire"]


def test_the_mask_falls_by_the_clock_even_if_nobody_takes_it_off(ground: Ground) -> None:
    begin(ground, 5)
    ground.clock.now += 301
    ground.land("io1", input8=True)
    assert "zones.b12.fire" in graver(ground)


def test_another_zone_is_untouched(ground: Ground) -> None:
    begin(ground)
    ground.trip("io1.input3")
    assert "zones.b13.fire" in graver(ground)
    assert ground.told("doors.east") is Passage.OPEN
    assert ground.exercises.walks.running, "only a real alarm in its own zone ends it"


def test_a_head_that_was_not_chosen_stays_live_and_ends_the_test(ground: Ground) -> None:
    begin(ground, only=("io2.input1", "io2.input2"))
    ground.trip("io2.input1")
    assert graver(ground) == []
    ground.trip("io2.input3")
    assert not ground.exercises.walks.running
    assert ground.told("doors.north") is Passage.OPEN, "a call point and the head that was held: confirmed"


def test_what_cannot_be_read_is_left_out_and_stays_live(ground: Ground) -> None:
    ground.land("io2", Quality.BAD, input2=None)
    assert "io2.input2" in begin(ground)
    ground.land("io2", input2=True)
    assert "zones.b12.b12-smoke.io2-input2" in graver(ground)


def test_a_fault_of_a_tested_head_is_still_told(ground: Ground) -> None:
    begin(ground)
    ground.land("io2", Quality.BAD, input1=None)
    ground.later(12)
    assert "b12-smoke.sensor.io2-input1" in ground.engine.annunciator.standing


def test_it_is_refused_while_the_zone_is_in_alarm_and_beside_a_drill(ground: Ground) -> None:
    ground.exercises.drill("b12", 600, "演练", "李四")
    with pytest.raises(RefusedError, match="already"):
        begin(ground)
    ground.trip("io2.input4")
    with pytest.raises(RefusedError, match="in alarm"):
        begin(ground)


def test_killed_in_the_middle_it_goes_on_and_knows_what_was_ticked(ground: Ground, tmp_path: Path) -> None:
    begin(ground, 10)
    ground.trip("io2.input1")
    again = Ground(tmp_path / "again", ground)
    assert graver(again) == []
    assert walking(again)["io2.input1"] == 1
    again.later(601)
    assert "zones.b12.b12-smoke.io2-input1" in graver(again)
    assert not again.exercises.walks.running


def test_killed_and_back_after_its_time_all_heads_are_live(ground: Ground, tmp_path: Path) -> None:
    begin(ground, 10)
    ground.trip("io1.input8")
    ground.clock.now += 700
    again = Ground(tmp_path / "again", ground)
    assert "zones.b12.fire" in graver(again)
    assert again.told("doors.north") is Passage.OPEN
