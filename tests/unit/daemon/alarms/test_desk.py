"""What a person may do about alarms, by name, and how he is told what was done or why not."""

import pytest

from daemon.operator import RefusedError, UnknownError
from gatehouse.alarms import AlarmState, Condition, Severity
from tests.unit.daemon import small
from tests.unit.daemon.small import House

BY = "李四 (guard)"


@pytest.fixture
def house(tmp_path) -> House:
    made = House(tmp_path)
    made.quiet()
    made.passes(1)
    return made


@pytest.fixture
def desk(house):
    return house.daemon.desk


def rises(house, alarm, *, severity=2, active=True, latch=False, subject="doors.north"):
    its = Condition(alarm=alarm, active=active, severity=Severity(severity), kind="door_forced", subject=subject,
                    latch=latch)  # fmt: skip
    house.engine.raise_own(its)


def refused(house, act) -> str:
    """Why not; and it is on the record."""
    before = len(house.events("command.refused"))
    with pytest.raises(RefusedError) as refusal:
        act()
    assert len(house.events("command.refused")) == before + 1
    return str(refusal.value)


# Which one


def test_an_alarm_is_known_by_any_unambiguous_ending(house, desk):
    for name in ("gates.north.forced", "gates.east.forced", "gates.east.held"):
        rises(house, name)
    assert desk.acknowledge("held", BY) == "gates.east.held：已确认。 It is acknowledged now."
    assert desk.acknowledge("north.forced", BY).startswith("gates.north.forced：已确认")
    with pytest.raises(RefusedError, match="不止一个") as several:
        desk.acknowledge("forced", BY)
    assert "gates.north.forced, gates.east.forced" in str(several.value)
    with pytest.raises(UnknownError, match="没有叫 'orced'"):
        desk.acknowledge("orced", BY)


def test_a_whole_incident_is_acknowledged_at_once(house, desk):
    for number in range(7):
        rises(house, f"zones.b12.head{number}", severity=1, subject="zones.b12")
    incident = house.engine.annunciator.standing["zones.b12.head3"].incident
    answer = desk.acknowledge(incident, BY)
    assert answer.startswith("7 个报警：zones.b12.head0、")
    assert "(+2)" in answer
    assert all(alarm.acknowledged_by == BY for alarm in house.engine.annunciator.standing.values())


@pytest.mark.parametrize("verb", ["acknowledge", "reset", "verify", "on_site"])
def test_what_is_said_of_an_earlier_occurrence_says_nothing_of_what_rose_since(house, desk, verb):
    rises(house, "x.forced", latch=True)
    first = house.engine.annunciator.standing["x.forced"]
    desk.acknowledge("x.forced", BY)
    house.clock.now += 3600
    rises(house, "x.forced", active=False, latch=True)
    rises(house, "x.forced", latch=True)
    rises(house, "x.forced", active=False, latch=True)
    since = house.engine.annunciator.standing["x.forced"]
    assert since.occurrence != first.occurrence
    if verb in ("acknowledge", "reset"):
        for name in (first.occurrence, first.incident):
            assert "再次报警" in refused(house, lambda name=name: getattr(desk, verb)(name, BY))
    elif verb == "verify":
        desk.verify(first.occurrence, "test", "", BY)
    else:
        desk.on_site(first.occurrence, BY)
    assert house.engine.annunciator.standing["x.forced"] == since


def test_one_occurrence_among_several_cases_is_named_by_its_case(house, desk):
    for _ in range(2):
        rises(house, "x.forced")
        rises(house, "x.forced", active=False)
        desk.acknowledge("x.forced", BY)
        house.clock.now += 100
    desk.verify(next(iter(house.engine.annunciator.cases)), "true", "", BY)
    with pytest.raises(RefusedError, match="不止一个"):
        desk.close("x.forced", BY)
    first = next(iter(house.engine.annunciator.cases))
    assert "已归档" in desk.close(first, BY)
    assert "已归档" not in refused(house, lambda: desk.close("x.forced", BY))
    second = next(iter(house.engine.annunciator.cases))
    desk.verify(second.rpartition("-")[2], "测试", "", BY)
    assert "已归档" in desk.close("forced", BY)


# Knowing


