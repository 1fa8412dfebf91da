"""What is set apart is judged and written down, calls nobody, and always comes back."""

from datetime import timedelta

import pytest

from daemon.alarms.shelving import KEY, Disabled
from gatehouse.alarms import AlarmState
from tests.unit.daemon.alarms.conftest import condition

DOOR = "doors.north.forced"


def test_on_the_shelf_it_is_written_down_and_nobody_is_called(run):
    run.judge()
    run.book.shelving.shelve(run.alarm(), 600, "门磁坏了", "李四")
    run.judge(active=False)
    run.passes(120)
    run.judge()
    assert run.alarm().state is AlarmState.SHELVED
    assert run.alarm().count == 2
    assert run.kinds() == ["alarm.raised", "alarm.shelved", "alarm.returned", "alarm.noted"]
    assert not run.alarm().calls


def test_at_its_end_what_holds_calls_again(run):
    run.judge()
    run.book.shelving.shelve(run.alarm(), 600, "门磁坏了", "李四")
    run.passes(599)
    assert run.alarm().state is AlarmState.SHELVED
    run.passes(2)
    assert run.alarm().state is AlarmState.UNACKNOWLEDGED
    assert run.kinds()[-2:] == ["alarm.unshelved", "alarm.raised"]
    assert run.heard[-1][1].calls


def test_at_its_end_what_somebody_knows_or_is_gone_calls_nobody(run):
    for name in ("doors.a.forced", "doors.b.forced"):
        run.judge(name)
        run.book.shelving.shelve(run.alarm(name), 600, "修", "李四")
    run.book.acknowledge("doors.a.forced", "张三")
    run.judge("doors.b.forced", active=False)
    run.passes(601)
    assert run.alarm("doors.a.forced").state is AlarmState.ACKNOWLEDGED
    assert run.alarm("doors.b.forced").state is AlarmState.RETURNED
    assert run.kinds().count("alarm.raised") == 2


def test_p1_is_refused_and_what_becomes_p1_leaves_the_shelf_at_once(run):
    run.judge("zones.a.gas", severity=1)
    with pytest.raises(ValueError, match="P1"):
        run.book.shelving.shelve(run.alarm("zones.a.gas"), 600, "吵", "李四")
    run.judge(severity=2)
    run.book.acknowledge(DOOR, "李四")
    run.book.shelving.shelve(run.alarm(), 600, "吵", "李四")
    run.judge(severity=1)
    assert run.alarm().state is AlarmState.UNACKNOWLEDGED
    assert run.kinds()[-3:] == ["alarm.unshelved", "alarm.raised", "alarm.followed"]
    assert [alarm.calls for kind, alarm in run.heard if kind == "alarm.raised"][-1]
    run.passes(601)
    assert run.kinds().count("alarm.unshelved") == 1, "its old end means nothing any more"


def test_a_disabled_sensor_covers_what_rests_on_it_first_and_never_p1(run, point):
    run.book.shelving.disable("io1.input3", 600, "换门磁", "王工")
    first = {"io1.input3": point(), "io1.input4": point(False)}
    second = {"io1.input4": point(), "io1.input3": point(False)}
    named = {"io1.input4": point(), "io1.input3": point(), "input": "io1.input3"}
    for alarm, seen, severity in (
        ("doors.a.forced", first, 2), ("doors.b.forced", second, 2), ("doors.d.held", {}, 3),
        ("zones.c.fault", named, 3), ("zones.c.fire", named, 1),
    ):  # fmt: skip
        run.judge(alarm, severity=severity, **seen)
    apart = {name for name, alarm in run.book.standing.items() if alarm.state is AlarmState.OUT_OF_SERVICE}
    assert apart == {"doors.a.forced", "zones.c.fault"}


@pytest.mark.parametrize(
    ("target", "covered"),
    [
        ("doors.a", True), ("doors.a.forced", True), ("devices.io1", True), ("io1.input3", True),
        ("doors", True), ("door", False), ("devices.io", False), ("io1.input", False), ("doors.b", False),
    ],
)  # fmt: skip
def test_what_a_target_covers(run, point, target, covered):
    entry = Disabled(target=target, by="x", why="y", since=run.clock.utc(), until=run.clock.utc())
    assert entry.covers(condition("doors.a.forced", True, **{"io1.input3": point()})) is covered
    assert not entry.covers(condition("doors.a.forced", True, severity=1, **{"io1.input3": point()}))


