"""Condition and acknowledgement are two facts; nothing is forgotten."""

from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest

from daemon.alarms.annunciator import Annunciator
from gatehouse.alarms import AlarmState, Condition, Severity, Verdict

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)


@pytest.fixture
def told() -> list:
    return []


@pytest.fixture
def book(told) -> Annunciator:
    return Annunciator(lambda kind, subject, **more: told.append((kind, subject, more)))


def condition(active, *, latch=False, severity=Severity.P1) -> Condition:
    return Condition(
        alarm="zones.b12.fire", active=active, severity=severity, kind="fire", subject="zones.b12", latch=latch
    )


def state(book) -> AlarmState | None:
    alarm = book.standing.get("zones.b12.fire")
    return alarm.state if alarm else None


def kinds(told) -> list[str]:
    return [kind for kind, _, _ in told]


def test_an_alarm_of_the_last_run_that_cannot_be_read_costs_no_other(book):
    book.judge(condition(True), "r", NOW)
    good = msgspec.json.encode(book.standing["zones.b12.fire"])
    again = Annunciator(lambda *_, **__: None)
    again.restore([b"{}", b"no JSON", good])
    assert set(again.standing) == {"zones.b12.fire"}


def test_what_was_restored_late_does_not_replace_what_is_known_by_now(book):
    book.judge(condition(True), "r", NOW)
    old = msgspec.json.encode(book.standing["zones.b12.fire"])
    book.acknowledge("zones.b12.fire", "李四")
    book.restore([old])
    assert book.standing["zones.b12.fire"].acknowledged_by == "李四"


def test_each_event_is_handed_over_with_its_alarm_and_can_be_told_again_without_another():
    events, kept, heard = [], [], []
    book = Annunciator(lambda kind, *_, **__: events.append(kind) or len(events))
    book.wrote = lambda alarm, event: kept.append((alarm.occurrence, event))
    book.watch(lambda kind, alarm: heard.append((kind, len(kept))))
    book.judge(condition(True), "r", NOW)
    alarm = book.standing["zones.b12.fire"]
    assert kept == [(alarm.occurrence, 1)]
    book.tell("alarm.raised", alarm)
    assert events == ["alarm.raised"]
    assert heard == [("alarm.raised", 1)] * 2, "an alarm is handed over before anybody hears of it"


def test_an_alarm_is_told_whatever_its_evidence_is(book, told):
    book.judge(replace(condition(True), evidence={"what": object()}), "r", NOW)
    assert kinds(told) == ["alarm.raised"]


def test_an_alarm_that_clears_by_itself_stays_until_acknowledged(book, told):
    book.judge(condition(True), "r", NOW)
    book.judge(condition(False), "r", NOW)
    assert state(book) is AlarmState.RETURNED
    book.acknowledge("zones.b12.fire", "李四")
    assert state(book) is None
    assert kinds(told) == ["alarm.raised", "alarm.returned", "alarm.acknowledged"]


def test_an_acknowledged_alarm_stays_until_it_clears(book):
    book.judge(condition(True), "r", NOW)
    book.acknowledge("zones.b12.fire", "李四")
    assert state(book) is AlarmState.ACKNOWLEDGED
    book.judge(condition(False), "r", NOW)
    assert state(book) is None


def test_a_latched_alarm_waits_for_a_named_reset(book, told):
    book.judge(condition(True, latch=True), "r", NOW)
    with pytest.raises(ValueError, match="still holds"):
        book.reset("zones.b12.fire", "李四")
    book.acknowledge("zones.b12.fire", "李四")
    book.judge(condition(False, latch=True), "r", NOW)
    assert state(book) is AlarmState.LATCHED
    book.reset("zones.b12.fire", "王五")
    assert state(book) is None
    assert told[-1][2]["content"]["by"] == "王五"


def test_what_cannot_be_judged_cannot_be_reset(book):
    book.judge(condition(True, latch=True), "r", NOW)
    book.judge(condition(None, latch=True), "r", NOW)
    with pytest.raises(ValueError, match="cannot be read"):
        book.reset("zones.b12.fire", "李四")


def test_a_second_rise_asks_for_a_new_acknowledgement(book, told):
    book.judge(condition(True, latch=True), "r", NOW)
    book.acknowledge("zones.b12.fire", "李四")
    book.judge(condition(False, latch=True), "r", NOW)
    book.judge(condition(True, latch=True), "r", NOW)
    assert state(book) is AlarmState.UNACKNOWLEDGED
    assert book.standing["zones.b12.fire"].count == 2
    assert kinds(told).count("alarm.raised") == 2


def test_a_graver_condition_is_a_new_rise(book, told):
    book.judge(condition(True, severity=Severity.P3), "r", NOW)
    book.acknowledge("zones.b12.fire", "李四")
    book.judge(condition(True, severity=Severity.P1), "r", NOW)
    assert state(book) is AlarmState.UNACKNOWLEDGED


def test_the_same_condition_again_says_nothing(book, told):
    for _ in range(3):
        book.judge(condition(True), "r", NOW)
    assert kinds(told) == ["alarm.raised"]