def test_an_acknowledgement_is_recorded_with_the_person_and_not_repeated(house, desk):
    rises(house, "gates.north.forced")
    desk.acknowledge("gates.north.forced", BY)
    event = house.events("alarm.acknowledged")[-1]
    assert (event["actor"], event["by"]) == (f"person:{BY}", BY)
    assert "已由 李四" in refused(house, lambda: desk.acknowledge("gates.north.forced", "王五 (guard)"))
    assert house.events("alarm.acknowledged") == [event]
    assert house.events("command.refused")[-1]["by"] == "王五 (guard)"


def test_a_latched_alarm_is_let_go_by_name_once_its_condition_is_gone(house, desk):
    rises(house, "b12-leakage.alarm", latch=True)
    assert "触发条件仍在" in refused(house, lambda: desk.reset("b12-leakage.alarm", BY))
    rises(house, "b12-leakage.alarm", latch=True, active=False)
    assert "未结案，请核实归档" in desk.reset("b12-leakage.alarm", BY)
    assert "b12-leakage.alarm" not in house.engine.annunciator.standing
    assert "已恢复正常" in refused(house, lambda: desk.reset("b12-leakage.alarm", BY))


# Handling


def test_from_the_call_to_the_close(house, desk):
    house.quiet(input8=True)
    assert desk.assign("fire", "张三", BY).startswith("已派 张三，待其应答。")
    alarm = house.engine.annunciator.standing["zones.b12.fire"]
    assert (alarm.handling.assigned_to, alarm.acknowledged_by) == ("张三", ""), "whoever is sent has to answer himself"
    desk.on_site("fire", "张三")
    alarm = house.engine.annunciator.standing["zones.b12.fire"]
    assert (alarm.handling.on_site_by, alarm.acknowledged_by) == ("张三", "张三")
    assert "触发条件仍在" in refused(house, lambda: desk.close("fire", BY))
    house.quiet()
    assert "锁存" in refused(house, lambda: desk.close("fire", BY))
    desk.reset("fire", BY)
    assert "还没有核实" in refused(house, lambda: desk.close("fire", BY))
    desk.verify("fire", "false", "油烟", "张三", "三楼厨房")
    assert "已归档" in desk.close("fire", BY)
    kinds = [event["kind"] for event in house.events() if event["kind"].startswith("alarm.")]
    assert kinds == ["alarm.raised", "alarm.assigned", "alarm.on_site", "alarm.acknowledged", "alarm.returned",
                     "alarm.reset", "alarm.verified", "alarm.closed"]  # fmt: skip
    closed = house.events("alarm.closed")[0]
    assert (closed["verdict"], closed["false_cause"], closed["note"], closed["by"]) == (
        "false",
        "cooking",
        "三楼厨房",
        BY,
    )
    with pytest.raises(UnknownError):
        desk.close("fire", BY)


@pytest.mark.parametrize(
    ("verdict", "cause", "zh"),
    [
        ("false", "", "误报须写明原因，可写：cooking 油烟"),
        ("false", "月亮", "没有 '月亮' 这个原因"),
        ("maybe", "", "没有 'maybe' 这个结论，可写：true 真实, false 误报, test 测试"),
    ],
)
def test_a_verdict_is_one_of_three_and_a_false_alarm_has_a_cause(house, desk, verdict, cause, zh):
    rises(house, "x.forced")
    assert zh in refused(house, lambda: desk.verify("x.forced", verdict, cause, BY))
    assert house.engine.annunciator.standing["x.forced"].handling.verdict is None
    assert house.engine.annunciator.standing["x.forced"].acknowledged_by == ""


def test_a_site_has_causes_of_its_own(tmp_path):
    site = small.SITE + "alarms: {false_causes: {ducks: 鸭子, works: 施工}}\n"
    house = House.__new__(House)
    from daemon import main
    from daemon.config import load as config
    from daemon.config.secrets import Secrets
    from tests.unit.daemon.doubles import HandClock

    house.clock = HandClock()
    house.daemon = main.build(config.load(small.write(tmp_path / "site", site)), tmp_path, Secrets([]), house.clock)
    house.engine = house.daemon.engine
    house.quiet()
    rises(house, "x.forced")
    assert "ducks 鸭子, works 施工" in refused(house, lambda: house.daemon.desk.verify("x.forced", "false", "油烟", BY))
    house.daemon.desk.verify("x.forced", "false", "鸭子", BY)
    event = house.events("alarm.verified")[0]
    assert (event["false_cause"], event["reason"]) == ("ducks", "鸭子")