def test_what_two_things_keep_out_stays_out_until_both_are_back(run):
    run.judge()
    run.book.shelving.disable("doors.north", 600, "修门", "王工")
    run.book.shelving.disable(DOOR, 100, "换门磁", "张工")
    run.passes(101)
    assert run.alarm().state is AlarmState.OUT_OF_SERVICE
    assert (run.alarm().set_apart_by, run.alarm().set_apart_why) == ("王工", "修门")
    run.book.shelving.enable("doors.north", "王工")
    assert run.alarm().state is AlarmState.UNACKNOWLEDGED
    assert run.kinds()[-1] == "alarm.raised"


def test_what_is_out_of_service_is_not_put_on_a_shelf_too(run):
    run.judge()
    run.book.shelving.disable(DOOR, 600, "换", "王工")
    with pytest.raises(ValueError, match="apart already"):
        run.book.shelving.shelve(run.alarm(), 60, "吵", "李四")
    with pytest.raises(ValueError, match="not shelved"):
        run.book.shelving.unshelve(run.alarm(), "李四")


@pytest.mark.parametrize(
    ("down", "shift", "apart"),
    [
        (0, timedelta(), True),
        (300, timedelta(), True),
        (3600, timedelta(), False),
        (0, timedelta(days=-366), True),
        (0, timedelta(days=366), False),
    ],
)
def test_after_a_restart_it_ends_at_its_time_or_sooner(run, down, shift, apart):
    run.judge()
    run.book.shelving.shelve(run.alarm(), 1800, "修", "李四")
    run.book.shelving.disable("devices.x", 1800, "修", "李四")
    run.passes(600)
    run.clock.shift += shift
    run.clock.now += down
    run.start()
    assert (run.alarm().state is AlarmState.SHELVED) is apart
    assert ("devices.x" in run.book.shelving.disabled) is apart
    run.passes(1800 - 600 - down - 1 if apart else 1)
    assert (run.alarm().state is AlarmState.SHELVED) is apart
    run.passes(62)  # what is left is written down once a minute
    assert run.alarm().suspended is None
    assert not run.book.shelving.disabled


def test_setting_the_clock_back_again_and_again_lengthens_nothing(run):
    run.judge()
    run.book.shelving.shelve(run.alarm(), 1800, "修", "李四")
    apart = 0
    while run.alarm().state is AlarmState.SHELVED:
        run.passes(300)
        apart += 300
        run.clock.shift -= timedelta(hours=2)
        run.start()
    assert apart <= 1800 + 60 * 6, "each restart costs what was not written down yet, a minute at most"


def test_what_the_last_run_wrote_in_vain_does_not_harm(run):
    run.judge()
    run.book.shelving.shelve(run.alarm(), 1800, "修", "李四")
    run.passes(1)
    assert run.journal.kept[KEY]
    run.journal.kept[KEY] = b"\xff{"
    run.start()
    assert run.alarm().state is AlarmState.SHELVED


def test_when_nothing_is_apart_nothing_is_kept(run):
    run.judge()
    run.book.shelving.shelve(run.alarm(), 600, "修", "李四")
    run.passes(1)
    run.book.shelving.unshelve(run.alarm(), "李四")
    run.passes(1)
    assert run.journal.kept == {}


def test_an_alarm_whose_disabled_thing_is_not_known_any_more_is_back_in_service(run):
    run.judge()
    run.book.shelving.disable(DOOR, 600, "换", "王工")
    run.journal.rows = {name: row for name, row in run.journal.rows.items() if not name.startswith("disabled")}
    run.start()
    assert run.alarm().suspended is None


def test_what_ended_while_nobody_ran_calls_only_once_it_is_known_to_hold(run):
    for name in ("doors.a.forced", "doors.b.forced"):
        run.judge(name)
        run.book.shelving.shelve(run.alarm(name), 600, "修", "李四")
    run.clock.now += 3600
    mark = len(run.journal.events)
    run.start()
    assert "alarm.raised" not in [event.kind for event in run.journal.events[mark:]]
    run.judge("doors.a.forced")
    run.judge("doors.b.forced", active=False)
    raised = [event.content["alarm"] for event in run.journal.events[mark:] if event.kind == "alarm.raised"]
    assert raised == ["doors.a.forced"]
