"""Ladders in a whole daemon: sirens in the same pass, people in their turn, an end by an answer, on after a kill."""

import asyncio
import dataclasses
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from gatehouse.alarms import Severity
from tests.unit.daemon.escalation.estate import WHOLE, Estate


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    """By day: wang is on shift."""
    return Estate(tmp_path)


def told(estate: Estate, output: str = "outputs.siren") -> object:
    return estate.engine.arbiter.decisions[output].value


def test_the_siren_is_told_in_the_very_pass_that_sees_the_fire_and_no_message_was_waited_for(tmp_path: Path) -> None:
    estate = Estate(tmp_path, rules=True)
    estate.quiet()
    estate.land(input8=True)
    assert told(estate) is True
    assert estate.sent() == [], "messages follow by themselves"
    order = [(event["kind"], event["subject"]) for event in estate.events("output.told", "message.queued")]
    estate.wait()
    assert ("output.told", "outputs.siren") in order
    assert estate.sent() == [("王班长", "text")]


def test_it_climbs_to_the_top_while_nobody_answers(estate: Estate) -> None:
    estate.alarm()
    estate.wait()
    estate.boxes["text"].say("failed", why="no signal")
    estate.wait()
    assert estate.sent("live") == [("王班长", "live")], "at once by the next channel"
    estate.boxes["live"].say("sent")
    estate.wait(15)
    assert estate.kinds("alarm.escalated") == []
    assert estate.sent("group") == [("", "group")], "nobody has read anything, so the next step is early"
    estate.wait(46)
    assert estate.kinds("alarm.escalated") == ["alarm.escalated"]
    assert estate.sent("live") == [("王班长", "live"), ("李经理", "live")]
    estate.wait(400)
    assert [name for name, _ in estate.sent("live")][2:] == ["陈网格员"] * 3
    message = estate.boxes["live"].put_in[-1][0]
    assert message.title == "P1 fire: 12栋"
    assert "unacknowledged for" in message.text


def test_a_message_says_which_head_it_is_or_who_needs_help(estate: Estate) -> None:
    estate.alarm("zones.b12.fire", where="3楼东走廊" * 20)
    estate.wait()
    message = estate.boxes["text"].put_in[-1][0]
    assert message.title == "P1 火警：12栋"
    assert message.text.startswith("12栋，3楼东走廊3楼东走廊")
    assert len(message.text) < 120, "a lock screen"


def test_an_acknowledgement_ends_it_and_the_siren_with_it(estate: Estate) -> None:
    estate.alarm()
    estate.wait(1)
    estate.daemon.desk.acknowledge("zones.b12.fire", "王班长 (root)")
    estate.passes(0)
    assert told(estate) is False
    estate.wait(1000)
    assert estate.sent() == [("王班长", "text")]
    (ended,) = estate.events("ladder.ended")
    assert (ended["why"], ended["answered"]) == ("answered", ["王班长"])
    assert estate.kept == {}


def test_another_head_calls_anew_though_the_first_was_acknowledged(estate: Estate) -> None:
    estate.alarm()
    estate.wait(1)
    estate.daemon.desk.acknowledge("zones.b12.fire", "王班长")
    estate.alarm("zones.b13.fire")
    estate.wait()
    assert estate.sent() == [("王班长", "text")] * 2
    assert told(estate) is True


def test_life_that_goes_back_to_normal_by_itself_is_climbed_on_anything_else_pauses(estate: Estate) -> None:
    estate.alarm()
    estate.alarm("doors.north.forced", Severity.P2)
    estate.wait(1)
    for name, severity in (("zones.b12.fire", Severity.P1), ("doors.north.forced", Severity.P2)):
        estate.alarm(name, severity, active=False)
    estate.wait(3600)
    assert ("陈网格员", "live") in estate.sent()
    assert [name for name, _ in estate.sent("live") if name == "李经理"] == ["李经理"], "of the fire only"
    assert estate.office.status()["running"][1]["paused"] is True


def test_what_comes_back_within_a_minute_goes_on_where_it_was(estate: Estate) -> None:
    estate.alarm("doors.north.forced", Severity.P2)
    estate.wait(10)
    estate.alarm("doors.north.forced", Severity.P2, active=False)
    estate.wait(10)
    estate.alarm("doors.north.forced", Severity.P2)
    estate.wait(281)
    assert estate.sent() == [("李经理", "live"), ("王班长", "text")] or estate.sent("live") == [("李经理", "live")]


