"""A drill moves what was chosen and calls people as a drill; a real alarm goes its whole way, and ends it."""

import dataclasses
from pathlib import Path

import pytest

from console.show_drills import sheets, write
from daemon.operator import RefusedError
from gatehouse.demands import Demand, Passage, Priority
from tests.unit.daemon.desk import serving
from tests.unit.daemon.drills.ground import Ground

OUTPUTS = ("doors.north", "lanes.in", "outputs.siren")


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground(tmp_path)


def begin(ground: Ground, minutes: float = 30, **more: str) -> None:
    ground.exercises.drill("b12", minutes * 60, "季度消防演练", "李四 (root)", **more)
    ground.wait()


def test_it_moves_what_the_site_chose_and_calls_people_with_the_word_first(ground: Ground) -> None:
    begin(ground)
    assert [ground.told(name) for name in OUTPUTS] == [Passage.OPEN, Passage.OPEN, True]
    assert ground.told("doors.east") is Passage.CLOSED
    assert ground.sent() == [("王班长", "text")]
    assert all(message.drill for message in ground.messages())
    assert [event.kind for event in ground.all if event.severity] == []
    ground.later(90)
    assert ("李经理", "live") in ground.sent()
    assert all(message.drill for message in ground.messages())


def test_police_gets_that_there_is_a_drill_and_nothing_else(ground: Ground) -> None:
    before = len(ground.outside())
    begin(ground)
    ground.later(120)
    ground.desk.acknowledge("drills.b12", "王班长 (root)")
    ground.exercises.stop("drill", "b12", "李四 (root)")
    ground.later(5)
    assert [event.kind for event in ground.outside()[before:]] == ["drill.started", "drill.ended"]
    told = {event.kind for event in ground.outside(3, outside=True)[before:]}
    assert {kind for kind in told if kind.startswith(("drill.", "walk."))} == {"drill.started", "drill.ended"}
    inside = {event.kind for event in ground.outside(2)}
    assert {"drill.alarm_raised", "drill.output_told", "drill.message_queued", "drill.alarm_closed"} <= inside


def test_it_ends_by_itself_and_its_doors_with_it(ground: Ground) -> None:
    begin(ground, 2)
    ground.later(119)
    assert ground.told("doors.north") is Passage.OPEN
    ground.later(1)
    assert ground.told("doors.north") is Passage.CLOSED
    assert not ground.exercises.drills.running
    assert not [alarm for alarm in ground.engine.annunciator.standing.values() if alarm.drill]
    assert not ground.office.escalations.runs
    assert ground.find("drills/") == {}


def test_a_real_fire_in_the_drilled_zone_is_real_in_everything(ground: Ground) -> None:
    begin(ground)
    before = len(ground.messages())
    ground.trip("io1.input8")
    decision = ground.engine.arbiter.decisions["doors.north"]
    assert (decision.value, decision.demand.priority) == (Passage.OPEN, Priority.LIFE_SAFETY)
    assert not ground.exercises.drills.running
    real = ground.messages()[before:]
    assert real
    assert not any(message.drill for message in real)
    assert real[0].title.startswith("【真实报警】")
    assert real[0].text.startswith("不是演练！")
    raised = [event for event in ground.outside() if event.kind == "alarm.raised" and event.severity == 1]
    assert [event.content["alarm"] for event in raised] == ["zones.b12.fire"]
    assert raised[0].content["incident"] != ""
    ended = [event for event in ground.outside() if event.kind == "drill.ended"]
    assert [event.content["why"] for event in ended] == ["real"]
    ground.later(70)
    assert "alarm.escalated" in {event.kind for event in ground.outside()}


def test_no_door_closes_between_the_drill_and_the_fire(ground: Ground) -> None:
    begin(ground)
    mark = len(ground.all)
    ground.trip("io1.input8")
    told = [event.content["value"] for event in ground.all[mark:]
            if event.subject == "doors.north" and "value" in event.content]  # fmt: skip
    assert Passage.CLOSED not in told


def test_a_real_alarm_elsewhere_ends_it_too_and_what_is_not_p1_does_not(ground: Ground) -> None:
    begin(ground)
    ground.alarm("doors.east.forced", 2)  # type: ignore[arg-type]
    assert ground.exercises.drills.running
    ground.trip("io1.input3")
    assert not ground.exercises.drills.running
    assert ground.told("doors.east") is Passage.OPEN
    ground.exercises.step(ground.clock.now)
    assert ground.told("doors.north") is Passage.CLOSED


def test_silence_stops_its_siren_and_leaves_its_doors(ground: Ground) -> None:
    begin(ground)
    ground.desk.silence("drills.b12", "李四 (root)")
    ground.later(1)
    assert (ground.told("outputs.siren"), ground.told("doors.north")) == (False, Passage.OPEN)


def test_a_drill_beats_no_lockdown_and_no_veto(ground: Ground) -> None:
    lock = Demand(output="doors.north", value=Passage.CLOSED, priority=Priority.LOCKDOWN, issuer="police")
    ground.engine.arbiter.place("police", [lock])
    begin(ground)
    assert ground.told("doors.north") is Passage.CLOSED


@pytest.mark.parametrize("seconds", [0, 59, 4 * 3600 + 1, float("nan"), float("inf")])
def test_it_is_refused_without_a_sound_end(ground: Ground, seconds: float) -> None:
    with pytest.raises(RefusedError, match="240"):
        ground.exercises.drill("b12", seconds, "演练", "李四")