def test_nobody_is_sent_without_a_name_and_nothing_needs_a_close_that_needs_none(house, desk):
    rises(house, "x.held", severity=3)
    assert "请写明派谁" in refused(house, lambda: desk.assign("x.held", " ", BY))
    desk.acknowledge("x.held", BY)
    rises(house, "x.held", severity=3, active=False)
    with pytest.raises(UnknownError):
        desk.close("x.held", BY)


# Setting apart


def test_a_shelf_has_an_end_a_name_and_a_reason(house, desk):
    rises(house, "x.forced")
    assert "已搁置到 11-21 16:00" in desk.shelve("x.forced", 7200, "门磁坏了", BY)
    alarm = house.engine.annunciator.standing["x.forced"]
    assert (alarm.state, alarm.set_apart_by, alarm.set_apart_why) == (AlarmState.SHELVED, BY, "门磁坏了")
    assert "待确认" in desk.unshelve("x.forced", BY)
    assert "没有被搁置" in refused(house, lambda: desk.unshelve("x.forced", BY))


@pytest.mark.parametrize(
    ("seconds", "why", "zh"),
    [(7200, "  ", "须写明原因"), (59, "修", "时长须为 1m 到"), (31 * 86400, "修", "时长须为 1m 到"),
     (float("nan"), "修", "时长须为 1m 到"), (float("inf"), "修", "时长须为 1m 到")],
)  # fmt: skip
def test_without_a_reason_or_for_too_long_nothing_is_set_apart(house, desk, seconds, why, zh):
    rises(house, "x.forced")
    assert zh in refused(house, lambda: desk.shelve("x.forced", seconds, why, BY))
    assert zh in refused(house, lambda: desk.disable("devices.io1", seconds, why, BY))
    assert house.engine.annunciator.standing["x.forced"].suspended is None
    assert not desk.disabled


def test_p1_is_neither_shelved_nor_disabled(house, desk):
    house.quiet(input8=True)
    assert "（P1）不能搁置或屏蔽" in refused(house, lambda: desk.shelve("fire", 600, "吵", BY))
    assert "（P1）不能搁置或屏蔽" in refused(house, lambda: desk.disable("zones.b12.fire", 600, "吵", BY))
    assert "（P1）不能搁置或屏蔽" in refused(house, lambda: desk.disable("zones.b13.fire.2", 600, "吵", BY)), (
        "nor before"
    )
    assert "P1 报警不受影响" in desk.disable("zones.b13", 600, "修", BY)
    house.quiet(input8=True, input3=True)
    assert house.engine.annunciator.standing["zones.b13.fire"].calls
    assert house.engine.arbiter.told["doors.east"] == "open"


def test_what_is_disabled_is_named_in_full_and_put_back_by_name(house, desk):
    assert desk.disable("input3", 3600, "换门磁", BY).startswith("io1.input3：已屏蔽到 11-21 15:00")
    with pytest.raises(UnknownError, match=r"是不是 io1\.input3"):
        desk.disable("io1.inptu3", 3600, "换", BY)
    with pytest.raises(RefusedError, match="不止一个"):
        desk.disable("online", 3600, "换", BY)
    with pytest.raises(UnknownError, match=r"已屏蔽的有：io1\.input3"):
        desk.enable("io1.input4", BY)
    assert desk.enable("input3", BY) == "io1.input3：已解除屏蔽。 Back in service."
    assert [event["kind"] for event in house.events("alarm.disabled", "alarm.enabled")] == [
        "alarm.disabled",
        "alarm.enabled",
    ]


def test_too_many_things_are_not_set_apart(house, desk, monkeypatch):
    monkeypatch.setattr("daemon.alarms.desk.MOST", 2)
    for target in ("io1.input1", "io1.input2"):
        desk.disable(target, 600, "修", BY)
    assert "已有 2 项" in refused(house, lambda: desk.disable("io1.input3", 600, "修", BY))


# Silence


def test_silence_stops_the_sounders_where_it_is_and_says_that_it_is_no_acknowledgement(house, desk):
    house.quiet(input8=True, input3=True)
    assert "未确认的仍须确认" in desk.silence("zones.b12", BY)
    book = house.engine.annunciator.standing
    assert (book["zones.b12.fire"].silenced_by, book["zones.b13.fire"].silenced_by) == (BY, "")
    assert book["zones.b12.fire"].calls
    desk.silence("all", BY)
    assert "没有在响的报警" in refused(house, lambda: desk.silence("all", BY))