def test_what_was_put_off_while_it_rested_is_not_told_as_late(tmp_path: Path) -> None:
    estate = Estate(tmp_path, WHOLE.replace("{after: 5m, ring: [li]}", "{after: 20s, ring: [li]}"))
    estate.alarm("doors.north.forced", Severity.P2)
    estate.wait(10)
    estate.alarm("doors.north.forced", Severity.P2, active=False)
    estate.wait(40)
    estate.alarm("doors.north.forced", Severity.P2)
    estate.wait()
    assert estate.sent("live") == [("李经理", "live")]
    assert "系统中断" not in estate.boxes["live"].put_in[0][0].text


def test_a_siren_that_has_ended_by_its_time_sounds_again_when_the_alarm_rises_again(tmp_path: Path) -> None:
    estate = Estate(tmp_path, WHOLE.replace("{outputs: [siren]}", "{outputs: [siren], hold: 90s}"))
    estate.alarm()
    estate.wait(100)
    estate.passes(0)
    assert told(estate) is False
    estate.alarm(active=False)
    estate.alarm()
    estate.wait()
    assert told(estate) is True
    estate.wait(100)
    estate.passes(0)
    assert told(estate) is False


def test_what_is_to_be_done_and_when_does_not_pile_up_however_long_nobody_answers(estate: Estate) -> None:
    estate.alarm()
    for _ in range(200):
        estate.wait(60)
        for box in estate.boxes.values():
            for number in range(len(box.put_in)):
                box.say("sent", number)
            box.put_in.clear()
    assert len(estate.office.escalations._due) < 10


def test_two_answers_that_were_asked_for_end_it(tmp_path: Path) -> None:
    estate = Estate(tmp_path, WHOLE.replace("      - {ring: [gate], by: [text, live], unread: 15s}\n",
                    "      - {ring: [gate, manager], answers: 2}\n"))  # fmt: skip
    estate.alarm()
    estate.wait()
    occurrence = estate.engine.annunciator.standing["zones.b12.fire"].occurrence
    estate.daemon.desk.acknowledge("zones.b12.fire", "王班长")
    assert occurrence in estate.office.escalations.runs, "one of two"
    assert estate.office.escalations.answer(occurrence, "李经理")
    assert estate.office.escalations.runs == {}
    assert estate.kept == {}
    assert estate.events("ladder.ended")[0]["answered"] == ["王班长", "李经理"]


def test_a_silenced_alarm_makes_no_noise_and_calls_on(estate: Estate) -> None:
    estate.alarm()
    estate.wait(1)
    estate.daemon.desk.silence("zones.b12.fire", "王班长")
    estate.passes(0)
    assert told(estate) is False
    estate.wait(60)
    assert ("李经理", "live") in estate.sent()


def test_a_shelved_alarm_calls_nobody(estate: Estate) -> None:
    estate.alarm("doors.north.forced", Severity.P2)
    estate.wait(1)
    estate.daemon.desk.shelve("doors.north.forced", 600.0, "维修", "王班长")
    estate.wait(500)
    assert estate.sent("live") == []
    assert estate.office.escalations.runs == {}


def test_a_graver_alarm_takes_the_graver_ladder(estate: Estate) -> None:
    estate.alarm("zones.b12.leak", Severity.P3)
    estate.wait(1)
    estate.alarm("zones.b12.leak", Severity.P1)
    estate.wait()
    assert [run["ladder"] for run in estate.office.status()["running"]] == ["生命"]
    assert told(estate) is True


def test_several_alarms_at_once_the_gravest_is_told_first(estate: Estate) -> None:
    for number in range(40):
        estate.alarm(f"doors.d{number}.forced", Severity.P3)
    estate.alarm()
    assert estate.office.escalations.step(), "there is more"
    first = estate.boxes["text"].put_in[0][0]
    assert first.severity is Severity.P1
    estate.wait()
    assert len(estate.boxes["text"].put_in) == 42, "forty, the fire, and that there are so many"


def test_who_answers_a_call_is_noted_and_counts_where_several_must(estate: Estate) -> None:
    estate.alarm()
    estate.wait()
    (run,) = estate.office.escalations.runs.values()
    assert estate.office.escalations.answer(run.alarm.occurrence, "李经理 (root)")
    assert run.climb.answered == ("li",)
    assert not run.climb.over, "an answer is no acknowledgement"
    assert not estate.office.escalations.answer("no such", "李经理")