def test_it_is_refused_without_a_reason_twice_or_while_a_real_alarm_stands(ground: Ground) -> None:
    with pytest.raises(RefusedError, match="reason"):
        ground.exercises.drill("b12", 600, " ", "李四")
    with pytest.raises(RefusedError, match="b12"):
        ground.exercises.drill("b21", 600, "演练", "李四")
    begin(ground)
    with pytest.raises(RefusedError, match="already"):
        begin(ground)
    ground.trip("io1.input8")
    with pytest.raises(RefusedError, match=r"zones\.b12\.fire"):
        begin(ground)


def test_killed_in_the_middle_it_goes_on_and_ends_in_time(ground: Ground, tmp_path: Path) -> None:
    begin(ground, 10)
    ground.later(60)
    again = Ground(tmp_path / "again", ground)
    assert again.told("doors.north") is Passage.OPEN
    assert [playing.drill.zone for playing in again.exercises.drills.running.values()] == ["zones.b12"]
    assert [run.drill for run in again.office.escalations.runs.values()] == [True]
    again.later(539)
    assert again.told("doors.north") is Passage.OPEN
    again.later(5)
    assert again.told("doors.north") is Passage.CLOSED
    assert not again.office.escalations.runs


def test_killed_and_back_after_its_time_it_has_ended(ground: Ground, tmp_path: Path) -> None:
    begin(ground, 10)
    ground.clock.now += 3600
    again = Ground(tmp_path / "again", ground)
    assert again.told("doors.north") is Passage.CLOSED
    assert not again.exercises.drills.running
    assert [event.content["why"] for event in again.outside() if event.kind == "drill.ended"] == ["time"]


def test_what_is_kept_is_damaged_then_nobody_is_called_for_ever(ground: Ground, tmp_path: Path) -> None:
    begin(ground, 10)
    ground.kept = {key: b"?" if key.startswith("drills/") else state for key, state in ground.kept.items()}
    again = Ground(tmp_path / "again", ground)
    assert not again.office.escalations.runs
    assert not [alarm for alarm in again.engine.annunciator.standing.values() if alarm.drill]
    assert again.told("doors.north") is Passage.CLOSED


def test_a_relay_and_a_leaf_confirm_it(ground: Ground) -> None:
    begin(ground)
    ground.clock.now += 0.4
    ground.land("io1", relay1=True)
    ground.clock.now += 1.6
    ground.land("io1", input1=True)
    proofs = [
        (event.content["output"], event.content["proof"]) for event in ground.all if event.kind == "drill.confirmed"
    ]
    assert proofs == [("doors.north", "relay"), ("doors.north", "open")]


def test_a_site_without_the_zone_or_the_output_ends_what_is_not_there_any_more(ground: Ground) -> None:
    begin(ground)
    plan = ground.daemon.plan
    less = [output for output in plan.outputs if output.name != "outputs.siren"]
    ground.engine.arbiter.change(less, [])
    ground.exercises.change()
    assert ground.told("doors.north") is Passage.OPEN
    site = plan.site.model_copy(update={"zones": {"b13": plan.site.zones["b13"]}})
    ground.daemon.plan = dataclasses.replace(plan, site=site)
    ground.exercises.change()
    assert ground.told("doors.north") is Passage.CLOSED
    assert [event.content["why"] for event in ground.outside() if event.kind == "drill.ended"] == ["site"]


async def test_the_report_tells_when_who_and_what(tmp_path: Path) -> None:
    async with serving(tmp_path / "desk") as desk:
        daemon = desk.house.daemon
        said = await desk.ask(
            lambda it: it.post("drills", "b12", "start", by="李四", reason="演练", minutes="30", kind="fire")
        )
        assert "演练开始" in said
        assert "不呼叫任何人" in said, "the small site has no ladder"
        desk.house.clock.now += 2.5
        await desk.ask(lambda it: it.post("alarms", "drills.b12", "on-site", by="王五"))
        refusal = await desk.refused(
            lambda it: it.post("walktests", "b12", "start", by="李四", reason="x", minutes="x")
        )
        assert "x" in refusal
        await desk.ask(lambda it: it.post("drills", "b12", "stop", by="李四"))
        while daemon.journal.waiting():
            await daemon.journal.wait_beyond(daemon.journal.head, 0.01)
        report = await desk.ask(lambda it: it.get("/v1/exercises/drill/report", id="b12"))
        ((five,),) = [[row for row in report["people"] if row["person"].startswith("王五")]]
        assert (five["on_site"], report["lasted"]) == (2.5, 2.5)
        assert report["why"]["zh"] == "人工结束"
        first = next(iter(sheets(report, "zh")))
        assert first.title == "演练"
        assert not [row for row in first.rows if str(row[0]).isascii()], "each fact is named in Chinese"
        write(tmp_path / "report.xlsx", report, "zh")
        assert "日志里没有任何记录" in await desk.refused(lambda it: it.get("/v1/exercises/walktest/report"))
        found = await desk.ask(lambda it: it.get("/v1/events", drill="only"))
        assert {event["kind"].partition(".")[0] for event in found} == {"drill"}
        found = await desk.ask(lambda it: it.get("/v1/events", drill="without", limit=500))
        assert not [event for event in found if event["kind"].startswith("drill.")]