def test_unknown_does_not_raise_and_does_not_clear(book, told):
    book.judge(condition(None), "r", NOW)
    assert told == []
    book.judge(condition(True), "r", NOW)
    book.judge(condition(None), "r", NOW)
    book.judge(condition(True), "r", NOW)
    assert kinds(told) == ["alarm.raised"]


def test_a_second_rise_is_not_hidden_by_a_moment_in_which_it_could_not_be_judged(book, told):
    book.judge(condition(True, latch=True), "r", NOW)
    book.acknowledge("zones.b12.fire", "李四")
    for active in (False, None, False, None, True):
        book.judge(condition(active, latch=True), "r", NOW)
    assert state(book) is AlarmState.UNACKNOWLEDGED
    assert kinds(told) == ["alarm.raised", "alarm.acknowledged", "alarm.returned", "alarm.raised", "alarm.followed"]


def test_what_stood_is_restored_and_must_be_judged_anew(book, told):
    book.judge(condition(True, latch=True), "r", NOW)
    saved = msgspec.json.encode(told[-1][2]["content"]["alarm_state"])
    fresh = Annunciator(lambda *_, **__: None)
    fresh.restore([saved])
    assert state(fresh) is AlarmState.UNACKNOWLEDGED
    with pytest.raises(ValueError, match="cannot be read"):
        fresh.reset("zones.b12.fire", "李四")
    fresh.judge(condition(False, latch=True), "r", NOW)
    fresh.reset("zones.b12.fire", "李四")
    assert state(fresh) is None


# Counting and grouping


def test_the_same_point_within_a_minute_is_one_alarm_with_a_counter(run):
    run.judge()
    for _ in range(2):
        run.judge(active=False)
        run.passes(20)
        run.judge()
    assert run.kinds() == ["alarm.raised", *["alarm.returned", "alarm.repeated"] * 2]
    assert (run.alarm().count, run.alarm().chattering) == (3, True)
    assert len({alarm.occurrence for _, alarm in run.heard}) == 1


def test_after_a_minute_people_are_called_again_for_what_nobody_knows_of(run):
    run.judge()
    run.judge(active=False)
    run.passes(60)
    run.judge()
    assert run.kinds()[-1] == "alarm.raised"
    assert len({alarm.occurrence for _, alarm in run.heard}) == 1, "nobody answered the first call: it is the same"


@pytest.mark.parametrize("severity", [1, 2, 3, 4])
def test_a_rise_after_an_acknowledgement_calls_at_once_and_is_an_occurrence_of_its_own(run, severity):
    run.judge(severity=severity, latch=True)
    run.book.acknowledge("doors.north.forced", "李四")
    run.judge(active=False, severity=severity, latch=True)
    run.passes(1)
    run.judge(severity=severity, latch=True)
    assert run.kinds()[-2:] == ["alarm.raised", "alarm.followed"]
    assert run.heard[-2][1].occurrence != run.heard[-1][1].occurrence
    assert len(run.book.cases) == (severity <= 2), "the first one is still to be closed"


def test_p1_is_never_throttled_however_it_chatters(run):
    for _ in range(20):
        run.judge("zones.a.gas", severity=1)
        run.book.acknowledge("zones.a.gas", "李四")
        run.judge("zones.a.gas", active=False, severity=1)
        run.passes(1)
    assert run.kinds().count("alarm.raised") == 20


def test_further_heads_of_a_zone_call_at_once_and_are_one_incident(run):
    for number in range(1, 6):
        run.judge(f"zones.a.head{number}", severity=1)
        run.passes(30)
    run.judge("zones.b.head1", severity=1)
    assert run.kinds() == ["alarm.raised"] * 6
    incidents = [alarm.incident for _, alarm in run.heard]
    assert len(set(incidents[:5])) == 1
    assert incidents[5] not in incidents[:5], "another zone is another incident"


def test_an_incident_goes_on_over_a_restart(run):
    run.judge("zones.a.head1", severity=1)
    run.passes(20)
    run.start()
    run.judge("zones.a.head1", severity=1)
    run.judge("zones.a.head2", severity=1)
    assert len({alarm.incident for alarm in run.book.standing.values()}) == 1


def test_more_than_ten_in_ten_minutes_are_an_alarm_of_their_own(run):
    for number in range(10):
        run.judge(f"doors.d{number}.forced")
    assert "alarms.flood" not in run.book.standing
    run.judge("doors.d10.forced")
    flood = run.alarm("alarms.flood")
    assert (flood.condition.kind, flood.condition.severity, flood.condition.evidence["alarms"]) == (
        "alarm_flood",
        3,
        11,
    )
    run.start()
    run.passes(1)
    assert run.alarm("alarms.flood").active, "a restart does not end it"
    run.passes(600)
    assert not run.alarm("alarms.flood").active


