"""Tests of channels: every leg rings and says so; what came of it is kept, grows old, and is of one address only."""

import dataclasses
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.escalation.directory import Address
from daemon.escalation.proof import PREFIX, Proof, Prover, decoded, mark
from daemon.escalation.trial import NobodyError
from gatehouse.alarms import Severity
from tests.unit.daemon.escalation.estate import Estate


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    """Nobody was tested yet."""
    return Estate(tmp_path)


def test_every_leg_rings_and_says_that_it_is_a_test(estate: Estate) -> None:
    trial = estate.office.test("王班长", "值班员 (root)")
    assert estate.sent() == [("王班长", "live"), ("王班长", "text")]
    message = estate.boxes["live"].put_in[0][0]
    assert (message.title, message.severity) == ("测试：小站", Severity.P3)
    assert "值班员" in message.text
    assert "root" not in message.text
    assert trial.told()["waits"]
    estate.boxes["live"].say("delivered")
    estate.boxes["text"].say("failed", why="no signal")
    told = trial.told()
    assert {name: leg["state"] for name, leg in told["legs"].items()} == {"text": "failed", "live": "delivered"}
    assert not told["waits"]
    assert [event["test"] for event in estate.events("message.delivered", "message.failed")] == [True, True]
    assert not estate.office.escalations.runs


def test_what_went_to_the_address_of_yesterday_proves_nothing_of_today(estate: Estate) -> None:
    estate.office.test("wang", "值班员")
    directory = estate.office.directory
    wang = directory.people["wang"]
    moved = dataclasses.replace(wang, addresses={**wang.addresses, "text": Address("another")})
    estate.office.change(dataclasses.replace(directory, people={**directory.people, "wang": moved}))
    estate.boxes["text"].say("sent")
    estate.boxes["live"].say("sent")
    prover = estate.office.trials.prover()
    assert not prover.tested("wang", "text")
    assert prover.tested("wang", "live")


def test_of_a_phone_that_confirms_by_itself_sent_proves_nothing(estate: Estate) -> None:
    """The broker took it; a phone that is off did not."""
    estate.boxes["live"].confirmed = True
    trial = estate.office.test("li", "值班员")
    estate.boxes["text"].say("sent")
    estate.boxes["live"].say("sent")
    assert trial.told()["waits"]
    assert not estate.office.trials.prover().tested("li", "live")
    assert estate.office.trials.prover().tested("li", "text")
    estate.boxes["live"].say("delivered")
    assert not trial.told()["waits"]
    assert estate.office.trials.prover().tested("li", "live")


def test_a_group_is_tested_by_its_channel_and_a_stranger_not_at_all(estate: Estate) -> None:
    estate.office.test("group", "值班员")
    assert estate.sent() == [("", "group")]
    for stranger in ("nobody", "text"):
        with pytest.raises(NobodyError):
            estate.office.test(stranger, "值班员")


def test_what_was_tested_is_kept_over_a_restart_and_takes_the_alarm_back(estate: Estate, tmp_path: Path) -> None:
    estate.office._asked = True
    estate.office.look()
    assert "ladders.untested" in estate.engine.annunciator.standing
    for name, box in (("wang", "text"), ("li", "live"), ("li", "text"), ("chen", "live"), ("group", "group")):
        estate.office.test(name, "值班员")
        estate.boxes[box].say("sent")
    assert estate.office.trials.untested() == []
    (returned,) = estate.events("alarm.returned")
    assert returned["alarm"] == "ladders.untested"
    kept = {key: state for key, state in estate.kept.items() if key.startswith(PREFIX)}
    again = Estate(tmp_path)
    again.office.trials.restore(kept.values())
    assert again.office.trials.untested() == []
    again.clock.now += 91 * 86400
    assert set(again.office.trials.untested()) == {"wang", "li", "chen", "group"}


def proven(estate: Estate, **changes: object) -> Prover:
    proof = {"person": "li", "channel": "live", "state": "sent", "at": estate.clock.utc(), "by": "x",
             "mark": mark("li", "live", "li-1")} | changes  # fmt: skip
    estate.office.trials.proofs = {("li", "live"): Proof(**proof)}
    return estate.office.trials.prover()


@pytest.mark.parametrize("state", ["sent", "delivered", "read"])
def test_a_test_that_came_through_counts(estate: Estate, state: str) -> None:
    assert proven(estate, state=state).tested("li", "live")


def test_a_test_that_failed_is_old_or_went_elsewhere_does_not_count(estate: Estate) -> None:
    now = estate.clock.utc()
    assert not proven(estate, state="failed").tested("li", "live")
    assert not proven(estate, at=now - timedelta(days=91)).tested("li", "live")
    assert not proven(estate, at=now + timedelta(days=400)).tested("li", "live"), "of a clock that was wrong"
    assert not proven(estate, mark=mark("li", "live", "li-2")).tested("li", "live")
    assert not proven(estate).tested("li", "text")


def test_a_proof_does_not_tell_the_address() -> None:
    """Of ten thousand numbers hundreds of thousands share a mark in all of China: sixteen bits."""
    marks = {mark("li", "sms", f"1380000{number:04}") for number in range(10_000)}
    assert all(len(each) == 4 for each in marks)
    assert len(marks) > 8_000, "and a changed number is seen nearly always"


def test_what_cannot_be_read_proves_nothing() -> None:
    assert decoded([b"{", b"null"]) == {}


def test_without_an_address_the_message_fails_at_once_and_the_next_channel_is_tried(tmp_path: Path) -> None:
    from tests.unit.daemon.escalation.estate import WHOLE

    estate = Estate(tmp_path, WHOLE.replace("text: wang-1", "text: !secret gone"))
    estate.alarm()
    estate.wait()
    assert estate.sent() == [("王班长", "live")]
    (failed,) = estate.events("message.failed")
    assert (failed["channel"], failed["why"]) == ("text", "there is no address for this channel")