def test_without_a_ladder_for_it_nothing_happens(estate: Estate) -> None:
    estate.alarm("devices.io1.silent", Severity.P4)
    estate.wait(10)
    assert estate.sent() == []


# Killed


def calls(estates: list[Estate]) -> list[tuple[str, str, str]]:
    """Key, person and channel of all that was put in, repeats under the same key taken for one."""
    found = {
        message.key.partition("/")[2]: (message.key.partition("/")[2], recipient.name, box.name)
        for estate in estates
        for box in estate.boxes.values()
        for message, recipient, _ in box.put_in
    }
    return sorted(found.values())


@pytest.mark.parametrize("kills", [(0.0,), (5.0,), (16.0, 59.0), (60.0,), (61.0, 62.0, 179.0), (0.0, 30.0, 181.0)])
@pytest.mark.parametrize("wrong", [timedelta(), timedelta(days=365), timedelta(days=-365)])
def test_killed_anywhere_and_the_wall_clock_set_by_a_year_it_goes_on_as_if_nothing_had_been(
    tmp_path: Path, kills: tuple[float, ...], wrong: timedelta
) -> None:
    alone = Estate(tmp_path / "a")
    alone.alarm()
    alone.wait(400)
    lives = [Estate(tmp_path / "b")]
    lives[0].alarm()
    start, clock = lives[0].clock.now, lives[0].clock
    for kill in kills:
        lives[-1].wait(start + kill - clock.now)
        clock.wrong = wrong
        lives.append(Estate(tmp_path / "b", before=lives[-1]))
    lives[-1].wait(start + 400 - clock.now)
    assert calls(lives) == calls([alone])
    assert all("late" not in event for life in lives for event in life.events("ladder.step"))


def test_what_came_due_while_it_was_down_is_done_at_once_and_says_how_late(tmp_path: Path) -> None:
    first = Estate(tmp_path)
    first.alarm()
    first.wait(1)
    first.clock.now += 100
    second = Estate(tmp_path, before=first)
    second.passes(0)
    assert told(second) is True, "the siren is on again before anything is sent"
    second.wait()
    late = [event["late"] for event in second.events("ladder.step")]
    assert late == [71.0, 41.0]
    assert "系统中断" in second.boxes["group"].put_in[0][0].text


def test_what_was_handed_over_and_perhaps_never_sent_is_handed_over_again_under_its_key(tmp_path: Path) -> None:
    first = Estate(tmp_path)
    first.alarm()
    first.wait(1)
    second = Estate(tmp_path, before=first)
    second.wait(1)
    keys = [life.boxes["text"].put_in[0][0].key for life in (first, second)]
    assert keys[0] == keys[1]
    second.boxes["text"].say("sent")
    third = Estate(tmp_path, before=second)
    third.wait(1)
    assert third.sent() == [], "what was sent is not sent again"


def test_after_a_boot_of_the_machine_the_wall_clock_is_believed_a_little(tmp_path: Path) -> None:
    first = Estate(tmp_path)
    first.alarm()
    first.wait(1)
    first.clock.wrong = timedelta(days=365)
    second = Estate(tmp_path)
    second.clock = first.clock
    book = second.engine.annunciator
    book.standing.update(first.engine.annunciator.standing)
    second.office.escalations._boot = "another"
    second.office.escalations._clock = first.clock
    second.office.escalations.restore(first.kept, book.standing.values())
    (run,) = second.office.escalations.runs.values()
    assert second.clock.now - run.zero == 3600


def test_an_alarm_that_the_last_run_had_no_time_to_climb_begins(tmp_path: Path) -> None:
    first = Estate(tmp_path)
    first.alarm()
    first.kept.clear()
    first.clock.now += 40
    second = Estate(tmp_path, before=first)
    second.wait()
    assert second.sent("text") == [("王班长", "text")]
    assert second.sent("group") == [("", "group")]


def test_what_was_acknowledged_before_the_kill_is_not_climbed_after_it(tmp_path: Path) -> None:
    first = Estate(tmp_path)
    first.alarm()
    first.wait(1)
    kept = dict(first.kept)
    first.daemon.desk.acknowledge("zones.b12.fire", "王班长")
    first.kept = kept  # the acknowledgement was durable, what follows from it was not
    second = Estate(tmp_path, before=first)
    second.wait(1000)
    assert second.sent() == []
    assert second.kept == {}