def test_two_thousand_in_a_minute_are_all_there(run):
    for number in range(2000):
        run.judge(f"zones.z{number}.fire", severity=1)
        run.clock.now += 0.03
    assert run.kinds().count("alarm.raised") == 2000
    assert len(run.book.standing) == 2001
    assert len(run.journal.rows) == 2001


# Cases


def test_p1_and_p2_wait_to_be_closed_and_p3_and_p4_do_not(run):
    for severity in (1, 2, 3, 4):
        name = f"doors.d{severity}.x"
        run.judge(name, severity=severity)
        run.judge(name, active=False, severity=severity)
        run.book.acknowledge(name, "李四")
    assert sorted(case.condition.alarm for case in run.book.cases.values()) == ["doors.d1.x", "doors.d2.x"]
    assert not run.book.standing
    run.start()
    assert len(run.book.cases) == 2


def test_a_case_is_closed_by_name_once_somebody_has_said_what_it_was(run):
    run.judge()
    run.book.acknowledge("doors.north.forced", "李四")
    run.judge(active=False)
    (case,) = run.book.cases.values()
    with pytest.raises(ValueError, match="nobody has verified"):
        run.book.close(case.occurrence, "李四")
    run.book.handle(case, "alarm.verified", "张三", verdict=Verdict.FALSE, cause="works", verified_by="张三")
    closed = run.book.close(case.occurrence, "李四", "门磁松")
    assert not run.book.cases
    assert run.journal.rows == {}
    assert (closed.handling.closed_by, closed.handling.note, closed.open) == ("李四", "门磁松", False)
    content = run.journal.events[-1].content
    assert (content["verdict"], content["false_cause"], content["by"]) == ("false", "works", "李四")


def test_what_stands_cannot_be_closed(run):
    run.judge()
    with pytest.raises(KeyError):
        run.book.close(run.alarm().occurrence, "李四")


# Silence, and what an older journal says


def test_silence_is_no_acknowledgement_and_ends_with_the_next_rise(run):
    run.judge()
    run.book.silence("doors.north.forced", "李四")
    assert run.alarm().calls
    assert run.alarm().silenced_by == "李四"
    run.judge(active=False)
    run.judge()
    assert run.alarm().silenced_by == ""


def test_chatter_does_not_start_again_what_was_silenced_and_the_next_call_does(run):
    run.judge()
    for _ in range(2):
        run.judge(active=False)
        run.judge()
    run.book.silence("doors.north.forced", "李四")
    run.judge(active=False)
    run.judge()
    assert run.alarm().silenced_by == "李四", "the fourth time within a minute"
    run.clock.now += 61
    run.judge(active=False)
    run.judge()
    assert run.kinds()[-1] == "alarm.raised"
    assert run.alarm().silenced_by == ""


def test_a_hearer_with_a_fault_costs_no_other_its_hearing(run, capsys):
    def faulty(kind, alarm):
        raise RuntimeError("a bug")

    run.book.watch(faulty)
    heard = []
    run.book.watch(lambda kind, alarm: heard.append(kind))
    run.judge()
    assert heard == ["alarm.raised"]
    assert "a hearer of alarms has a fault" in capsys.readouterr().out


def test_alarms_of_an_older_journal_are_understood(run):
    old = (
        b'{"condition":{"alarm":"zones.b12.fire","active":true,"severity":1,"kind":"fire","subject":"zones.b12","latch":'
        b'true,"evidence":{}},"active":true,"raised":"2026-11-21T05:00:00Z","known":true,"acknowledged_by":"","reset_by":'
        b'"","count":1,"suspended":null}'
    )
    run.journal.rows["zones.b12.fire"] = old
    run.start()
    alarm = run.alarm("zones.b12.fire")
    assert (alarm.occurrence, alarm.last, alarm.handling.verdict) == ("zones.b12.fire", alarm.raised, None)
    run.judge("zones.b12.fire", active=False, severity=1, latch=True)
    run.book.reset("zones.b12.fire", "李四")
    (case,) = run.book.cases.values()
    run.book.handle(case, "alarm.verified", "李四", verdict=Verdict.TRUE, verified_by="李四")
    run.book.close(case.occurrence, "李四")
    assert run.journal.rows == {}


def test_of_two_that_a_cut_off_journal_left_the_newer_stands_and_the_older_is_a_case(run):
    run.judge(latch=True)
    run.book.acknowledge("doors.north.forced", "李四")
    run.judge(active=False, latch=True)
    rows = dict(run.journal.rows)
    run.passes(5)
    run.judge(latch=True)
    run.journal.rows |= rows  # the kill fell between the two events
    before = run.alarm().occurrence
    run.start()
    assert run.alarm().occurrence == before
    assert [case.occurrence for case in run.book.cases.values()] == list(rows)


def test_what_a_late_journal_knows_of_an_alarm_that_has_risen_anew_becomes_a_case(run):
    run.judge()
    rows = list(run.journal.rows.values())
    run.journal.rows.clear()
    run.start()
    run.judge()
    run.book.restore(rows)
    assert len(run.book.standing) == 1
    assert len(run.book.cases) == 1
    assert run.kinds()[-1] == "alarm.followed"
