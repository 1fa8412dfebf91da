"""Condition and acknowledgement are two facts; nothing is forgotten."""

from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest

from daemon.alarms.annunciator import Annunciator
from gatehouse.alarms import AlarmState, Condition, Severity

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