def test_a_state_that_cannot_be_read_costs_no_alarm(tmp_path: Path) -> None:
    first = Estate(tmp_path)
    first.alarm()
    first.wait(1)
    first.kept = dict.fromkeys(first.kept, b"\xff damaged")
    second = Estate(tmp_path, before=first)
    second.wait(61)
    assert ("李经理", "live") in second.sent()


def test_a_changed_site_keeps_what_climbs_and_calls_for_what_nobody_was_called_for(estate: Estate) -> None:
    estate.alarm()
    estate.alarm("devices.io1.silent", Severity.P4)
    estate.wait(1)
    directory = estate.office.directory
    first, rest = directory.ladders
    wider = type(directory)(
        people=directory.people, rotas=directory.rotas, channels=directory.channels, groups=directory.groups,
        ladders=(type(first)(name="new", steps=rest.steps),),
    )  # fmt: skip
    estate.office.change(wider)
    estate.wait(60)
    ladders = {run["alarm"]: run["ladder"] for run in estate.office.status()["running"]}
    assert ladders == {"zones.b12.fire": "生命", "devices.io1.silent": "new"}
    assert ("李经理", "live") in estate.sent()


def test_a_changed_site_that_has_nobody_left_of_a_ladder_calls_those_whom_it_has_now(estate: Estate) -> None:
    estate.alarm()
    estate.alarm("doors.north.forced", Severity.P2)
    estate.alarm("doors.north.held", Severity.P2)
    estate.wait(200)
    estate.alarm("doors.north.held", Severity.P2, active=False)
    before = {message.key for box in estate.boxes.values() for message, _, _ in box.put_in}
    directory = estate.office.directory
    new = dataclasses.replace(directory.people["wang"], id="zhao", name="赵班长")
    first, rest = directory.ladders
    steps = tuple(msgspec.structs.replace(step, ring=("zhao",) if step.ring else (), post=()) for step in first.steps)
    changed = dataclasses.replace(
        directory, people={"zhao": new}, rotas={}, groups=frozenset(),
        ladders=(msgspec.structs.replace(first, steps=steps), rest),
        channels={name: kind for name, kind in directory.channels.items() if name != "group"},
    )  # fmt: skip
    estate.office.change(changed)
    estate.wait()
    new_ones = [(to.name, message) for box in estate.boxes.values() for message, to, _ in box.put_in
                if message.key not in before]  # fmt: skip
    assert {name for name, _ in new_ones} == {"赵班长"}
    assert "再次" not in estate.events("ladder.ended")[0]["why"]
    assert told(estate) is True
    assert [each["alarm"] for each in estate.office.running() if each["paused"]] == ["doors.north.held"]


def test_of_what_has_gone_by_itself_nobody_is_called_after_a_restart(tmp_path: Path) -> None:
    estate = Estate(tmp_path)
    estate.alarm("doors.north.forced", Severity.P2)
    estate.wait(1)
    estate.alarm("doors.north.forced", Severity.P2, active=False)
    estate.kept.clear()
    again = Estate(tmp_path, before=estate)
    again.wait(600)
    assert again.sent() == []


async def test_as_a_task_it_sends_without_being_asked(tmp_path: Path) -> None:
    estate = Estate(tmp_path)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(estate.office.run())
        await asyncio.sleep(0)
        estate.alarm()
        async with asyncio.timeout(2):
            while not estate.sent():  # noqa: ASYNC110 - the task under test makes it true
                await asyncio.sleep(0.001)
        assert estate.office.progress
        running.cancel()


async def test_a_fault_while_telling_costs_one_message_and_nobody_elses(tmp_path: Path) -> None:
    estate = Estate(tmp_path)
    estate.alarm("zones.b12.fire")
    estate.alarm("zones.b13.fire")
    put, failed = estate.boxes["text"].put, []

    def fall_once(*words: object) -> None:
        if not failed:
            failed.append(words)
            raise ZeroDivisionError
        put(*words)

    estate.boxes["text"].put = fall_once
    with pytest.raises(ZeroDivisionError):
        await estate.office.escalations.run()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(estate.office.escalations.run())  # as the supervisor would
        async with asyncio.timeout(2):
            while not estate.sent("text"):  # noqa: ASYNC110 - the task under test makes it true
                await asyncio.sleep(0.001)
        running.cancel()
    estate.wait(15)
    assert estate.sent("live") == [("王班长", "live")] * 2, "unread is unread: the next channel is tried for both"
